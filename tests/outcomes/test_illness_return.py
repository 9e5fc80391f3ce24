"""One person at a time, drawn as a line of letters: day 0, then a visit each week.

``.`` neither started nor ill, ``o`` shows the start, ``x`` ill, ``-`` neither ill nor the start
(after it), ``s`` shows the start with an ill score. Days are the positions of the letters.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.outcomes.illness_return import turning_days, with_day_0

NEVER = np.nan
CASES = [
    # line, visits asked for, not_started, start, well, ill, unconfirmed
    ("0..", 1, 2, NEVER, NEVER, NEVER, NEVER),  # never started
    ("0.o", 1, 1, 2, 2, NEVER, NEVER),  # started at the last visit
    ("0o-o", 1, 0, 1, 3, NEVER, NEVER),  # stayed well; the start is the first
    ("0o-x", 1, 0, 1, 2, 3, NEVER),  # ill again
    ("0xox", 1, 1, 2, 2, 3, NEVER),  # illness before the start is no return
    ("0oxo", 1, 0, 1, 1, 2, NEVER),  # well again later: the return stands
    ("0oxo", 2, 0, 1, 3, NEVER, NEVER),  # one ill visit of two: no return, known well after it
    ("0oxxo", 2, 0, 1, 1, 2, NEVER),  # confirmed; the interval ends at the first
    ("0oxoxx", 2, 0, 1, 3, 4, NEVER),  # the unconfirmed one does not count
    ("0oxox", 2, 0, 1, 3, NEVER, 4),  # last visit ill, too few: censored when known well
    ("0oxxx", 4, 0, 1, 1, NEVER, 2),  # the first of the last ill visits
    ("0sox", 1, 1, 2, 2, 3, NEVER),  # the start needs a score that is not ill
    ("0s", 1, 1, NEVER, NEVER, NEVER, NEVER),
    ("bx", 1, NEVER, 0, 0, 1, NEVER),  # from baseline: well on day 0
    ("b-", 1, NEVER, 0, 1, NEVER, NEVER),
    ("b", 1, NEVER, 0, 0, NEVER, NEVER),
    ("0", 1, 0, NEVER, NEVER, NEVER, NEVER),
]


def seen(line: str, who: str = "ann") -> pd.DataFrame:
    rows = [(who, float(d), c in "osb", c in "xs") for d, c in enumerate(line)]
    return pd.DataFrame(rows, columns=["participant_id", "day", "reached", "ill"])


@pytest.mark.parametrize(("line", "confirm", *"abcde"), CASES)
def test_turning_days(line, confirm, a, b, c, d, e):
    found = turning_days(seen(line), confirm).loc["ann"]
    expected = dict(not_started=a, start=b, well=c, ill=d, unconfirmed=e)
    pd.testing.assert_series_equal(
        found, pd.Series(expected, dtype=float), check_names=False, rtol=0, atol=0
    )


@pytest.mark.parametrize("confirm", [1, 2])
def test_people_do_not_run_into_each_other(confirm):
    lines = {f"p{i}": line for i, (line, *_) in enumerate(CASES)}
    rows = pd.concat([seen(v, k) for k, v in lines.items()], ignore_index=True)
    together = turning_days(rows.sort_values("day", kind="stable"), confirm)
    for who, line in lines.items():
        alone = turning_days(seen(line, who), confirm).loc[who]
        pd.testing.assert_series_equal(together.loc[who], alone)


@given(st.text("ox.s", max_size=8), st.sampled_from("0b"), st.integers(1, 3))
def test_nobody_is_known_well_before_the_start_or_after_the_return(visits, first, confirm):
    days = turning_days(seen(first + visits), confirm).loc["ann"].dropna()
    if "start" in days:
        assert days.get("not_started", -1) < days["start"] <= days["well"]
        assert days["well"] < min(days.get("ill", np.inf), days.get("unconfirmed", np.inf))
    assert not {"ill", "unconfirmed"} <= set(days.index)


def test_day_0_stands_before_the_visits_of_everyone_who_entered():
    visits = seen("0x").iloc[1:]
    rows = with_day_0(visits, pd.Series(["ann", "bob"]), from_baseline=True)
    assert rows.values.tolist() == [
        ["ann", 0.0, True, False],
        ["bob", 0.0, True, False],
        ["ann", 1.0, False, True],
    ]
