"""Weeks at risk of everyone who was, from an outcome with ``entry, lower, upper, state``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctevidence.data.study import VisitWindow
from ctevidence.models.survival_levels import AtRisk
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import DAYS_PER_WEEK

# weeks are sevenths: without rounding, equal numbers of days would give unequal times
TIME_DECIMALS = 9


def observed_times(outcome: Outcome, at_risk: AtRisk) -> pd.DataFrame:
    """Weeks at risk of everyone who was, and whether they ended with the event.

    Times of visits are those of the schedule. On actual days, people seen ill at a last visit
    would be compared only with those who happened to come to it later: the others would be gone,
    censored on the day of the same visit, and the curve would fall towards zero.

    Returns
    -------
    DataFrame
        ``participant_id, arm, time, event``, and ``competed``: something else ended the risk.
    """
    rows = outcome.frame[outcome.frame["entry"].notna()]
    event = (rows["state"] == at_risk.state).to_numpy()
    entry, lower, upper = (rows[c].to_numpy(float) for c in ("entry", "lower", "upper"))
    if at_risk.seen_at_visits:
        schedule = outcome.study.schedule
        entry, lower, upper = (on_schedule(weeks, schedule) for weeks in (entry, lower, upper))
    return pd.DataFrame(
        {
            "participant_id": rows["participant_id"].to_numpy(),
            "arm": rows["arm"].astype(str).to_numpy(),
            "time": (np.where(event, upper, lower) - entry).round(TIME_DECIMALS),
            "event": event,
            "competed": rows["state"].isin(at_risk.competing).to_numpy(),
        }
    )


def on_schedule(weeks: np.ndarray, schedule: Sequence[VisitWindow]) -> np.ndarray:
    """Weeks with those inside the window of a visit set to its nominal week.

    Examples
    --------
    >>> visit = VisitWindow("8 months", week=35, first_day=198, last_day=288)
    >>> on_schedule(np.array([10.0, 34.9, 36.1, np.inf]), [visit]).tolist()
    [10.0, 35.0, 35.0, inf]
    """
    nominal = np.array(weeks, float)
    for visit in schedule:
        days = weeks * DAYS_PER_WEEK
        # a millionth of a day: weeks made from days do not always lead back to them exactly
        inside = (days >= visit.first_day - 1e-6) & (days <= visit.last_day + 1e-6)
        nominal[inside] = visit.week
    return nominal
