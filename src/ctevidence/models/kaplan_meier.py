"""The Kaplan-Meier curve of one group, with its numbers at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

# products of fractions such as 3/4 * 2/3 miss 1/2 by a rounding error
ROUNDING = 1e-12


class Median(NamedTuple):
    """Median time in weeks; nan and not `is_reached` when half of the group have no event."""

    weeks: float
    conf_low: float
    conf_high: float
    is_reached: bool


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Probability of being without the event, as a step function of time.

    Parameters
    ----------
    n : int
        People at risk at the start.
    times : ndarray, shape (k,)
        Distinct times of events and censoring, in weeks, rising.
    at_risk, events, censored : ndarray of int, shape (k,)
        At each time; those censored at the time of an event are still at risk of it.
    survival : ndarray, shape (k,)
        From each time on.
    """

    n: int
    times: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    survival: np.ndarray

    @property
    def last_time(self) -> float:
        """The longest follow-up in the group, in weeks."""
        return float(self.times[-1])

    @property
    def known_until(self) -> float:
        """Where the curve ends: with the last person followed, or never once it is at zero."""
        return self.last_time if self.survival[-1] > 0 else np.inf

    @property
    def hazard_variance(self) -> np.ndarray:
        """Greenwood's term d / (n (n - d)) of each time; 0 where all at risk had the event."""
        left = self.at_risk - self.events
        product = np.where(left > 0, self.at_risk * left, 1)
        return np.where(left > 0, self.events / product, 0.0)

    def at(self, weeks) -> np.ndarray:
        """Probability of being without the event after each week, shape (m,)."""
        steps = np.searchsorted(self.times, np.asarray(weeks, float), side="right")
        return np.append(1.0, self.survival)[steps]

    def events_by(self, weeks) -> np.ndarray:
        """Events up to and including each week, shape (m,)."""
        steps = np.searchsorted(self.times, np.asarray(weeks, float), side="right")
        return np.append(0, np.cumsum(self.events))[steps]

    def covariance(self, weeks) -> np.ndarray:
        r"""Covariance of the probabilities at several weeks, shape (m, m).

        Greenwood's formula (Klein and Moeschberger 2003, 4.2.2):
        :math:`S(s) S(t) \sum_{t_i \le \min(s, t)} d_i / (n_i (n_i - d_i))`.
        """
        weeks, survival = np.asarray(weeks, float), self.at(weeks)
        return np.outer(survival, survival) * self._log_variance(np.minimum.outer(weeks, weeks))

    def interval(self, weeks, conf_level: float = 0.95) -> np.ndarray:
        """Limits of the probability at each week by the log-log method, shape (m, 2).

        Klein and Moeschberger (2003), 4.3.2. There is none where the curve is still at 1 or
        already at 0: nan.
        """
        survival = self.at(weeks)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = norm.ppf(0.5 + conf_level / 2) * np.sqrt(self._log_variance(weeks))
            power = np.exp(np.outer(reach / np.log(survival), [-1, 1]))
            limits = survival[:, None] ** power
        return np.where(((survival > 0) & (survival < 1))[:, None], limits, np.nan)

    def median(self, conf_level: float = 0.95) -> Median:
        """The first time at which at most half are without the event.

        Its limits are where those of the curve cross one half (Brookmeyer and Crowley 1982,
        Biometrics 38:29); a limit that is not reached is nan.
        """
        limits = self.interval(self.times, conf_level)
        low, high = np.where(self.survival[:, None] <= 0, [0.0, np.nan], limits).T
        weeks, conf_low, conf_high = (self._first_below_half(c) for c in (self.survival, low, high))
        return Median(weeks, conf_low, conf_high, not np.isnan(weeks))

    def numbers(self, weeks) -> pd.DataFrame:
        """How many were at risk just before each week, and where the others went.

        Returns
        -------
        DataFrame
            ``week``, ``at_risk``, and ``events`` and ``censored`` before the week: every row adds
            up to `n`.
        """
        weeks = np.asarray(weeks, float)
        steps = np.searchsorted(self.times, weeks, side="left")
        events, censored = (
            np.append(0, np.cumsum(counts))[steps] for counts in (self.events, self.censored)
        )
        at_risk = self.n - events - censored
        return pd.DataFrame(
            {"week": weeks, "at_risk": at_risk, "events": events, "censored": censored}
        )

    def _log_variance(self, weeks) -> np.ndarray:
        steps = np.searchsorted(self.times, np.asarray(weeks, float), side="right")
        return np.append(0.0, np.cumsum(self.hazard_variance))[steps]

    def _first_below_half(self, curve: np.ndarray) -> float:
        below = np.flatnonzero(curve <= 0.5 + ROUNDING)
        return float(self.times[below[0]]) if len(below) else np.nan


def kaplan_meier(time: np.ndarray, event: np.ndarray) -> SurvivalCurve:
    """Kaplan-Meier curve of one group (Kaplan and Meier 1958, JASA 53:457).

    Parameters
    ----------
    time : ndarray, shape (n,)
        Weeks at risk until the event or the end of follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.

    Examples
    --------
    >>> curve = kaplan_meier(np.array([6.0, 6, 6, 7, 10]), np.array([1, 1, 0, 1, 0]))
    >>> curve.at([5, 6, 7]).round(3).tolist()
    [1.0, 0.6, 0.3]
    >>> curve.numbers([6, 7]).to_dict("list")
    {'week': [6.0, 7.0], 'at_risk': [5, 2], 'events': [0, 2], 'censored': [0, 1]}
    """
    times, place = np.unique(np.asarray(time, float), return_inverse=True)
    left = np.bincount(place)
    events = np.bincount(place, weights=event).astype(int)
    at_risk = len(place) - (np.cumsum(left) - left)
    survival = np.cumprod(1 - events / at_risk)
    return SurvivalCurve(len(place), times, at_risk, events, left - events, survival)
