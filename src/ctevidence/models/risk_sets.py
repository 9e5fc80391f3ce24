"""Risk sets of counting-process data: who is at risk at which event time, stratum by stratum.

A row is a time at risk ``(start, stop]`` of somebody in a stratum. Sums over risk sets are
differences of cumulative sums over the event times, so that their cost grows with the number of
rows, and not with rows times event times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Rows and event times; the event times of all strata stand one after the other.

    Attributes
    ----------
    first, last : array of int, shape (n,)
        A row is at risk at the event times ``first <= k < last``: at none when they are equal.
    times : array (K,)
        Distinct event times of each stratum, rising within it.
    bounds : array of int, shape (S + 1,)
        Where the event times of each stratum begin and end.
    dying : array of int, shape (D,)
        Rows that end with an event, in the order of their event times.
    time_of : array of int, shape (D,)
        The event time of each of them.
    deaths : array of int, shape (K,)
        How many they are at each event time.
    rank : array of int, shape (D,)
        0, 1, ... among the events tied at one time.
    delayed : bool
        Whether somebody comes under observation after the first event of the stratum.
    """

    first: Array
    last: Array
    times: Array
    bounds: Array
    dying: Array
    time_of: Array
    deaths: Array
    rank: Array
    delayed: bool

    def sums(self, values: Array) -> Array:
        """Sums of the rows' ``values`` (n, p) over the risk set of each event time, (K, p)."""
        ever = self.last > self.first
        leave = self._by_time(self.last[ever], values[ever])
        total = np.empty((len(self.times), values.shape[1]))
        strata = list(zip(self.bounds[:-1], self.bounds[1:], strict=True))
        for a, b in strata:
            # from the end, where risk sets are small, so that no digits are lost there
            total[a:b] = _from_the_end(leave[a + 1 : b + 1])
        if self.delayed:
            enter = self._by_time(self.first[ever], values[ever])
            for a, b in strata:
                total[a : b - 1] -= _from_the_end(enter[a + 1 : b])
        return total

    def _by_time(self, number: Array, values: Array) -> Array:
        size = len(self.times) + 1
        return np.column_stack([np.bincount(number, v, size) for v in values.T])

    def at_events(self, values: Array) -> Array:
        """Sums of values (D,) or (D, p) of the events of each event time, (K,) or (K, p)."""
        K = len(self.times)
        if values.ndim == 1:
            return np.bincount(self.time_of, values, K)
        return np.column_stack([np.bincount(self.time_of, v, K) for v in values.T])

    def while_at_risk(self, values: Array) -> Array:
        """Sum of values (K,) or (K, p) of the event times at which each row is at risk."""
        start = np.zeros((1, *values.shape[1:]))
        upto = np.concatenate([start, np.cumsum(values, axis=0)])
        return upto[self.last] - upto[self.first]


def _from_the_end(values: Array) -> Array:
    return np.cumsum(values[::-1], axis=0)[::-1]


def risk_sets(start: Array | None, stop: Array, event: Array, stratum: Array) -> RiskSets:
    """Find who is at risk at each event time.

    Parameters
    ----------
    start : array (n,) or None
        When risk begins; before every event when None.
    stop : array (n,)
        When it ends.
    event : array of bool, shape (n,)
        Whether it ends with the event.
    stratum : array of int, shape (n,)
        0 to S - 1.

    Examples
    --------
    The second of three people comes under observation at time 2, and misses the first event:

    >>> sets = risk_sets(np.array([0.0, 2, 0]), np.array([1.0, 4, 5]),
    ...     np.array([True, True, False]), np.zeros(3, int))
    >>> sets.sums(np.ones((3, 1))).ravel().tolist()
    [2.0, 2.0]
    """
    n_strata = int(stratum.max()) + 1
    first, last = np.empty(len(stop), int), np.empty(len(stop), int)
    times, bounds = [], [0]
    for s in range(n_strata):
        rows = stratum == s if n_strata > 1 else slice(None)
        moments = np.unique(stop[rows][event[rows]])
        last[rows] = bounds[-1] + np.searchsorted(moments, stop[rows], side="right")
        begins = 0 if start is None else np.searchsorted(moments, start[rows], side="right")
        first[rows] = bounds[-1] + begins
        times.append(moments)
        bounds.append(bounds[-1] + len(moments))
    dying = np.flatnonzero(event)
    dying = dying[np.argsort(last[dying], kind="stable")]
    time_of = last[dying] - 1
    deaths = np.bincount(time_of, minlength=bounds[-1])
    begin = np.cumsum(deaths) - deaths
    rank = np.arange(len(dying)) - begin[time_of]
    delayed = bool((first != np.array(bounds)[stratum]).any())
    return RiskSets(
        first, last, np.concatenate(times), np.array(bounds), dying, time_of, deaths, rank, delayed
    )
