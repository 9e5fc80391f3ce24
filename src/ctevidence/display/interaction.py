"""The interaction plot: four cells on both scales, with what additivity predicts drawn in."""

from __future__ import annotations

import math

import matplotlib as mpl
import pandas as pd

from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    STYLES,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import interval, shown, unit_label
from ctevidence.display.four_cells import FourCells, four_cells, predictions
from ctevidence.display.labels import outcome_label
from ctevidence.display.spread import spread
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate
from ctevidence.language import capital, pick, say
from ctevidence.names import in_words
from ctevidence.terms import Treatment

#: scale of the axis -> the model whose prediction is a parallel line there
PANELS = {
    "linear": "additivity",
    "log": "multiplicativity",
}
#: where each stands on the horizontal axis: none of the ranges covers another
PLACE = {"control": -0.02, "medication": 0.02, "therapy": 0.97, "combined": 1.01, "": 1.075}
LEFT_LABELS, RIGHT_LABELS = -0.09, 1.15


def plot_interaction(
    source,
    week: float | None = None,
    measure: str | None = None,
    name: str = "interaction",
    disclosure=None,
) -> Figure:
    """The four cells as two lines, without and with medication, on both scales.

    Parameters
    ----------
    source : a fit, or Levels
    week, measure : optional
        May be left out where there is one.
    name : str
    disclosure : Study or name of a disclosure profile, optional
        For levels without a study; strict when absent.

    Returns
    -------
    Figure
        Where there is no synergy on a scale the lines are parallel there. The dashed line and the
        open diamond, with its 95 % interval, are what the parts predict for the combination. The
        ratio scale is left out where ratios mean nothing (mean scores) or the prediction is not
        possible.
    """
    cells = four_cells(source, week, measure, disclosure)
    outcome = outcome_label(cells.levels.outcome)
    title = say("display.interaction.title", outcome=capital(outcome))
    if cells.problem:
        return nothing_to_draw(name, title, cells.problem)
    expected = predictions(cells)
    scales = [scale for scale in PANELS if _can_be_drawn(cells, expected, scale)]
    with mpl.rc_context(LOOK):
        width = 5.6 + 4.0 * (len(scales) - 1)
        figure, axes = canvas(width, 3.7, ncols=len(scales), squeeze=False)
        for panel, scale in zip(axes[0], scales, strict=True):
            _panel(panel, cells, expected[PANELS[scale]], scale)
        axes[0][0].set_ylabel(_axis_label(cells))
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        data = _data(cells, expected, name, title)
        return finished(figure, name, title, _alt(title, cells, expected, scales), data)


def _can_be_drawn(cells: FourCells, expected: dict[str, Estimate], scale: str) -> bool:
    model = expected.get(PANELS[scale])
    if model is None or not model.is_estimable:
        return False
    return scale == "linear" or all(r.estimate > 0 for r in (*cells.seen.values(), model))


def _panel(panel, cells: FourCells, expected: Estimate, scale: str) -> None:
    factor = 100.0 if cells.levels.unit == "probability" else 1.0
    value = {t: factor * row.estimate for t, row in cells.seen.items()}
    colour = {t.value: STYLES[t][0] for t in Treatment}
    for start, end, ink in (("control", "therapy", MUTED), ("medication", "combined", INK)):
        x, y = [PLACE[start], PLACE[end]], [value[start], value[end]]
        panel.plot(x, y, color=ink, lw=1.7, zorder=1)
    value[""] = factor * expected.estimate
    x, y = [PLACE["medication"], PLACE[""]], [value["medication"], value[""]]
    panel.plot(x, y, color=INK, lw=1.2, ls=(0, (3, 2.5)), zorder=0)
    for treatment, row in cells.seen.items():
        x = PLACE[treatment]
        _point(panel, x, row, factor, colour[treatment], STYLES[Treatment(treatment)][1], True)
    _point(panel, PLACE[""], expected, factor, INK, "D", False)
    if scale == "log":
        panel.set_yscale("log")
        _plain_ticks(panel)
    panel.set_xlim(-0.85, 2.25)
    panel.set_xticks(
        [0.0, 1.0],
        [say("display.interaction.without_therapy"), say("display.interaction.with_therapy")],
    )
    panel.set_title(
        say("display.interaction.parallel", scale=pick("display.interaction.scales", scale)),
        fontsize=10,
    )
    panel.yaxis.grid(True)
    panel.set_axisbelow(True)
    _labels(panel, cells, expected, factor, colour, scale)


def _point(panel, x: float, row: Estimate, factor: float, colour: str, marker: str, full: bool):
    y = factor * row.estimate
    if math.isfinite(row.conf_low) and math.isfinite(row.conf_high):
        reach = [[y - factor * row.conf_low], [factor * row.conf_high - y]]
        panel.errorbar(x, y, reach, color=colour, elinewidth=1.1, capsize=2.5, zorder=2, fmt="none")
    panel.plot(x, y, marker=marker, color=colour, markersize=8, zorder=3, ls="none",
               markerfacecolor=colour if full else "white", markeredgewidth=1.4)  # fmt: skip


def _plain_ticks(panel) -> None:
    low, high = panel.get_ylim()
    steps = (1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300)
    ticks = [t for t in steps if low <= t <= high]
    panel.set_yticks(ticks, [f"{t:g}" for t in ticks])
    panel.minorticks_off()


def _expected(scale: str) -> str:
    return pick("display.interaction.expected", scale)


def _labels(panel, cells: FourCells, expected: Estimate, factor, colour, scale: str) -> None:
    """Names beside the points, moved apart on the scale of the axis."""
    place = math.log if scale == "log" else float
    back = math.exp if scale == "log" else float
    low, high = (place(limit) for limit in panel.get_ylim())
    texts = {t: f"{_short(t)} {shown(row.estimate, row.unit)}" for t, row in cells.seen.items()} | {
        "": f"{_expected(scale)} {shown(expected.estimate, expected.unit)}"
    }
    ends = {t: (place(factor * row.estimate), colour[t]) for t, row in cells.seen.items()}
    ends[""] = (place(factor * expected.estimate), INK)
    for x, side, members in (
        (LEFT_LABELS, "right", ("control", "medication")),
        (RIGHT_LABELS, "left", ("therapy", "combined", "")),
    ):
        placed = spread({t: ends[t] for t in members}, (high - low) * 0.062)
        for treatment, (y, paint) in placed.items():
            panel.text(x, back(y), texts[treatment], ha=side, va="center", color=paint,
                       fontsize=8.5, fontweight="bold" if treatment else "normal")  # fmt: skip


def _short(treatment: str) -> str:
    both = treatment == "combined"
    return say("display.interaction.both") if both else in_words(treatment)


def _axis_label(cells: FourCells) -> str:
    levels, unit = cells.levels, unit_label(cells.levels.unit)
    good = pick("better", levels.better)
    return f"{unit[0].upper()}{unit[1:]} ({good})"


def _data(cells: FourCells, expected: dict[str, Estimate], name: str, title: str):
    rows = []
    for treatment, row in cells.seen.items():
        value, limits = shown_estimate(row, cells.disclosure)
        people = cells.disclosure.text(row.n)
        rows.append((cells.arms[treatment].label, value, limits, people))
    for model, row in expected.items():
        limits = interval(row.conf_low, row.conf_high, row.unit)
        rows.append(
            (
                say("display.interaction.predicts", model=in_words(model)),
                shown(row.estimate, row.unit),
                limits,
                "",
            )
        )
    unit = unit_label(cells.levels.unit)
    columns = ["what", unit, "range", "people"]
    return drawn_table(name, title, pd.DataFrame(rows, columns=columns), tuple(columns[1:]))


def _alt(title: str, cells: FourCells, expected, scales: list[str]) -> str:
    seen = ", ".join(
        f"{_short(t)} {shown(row.estimate, row.unit)}" for t, row in cells.seen.items()
    )
    models = "; ".join(
        f"{shown(expected[m].estimate, expected[m].unit)} {_expected(s)}"
        for s, m in ((s, PANELS[s]) for s in scales)
    )
    kind = say("display.interaction.two_scales")
    if len(scales) == 1:
        kind = say("display.interaction.difference_scale")
    return say(
        "display.interaction.alt",
        kind=kind,
        title=title,
        unit=unit_label(cells.levels.unit),
        seen=seen,
        models=models,
    )
