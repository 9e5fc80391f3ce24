"""The tipping-point grid: what is concluded for every pair of deltas in the two arms."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import (
    INK,
    LOOK,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import number, p_value, shown, unit_label
from ctevidence.display.heat_map import AGAINST, draw_cells
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import gated, is_hidden
from ctevidence.display.tipping_sentence import tipping_sentence
from ctevidence.language import say
from ctevidence.sensitivity.tipping_point import TippingPoint

#: place on the colour scale of a cell that shows the arm worse, neither, or better
SHADES = {-1: 0.2, 0: 0.5, 1: 0.8}
MARKS = {-1: "worse", 0: "", 1: "better"}


def plot_tipping_point(tipping: TippingPoint, name: str = "tipping-point") -> Figure:
    """The comparison when the missing of either arm are so many points worse than imputed.

    Parameters
    ----------
    tipping : TippingPoint
    name : str

    Returns
    -------
    Figure
        Each cell holds the difference; cells in which one is shown are coloured and say for which
        side. The cell without any delta has a frame. Its table has the p-values.
    """
    arm, against = (treatment_label(n) for n in (tipping.base.arm, tipping.base.reference))
    title = say("display.tipping_point.title", arm=arm.capitalize(), against=against)
    if is_hidden(gated(tipping.base, disclosure_of(tipping.study))):
        return nothing_to_draw(name, title, say("display.release.hidden"))
    favours = tipping.favours[::-1]  # worst at the top, as an axis has it
    unit = tipping.base.unit
    text = [
        [_cell(value, side, unit) for value, side in zip(line, sides, strict=True)]
        for line, sides in zip(tipping.estimate[::-1], favours, strict=True)
    ]
    rows, columns = favours.shape
    with mpl.rc_context(LOOK):
        figure, axes = canvas(2.2 + 0.72 * columns, 1.9 + 0.46 * rows)
        shade = np.vectorize(SHADES.get)(favours)
        draw_cells(axes, shade, text, AGAINST, 8.0)
        _frame_origin(axes, tipping)
        axes.set_xticks(np.arange(columns) + 0.5, [_step(d) for d in tipping.deltas_against])
        axes.set_yticks(np.arange(rows) + 0.5, [_step(d) for d in tipping.deltas[::-1]], rotation=0)
        label = tipping.study.scale.label
        axes.set_xlabel(
            say(
                "display.tipping_point.missing_other",
                against=against,
                label=label,
                colours=say("display.tipping_point.key"),
            )
        )
        axes.set_ylabel(say("display.tipping_point.missing_own", arm=arm, label=label))
        week = tipping.base.week
        axes.set_title(
            say(
                "display.tipping_point.panel",
                title=title,
                week=f"{week:g}",
                measured=_measured(unit),
            ),
            fontsize=11,
        )
        return finished(figure, name, title, _alt(tipping), _data(tipping, name, title))


def _measured(unit: str) -> str:
    if unit == "probability":
        return say("display.tipping_point.difference", unit=unit_label(unit))
    return say("display.tipping_point.difference_in", unit=unit)


def _step(delta: float) -> str:
    return number(delta, 0 if float(delta).is_integer() else 1)


def _cell(value: float, side: int, unit: str) -> str:
    return "\n".join(filter(None, (shown(value, unit), MARKS[int(side)])))


def _frame_origin(axes, tipping: TippingPoint) -> None:
    at = np.flatnonzero(tipping.deltas_against == 0), np.flatnonzero(tipping.deltas[::-1] == 0)
    if not all(len(found) for found in at):
        return
    corner = (at[0][0], at[1][0])
    axes.add_patch(mpl.patches.Rectangle(corner, 1, 1, fill=False, edgecolor=INK, lw=2, zorder=5))


def _data(tipping: TippingPoint, name: str, title: str):
    arm, against = (treatment_label(n) for n in (tipping.base.arm, tipping.base.reference))
    rows = [
        {
            say("display.tipping_point.points_worse", arm=arm): _step(delta),
            say("display.tipping_point.points_worse", arm=against): _step(other),
            "difference": shown(tipping.estimate[i, j], tipping.base.unit),
            "from": shown(tipping.conf_low[i, j], tipping.base.unit),
            "to": shown(tipping.conf_high[i, j], tipping.base.unit),
            "p": p_value(tipping.p_value[i, j]),
        }
        for i, delta in enumerate(tipping.deltas)
        for j, other in enumerate(tipping.deltas_against)
    ]
    frame = pd.DataFrame(rows)
    return drawn_table(
        name, say("display.tipping_point.every_pair", title=title), frame, tuple(frame.columns)
    )


def _alt(tipping: TippingPoint) -> str:
    cells = tipping.favours.size
    start = say("display.tipping_point.cells", cells=cells)
    said = tipping_sentence(tipping)
    parts = [part for part in said.split(". ") if part]
    text = start
    for part in parts:  # whole sentences only
        if len(text) + len(part) > 560:
            break
        text += f"{part.rstrip('.')}. "
    return (
        text.strip()
        if not math.isnan(tipping.base.estimate)
        else start + say("display.tipping_point.not_estimable")
    )
