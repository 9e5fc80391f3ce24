"""Synergy inside published trials: one line a trial as a table and as a figure; nothing pooled."""

from __future__ import annotations

import math
import textwrap

import matplotlib as mpl
import pandas as pd

from ctevidence.data.trials import Trials
from ctevidence.display.figure import (
    LONGEST_ALT,
    LOOK,
    MUTED,
    STYLES,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import interval, number, shown
from ctevidence.display.four_cells import CELLS
from ctevidence.display.labels import outcome_label, population_label
from ctevidence.display.table import Table
from ctevidence.display.tables import letter
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.hearing import is_of_the_young
from ctevidence.language import say
from ctevidence.terms import Treatment

COLUMNS = (
    "trial",
    "outcome",
    "people",
    "neither / medication / therapy / both",
    "parts add up to",
    "synergy",
    "ratio scale",
    "over the better single",
)
ROW, TOP, BOTTOM = 0.34, 0.95, 0.62  # inches
LEFT, RIGHT = 0.385, 0.70  # where the axes stand, as shares of the width
LABEL, VALUE, RATIO = -1.19, 1.04, 1.51  # text columns, in widths of the axes


def table_trials_synergy(
    estimates: Estimates, trials: Trials, name: str = "trials-synergy"
) -> Table:
    """What each trial of four cells showed, what its parts add up to, and the difference.

    Parameters
    ----------
    estimates : Estimates
        From `trials_synergy`.
    trials : Trials
        For the citations.
    name : str

    Returns
    -------
    Table
        Per 100 people. One row says so where no trial has all four cells.
    """
    if not len(estimates):
        return Table(
            name,
            say("display.trial_synergy.title"),
            pd.DataFrame({"trial": [f"{say('display.trial_synergy.no_trial')}."]}),
        )
    found = _by_trial(estimates)
    cautions = dict.fromkeys(part for rows in found for part in _cautions(rows))
    marks = {text: letter(i) for i, text in enumerate(cautions)}
    cells = [_line(rows, trials, marks) for rows in found]
    notes = (
        say("display.trial_synergy.note"),
        *((say("misreadings.young-harms"),) if any(map(is_of_the_young, estimates)) else ()),
        *(f"{mark}: {text}." for text, mark in marks.items()),
    )
    return Table(
        name,
        say("display.trial_synergy.title"),
        pd.DataFrame(cells, columns=list(COLUMNS)),
        notes,
        COLUMNS[2:],
    )


def plot_trials_synergy(
    estimates: Estimates, trials: Trials, name: str = "trials-synergy"
) -> Figure:
    """Synergy on the difference scale in each trial of four cells, the ratio beside it.

    Parameters
    ----------
    estimates : Estimates
        From `trials_synergy`.
    trials : Trials
    name : str
    """
    lines = [rows for rows in _by_trial(estimates) if _synergy(rows).is_estimable]
    if not lines:
        return nothing_to_draw(
            name, say("display.trial_synergy.title"), say("display.trial_synergy.no_trial")
        )
    with mpl.rc_context(LOOK):
        height = TOP + BOTTOM + ROW * len(lines)
        figure, axes = canvas(9.6, height, layout="none")
        figure.subplots_adjust(LEFT, BOTTOM / height, RIGHT, 1 - TOP / height)
        reach = max(
            max(abs(x) for x in (r.estimate, r.conf_low, r.conf_high) if math.isfinite(x))
            for r in map(_synergy, lines)
        )
        limit = 10 * math.ceil(10 * reach)
        for position, rows in enumerate(lines):
            _draw(axes, -position, rows, trials)
        axes.axvline(0.0, color=MUTED, lw=0.9, zorder=0)
        axes.set_xlim(-limit, limit)
        axes.set_ylim(-len(lines) + 0.5, 0.5)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        heads = (
            (VALUE, say("display.trial_synergy.synergy")),
            (RATIO, say("display.trial_synergy.ratio")),
        )
        for x, text in heads:
            _text(axes, x, 0.85, text, color=MUTED)
        axes.set_xlabel(say("display.trial_synergy.axis"), fontsize=9)
        figure.text(
            0.01,
            1 - 0.28 / height,
            say("display.trial_synergy.title"),
            ha="left",
            va="center",
            fontweight="bold",
            fontsize=12,
        )
        data = table_trials_synergy(estimates, trials, name)
        drawn = drawn_table(name, say("display.trial_synergy.title"), data.frame, data.numeric)
        return finished(
            figure, name, say("display.trial_synergy.title"), _alt(lines, trials), drawn
        )


def _draw(axes, y: int, rows: list[Estimate], trials: Trials) -> None:
    seen, colour = _synergy(rows), STYLES[Treatment.COMBINED][0]
    if math.isfinite(seen.conf_low) and math.isfinite(seen.conf_high):
        axes.plot([100 * seen.conf_low, 100 * seen.conf_high], [y, y], color=colour, lw=1.3)
    axes.plot(100 * seen.estimate, y, "s", color=colour, markersize=6)
    # who was studied: the young are never read as if they were adults
    age = population_label(seen.population.split(", ")[-1])
    label = f"{_label(seen, trials)}: {outcome_label(seen.outcome)}, {age}"
    _text(axes, LABEL, y, label if len(label) <= 62 else f"{label[:61]}\u2026")
    _text(axes, VALUE, y, _signed(seen))
    _text(axes, RATIO, y, _with_limits(_first(rows, measure="interaction_ratio")))


def _text(axes, x: float, y: float, text: str, **options) -> None:
    place = axes.get_yaxis_transform()
    axes.text(x, y, text, transform=place, va="center", fontsize=8.5, clip_on=False, **options)


def _alt(lines: list[list[Estimate]], trials: Trials) -> str:
    told = "; ".join(f"{_label(rows[0], trials)} {_signed(_synergy(rows))}" for rows in lines[:8])
    more = say("display.trial_synergy.more", count=len(lines) - 8) if len(lines) > 8 else ""
    text = say("display.trial_synergy.alt", trials=len(lines), told=told, more=more)
    # names of trials may be long; the table behind the figure holds every line
    return textwrap.shorten(text, LONGEST_ALT, placeholder=" ...")


def _by_trial(estimates: Estimates) -> list[list[Estimate]]:
    found: dict[str, list[Estimate]] = {}
    for row in estimates:
        found.setdefault(row.study, []).append(row)
    return list(found.values())


def _first(rows: list[Estimate], **wanted: str) -> Estimate:
    return next(r for r in rows if all(getattr(r, k) == v for k, v in wanted.items()))


def _synergy(rows: list[Estimate]) -> Estimate:
    return _first(rows, measure="interaction_difference")


def _label(row: Estimate, trials: Trials) -> str:
    return trials.names.get(row.study, row.study)


def _cautions(rows: list[Estimate]) -> list[str]:
    """Those of the trial, and of any of the rows that are shown."""
    shown_rows = (_synergy(rows), _first(rows, measure="interaction_ratio"))
    parts = (part for row in shown_rows for part in row.caution.split("; "))
    # what holds for all of them stands in the first note
    return list(
        dict.fromkeys(
            part for part in parts if part not in ("", say("synthesis.trial_synergy.not_pooled"))
        )
    )


def _line(rows: list[Estimate], trials: Trials, marks: dict[str, str]) -> list[str]:
    seen = _synergy(rows)
    levels = [_first(rows, measure="risk", arm=cell, reference="") for cell in CELLS]
    predicted = _first(rows, measure="risk", reference="additivity")
    letters = ", ".join(marks[part] for part in _cautions(rows))
    return [
        f"{_label(seen, trials)} ({population_label(seen.population)})"
        + (f" [{letters}]" if letters else ""),
        outcome_label(seen.outcome)
        + ("" if math.isnan(seen.week) else say("display.at_week_comma", week=f"{seen.week:g}")),
        number((seen.n or 0) + (seen.n_reference or 0), 0),
        " / ".join(shown(row.estimate, row.unit) for row in levels),
        shown(predicted.estimate, predicted.unit),
        _signed(seen),
        _with_limits(_first(rows, measure="interaction_ratio")),
        _gain(_first(rows, reference="best single treatment")),
    ]


def _with_limits(row: Estimate) -> str:
    limits = interval(row.conf_low, row.conf_high, row.unit)
    value = shown(row.estimate, row.unit)
    return f"{value} ({limits})" if limits else value


def _gain(row: Estimate) -> str:
    """With its one-sided limit, short enough for a narrow column."""
    sign, limit = ("≥", row.conf_low) if row.alternative == "greater" else ("≤", row.conf_high)
    plus = "+" if row.estimate > 0 else ""
    return f"{plus}{shown(row.estimate, row.unit)} ({sign} {shown(limit, row.unit)})"


def _signed(row: Estimate) -> str:
    plus = "+" if row.is_estimable and row.estimate > 0 else ""
    return f"{plus}{_with_limits(row)}"
