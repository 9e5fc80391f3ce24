"""People side by side in columns go the ways that each of them goes alone, step by step."""

from itertools import pairwise

import numpy as np
import pytest

from ctevidence.outcomes.follow_up import HALF_DAY
from ctevidence.outcomes.state_walk import (
    ABSORBING,
    DROPOUT,
    HAPPENINGS,
    TIME_DECIMALS,
    VISIT,
    Moments,
    Shows,
    following,
    walk,
)
from ctevidence.terms import DAYS_PER_WEEK

SEVERAL = ("ill", "response", "remission", "relapse", "well again", "dropped out", "died")
#: states, those of being well
ILLNESSES = [
    (SEVERAL, ("response", "remission")),
    (SEVERAL, ("remission",)),
    (("well", "relapse", "switched"), ("well",)),
]


def one_person(things, last, is_censored, states, well):
    """The way of one person: what a reader of the decisions would do with pencil and paper."""
    state, week, known = states[0], 0.0, 0.0
    steps, end = [(0.0, state)], None
    for day, at, what, unconfirmed in things:
        if is_censored and day / DAYS_PER_WEEK > last + 10**-TIME_DECIMALS:
            break
        week = max(week, at)
        if unconfirmed and (state in well or state == "well again"):
            end = known
            break
        then = following(state, *HAPPENINGS[what], states, well)
        if then in states and then != state:
            state = then
            if week <= steps[-1][0]:
                week = round(steps[-1][0] + HALF_DAY / DAYS_PER_WEEK, TIME_DECIMALS)
            steps.append((week, state))
        known = week
        if state in ABSORBING:
            end = week
            break
    end = max(last, week) if end is None else end
    rows = [(a, b, state, then) for (a, state), (b, then) in pairwise(steps)]
    start, state = steps[-1]
    return rows + ([(start, end, state, "")] if end > start or len(steps) == 1 else [])


@pytest.mark.parametrize(("states", "well"), ILLNESSES)
@pytest.mark.parametrize("is_censored", [True, False])
def test_columns_go_the_way_of_each_person_alone(states, well, is_censored):
    rng = np.random.default_rng(7)
    n = 600
    who = np.sort(rng.integers(0, n, 5 * n))  # some have nothing, some a dozen
    day = np.concatenate([np.sort(d) for d in split(rng.integers(1, 120, len(who)), who)])
    rank_free = rng.integers(0, len(HAPPENINGS), len(who))
    what = np.where(rng.random(len(who)) < 0.9, rank_free % 16, rank_free)
    unconfirmed = (what < 16) & (rng.random(len(who)) < 0.1)
    week = np.round(day / 7, TIME_DECIMALS)
    last = np.round(rng.integers(0, 120, n) / 7, TIME_DECIMALS)
    found = walk(Moments(who, day, week, what, unconfirmed), last, is_censored, states, well)
    words = (*states, "")
    rows = [[] for _ in range(n)]
    for i, a, b, s, t in zip(
        found.who, found.start, found.stop, found.state, found.then, strict=True
    ):
        rows[i].append((a, b, words[s], words[t]))
    things = [[] for _ in range(n)]
    for i, *thing in zip(who, day, week, what, unconfirmed, strict=True):
        things[i].append(thing)
    alone = [one_person(things[i], last[i], is_censored, states, well) for i in range(n)]
    assert [len(r) for r in rows] == [len(r) for r in alone]
    assert max(map(len, rows)) >= min(len(states), 4) - 1
    for one, other in zip(rows, alone, strict=True):
        assert [r[2:] for r in one] == [r[2:] for r in other]
        np.testing.assert_allclose([r[:2] for r in one], [r[:2] for r in other], atol=1e-9)


def split(values, who):
    return np.split(values, np.flatnonzero(np.diff(who)) + 1)


def test_a_step_is_the_rule_of_the_illness():
    states, well = ILLNESSES[0]
    nothing = Shows(False, False, False, False)
    started = nothing._replace(start=True)
    assert following("ill", VISIT, started, states, well) == "response"
    assert following("ill", VISIT, started._replace(remission=True), states, well) == "remission"
    assert following("remission", VISIT, nothing, states, well) == "remission"
    assert following("remission", VISIT, nothing._replace(relapse=True), states, well) == "relapse"
    assert following("relapse", VISIT, started, states, well) == "well again"
    assert following("well again", DROPOUT, nothing, states, well) == "dropped out"


def test_people_of_whom_nothing_is_known():
    none = np.zeros(0)
    found = walk(
        Moments(none.astype(int), none, none, none.astype(int), none.astype(bool)),
        np.array([0.0, 3.0]),
        False,
        *ILLNESSES[0],
    )
    assert found.start.tolist() == [0, 0]
    assert found.stop.tolist() == [0, 3]
    assert found.then.tolist() == [-1, -1]
