"""Everyone's way through the states of an illness, one thing that happened at a time.

The rules of one step, what a visit or an event makes of a state, are worked out once for every
state and everything that can happen; all people then go through their own things side by side, in
columns. A registry has as many steps as its people have visits, not as many as it has people.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from ctevidence.outcomes.follow_up import HALF_DAY
from ctevidence.terms import DAYS_PER_WEEK

#: In which it is good to be, and those which nobody leaves.
GOOD = ("response", "remission", "well", "well again")
ABSORBING = ("dropped out", "switched", "died")
#: What falls on one day, in this order.
VISIT, RELAPSE, DROPOUT, SWITCH, DEATH = range(5)
_ENDS_IN = {DROPOUT: "dropped out", SWITCH: "switched", DEATH: "died"}
#: Decimals of weeks: without rounding, equal numbers of days would give unequal times.
TIME_DECIMALS = 9


class Shows(NamedTuple):
    """What a visit shows."""

    start: bool
    response: bool
    remission: bool
    relapse: bool


#: Everything that can happen in one step; of visits in the order of their number in binary.
HAPPENINGS = (
    *((VISIT, Shows(*shown)) for shown in product((False, True), repeat=len(Shows._fields))),
    *((rank, Shows(False, False, False, False)) for rank in (RELAPSE, DROPOUT, SWITCH, DEATH)),
)


@dataclass(frozen=True, eq=False)
class Moments:
    """What happened to everyone; rows of one person follow each other in order of time.

    Parameters
    ----------
    who : ndarray of int, shape (r,)
        Person, 0 to n - 1, rising.
    day, week : ndarray of float, shape (r,)
        When it happened, and the week from which the state counts that it leads to.
    what : ndarray of int, shape (r,)
        Position in `HAPPENINGS`.
    unconfirmed : ndarray of bool, shape (r,)
        Visits among the last that are ill, and too few to confirm it.
    """

    who: np.ndarray
    day: np.ndarray
    week: np.ndarray
    what: np.ndarray
    unconfirmed: np.ndarray


@dataclass(frozen=True, eq=False)
class Spells:
    """Times of people in states: rows ``(start, stop]``, those of a person in order of time.

    Parameters
    ----------
    who, state, then : ndarray of int, shape (k,)
        Person, state, and the state that follows: -1 where follow-up ends.
    start, stop : ndarray of float, shape (k,)
        Weeks.
    """

    who: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    state: np.ndarray
    then: np.ndarray


def walk(
    moments: Moments, last: np.ndarray, is_censored: bool, states: tuple, well: tuple
) -> Spells:
    """Histories of n people.

    Parameters
    ----------
    moments : Moments
    last : ndarray of float, shape (n,)
        Week after which nothing more is known unless something happened.
    is_censored : bool
        Whether what happened after it is not looked at.
    states, well : tuple of str
        All states, that of day 0 first; those of having started and not relapsed.

    Returns
    -------
    Spells
    """
    table, n = transitions(states, well), len(last)
    quits = np.isin(states, [*well, "well again"])
    ends = np.isin(states, ABSORBING)
    first = np.searchsorted(moments.who, np.arange(n))
    count = np.bincount(moments.who, minlength=n)
    state, week, known, begun = np.zeros(n, int), np.zeros(n), np.zeros(n), np.zeros(n)
    end, here = np.full(n, np.nan), np.arange(n)
    steps = [(here, np.zeros(n), state.copy())]
    for k in range(count.max(initial=0)):
        here = here[count[here] > k]
        at = first[here] + k
        if is_censored:
            within = moments.day[at] / DAYS_PER_WEEK <= last[here] + 10**-TIME_DECIMALS
            here, at = here[within], at[within]
        week[here] = np.maximum(week[here], moments.week[at])
        given_up = moments.unconfirmed[at] & quits[state[here]]
        end[here[given_up]] = known[here[given_up]]
        here, at = here[~given_up], at[~given_up]
        then = table[state[here], moments.what[at]]
        moved = here[then != state[here]]
        state[here] = then
        at_once = moved[week[moved] <= begun[moved]]
        week[at_once] = np.round(begun[at_once] + HALF_DAY / DAYS_PER_WEEK, TIME_DECIMALS)
        begun[moved] = week[moved]
        steps.append((moved, week[moved], state[moved]))
        known[here] = week[here]
        over = ends[state[here]]
        end[here[over]] = week[here[over]]
        here = here[~over]
    end = np.where(np.isnan(end), np.maximum(last, week), end)
    return _spells(steps, end)


def _spells(steps: list[tuple], end: np.ndarray) -> Spells:
    """From the steps, in order of time for each person, and the week when each history ends."""
    who, start, state = (np.concatenate(part) for part in zip(*steps, strict=True))
    order = np.argsort(who, kind="stable")
    who, start, state = who[order], start[order], state[order]
    is_last = np.append(np.diff(who) != 0, True)
    stop = np.where(is_last, end[who], np.append(start[1:], 0.0))
    then = np.where(is_last, -1, np.append(state[1:], -1))
    # a state reached at the end itself stands in the row that leads to it
    is_only = is_last & np.append(True, np.diff(who) != 0)
    kept = ~is_last | (stop > start) | is_only
    return Spells(who[kept], start[kept], stop[kept], state[kept], then[kept])


def transitions(states: tuple, well: tuple) -> np.ndarray:
    """The state that everything leads to, from each: shape (states, `HAPPENINGS`).

    Ends that are no states of this illness lead nowhere, and are not among the moments.
    """
    found = np.zeros((len(states), len(HAPPENINGS)), int)
    for i, state in enumerate(states):
        for j, (rank, shows) in enumerate(HAPPENINGS):
            then = following(state, rank, shows, states, well)
            found[i, j] = states.index(then) if then in states else i
    return found


def following(state: str, rank: int, shows: Shows, states: tuple, well: tuple) -> str:
    """The state that something leads to."""
    if rank in _ENDS_IN:
        return _ENDS_IN[rank]
    if state in well or state == "well again":
        if rank == RELAPSE or shows.relapse:
            return "relapse"
        deeper = state == "response" and "remission" in states and shows.remission
        return "remission" if deeper else state
    # nobody relapses while ill
    return state if rank == RELAPSE else _from_ill(state, shows, states, well)


def _from_ill(state: str, shows: Shows, states: tuple, well: tuple) -> str:
    if state == "relapse":
        return "well again" if shows.start and "well again" in states else state
    if shows.start:
        return "remission" if "remission" in well and shows.remission else well[0]
    return "response" if "response" in states and shows.response else "ill"
