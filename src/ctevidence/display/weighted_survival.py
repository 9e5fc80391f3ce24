"""Curves of weighted people, with intervals that know that the weights were estimated."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.contrasts import per_arm
from ctevidence.display.curves import last_week_shown
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
from ctevidence.display.format import interval, rounded, shown
from ctevidence.display.release import gated, why_hidden
from ctevidence.display.spread import spread
from ctevidence.language import say
from ctevidence.models.weighted_times import WeightedTimeToEventFit

POINTS = 40
MARKS = 5


def plot_weighted_survival(fit: WeightedTimeToEventFit, name: str = "weighted-survival") -> Figure:
    """Probability of being without the event, by arm, in the population of the weights.

    Parameters
    ----------
    fit : WeightedTimeToEventFit
        From ``fit_relapse``, ``fit_retention`` or ``fit_time_to_response`` of an outcome with
        weights.
    name : str

    Returns
    -------
    Figure
        Drawn at `POINTS` weeks up to the last at which every arm is known. Under a disclosure
        profile that hides, values are whole numbers per 100, and those that rest on too few
        people, or too few with or without the event, are left out.

    Raises
    ------
    TypeError
        For a fit without weights.
    """
    if not isinstance(fit, WeightedTimeToEventFit):
        raise TypeError("This draws curves of weighted people; use plot_survival for other fits.")
    title = say("display.weighted_survival.title", event=fit.at_risk.event)
    disclosure = disclosure_of(fit.study)
    weeks = np.linspace(0, last_week_shown(fit, disclosure), POINTS + 1)
    drawn = _points(fit, weeks[1:], disclosure)
    if drawn.empty:
        return nothing_to_draw(name, title, say("display.weighted_survival.too_few"))
    with mpl.rc_context(LOOK):
        figure, axes = canvas(7.2, 4.4)
        ends = {}
        for arm in fit.study.arms:
            own = drawn[drawn["arm"] == arm.label]
            if own.empty:
                continue
            colour, _, line = style_of(arm, fit.study.arms)
            axes.plot(own["week"], 100 * own["value"], color=colour, linestyle=line, lw=1.9)
            axes.fill_between(
                own["week"], 100 * own["low"], 100 * own["high"], color=colour, alpha=0.08, lw=0
            )
            ends[arm.label] = (float(100 * own["value"].iloc[-1]), colour)
        for label, (y, colour) in spread(ends, 5.5).items():
            axes.text(weeks[-1] * 1.02, y, label, color=colour, va="center", fontweight="bold",
                      clip_on=False)  # fmt: skip
        axes.set_ylim(0, 103)
        axes.set_xlim(0, weeks[-1])
        axes.yaxis.grid(True)
        axes.set_ylabel(say("display.of_100_people"))
        axes.set_xlabel(
            say("display.weighted_survival.axis", population=fit.outcome.weight.population),
            color=MUTED,
        )
        axes.set_title(title, pad=10)
        return finished(figure, name, title, _alt(fit, ends, weeks[-1]), _table(drawn, name, title))


def _points(fit, weeks: np.ndarray, disclosure: Disclosure) -> pd.DataFrame:
    """Value and interval of each arm at each week that may be shown."""
    curves, labels = fit.weighted_curves, {arm.name: arm.label for arm in fit.study.arms}
    rows = []
    for week in weeks:
        for row in per_arm(fit, "survival", float(week)):
            if row.arm not in curves or why_hidden(row, disclosure):
                continue
            seen = gated(row, disclosure)
            # until the first event the curve is at one, and has no interval
            value = seen.estimate if seen.is_estimable else float(curves[row.arm].at([week])[0])
            limits = [v if math.isfinite(v) else value for v in (seen.conf_low, seen.conf_high)]
            values = [v if disclosure.is_open else rounded(v, 2) for v in (value, *limits)]
            rows.append((labels[row.arm], float(week), *values))
    return pd.DataFrame(rows, columns=["arm", "week", "value", "low", "high"])


def _table(drawn: pd.DataFrame, name: str, title: str):
    """Every few weeks of what is drawn, as a table."""
    kept = sorted(drawn["week"].unique())[MARKS - 1 :: MARKS] or [drawn["week"].max()]
    own = drawn[drawn["week"].isin(kept)]
    frame = pd.DataFrame(
        {
            "arm": own["arm"],
            "week": [f"{week:.1f}" for week in own["week"]],
            "per 100": [shown(v, "probability") for v in own["value"]],
            "range": [
                interval(low, high, "probability")
                for low, high in zip(own["low"], own["high"], strict=True)
            ],
        }
    )
    return drawn_table(name, title, frame, ("week", "per 100", "range"))


def _alt(fit, ends: dict, last: float) -> str:
    values = "; ".join(f"{label} {shown(y / 100, 'probability')}" for label, (y, _) in ends.items())
    return say(
        "display.weighted_survival.alt",
        arms=len(ends),
        weeks=f"{last:.0f}",
        event=fit.at_risk.event,
        ends=values,
    )
