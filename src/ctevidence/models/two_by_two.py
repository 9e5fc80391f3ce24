"""Two proportions, alone or stratum by stratum: score intervals and Mantel-Haenszel pooling.

Counts are ``events, people`` of the arm and ``events_reference, people_reference``; with strata
each is an array over them. Ratios are on the log scale throughout.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

#: Ratios further from 1 than this factor are not looked for.
FURTHEST_LOG_RATIO = 20.0


class Pooled(NamedTuple):
    """A pooled contrast and its standard error; both nan where no stratum holds both arms."""

    estimate: float
    std_error: float


def score_interval(
    measure: str, e1: float, n1: float, e0: float, n0: float, conf_level: float = 0.95
) -> tuple[float, float]:
    r"""Miettinen and Nurminen's interval of a difference or a log ratio of two proportions.

    Parameters
    ----------
    measure : {"risk_difference", "risk_ratio"}
    e1, n1, e0, n0 : float
        Events and people of the arm and of the reference.
    conf_level : float

    Notes
    -----
    All values are in the interval at which the score statistic, with the variance at the
    restricted maximum-likelihood estimate and the factor N / (N - 1), stays below its quantile
    (Miettinen and Nurminen 1985, Stat Med 4:213, eq. 8 to 12). Nobody or everybody with the
    outcome needs no correction.

    Examples
    --------
    Newcombe (1998), Stat Med 17:873, table II, example (a), method 6: 0.0528 to 0.3382.

    >>> low, high = score_interval("risk_difference", 56, 70, 48, 80)
    >>> round(low, 4), round(high, 4)
    (0.0528, 0.3382)
    """
    z = float(ndtri(0.5 + conf_level / 2))
    score = _SCORES[measure]

    def within(value: float) -> float:
        return abs(score(value, e1, n1, e0, n0)) - z

    if measure == "risk_difference":
        middle, ends = e1 / n1 - e0 / n0, (-1.0, 1.0)
    else:
        ends = (-FURTHEST_LOG_RATIO, FURTHEST_LOG_RATIO)
        if e1 == 0 and e0 == 0:
            return -math.inf, math.inf
        middle = -math.inf if e1 == 0 else math.inf if e0 == 0 else math.log(e1 * n0 / (e0 * n1))
    low = _edge(within, ends[0], middle, -1)
    high = _edge(within, ends[1], middle, 1)
    return low, high


def score_p_value(measure: str, null: float, e1: float, n1: float, e0: float, n0: float) -> float:
    """Two-sided p-value of the score test that belongs to `score_interval`."""
    return 2 * float(ndtr(-abs(_SCORES[measure](null, e1, n1, e0, n0))))


def _edge(within: Callable[[float], float], end: float, middle: float, side: int) -> float:
    """Where the score leaves its bound between the estimate and an end of the range."""
    if not math.isfinite(middle):  # a ratio of zero or infinity: no limit on its own side
        if math.copysign(1, middle) == side:
            return side * math.inf
        middle = -end
    last = end - side * 1e-12
    if within(last) <= 0:
        return end
    return brentq(within, *sorted((middle, last)), xtol=1e-13, rtol=8.9e-16)


def _difference_score(delta: float, e1: float, n1: float, e0: float, n0: float) -> float:
    p1, p0, total = e1 / n1, e0 / n0, n1 + n0
    r1 = _restricted(delta, p1, n1, p0, n0)
    r0 = min(max(r1 - delta, 0.0), 1.0)
    variance = (r1 * (1 - r1) / n1 + r0 * (1 - r0) / n0) * total / (total - 1)
    return _over(p1 - p0 - delta, variance)


def _restricted(delta: float, p1: float, n1: float, p0: float, n0: float) -> float:
    """Most likely first proportion when the difference is delta: the root of a cubic."""
    theta = n0 / n1
    a = 1 + theta
    b = -(1 + theta + p1 + theta * p0 + delta * (theta + 2))
    c = delta**2 + delta * (2 * p1 + theta + 1) + p1 + theta * p0
    d = -p1 * delta * (1 + delta)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a**2) + d / (2 * a)
    u = math.copysign(math.sqrt(max((b / (3 * a)) ** 2 - c / (3 * a), 0.0)), v)
    cosine = 1.0 if u == 0 else min(max(v / u**3, -1.0), 1.0)
    root = 2 * u * math.cos((math.pi + math.acos(cosine)) / 3) - b / (3 * a)
    return min(max(root, delta, 0.0), 1.0, 1 + delta)


def _ratio_score(log_ratio: float, e1: float, n1: float, e0: float, n0: float) -> float:
    ratio, total = math.exp(log_ratio), n1 + n0
    a, b, c = total * ratio, -(n1 * ratio + e1 + n0 + e0 * ratio), e1 + e0
    r0 = 2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    r0 = min(r0, 1.0, 1 / ratio)
    r1 = ratio * r0
    variance = (r1 * (1 - r1) / n1 + ratio**2 * r0 * (1 - r0) / n0) * total / (total - 1)
    return _over(e1 / n1 - ratio * e0 / n0, variance)


def _over(distance: float, variance: float) -> float:
    if distance == 0:
        return 0.0
    return math.copysign(math.inf, distance) if variance <= 0 else distance / math.sqrt(variance)


_SCORES = {"risk_difference": _difference_score, "risk_ratio": _ratio_score}


def mantel_haenszel(
    measure: str, e1: np.ndarray, n1: np.ndarray, e0: np.ndarray, n0: np.ndarray
) -> Pooled:
    r"""Mantel-Haenszel difference, log risk ratio or log odds ratio over strata.

    Parameters
    ----------
    measure : {"risk_difference", "risk_ratio", "odds_ratio"}
    e1, n1, e0, n0 : ndarray, shape (strata,)

    Notes
    -----
    Weights of the difference are :math:`n_1 n_0 / N`. Variances: of the difference Sato (1989,
    Biometrics 45:1323), valid with few large or many small strata; of the log risk ratio Greenland
    and Robins (1985, Biometrics 41:55); of the log odds ratio Robins, Breslow and Greenland (1986,
    Biometrics 42:311). A stratum without one of the arms says nothing.
    """
    e1, n1, e0, n0 = (np.asarray(x, float)[(n1 > 0) & (n0 > 0)] for x in (e1, n1, e0, n0))
    if not len(n1):
        return Pooled(math.nan, math.nan)
    total = n1 + n0
    if measure == "risk_difference":
        weight = np.sum(n1 * n0 / total)
        estimate = float(np.sum((e1 * n0 - e0 * n1) / total) / weight)
        p = np.sum((n1**2 * e0 - n0**2 * e1 + n1 * n0 * (n0 - n1) / 2) / total**2)
        q = np.sum((e1 * (n0 - e0) + e0 * (n1 - e1)) / (2 * total))
        return Pooled(estimate, math.sqrt(max(float(estimate * p + q), 0.0)) / float(weight))
    if measure == "risk_ratio":
        top, bottom = float(np.sum(e1 * n0 / total)), float(np.sum(e0 * n1 / total))
        spread = np.sum((n1 * n0 * (e1 + e0) - e1 * e0 * total) / total**2)
        return _log_ratio(top, bottom, lambda: float(spread) / (top * bottom))
    r, s = e1 * (n0 - e0) / total, e0 * (n1 - e1) / total
    p, q = (e1 + n0 - e0) / total, (e0 + n1 - e1) / total
    top, bottom = float(r.sum()), float(s.sum())

    def variance() -> float:
        return float(
            np.sum(p * r) / (2 * top**2)
            + np.sum(p * s + q * r) / (2 * top * bottom)
            + np.sum(q * s) / (2 * bottom**2)
        )

    return _log_ratio(top, bottom, variance)


def _log_ratio(top: float, bottom: float, variance: Callable[[], float]) -> Pooled:
    if top <= 0 or bottom <= 0:
        return Pooled(math.nan, math.nan)
    return Pooled(math.log(top / bottom), math.sqrt(max(variance(), 0.0)))
