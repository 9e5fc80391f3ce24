"""Forest plot of what each component adds, and whether components add up."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.figure import LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import heading, measure_label
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.components import Components
from ctevidence.terms import CONTRAST_MEASURES

COMPONENT, INTERACTION, THIN = "#34495c", "#00664f", "#b3480b"
ROW = 0.29  # inches
LEFT, RIGHT = 0.40, 0.78  # where the axes stand, as shares of the width
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def plot_components(components: Components, name: str = "components", title: str = "") -> Figure:
    """What each component adds, then each interaction.

    Parameters
    ----------
    components : Components
    name : str
        File name of the figure.
    title : str, optional

    Returns
    -------
    Figure
        Squares are components by their number of trials, diamonds interactions; open marks rest on
        a single trial. What the trials do not tell apart keeps its line.
    """
    rows = list(components.estimates)
    is_ratio = CONTRAST_MEASURES[components.data.measure].is_ratio
    parts = [row for row in rows if not row.measure.startswith("interaction")]
    both = [row for row in rows if row.measure.startswith("interaction")]
    reference = components.matrix.inactive or say("display.component_forest.not_given")
    lines: list[tuple[str, Estimate | None]] = [
        (say("display.component_forest.adds_to", reference=reference), None)
    ]
    lines += [(in_words(row.arm), row) for row in parts]
    if both:
        lines += [("", None), (say("display.component_forest.more"), None)]
        lines += [(in_words(row.arm), row) for row in both]
    title = title or say(
        "display.component_forest.title", measure=measure_label(components.data.measure)
    )
    with mpl.rc_context(LOOK):
        height = 1.35 + ROW * len(lines)
        figure, axes = canvas(8.8, height, layout="none")
        figure.subplots_adjust(LEFT, 0.72 / height, RIGHT, 1 - 0.5 / height)
        low, high = _range(rows, is_ratio)
        most = max((row.studies or 1) for row in rows)
        for i, (label, row) in enumerate(lines):
            _draw(axes, -i, label, row, (low, high), most)
        if is_ratio:
            axes.set_xscale("log")
            inside = [t for t in TICKS if low <= t <= high]
            axes.set_xticks(inside, [f"{t:g}" for t in inside])
            axes.minorticks_off()
        else:
            axes.locator_params(axis="x", nbins=5)
        axes.set_xlim(low, high)
        axes.set_ylim(-len(lines) + 0.4, 0.7)
        null = 1.0 if is_ratio else 0.0
        axes.plot([null] * 2, [-len(lines) + 0.4, 0.4], color=MUTED, lw=0.9, zorder=0)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        scale = say("display.log_scale") if is_ratio else ""
        axes.set_xlabel(f"{measure_label(components.data.measure)}{scale}", fontsize=9)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.text(0.01, 0.1 / height, say("display.component_forest.single_trial"), fontsize=8.5,
                    color=MUTED)  # fmt: skip
        return finished(figure, name, title, _alt(title, parts, both), _data(rows, name, title))


def _range(rows: list[Estimate], is_ratio: bool) -> tuple[float, float]:
    lows = np.array([r.conf_low for r in rows if math.isfinite(r.conf_low)] or [1.0])
    highs = np.array([r.conf_high for r in rows if math.isfinite(r.conf_high)] or [1.0])
    if is_ratio:
        return max(0.09, min(lows.min() / 1.1, 0.45)), min(60.0, max(highs.max() * 1.1, 2.2))
    pad = 0.05 * (highs.max() - lows.min())
    return min(lows.min(), 0.0) - pad, max(highs.max(), 0.0) + pad


def _draw(axes, y: float, label: str, row: Estimate | None, limits, most: int) -> None:
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 9,
              "clip_on": False}  # fmt: skip
    weight = "bold" if row is None else "normal"
    axes.text(-1.02 if row is None else -0.98, y, label, ha="left", fontweight=weight, **beside)
    if row is None:
        return
    axes.text(-0.03, y, _count(row), ha="right", color=MUTED, **(beside | {"fontsize": 8.5}))
    said = shown(row.estimate, row.unit)
    if row.is_estimable:
        low, high = limits
        is_both = row.measure.startswith("interaction")
        colour = INTERACTION if is_both else COMPONENT
        ends = [max(row.conf_low, low), min(row.conf_high, high)]
        axes.plot(ends, [y, y], color=colour, lw=1.4, solid_capstyle="butt", zorder=2)
        for limit, edge, mark in ((row.conf_low, low, "<"), (row.conf_high, high, ">")):
            if (limit < low) if mark == "<" else (limit > high):
                axes.plot(edge, y, mark, color=colour, ms=5, clip_on=False)
        face = "white" if row.studies == 1 else colour
        axes.scatter(row.estimate, y, marker="D" if is_both else "s",
                     s=22 + 60 * (row.studies or 1) / most, facecolor=face, edgecolor=colour,
                     lw=1.4, zorder=3)  # fmt: skip
        said += f"  ({interval(row.conf_low, row.conf_high, row.unit)})"
    axes.text(1.03, y, said, ha="left", **beside)


def _count(row: Estimate) -> str:
    one = row.studies == 1
    trials = say("counts.one_trial") if one else say("counts.trials", count=row.studies)
    people = None if row.n is None else row.n + (row.n_reference or 0)
    return trials if people is None else f"{trials}, {say('amounts.people', count=people)}"


def _data(rows: list[Estimate], name: str, title: str):
    frame = pd.DataFrame(
        [[heading("interaction" if r.measure.startswith("interaction") else "component"),
          in_words(r.arm), _count(r),
          shown(r.estimate, r.unit), interval(r.conf_low, r.conf_high, r.unit)] for r in rows],
        columns=["kind", "component", "rests on", "estimate", "range"],
    )  # fmt: skip
    return drawn_table(name, title, frame, ("estimate", "range"))


def _alt(title: str, parts: list[Estimate], both: list[Estimate]) -> str:
    apart = sum(_apart(row) for row in parts)
    said = "; ".join(
        f"{in_words(r.arm)} {shown(r.estimate, r.unit)} "
        f"({interval(r.conf_low, r.conf_high, r.unit)}, {_count(r)})"
        for r in both[:4]
    )
    more = say("display.component_forest.beyond", told=said) if both else ""
    return say(
        "display.component_forest.alt", title=title, components=len(parts), apart=apart, more=more
    )


def _apart(row: Estimate) -> bool:
    null = 1.0 if row.unit == "ratio" else 0.0
    return row.is_estimable and not row.conf_low <= null <= row.conf_high
