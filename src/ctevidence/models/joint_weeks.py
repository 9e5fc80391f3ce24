"""Curves at several weeks at once: levels of every arm and week with their joint covariance.

A curve at one week and the same curve at a later one rest on the same people: whatever is made of
several weeks (a change between them, a family of claims) needs their covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ctevidence.contrasts.compare import joined
from ctevidence.levels import Levels
from ctevidence.models.aalen_johansen import Histories, aalen_johansen
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.models.time_to_event import TimeToEventFit
from ctevidence.terms import did_you_mean

MEASURES = ("survival", "rmst", "cumulative_incidence")


def levels_over_weeks(fit: TimeToEventFit, measure: str, weeks: Sequence[float]) -> Levels:
    """Levels of a curve at several weeks, jointly.

    Parameters
    ----------
    fit : TimeToEventFit
        From `fit_relapse`, `fit_retention` or `fit_time_to_response`.
    measure : {"survival", "rmst", "cumulative_incidence"}
    weeks : sequence of float
        Up to ``fit.largest_week``, each once.

    Returns
    -------
    Levels
        Every arm at every week; arms are independent, weeks of one arm are not. At one of the
        weeks they are those of ``fit.levels(measure, week)``.

    Raises
    ------
    KeyError
        For another measure.
    ValueError
        For a week beyond the follow-up or twice, or a fit whose arms share clusters.
    """
    if measure not in MEASURES:
        raise KeyError(
            f'Curves at several weeks have no "{measure}"{did_you_mean(measure, MEASURES)}'
        )
    weeks = [float(week) for week in weeks]
    if not weeks or len(set(weeks)) < len(weeks):
        raise ValueError(f"weeks are {weeks}; give each once, at least one.")
    if getattr(fit.groups, "clusters", None):
        raise ValueError("Arms that share clusters have a joint covariance at one week only.")
    parts = [fit.levels(measure, week) for week in weeks]
    arms, m = [arm.name for arm in fit.study.arms], len(weeks)
    # parts hold the arms of one week; here the weeks of one arm stand together
    order = np.arange(m * len(arms)).reshape(m, len(arms)).T.ravel()
    known = np.concatenate([part.estimate for part in parts])[order]
    cov = np.zeros((len(order),) * 2)
    for i, arm in enumerate(arms):
        at = slice(i * m, (i + 1) * m)
        if np.isfinite(known[at]).any():
            cov[at, at] = _of_arm(fit, arm, measure, weeks)
    unknown = ~np.isfinite(known)
    cov[unknown], cov[:, unknown] = np.nan, np.nan

    def interval_for(conf_level: float) -> np.ndarray:
        return np.concatenate([part.interval_for(conf_level) for part in parts])[order]

    return replace(
        parts[0],
        keys=tuple((arm, week) for arm in arms for week in weeks),
        estimate=known,
        cov=cov,
        n=tuple(n for i in range(len(arms)) for n in (part.n[i] for part in parts)),
        events=tuple(e for i in range(len(arms)) for e in (part.events[i] for part in parts)),
        interval_for=interval_for if parts[0].interval_for else None,
        caution=joined(*(part.caution for part in parts)),
    )


def _of_arm(fit: TimeToEventFit, arm: str, measure: str, weeks: list[float]) -> np.ndarray:
    """Covariance (m, m) of one arm over the weeks."""
    if measure == "survival":
        return fit.curves[arm].covariance(weeks)
    if measure == "rmst":
        return restricted_mean(fit.curves[arm], weeks)[1]
    return _incidence(fit.groups.histories[arm], weeks)


def _incidence(histories: Histories, weeks: list[float]) -> np.ndarray:
    # nothing changes after the last change of state
    found = aalen_johansen(histories, np.minimum(weeks, histories.last_time))
    of_event = np.arange(len(weeks)) * histories.n_states + 1
    return found.cov[np.ix_(of_event, of_event)]
