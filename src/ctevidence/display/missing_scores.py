"""One comparison under every assumption about missing scores: figure and table."""

from __future__ import annotations

import math

import matplotlib as mpl
import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    RULE,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import p_value, shown, unit_label
from ctevidence.display.labels import contrast_label
from ctevidence.display.release import gated
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.names import in_words

ROW = 0.34  # inches
REPEATED, SEEN_ONLY = ", repeated sampling", ", scores seen only"


def plot_missing_scores(estimates: Estimates, study, name: str = "missing-scores") -> Figure:
    """How far the answer depends on what is assumed about missing scores.

    Parameters
    ----------
    estimates : Estimates
        From `missing_scores`.
    study : Study
    name : str

    Returns
    -------
    Figure
        One line for each assumption. Where there are two variances, Rubin's has a filled mark and
        a solid line, that over repeated trials an open mark and a broken line.
    """
    disclosure = disclosure_of(study)
    rows = [gated(row, disclosure) for row in estimates]
    title = say("display.missing_scores.title")
    if not any(row.is_estimable for row in rows):
        return nothing_to_draw(name, title, say("display.missing_scores.none_shown"))
    lines = list(dict.fromkeys(_assumption(row) for row in rows))
    place = {line: -i for i, line in enumerate(lines)}
    percent = 100.0 if rows[0].unit == "probability" else 1.0
    with mpl.rc_context(LOOK):
        figure, axes = canvas(8.6, 1.7 + ROW * len(lines))
        axes.axvline(0, color=MUTED, lw=0.9, zorder=0)
        for row in rows:
            _draw(axes, row, place[_assumption(row)], percent)
        axes.set_yticks([place[line] for line in lines], [line.capitalize() for line in lines])
        axes.set_ylim(-len(lines) + 0.4, 0.6)
        axes.tick_params(axis="y", length=0, labelsize=9)
        axes.spines["left"].set_visible(False)
        for y in place.values():
            axes.axhline(y, color=RULE, lw=0.5, zorder=0)
        contrast = contrast_label(rows[0].arm, rows[0].reference)
        per = (
            unit_label(rows[0].unit)
            if percent > 1
            else say("display.missing_scores.in_unit", unit=in_words(rows[0].unit))
        )
        axes.set_xlabel(
            say(
                "display.missing_scores.panel",
                contrast=contrast.capitalize(),
                week=f"{rows[0].week:g}",
                per=per,
            )
        )
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11.5)
        if any(row.outcome.endswith(REPEATED) for row in rows):
            axes.legend(*_keys(), loc="upper left", bbox_to_anchor=(0, -0.22), frameon=False,
                        fontsize=8.5, ncols=2)  # fmt: skip
        data = _data(rows, lines, disclosure, name, title)
        return finished(figure, name, title, _alt(rows), data)


def _assumption(row: Estimate) -> str:
    """What is assumed, from the name of the outcome."""
    words = row.outcome.removesuffix(REPEATED)
    if row.unit == "probability":
        words = words.rpartition(" (")[2].removesuffix(")").removeprefix("imputed, ")
    else:
        words = words.partition("is better), ")[2] or words
    return in_words(words)


def _draw(axes, row: Estimate, y: float, percent: float) -> None:
    if not row.is_estimable:
        return
    repeated = row.outcome.endswith(REPEATED)
    at = y + (-0.14 if repeated else 0.08)
    low, high = (percent * v for v in (row.conf_low, row.conf_high))
    style = {"color": MUTED, "ls": (0, (3, 1.5))} if repeated else {"color": INK, "ls": "-"}
    axes.plot([low, high], [at, at], lw=1.4, **style)
    axes.plot([percent * row.estimate], [at], "o", ms=5.5, mec=style["color"],
              mfc="white" if repeated else INK)  # fmt: skip


def _keys():
    line = mpl.lines.Line2D
    keys = [
        line([], [], color=INK, marker="o", mfc=INK),
        line([], [], color=MUTED, marker="o", mfc="white", ls=(0, (3, 1.5))),
    ]
    return keys, [
        say("display.missing_scores.rubin"),
        say("display.missing_scores.over_trials"),
    ]


def _data(rows, lines: list[str], disclosure, name: str, title: str):
    table = []
    for line in lines:
        for row in (r for r in rows if _assumption(r) == line):
            value, limits = shown_estimate(row, disclosure)
            repeated = row.outcome.endswith(REPEATED)
            imputed = _is_imputed(row)
            variance = (
                say("display.missing_scores.repeated")
                if repeated
                else say("display.missing_scores.rubin_short")
                if imputed
                else say("display.missing_scores.of_model")
            )
            table.append(
                {
                    "assumption": line,
                    "difference": value,
                    "range": limits,
                    "p": p_value(row.p_value),
                    "variance": variance,
                }
            )
    frame = pd.DataFrame(table)
    return drawn_table(name, title, frame, ("difference", "range", "p"))


def _is_imputed(row: Estimate) -> bool:
    if row.unit == "probability":
        return "(imputed, " in row.outcome
    return not row.outcome.endswith(SEEN_ONLY)


def _alt(rows) -> str:
    known = [row for row in rows if row.is_estimable]
    least = min(known, key=lambda row: row.estimate)
    most = max(known, key=lambda row: row.estimate)
    open_ = sum(row.conf_low <= 0 <= row.conf_high for row in known if math.isfinite(row.conf_low))
    return (
        say(
            "display.missing_scores.alt",
            assumptions=len({_assumption(r) for r in rows}),
            least=shown(least.estimate, least.unit),
            least_name=_assumption(least),
            most=shown(most.estimate, most.unit),
            most_name=_assumption(most),
            open=open_,
            all=len(known),
        )
    )[:600]
