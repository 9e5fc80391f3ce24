"""Adherence where it was recorded: weeks on each part of treatment, and sessions attended.

Decisions: everyone counts who entered and whose arm holds the part. Weeks are those covered by the
rows of ``treatments``, counted once where rows overlap; a row without a last day goes on until the
person's last contact. Sessions are added up over rows; a row without a number is not counted as
none. Whoever has no row has no weeks recorded, which may mean that they never started.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.outcomes.follow_up import follow_up
from ctevidence.terms import COMPONENTS, DAYS_PER_WEEK


def derive_adherence(study: Study) -> pd.DataFrame:
    """Weeks and sessions of each person and part of their treatment.

    Parameters
    ----------
    study : Study

    Returns
    -------
    DataFrame
        ``participant_id, arm, component, weeks, sessions``: one row for each active part of the
        person's arm; nan where nothing is recorded. Rows of people: show them through a table.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> found = derive_adherence(simulate_study(n=40, seed=1))
    >>> sorted(set(found["component"])), bool((found["weeks"] >= 0).all())
    (['medication', 'therapy'], True)
    """
    people = follow_up(study)[["arm", "last_contact"]]
    parts = [
        people[
            people["arm"].isin([a.name for a in study.arms if component in a.components])
        ].assign(component=component)
        for component in COMPONENTS
    ]
    rows = pd.concat(parts).reset_index()
    spells = study.treatments
    if not len(spells):
        return _columns(rows.assign(weeks=np.nan, sessions=np.nan))
    spells = spells.merge(rows, on=["participant_id", "component"])
    spells["stop"] = spells["stop_day"].astype(float).fillna(spells["last_contact"])
    by_person = spells.assign(days=_covered(spells)).groupby(
        ["participant_id", "component"], observed=True
    )
    found = pd.DataFrame(
        {
            "weeks": by_person["days"].sum() / DAYS_PER_WEEK,
            "sessions": by_person["sessions"].sum(min_count=1),
        }
    )
    return _columns(rows.merge(found.reset_index(), how="left", on=["participant_id", "component"]))


def _covered(spells: pd.DataFrame) -> pd.Series:
    """Days from `start_day` to `stop` that no earlier spell of the same part has covered."""
    ordered = spells.sort_values(["start_day", "stop"], kind="stable")
    who = [ordered["participant_id"], ordered["component"]]
    until = ordered["stop"].groupby(who, observed=True).cummax()
    before = until.groupby(who, observed=True).shift().fillna(-np.inf)
    begin = np.maximum(ordered["start_day"].astype(float), before)
    return (ordered["stop"] - begin).clip(lower=0.0)


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["participant_id", "arm", "component", "weeks", "sessions"]]
