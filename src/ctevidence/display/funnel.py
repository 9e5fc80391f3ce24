"""Funnel plots: effects against their standard errors, with contours of significance."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.data.trial_labels import short_citation
from ctevidence.display.figure import INK, LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import number, shown
from ctevidence.display.labels import contrast_label, measure_label
from ctevidence.display.ratio_axis import ratio_ticks
from ctevidence.language import say
from ctevidence.synthesis.pairwise import t_quantile, two_sided_p
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.trim_and_fill import trim_and_fill

#: two-sided p at which a shade begins, and the shade; the lighter, the further from chance
CONTOURS = ((0.10, "#c9d1d9"), (0.05, "#dfe4e9"), (0.01, "#f1f3f5"))
BEYOND = "white"
POINT, FILLED = "#0072b2", "#b3480b"
FEW = 10


def plot_funnel(pooled: Pooled, name: str, title: str = "", fill: bool = False) -> Figure:
    """Contour-enhanced funnel plot of one pooled contrast.

    Shades show where a study would not be significant against no effect, whatever the pooled mean:
    studies missing from there point to unpublished results, studies missing elsewhere to other
    reasons. Peters et al. (2008), J Clin Epidemiol 61:991. Dashed: where 95 % of studies would lie
    around the common effect if there were no heterogeneity.

    Parameters
    ----------
    pooled : Pooled
        At least three studies.
    name : str
        File name of the figure.
    title : str, optional
    fill : bool
        Draw the studies that trim and fill would add, as empty circles.

    Raises
    ------
    ValueError
        When there are fewer than three studies.
    """
    if pooled.result.k < 3:
        raise ValueError(f"A funnel of {pooled.result.k} studies shows nothing; three at least.")
    row, is_ratio = pooled.pooled, pooled.effects.scale == "log"
    title = title or contrast_label(row.arm, row.reference).capitalize()
    y = pooled.result.studies.estimate
    error = np.sqrt(pooled.result.studies.variance)
    filled, filled_error = _filled(pooled) if fill else (np.empty(0), np.empty(0))
    mean = pooled.result.common.estimate
    deepest = 1.08 * float(max(error.max(), filled_error.max(initial=0)))
    reach = 1.05 * max(
        float(np.abs(np.concatenate([y, filled]) - mean).max()), 2.05 * deepest, abs(mean)
    )
    with mpl.rc_context(LOOK):
        figure, axes = canvas(7.2, 4.9)
        _contours(axes, mean - reach, mean + reach, deepest)
        z = t_quantile(0.975, np.inf)
        for side in (-1, 1):
            axes.plot([mean, mean + side * z * deepest], [0, deepest], "--", color=MUTED, lw=1)
        axes.plot([mean, mean], [0, deepest], color=MUTED, lw=1)
        axes.scatter(y, error, s=30, color=POINT, edgecolor="white", lw=0.5, zorder=3)
        axes.scatter(filled, filled_error, s=34, facecolor="none", edgecolor=FILLED, zorder=3)
        axes.set_xlim(mean - reach, mean + reach)
        axes.set_ylim(deepest, 0)
        _scale(axes, is_ratio, mean - reach, mean + reach)
        scale = say("display.log_scale") if is_ratio else ""
        axes.set_xlabel(f"{measure_label(row.measure)}{scale}")
        axes.set_ylabel(say("display.funnel.axis"), fontsize=9)
        if pooled.result.k < FEW:
            few = say("display.funnel.too_few", trials=pooled.result.k)
            axes.set_title(few, loc="left", fontsize=9, fontweight="normal", color=MUTED)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        _legend(axes, filled.size)
        data = _data(pooled, name, title, filled, filled_error)
        return finished(figure, name, title, _alt(pooled, title, filled.size), data)


def _filled(pooled: Pooled) -> tuple[np.ndarray, np.ndarray]:
    found = trim_and_fill(pooled.result)
    variance = found.pool.studies.variance
    return found.filled, np.sqrt(variance[variance.size - found.missing :])


def _contours(axes, low: float, high: float, deepest: float) -> None:
    """Bands of significance of a study with the standard error on the axis."""
    axes.fill_between([low, high], 0, deepest, color=BEYOND, zorder=0)
    for p, shade in reversed(CONTOURS):
        z = t_quantile(1 - p / 2, np.inf) * deepest
        axes.fill([0, z, -z], [0, deepest, deepest], color=shade, lw=0, zorder=0)


def _scale(axes, is_ratio: bool, low: float, high: float) -> None:
    if is_ratio:
        ticks = ratio_ticks(float(np.exp(low)), float(np.exp(high)))
        axes.set_xticks(np.log(ticks), [f"{t:g}" for t in ticks])


def _legend(axes, filled: int) -> None:
    labels = ("p above 0.10", "0.05 to 0.10", "0.01 to 0.05")
    patches = [
        mpl.patches.Patch(facecolor=shade, edgecolor=MUTED, lw=0.4, label=label)
        for (_, shade), label in zip(CONTOURS, labels, strict=True)
    ]
    patches.append(mpl.patches.Patch(facecolor=BEYOND, edgecolor=MUTED, lw=0.4, label="below 0.01"))
    if filled:
        empty = mpl.lines.Line2D([], [], ls="", marker="o", mfc="none", mec=FILLED)
        empty.set_label(say("display.funnel.filled", filled=filled))
        patches.append(empty)
    axes.figure.legend(
        handles=patches, loc="outside lower center", ncols=5, frameon=False, fontsize=8,
        labelcolor=INK, title=say("display.funnel.null"), title_fontsize=8,
    )  # fmt: skip


def _data(pooled: Pooled, name: str, title: str, filled, filled_error):
    unit = pooled.pooled.unit
    labels = pooled.effects.frame["label"]
    studies = pooled.result.studies
    rows = [
        _point(pooled, label, y, error, unit)
        for label, y, error in zip(labels, studies.estimate, np.sqrt(studies.variance), strict=True)
    ]
    rows += [
        _point(pooled, say("display.funnel.filled_in"), y, error, unit)
        for y, error in zip(filled, filled_error, strict=True)
    ]
    columns = ["trial", "estimate", "standard error", "p against no effect"]
    return drawn_table(name, title, pd.DataFrame(rows, columns=columns), tuple(columns[1:]))


def _point(pooled: Pooled, label: str, y: float, error: float, unit: str) -> list[str]:
    p = two_sided_p(y / error, np.inf)
    return [short_citation(label), shown(pooled.rows.back(y), unit), number(error, 3), number(p, 3)]


def _alt(pooled: Pooled, title: str, filled: int) -> str:
    studies = pooled.result.studies
    significant = sum(
        two_sided_p(y / np.sqrt(v), np.inf) < 0.05
        for y, v in zip(studies.estimate, studies.variance, strict=True)
    )
    common = shown(pooled.rows.back(pooled.result.common.estimate), pooled.pooled.unit)
    extra = say("display.funnel.adds", filled=filled) if filled else ""
    return say(
        "display.funnel.alt",
        title=title,
        trials=studies.k,
        common=common,
        significant=significant,
        more=extra,
    )
