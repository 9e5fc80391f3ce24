"""Curves over time in the KMunicate manner: bands, names beside the lines, people below the axis.

Below each curve stands where everybody is at some weeks: still followed without the event, those
who had it, those followed no further. Each column adds up to the people of the arm, and agrees with
the curve: an event of that very week has happened (Morris et al. 2019, BMJ Open 9:e030215).

The figure is narrow and its letters are large: on a telephone it is shown at a third of its width.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import Disclosure
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
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import heading
from ctevidence.display.spread import spread
from ctevidence.language import say
from ctevidence.models.curve_week import round_week

WIDTH, LINE = 5.2, 0.18  # inches
#: characters of a name beside a line before it is broken
NAME = 11
MOST_MARKS = 7
#: weeks
MONTH = 4
STEPS = (1, 2, 4, 5, 8, 10, 13, 26, 39, 52, 104)


@dataclass(frozen=True, eq=False)
class Curve:
    """One arm's line as it may be shown.

    Parameters
    ----------
    label, colour : str
    line : object
        Line style of matplotlib.
    weeks, value : array (k,)
        Steps, per 100 people; the value holds from each week on.
    band : array (k, 2)
        Its interval; as the value itself where there is none.
    people : mapping of str to array (m,)
        Counts at the marks, by what they are; they add up to the people of the arm.
    at_marks : array (m,), limits_at_marks : array (m, 2)
        Probability at the marks and its interval.
    """

    label: str
    colour: str
    line: object
    weeks: np.ndarray
    value: np.ndarray
    band: np.ndarray
    people: Mapping[str, np.ndarray]
    at_marks: np.ndarray
    limits_at_marks: np.ndarray


def marks_until(last: float) -> np.ndarray:
    """At most `MOST_MARKS` round weeks from 0 to the end.

    Examples
    --------
    >>> marks_until(35).tolist(), marks_until(115).tolist()
    ([0.0, 8.0, 16.0, 24.0, 32.0], [0.0, 26.0, 52.0, 78.0, 104.0])
    """
    step = next((s for s in STEPS if last / s < MOST_MARKS), STEPS[-1] * np.ceil(last / 520))
    return np.arange(0.0, last + 1e-9, step)


def axis_end(last: float, disclosure: Disclosure) -> float:
    """Where the axis of curves ends: the week when the last person was seen, or the week after.

    Parameters
    ----------
    last : float
        Weeks until which somebody was followed.
    disclosure : Disclosure
        Under one that rounds, whole months: when the last one went is the time of one person.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> axis_end(50.4, PROFILES["open"]), axis_end(50.4, PROFILES["opensafely"])
    (50.4, 52.0)
    """
    if disclosure.is_open:
        return last
    return MONTH * float(np.ceil(last / MONTH))


def last_week_shown(fit, disclosure: Disclosure) -> float:
    """The last week of a curve of a fit that is drawn as far as every arm is known.

    Parameters
    ----------
    fit : a fit with ``largest_week``
    disclosure : Disclosure
        Under one that rounds, the last round week.
    """
    largest = fit.largest_week
    return math.floor(100 * largest) / 100 if disclosure.is_open else round_week(largest)


def draw_curves(
    curves: Sequence[Curve],
    marks: np.ndarray,
    last: float,
    disclosure: Disclosure,
    *,
    name: str,
    title: str,
    time: str,
    alt: str,
) -> Figure:
    """The figure of some curves with the people below the axis.

    Where no curve may be shown, a figure that says so.

    Parameters
    ----------
    curves : sequence of Curve
    marks : array (m,)
    last : float
        Where the axis ends, in weeks.
    disclosure : Disclosure
    name, title, time, alt : str
        `time` names the axis.
    """
    if not any(len(curve.weeks) for curve in curves):
        return nothing_to_draw(name, title, say("display.curves.too_few"))
    title_lines = textwrap.wrap(title, 46)
    time_lines = [row for part in time.splitlines() for row in textwrap.wrap(part, 54)]
    rows = sum(1 + len(curve.people) for curve in curves)
    top, plot = 0.14 + 0.22 * len(title_lines), 2.5
    middle, below = 0.34 + 0.17 * len(time_lines), LINE * rows + 0.15
    height = top + plot + middle + below
    names = [textwrap.fill(curve.label, NAME) for curve in curves]
    left = 0.98
    right = 0.2 + 0.085 * max(len(part) for label in names for part in label.splitlines())
    with mpl.rc_context(LOOK):
        figure, axes = canvas(WIDTH, height, layout="none")
        box = (left / WIDTH, (below + middle) / height, (WIDTH - left - right) / WIDTH)
        axes.set_position([*box, plot / height])
        _lines(axes, curves, names, last)
        axes.set_xticks(marks)
        axes.set_xlim(0, last)
        axes.set_ylim(0, 103)
        axes.set_ylabel(say("display.of_100_people"))
        axes.yaxis.grid(True)
        axes.set_axisbelow(True)
        inches = lambda y: y / height  # noqa: E731
        figure.text(0.02, 1 - inches(0.09), "\n".join(title_lines), va="top", fontweight="bold",
                    fontsize=11.5)  # fmt: skip
        figure.text(left / WIDTH, inches(below + middle - 0.27), "\n".join(time_lines), va="top",
                    fontsize=9.5)  # fmt: skip
        table = figure.add_axes([0, 0, 1, inches(below)])
        _people(table, curves, marks, last, disclosure, left, right, below)
        data = _data(curves, marks, disclosure, name, title)
        return finished(figure, name, title, alt, data)


def _lines(axes, curves: Sequence[Curve], names: Sequence[str], last: float) -> None:
    ends = {}
    for curve, label in zip(curves, names, strict=True):
        if not len(curve.weeks):  # too few people at risk to show any of it
            continue
        axes.step(
            curve.weeks, curve.value, where="post", color=curve.colour, linestyle=curve.line, lw=2.0
        )
        axes.fill_between(curve.weeks, *curve.band.T, step="post", color=curve.colour, alpha=0.10,
                          lw=0)  # fmt: skip
        for edge in curve.band.T:
            axes.step(curve.weeks, edge, where="post", color=curve.colour, lw=0.6, alpha=0.6)
        ends[label] = (float(curve.value[-1]), curve.colour)
    lines = max((label.count("\n") + 1 for label in ends), default=1)
    for label, (y, colour) in spread(ends, 6.5 * lines).items():
        axes.text(last * 1.025, y, label, color=colour, va="center", fontweight="bold",
                  fontsize=9.5, linespacing=1.0, clip_on=False)  # fmt: skip


def _people(table, curves, marks, last, disclosure, left, right, below) -> None:
    """Counts at the marks, in inches so that columns stand below the ticks."""
    table.set_xlim(0, WIDTH)
    table.set_ylim(0, below)
    table.axis("off")
    place = left + marks / last * (WIDTH - left - right) if last else np.full(len(marks), left)
    y = below - 0.12
    for curve in curves:
        table.text(0.1, y, curve.label, color=curve.colour, fontsize=9.8, fontweight="bold",
                   va="center")  # fmt: skip
        table.plot([0.1, WIDTH - 0.1], [y + LINE * 0.55] * 2, color=RULE, lw=0.6)
        y -= LINE
        for what, counts in people_shown(curve.people, disclosure).items():
            table.text(0.1, y, heading(what), color=MUTED, fontsize=9.4, va="center")
            for x, count in zip(place, counts, strict=True):
                table.text(x, y, count, color=INK, fontsize=9.4, ha="center", va="center")
            y -= LINE


def _data(curves, marks, disclosure: Disclosure, name: str, title: str):
    parts = []
    for curve in curves:
        counts = people_shown(curve.people, disclosure)
        values = {
            "per 100": [shown(v, "probability") for v in curve.at_marks],
            "range": [interval(*pair, "probability") for pair in curve.limits_at_marks],
        }
        weeks = [f"{week:g}" for week in marks]
        part = {"arm": curve.label, "week": weeks, **counts}
        parts.append(pd.DataFrame(part | (values if disclosure.is_open else {})))
    frame = pd.concat(parts, ignore_index=True)
    table = drawn_table(name, title, frame, tuple(frame.columns[1:]))
    return table if disclosure.is_open else replace(table, notes=(_rounding(disclosure),))


def people_shown(people: Mapping[str, np.ndarray], disclosure: Disclosure) -> dict[str, list[str]]:
    """Counts below a curve as they may be shown; each column still adds up.

    Those who had something happen are rounded as the curve is, to the middle of blocks of people;
    the people at risk are what these leave of the rounded whole. A column ends where too few are
    left.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> counts = {"at risk": [41, 33, 6], "relapse": [0, 7, 30], "censored": [0, 1, 5]}
    >>> people_shown(counts, PROFILES["opensafely"])
    {'at risk': ['40', '28', '0–7'], 'relapse': ['0', '9', '–'], 'censored': ['0', '3', '–']}
    """
    if disclosure.is_open:
        return {what: [disclosure.text(int(k)) for k in counts] for what, counts in people.items()}
    first, *others = people
    columns = list(zip(*people.values(), strict=True))
    shown = [_column([int(k) for k in column], disclosure) for column in columns]
    return {what: [cells[i] for cells in shown] for i, what in enumerate((first, *others))}


def _column(counts: list[int], disclosure: Disclosure) -> list[str]:
    at_risk, *happened = counts
    middles = [disclosure.cumulative(k) for k in happened]
    left = (disclosure.count(sum(counts)) or 0) - sum(middles)
    if min(at_risk, left) <= disclosure.suppress_up_to:
        # not even that nobody is left: when the last one went is the time of one person
        return [f"0–{disclosure.suppress_up_to}", *("–" for _ in happened)]
    return [f"{k:.0f}" for k in (left, *middles)]


def _rounding(disclosure: Disclosure) -> str:
    return say("display.curves.blocks", rule=disclosure.describe, block=disclosure.block)
