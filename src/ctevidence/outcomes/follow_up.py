"""Follow-up: until when each person was followed, and what ended it.

Time zero is the start of treatment or randomisation (day 0). Decisions that every outcome shares:

- A visit is anything in the table of visits, of any scale, also between scheduled visits.
- A scheduled visit is due when its nominal day is not after the person's ``end_of_follow_up``;
  someone seen on or after the first day of the last due visit's window was seen to the end.
- Of several events of one kind the first counts.
- What falls on one day: first the visit, then relapse, then dropout, then death. A relapse, dropout
  or death on the day where time begins to count is put half a day later, so that nobody has an
  event before being at risk.
- What happened after a dropout counts whenever it was recorded.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.outcomes.found_once import found_once
from ctevidence.terms import DAYS_PER_WEEK

HALF_DAY = 0.5


@found_once
def follow_up(study: Study) -> pd.DataFrame:
    """Days that bound each person's follow-up.

    Returns
    -------
    DataFrame
        One row per person who enters, indexed by ``participant_id``; days since the start.

        ==================  ==============================================================
        ``arm``             as the study names it
        ``last_visit``      last visit attended; 0 when none after the start
        ``last_contact``    last visit or event of any kind
        ``next_due``        nominal day of the first due visit after the last one attended;
                            nan when the person was seen to the end
        ``dropout``         first recorded dropout, nan when none
        ``reason``          its reason, empty when there is none
        ``death``           nan when none
        ``end``             recorded end of follow-up, nan when none
        ==================  ==============================================================
    """
    people = study.entering().set_index("participant_id")
    last_visit = _last_day(study.visits, people.index)
    end = first_event(study, "end_of_follow_up").reindex(people.index)
    return pd.DataFrame(
        {
            "arm": people["arm"],
            "last_visit": last_visit,
            "last_contact": np.maximum(last_visit, _last_day(study.events, people.index)),
            "next_due": _next_due(study, last_visit.to_numpy(), end.to_numpy()),
            "dropout": first_event(study, "dropout").reindex(people.index),
            "reason": _dropout_reason(study).reindex(people.index).fillna(""),
            "death": first_event(study, "death").reindex(people.index),
            "end": end,
        }
    )


def first_event(study: Study, kind: str, not_before: pd.Series | None = None) -> pd.Series:
    """Day of each person's first event of a kind, for those who have one.

    Parameters
    ----------
    study : Study
    kind : str
        Word of the column ``event``.
    not_before : Series of float, optional
        Day by ``participant_id`` from which events count; nan or absent: none counts.

    Returns
    -------
    Series of float, indexed by ``participant_id``
    """
    events = study.events
    events = events[events["event"] == kind]
    if not_before is not None:
        events = events[events["day"] >= events["participant_id"].map(not_before)]
    return events.groupby("participant_id", observed=True)["day"].min().astype(float)


def after(day: pd.Series, start: pd.Series | float) -> pd.Series:
    """Days of events, those on the day of the start half a day later."""
    return day.where(day != start, day + HALF_DAY)


def _last_day(table: pd.DataFrame, people: pd.Index) -> pd.Series:
    last = table.groupby("participant_id", observed=True)["day"].max()
    return last.reindex(people).astype(float).fillna(0.0).clip(lower=0.0)


def _next_due(study: Study, last_visit: np.ndarray, end: np.ndarray) -> np.ndarray:
    opens = np.array([w.first_day for w in study.schedule], dtype=float)
    nominal = np.array([w.week * DAYS_PER_WEEK for w in study.schedule], dtype=float)
    following = np.searchsorted(opens, last_visit, side="right")
    due = np.searchsorted(nominal, np.where(np.isnan(end), np.inf, end), side="right")
    return np.where(following < due, np.append(nominal, np.nan)[following], np.nan)


def _dropout_reason(study: Study) -> pd.Series:
    events = study.events
    if "reason" not in events:
        return pd.Series(dtype=object)
    dropouts = events[events["event"] == "dropout"].sort_values("day", kind="stable")
    return dropouts.drop_duplicates("participant_id").set_index("participant_id")["reason"]
