"""Kaplan-Meier curves with intervals and, below them, the people still at risk."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
    style_of,
)
from ctevidence.display.format import interval, shown
from ctevidence.display.spread import spread


def plot_survival(fit, name: str = "survival") -> Figure:
    """Curves of every arm, and a table of numbers at risk, events and censored that adds up.

    Parameters
    ----------
    fit : a fit of relapse or retention
    name : str

    Returns
    -------
    Figure
        Under a disclosure profile that rounds, steps are taken on rounded cumulative counts and
        a curve ends where too few people are left.

    Raises
    ------
    TypeError
        For a fit of weighted people.
    """
    if fit.outcome.weight is not None:
        raise TypeError("These are curves of weighted people: draw them by plot_weighted_survival.")
    study, disclosure = fit.study, disclosure_of(fit.study)
    arms = [arm for arm in study.arms if arm.name in fit.curves]
    if not arms:
        return nothing_to_draw(name, _title(fit), "nobody was at risk")
    last = max(curve.last_time for curve in fit.curves.values())
    marks = _marks(last)
    with mpl.rc_context(LOOK):
        rows = len(arms)
        figure, (axes, below) = canvas(
            7.2, 4.1 + 0.24 * rows, nrows=2, height_ratios=[4.0, 0.55 + 0.24 * rows], sharex=True
        )
        ends = {}
        for arm in arms:
            colour, _, line = style_of(arm, study.arms)
            x, y, band = _steps(fit.curves[arm.name], disclosure)
            if not len(x):  # too few people at risk to show any of it
                continue
            axes.step(x, y, where="post", color=colour, linestyle=line, linewidth=1.9)
            axes.fill_between(x, *band.T, step="post", color=colour, alpha=0.06, lw=0)
            for edge in band.T:
                axes.step(x, edge, where="post", color=colour, linestyle=line, lw=0.7, alpha=0.7)
            ends[arm.label] = (float(y[-1]), colour)
        for label, (y, colour) in spread(ends, 7.5).items():
            axes.text(
                last * 1.02, y, label, color=colour, va="center", fontweight="bold", clip_on=False
            )
        axes.set_ylim(0, 103)
        axes.set_xlim(0, last)
        axes.set_xticks(marks)
        axes.tick_params(labelbottom=True)
        axes.set_ylabel("of 100 people")
        axes.set_xlabel(_time_label(fit, disclosure.is_open))
        axes.yaxis.grid(True)
        axes.set_title(_title(fit), pad=10)
        data = _numbers(fit, arms, marks, disclosure)
        _at_risk(below, fit, arms, marks, disclosure)
        return finished(figure, name, _title(fit), _alt(fit, arms, last, disclosure), data)


def _marks(last: float) -> np.ndarray:
    """Five to eight round weeks from 0 to the end."""
    step = next(s for s in (1, 2, 4, 5, 8, 10, 13, 26, 52, 104) if last / s <= 8)
    return np.arange(0, last + 1e-9, step)


def _title(fit) -> str:
    return {"relapse": "Still free of relapse", "retention": "Still in treatment"}[fit.outcome.kind]


def _time_label(fit, open_data: bool) -> str:
    rule = fit.outcome.rule
    start = getattr(rule, "after", "baseline")
    since = {"baseline": "the start of treatment"}.get(start, f"{start} (those who reached it)")
    flat = [a.label for a in fit.study.arms
            if a.name in fit.curves and not fit.curves[a.name].events.sum()]  # fmt: skip
    # a curve without an event has no band, which must not look like certainty
    remark = f"\nno event, so no band: {', '.join(flat)}" if flat and open_data else ""
    return f"Weeks since {since}{remark}"


def _steps(curve, disclosure: Disclosure):
    """Times, per cent without the event and its band; steps on rounded counts where need be."""
    times = np.append(0.0, curve.times)
    limits = np.vstack([[1.0, 1.0], np.nan_to_num(curve.interval(curve.times), nan=np.nan)])
    values = np.append(1.0, curve.survival)
    flat = np.isnan(limits[:, 0])
    limits[flat] = values[flat, None]
    if not disclosure.is_open:
        events = np.append(0, np.cumsum(curve.events))
        rounded = np.array([disclosure.cumulative(e) for e in events])
        people = max(disclosure.count(curve.n) or 1, 1)
        values = np.clip(1 - rounded / people, 0, 1)
        allowed = np.append(curve.n, curve.at_risk) > disclosure.suppress_up_to
        times, values, limits = times[allowed], values[allowed], limits[allowed]
        limits = np.round(limits, 1)
    return times, 100 * values, 100 * limits


def _at_risk(axes, fit, arms, marks, disclosure: Disclosure) -> None:
    axes.set_ylim(-len(arms) + 0.4, 1.3)
    axes.axis("off")
    axes.text(0, 0.95, "People still at risk", color=MUTED, fontsize=8.5, ha="left")
    for row, arm in enumerate(arms):
        colour = style_of(arm, fit.study.arms)[0]
        table = fit.curves[arm.name].numbers(marks)
        for week, people in zip(table["week"], table["at_risk"], strict=True):
            axes.text(
                week, -row, disclosure.text(int(people)), ha="center", color=colour, fontsize=9
            )
        axes.text(marks[-1] * 1.02 + 0.4, -row, arm.label, color=colour, fontsize=9, clip_on=False)


def _numbers(fit, arms, marks, disclosure: Disclosure):
    parts = []
    for arm in arms:
        curve = fit.curves[arm.name]
        table = curve.numbers(marks)
        limits = curve.interval(marks)
        parts.append(
            pd.DataFrame(
                {
                    "arm": arm.label,
                    "week": [f"{w:g}" for w in table["week"]],
                    "at risk": [disclosure.text(int(k)) for k in table["at_risk"]],
                    "event so far": [disclosure.text(int(k)) for k in table["events"]],
                    "not followed further": [disclosure.text(int(k)) for k in table["censored"]],
                    "per 100": [shown(v, "probability") for v in curve.at(marks)],
                    "range": [interval(lo, hi, "probability") for lo, hi in limits],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    if not disclosure.is_open:
        frame = frame.drop(columns=["per 100", "range"])
    return drawn_table(fit.outcome.kind, _title(fit), frame, tuple(frame.columns[1:]))


def _alt(fit, arms, last: float, disclosure: Disclosure) -> str:
    if disclosure.is_open:
        ends = "; ".join(
            f"{arm.label} {shown(float(fit.curves[arm.name].survival[-1]), 'probability')}"
            for arm in arms
        )
        ends = f"Per 100 people at the end of each curve: {ends}."
    else:
        ends = "Steps are rounded to protect people in small groups."
    return f"Kaplan-Meier curves with 95 % bands of {len(arms)} arms over {last:.0f} weeks. {ends}"
