"""The Kaplan-Meier curve of one group, with its numbers at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from ctevidence.terms import did_you_mean

# products of fractions such as 3/4 * 2/3 miss 1/2 by a rounding error
ROUNDING = 1e-12


#: Scales on which the limits of a curve are made; ``log`` is what R's survfit does unasked.
INTERVALS = ("log-log", "log", "plain")


class Quantile(NamedTuple):
    """A time in weeks; nan and not `is_reached` where too few had the event to know it."""

    weeks: float
    conf_low: float
    conf_high: float
    is_reached: bool


class Entered(NamedTuple):
    """Times, rising, at which people came under observation, and how many had by each."""

    times: np.ndarray
    total: np.ndarray

    def before(self, weeks: np.ndarray) -> np.ndarray:
        """How many had come before each week, or were there from the start."""
        side = np.where(weeks > 0, np.searchsorted(self.times, weeks, side="left"), 0)
        at_start = np.searchsorted(self.times, 0.0, side="right")
        return np.append(0, self.total)[np.maximum(side, at_start)]


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Probability of being without the event, as a step function of time.

    Parameters
    ----------
    n : int
        People under observation, at the start or later.
    times : ndarray, shape (k,)
        Distinct times of events and censoring, in weeks, rising.
    at_risk, events, censored : ndarray, shape (k,)
        At each time; those censored at the time of an event are still at risk of it. Sums of
        weights where there are weights, else whole numbers.
    survival : ndarray, shape (k,)
        From each time on.
    entered : Entered, optional
        Who came under observation when; everyone at the start when absent.
    """

    n: int
    times: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    survival: np.ndarray
    entered: Entered | None = None

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

    def interval(self, weeks, conf_level: float = 0.95, method: str = "log-log") -> np.ndarray:
        """Limits of the probability at each week, shape (m, 2).

        Parameters
        ----------
        weeks : sequence of float, length m
        conf_level : float
        method : {"log-log", "log", "plain"}
            The scale on which the estimate is taken as normal; limits beyond 0 and 1, which the
            last two can have, are cut there.

        Raises
        ------
        KeyError
            For another method.

        Notes
        -----
        Klein and Moeschberger (2003), 4.3. There is none where the curve is still at 1 or already
        at 0: nan.
        """
        if method not in INTERVALS:
            raise KeyError(f'There is no interval "{method}"{did_you_mean(method, INTERVALS)}')
        survival = self.at(weeks)[:, None]
        reach = norm.ppf(0.5 + conf_level / 2) * np.sqrt(self._log_variance(weeks))
        reach = np.outer(reach, [-1, 1])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if method == "log-log":
                limits = survival ** np.exp(reach / np.log(survival))
            elif method == "log":
                limits = survival * np.exp(reach)
            else:
                limits = survival * (1 + reach)
        return np.where((survival > 0) & (survival < 1), np.clip(limits, 0, 1), np.nan)

    def quantile(self, share: float, conf_level: float = 0.95, method: str = "log-log") -> Quantile:
        """The first time by which at least this share of people have had the event.

        Its limits are where those of the curve cross one minus the share (Brookmeyer and Crowley
        1982, Biometrics 38:29); a time or limit that is not reached is nan, never infinite. R
        takes the middle where the curve runs level at exactly that height; here it is the
        beginning, as in the definition ``inf{t: S(t) <= 1 - share}``.

        Raises
        ------
        ValueError
            For a share that is not between 0 and 1.

        Examples
        --------
        >>> curve = kaplan_meier(np.array([2.0, 4, 6, 8]), np.array([1, 1, 0, 0], bool))
        >>> curve.quantile(0.25).weeks, curve.quantile(0.75).is_reached
        (2.0, False)
        """
        if not 0 < share < 1:
            raise ValueError(f"The share is {share:g}; a quantile needs one between 0 and 1.")
        limits = self.interval(self.times, conf_level, method)
        low, high = np.where(self.survival[:, None] <= 0, [0.0, np.nan], limits).T
        weeks, conf_low, conf_high = (
            self._first_down_to(1 - share, c) for c in (self.survival, low, high)
        )
        return Quantile(weeks, conf_low, conf_high, not np.isnan(weeks))

    def median(self, conf_level: float = 0.95, method: str = "log-log") -> Quantile:
        """The first time at which at most half are without the event; see `quantile`."""
        return self.quantile(0.5, conf_level, method)

    def numbers(self, weeks) -> pd.DataFrame:
        """How many were at risk just before each week, and where the others went.

        Returns
        -------
        DataFrame
            ``week``, ``at_risk``, and ``events`` and ``censored`` before the week: every row adds
            up to `n` where all are there from the start, each with a weight of one.
        """
        weeks = np.asarray(weeks, float)
        steps = np.searchsorted(self.times, weeks, side="left")
        events, censored = (
            np.append(0, np.cumsum(counts))[steps] for counts in (self.events, self.censored)
        )
        came = self.at_risk[0] if self.entered is None else self.entered.before(weeks)
        at_risk = came - events - censored
        return pd.DataFrame(
            {"week": weeks, "at_risk": at_risk, "events": events, "censored": censored}
        )

    def _log_variance(self, weeks) -> np.ndarray:
        steps = np.searchsorted(self.times, np.asarray(weeks, float), side="right")
        return np.append(0.0, np.cumsum(self.hazard_variance))[steps]

    def _first_down_to(self, height: float, curve: np.ndarray) -> float:
        below = np.flatnonzero(curve <= height + ROUNDING)
        return float(self.times[below[0]]) if len(below) else np.nan


def kaplan_meier(
    time: np.ndarray,
    event: np.ndarray,
    *,
    entry: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> SurvivalCurve:
    """Kaplan-Meier curve of one group (Kaplan and Meier 1958, JASA 53:457).

    Parameters
    ----------
    time : ndarray, shape (n,)
        Weeks at risk until the event or the end of follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.
    entry : ndarray, shape (n,), optional
        When each came under observation; at risk in ``(entry, time]``. Where the few who are at
        risk early all have the event, the curve is at zero for good, whoever comes later: choose
        a later start.
    weights : ndarray, shape (n,), optional
        How many people each stands for; Greenwood's variance then counts that many. Weights
        that make groups alike have another variance.

    Raises
    ------
    ValueError
        For nobody at all, a time that is missing, weights that are not positive, or somebody who
        is under observation only from the end of follow-up on.

    Examples
    --------
    >>> curve = kaplan_meier(np.array([6.0, 6, 6, 7, 10]), np.array([1, 1, 0, 1, 0]))
    >>> curve.at([5, 6, 7]).round(3).tolist()
    [1.0, 0.6, 0.3]
    >>> curve.numbers([6, 7]).to_dict("list")
    {'week': [6.0, 7.0], 'at_risk': [5, 2], 'events': [0, 2], 'censored': [0, 1]}
    """
    time = np.asarray(time, float)
    _check(time, entry, weights)
    # hashing, then sorting the distinct times, is several times faster than sorting everybody
    place, times = pd.factorize(time, sort=True)
    event = np.asarray(event, bool)
    weights = None if weights is None else np.asarray(weights, float)
    left = np.bincount(place, weights, len(times))
    own = None if weights is None else weights[event]
    events = np.bincount(place[event], own, len(times))
    gone = np.cumsum(left) - left
    entered = None if entry is None else _entered(np.asarray(entry, float), weights)
    came = left.sum() if entered is None else entered.before(times)
    at_risk = came - gone
    return SurvivalCurve(
        n=len(time),
        times=times,
        at_risk=at_risk,
        events=events,
        censored=left - events,
        survival=np.cumprod(1 - events / at_risk),
        entered=entered,
    )


def _entered(entry: np.ndarray, weights: np.ndarray | None) -> Entered:
    place, times = pd.factorize(entry, sort=True)
    return Entered(times, np.cumsum(np.bincount(place, weights)))


def _check(time: np.ndarray, entry, weights) -> None:
    if not len(time):
        raise ValueError("There is nobody: an empty group has no curve.")
    if not np.isfinite(time).all():
        raise ValueError(f"time is missing or infinite in row {int(np.argmin(np.isfinite(time)))}.")
    if entry is not None and not (np.asarray(entry, float) < time).all():
        row = int(np.argmin(np.asarray(entry, float) < time))
        raise ValueError(
            f"Row {row} comes under observation at {entry[row]:g} and ends at {time[row]:g}: leave "
            "it out, it was never at risk."
        )
    if weights is not None and not (np.asarray(weights, float) > 0).all():
        raise ValueError(f"weights are not positive in row {int(np.argmin(weights))}.")
