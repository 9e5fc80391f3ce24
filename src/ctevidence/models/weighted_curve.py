"""Curves of one group of weighted people, with the derivative of each value by each weight.

Survival, its restricted mean and cumulative incidence are all smooth functions of the increments
of the weighted hazards, and those are ratios of sums of weights: one chain of derivatives serves
all three, at a cost that grows with the number of people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MEASURES = ("survival", "rmst", "cumulative_incidence")


@dataclass(frozen=True, eq=False)
class WeightedCurve:
    """Weighted numbers at risk and events of one group.

    Parameters
    ----------
    times : ndarray, shape (k,)
        Distinct times of events and censoring, rising.
    at_risk, events, competing : ndarray, shape (k,)
        Sums of weights at each time: at risk just before, with the event, with what competes.
    place : ndarray of int, shape (n,)
        The time of each person among `times`.
    cause : ndarray of int, shape (n,)
        0 censored, 1 the event, 2 what competes with it.
    """

    times: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    competing: np.ndarray
    place: np.ndarray
    cause: np.ndarray

    @property
    def survival(self) -> np.ndarray:
        """Probability of being without the event from each time on, others being censored."""
        return np.cumprod(1 - self.events / self.at_risk)

    @property
    def last_time(self) -> float:
        return float(self.times[-1])

    @property
    def known_until(self) -> float:
        """Where the curve ends: with the last person followed, or never once it is at zero."""
        return self.last_time if self.survival[-1] > 0 else np.inf

    def at(self, weeks) -> np.ndarray:
        """Probability of being without the event after each week, shape (m,)."""
        steps = np.searchsorted(self.times, np.asarray(weeks, float), side="right")
        return np.append(1.0, self.survival)[steps]

    def value(self, measure: str, week: float) -> tuple[float, np.ndarray]:
        r"""One value of the curve and its derivatives by the weights.

        Parameters
        ----------
        measure : {"survival", "rmst", "cumulative_incidence"}
        week : float
            Not beyond `known_until`, or for cumulative incidence the last change.

        Returns
        -------
        value : float
        by_weight : ndarray, shape (n,)

        Notes
        -----
        The increment of the hazard at time u, :math:`d\Lambda(u) = dN(u) / Y(u)` with weighted
        sums (Xie and Liu 2005, Stat Med 24:3089), has the derivative
        :math:`(dN_i(u) - Y_i(u) d\Lambda(u)) / Y(u)` by the weight of person i. With weights of 1
        the sum of squares of ``w * by_weight`` is Greenwood's variance exactly, and that of a
        restricted mean Klein and Moeschberger's (2003, 4.5.1), as terms of different times are
        uncorrelated.

        Examples
        --------
        Two people, one has the event at week 4:

        >>> curve = weighted_curve(np.array([4.0, 10.0]), np.array([1, 0]), np.array([3.0, 1.0]))
        >>> value, by_weight = curve.value("survival", 5)
        >>> value, by_weight.tolist()
        (0.25, [-0.0625, 0.1875])
        """
        if measure == "survival":
            value, along = self._survival(week)
            return value, self._by_weight([(1, self.events, along)])
        if measure == "rmst":
            value, along = self._restricted_mean(week)
            return value, self._by_weight([(1, self.events, along)])
        if measure == "cumulative_incidence":
            value, own, other = self._incidence(week)
            parts = [(1, self.events, own), (2, self.competing, other)]
            return value, self._by_weight(parts)
        raise KeyError(f"No curve of {measure}; there are {', '.join(MEASURES)}.")

    def _by_weight(self, parts) -> np.ndarray:
        """Chain of derivatives: (cause, events, derivative by the hazard at each time) -> people.

        Each cause has its event term at the person's own time, and what was lived through until
        then.
        """
        total = np.zeros(len(self.place))
        for cause, events, along in parts:
            own = along / self.at_risk
            lived = np.cumsum(own * events / self.at_risk)
            total += np.where(self.cause == cause, own[self.place], 0.0) - lived[self.place]
        return total

    def _survival(self, week: float) -> tuple[float, np.ndarray]:
        value = float(self.at([week])[0])
        left = 1 - self.events / self.at_risk
        with np.errstate(divide="ignore", invalid="ignore"):
            along = np.where((self.times <= week) & (left > 0), -value / left, 0.0)
        return value, along

    def _restricted_mean(self, week: float) -> tuple[float, np.ndarray]:
        edges = np.minimum(np.append(0.0, np.append(self.times, np.inf)), week)
        areas = np.append(1.0, self.survival) * np.diff(edges)
        beyond = np.cumsum(areas[::-1])[::-1]  # area from each start to the week
        left = 1 - self.events / self.at_risk
        with np.errstate(divide="ignore", invalid="ignore"):
            along = np.where(left > 0, -beyond[1:] / left, 0.0)
        return float(beyond[0]), along

    def _incidence(self, week: float) -> tuple[float, np.ndarray, np.ndarray]:
        left = 1 - (self.events + self.competing) / self.at_risk
        before = np.append(1.0, np.cumprod(left)[:-1])
        so_far = np.cumsum(before * self.events / self.at_risk)
        until = self.times <= week
        value = float(so_far[until][-1]) if until.any() else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            later = np.where(left > 0, -(value - so_far) / left, 0.0)
        return value, np.where(until, before + later, 0.0), np.where(until, later, 0.0)


def weighted_curve(time: np.ndarray, cause: np.ndarray, weight: np.ndarray) -> WeightedCurve:
    """Curve of one group.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Weeks at risk until the event, what competes with it, or the end of follow-up.
    cause : ndarray of int, shape (n,)
        0 censored, 1 the event, 2 what competes with it.
    weight : ndarray, shape (n,)
        Positive.
    """
    times, place = np.unique(np.asarray(time, float), return_inverse=True)
    left = np.bincount(place, weights=weight)
    at_risk = np.cumsum(left[::-1])[::-1]
    events, competing = (
        np.bincount(place, weights=weight * (cause == c), minlength=len(times)) for c in (1, 2)
    )
    return WeightedCurve(times, at_risk, events, competing, place, np.asarray(cause))
