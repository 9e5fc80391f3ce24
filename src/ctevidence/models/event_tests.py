"""Tests that an event is as frequent in all arms, and in each two of them, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from ctevidence.contrasts.familywise import holm
from ctevidence.data.study import Study
from ctevidence.models.clustered_curves import column_of
from ctevidence.models.gray_test import gray_test
from ctevidence.models.weighted_log_rank import EventTest, max_combo, weighted_log_rank

COLUMNS = (
    "test", "arm", "reference", "n", "events", "statistic", "df", "p_value", "p_holm",
)  # fmt: skip
ALL_ARMS = "all arms"


def event_tests(
    people: pd.DataFrame, arms: Sequence[str], strata: np.ndarray | None = None
) -> pd.DataFrame:
    """Log-rank, Fleming-Harrington, MaxCombo and Gray's test.

    Parameters
    ----------
    people : DataFrame
        ``arm, time, event, competed``, one row for each person at risk.
    arms : sequence of str
        In the order in which they are compared.
    strata : ndarray, shape (n,), optional
        Arms are compared within each.

    Returns
    -------
    DataFrame
        ``test, arm, reference, n, events, statistic, df, p_value, p_holm``. First the tests over
        all arms (``arm`` is "all arms"), then each of two arms, with the p-value by Holm over the
        pairs of one test. The log-rank test is the one to plan with; the late and the early
        weight say where arms differ, and MaxCombo takes the largest of four and pays for it.
        Gray's test appears where something competed. What has nothing to compare has an empty
        statistic.

    Examples
    --------
    >>> people = pd.DataFrame({"arm": ["a", "b"] * 4, "time": range(1, 9), "event": True,
    ...     "competed": False})
    >>> event_tests(people, ["a", "b"])["test"].tolist()[:2]
    ['log-rank', 'Fleming-Harrington (1, 0)']
    """
    strata = np.zeros(len(people), int) if strata is None else np.asarray(strata)
    everyone = people["arm"].isin(list(arms)).to_numpy()
    rows = [
        _row(test, ALL_ARMS, "", people[everyone])
        for test in _over_arms(people[everyone], strata[everyone])
    ]
    by_test: dict[str, list[dict]] = {}
    for reference, arm in combinations(arms, 2):
        pair = people["arm"].isin([arm, reference]).to_numpy()
        two, within = people[pair], strata[pair]
        for test in (*_over_arms(two, within), _max_combo(two, within)):
            by_test.setdefault(test.name, []).append(_row(test, arm, reference, two))
    for found in by_test.values():
        adjusted = holm(np.array([row["p_value"] for row in found]))
        rows += [row | {"p_holm": p} for row, p in zip(found, adjusted, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def stratum_of(study: Study, people: pd.DataFrame, name: str) -> np.ndarray:
    """The stratum of everybody at risk, by a column of the participants.

    Raises
    ------
    KeyError
        When there is no such column; the message lists those there are.
    ValueError
        When it is missing for somebody.
    """
    values = column_of(study, people, name)
    if values.isna().any():
        raise ValueError(f"{name} is missing for some people: they belong to no stratum.")
    return values.to_numpy()


def _over_arms(people: pd.DataFrame, strata: np.ndarray) -> list[EventTest]:
    columns = people["time"], people["event"], people["arm"]
    found = [weighted_log_rank(*columns, *w, strata=strata) for w in ((0, 0), (1, 0), (0, 1))]
    if people["competed"].any():
        cause = np.where(people["event"], 1, np.where(people["competed"], 2, 0))
        found.append(gray_test(people["time"], cause, people["arm"], strata=strata))
    return found


def _max_combo(people: pd.DataFrame, strata: np.ndarray) -> EventTest:
    if people["arm"].nunique() < 2:
        return EventTest("MaxCombo", np.nan, 0, np.nan)
    return max_combo(people["time"], people["event"], people["arm"], strata=strata)


def _row(test: EventTest, arm: str, reference: str, people: pd.DataFrame) -> dict:
    return {
        "test": test.name,
        "arm": arm,
        "reference": reference,
        "n": len(people),
        "events": int(people["event"].sum()),
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "p_holm": np.nan,
    }
