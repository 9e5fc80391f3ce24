"""Retention: staying in treatment at each scheduled week, the time until dropout, refusal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.models.fit import EVERYONE, ScheduledFit, refuse_weights
from ctevidence.models.response import fit_response
from ctevidence.models.risk import analysed, counted_fit
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.time_to_event import TimeToEventFit, fit_time_to_event
from ctevidence.models.weighted_times import WeightedTimeToEventFit
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.retention import is_recorded
from ctevidence.terms import DAYS_PER_WEEK

DROPPED_OUT = "dropped out"


def fit_retention(
    outcome: Outcome, *, model: str | None = None
) -> TimeToEventFit | WeightedTimeToEventFit:
    """Staying in treatment under each arm.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``retention``.
    model : {"weighted", "doubly-robust"}, optional
        For an outcome with weights (``outcome.weighted(weights)``) only, the first when absent;
        see `weighted_times.WeightedTimeToEventFit`.

    Returns
    -------
    TimeToEventFit or WeightedTimeToEventFit
        ``risk`` is primary: in treatment at a scheduled week, among everyone who started;
        ``survival``, ``rmst`` and ``log_hazard`` are of the time until dropout. Nothing is
        adjusted. An arm without dropout has no level of the last three. Where the study records
        no dropout for anyone nothing has a level: not recorded is not the same as none.
    """
    at_risk = AtRisk(
        event="dropout",
        state=DROPPED_OUT,
        seen_at_visits=outcome.rule.source == "last_visit",
        randomised=outcome.study.randomised,
        population=getattr(outcome.rule, "population", EVERYONE),
    )
    # a landmark has people of its own, of whom everyone's staying says nothing
    weighted = outcome.weight is not None
    of_staying = model if weighted else None
    staying = None if hasattr(outcome.rule, "population") else _staying(outcome, of_staying)
    adjust = None if weighted else ()
    return fit_time_to_event(outcome, at_risk, staying, adjust, model)


def _staying(outcome: Outcome, model: str | None) -> ScheduledFit | None:
    windows = outcome.study.schedule
    if not windows:
        return None
    known = is_recorded(outcome.study, outcome.rule) or outcome.frame["state"].ne("stayed").any()
    frames = [
        outcome.frame[["participant_id", "arm"]].assign(
            week=window.week,
            value=is_in_treatment(outcome.frame, window.week, window.first_day / DAYS_PER_WEEK)
            if known
            else np.nan,
        )
        for window in windows
    ]
    staying = Outcome(
        kind="response",
        name="staying in treatment",
        study=outcome.study,
        frame=pd.concat(frames, ignore_index=True),
        rule=outcome.rule,
        better="higher",
        weight=outcome.weight,
        cautions=outcome.cautions,
    )
    return fit_response(staying, [] if outcome.weight is None else None, model)


def is_in_treatment(frame: pd.DataFrame, week: float, opens: float) -> np.ndarray:
    """Who is in treatment at a scheduled week.

    Parameters
    ----------
    frame : DataFrame
        ``lower, upper, state`` of each person, in weeks since the start.
    week : float
        Nominal week of the visit.
    opens : float
        Week from which a visit counts as this one.

    Returns
    -------
    ndarray, shape (len(frame),)
        0.0 for those who have dropped out or died by the week; 1.0 for others who were followed
        until the visit; nan for those whose follow-up had ended before.

    Examples
    --------
    >>> frame = pd.DataFrame({"lower": [4.0, 12.0, 4.0, 5.0], "upper": [12.0, np.inf, np.inf, 30],
    ...     "state": ["dropped out", "stayed", "stayed", "dropped out"]})
    >>> is_in_treatment(frame, week=12, opens=10).tolist()
    [0.0, 1.0, nan, 1.0]
    """
    gone = frame["upper"] <= week
    # a dropout that comes later shows that the person was still there
    there = (frame["lower"] >= opens) | (frame["upper"] < np.inf)
    return np.select([gone, there], [0.0, 1.0], np.nan)


def fit_never_started(outcome: Outcome) -> ScheduledFit:
    """Share of people who never took up their treatment, under each arm.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``never_started``.

    Returns
    -------
    ScheduledFit
        Levels of ``risk`` without a week, counted, each with its Wilson interval.
    """
    refuse_weights(outcome)
    return counted_fit(outcome, [analysed(outcome)])
