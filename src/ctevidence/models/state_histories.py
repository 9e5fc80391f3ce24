"""Histories of states: what follows a landmark, until when they speak, who was seen where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from ctevidence.models.aalen_johansen import STAYED, Histories, Occupancy, aalen_johansen
from ctevidence.outcomes.state_walk import ABSORBING

#: what `occupancy_at` has found, for as long as the histories live
_FOUND: WeakKeyDictionary[Histories, dict[tuple, Occupancy]] = WeakKeyDictionary()


def histories_of(frame: pd.DataFrame, states: Sequence[str]) -> Histories:
    """Histories from rows ``participant_id, start, stop, state, then`` with states as words."""
    number = {state: i for i, state in enumerate(states)} | {"": STAYED}
    return Histories(
        frame["participant_id"].to_numpy(),
        frame["start"].to_numpy(float),
        frame["stop"].to_numpy(float),
        frame["state"].map(number).to_numpy(int),
        frame["then"].map(number).to_numpy(int),
        len(states),
    )


def absorbing(states: Sequence[str]) -> list[int]:
    """Numbers of the states that nobody leaves."""
    return [i for i, state in enumerate(states) if state in ABSORBING]


def from_landmark(histories: Histories, state: int, week: float) -> Histories | None:
    """What follows for those who are in a state at a week, in weeks since then; None for nobody.

    Examples
    --------
    Two people are in state 0 until week 2 and 5; at week 3 one of them is still there:

    >>> two = Histories(np.array([1, 2]), np.zeros(2), np.array([2.0, 5]), np.zeros(2, int),
    ...     np.ones(2, int), 2)
    >>> from_landmark(two, 0, 3.0).stop
    array([2.])
    """
    h = histories
    here = h.person[(h.state == state) & (h.start <= week) & (h.stop > week)]
    rows = np.isin(h.person, here) & (h.stop > week)
    if not rows.any():
        return None
    start = np.maximum(h.start[rows] - week, 0.0)
    return Histories(
        h.person[rows], start, h.stop[rows] - week, h.state[rows], h.then[rows], h.n_states
    )


def known_until(histories: Histories, ends: Sequence[int]) -> float:
    """The last week of which the curves speak: endless when nobody is left who could change."""
    last = histories.stop == histories.last_time
    return math.inf if np.isin(histories.then[last], ends).all() else histories.last_time


def last_sight(histories: Histories, state: int) -> float:
    """The last week somebody was seen in a state; endless where they were then seen to leave it."""
    h = histories
    inside, entered = h.state == state, h.then == state
    if not (inside.any() or entered.any()):
        return math.inf
    last = max(h.stop[inside].max(initial=0.0), h.stop[entered].max(initial=0.0))
    stayed = (inside & (h.then == STAYED)) | entered
    return last if (stayed & (h.stop == last)).any() else math.inf


def people_seen(histories: Histories, chosen: Sequence[int], ends: Sequence[int], week: float):
    """People seen in any of the chosen states: at a week, and at any time up to it.

    Parameters
    ----------
    chosen, ends : sequence of int
        The states looked for, and those that nobody leaves.

    Returns
    -------
    tuple of int

    Examples
    --------
    One of two people leaves state 0 for good at week 2:

    >>> two = Histories(np.array([1, 2]), np.zeros(2), np.array([2.0, 5]), np.zeros(2, int),
    ...     np.array([1, STAYED]), 2)
    >>> people_seen(two, [0], [1], 3.0), people_seen(two, [1], [1], 3.0)
    ((1, 2), (1, 1))
    """
    h = histories
    inside, enters = np.isin(h.state, chosen), np.isin(h.then, chosen)
    there = inside & (h.start <= week) & (week < h.stop)
    is_last = np.append(np.diff(h.person) != 0, True)
    there |= is_last & (h.stop == week) & np.where(h.then == STAYED, inside, enters)
    there |= enters & np.isin(h.then, ends) & (h.stop <= week)
    ever = (inside & (h.start < week)) | (enters & (h.stop <= week))
    return len(np.unique(h.person[there])), len(np.unique(h.person[ever | there]))


def occupancy_at(histories: Histories, weeks: np.ndarray, variance: str = "robust") -> Occupancy:
    """Probabilities of states at weeks and mean weeks in them up to each, shape as `Occupancy`.

    Weeks may lie beyond everyone's follow-up where nobody was left who could change (see
    `known_until`): probabilities then stay, and areas go on growing. Found once for the same
    histories: each state, and each way of joining states, is read off the same walk.

    Parameters
    ----------
    variance : {"robust", "none"}
        As for `aalen_johansen`.
    """
    kept = _FOUND.setdefault(histories, {})
    asked = (variance, *np.asarray(weeks, float).tolist())
    if asked not in kept:
        kept[asked] = _occupancy(histories, np.asarray(weeks, float), variance)
    return kept[asked]


def _occupancy(histories: Histories, weeks: np.ndarray, variance: str) -> Occupancy:
    within = np.minimum(weeks, histories.last_time)
    found = aalen_johansen(histories, within, within, variance)
    beyond = weeks - within
    if not beyond.any():
        return found
    m, S = found.probability.shape
    grow = np.eye(2 * m * S)
    grow[m * S :, : m * S] = np.kron(np.diag(beyond), np.eye(S))
    area = found.weeks_in_state + beyond[:, None] * found.probability
    return replace(found, weeks_in_state=area, cov=grow @ found.cov @ grow.T)
