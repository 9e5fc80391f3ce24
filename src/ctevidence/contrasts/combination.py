"""A weighted combination of cells on a chosen scale, with its interval and p-value.

This is the only place where a contrast becomes a number with uncertainty: differences, ratios,
interactions and predictions under additivity are all combinations with different weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student_t

from ctevidence.levels import SCALES, Cell, Levels


@dataclass(frozen=True)
class Combination:
    """A combination on its analysis scale; `problem` says in words why a number is missing."""

    estimate: float
    std_error: float
    low: float
    high: float
    df: float
    p_value: float
    method: str
    problem: str = ""


def combine(
    levels: Levels,
    cells: list[Cell],
    weights: list[float],
    scale: str = "identity",
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float = 0.0,
) -> Combination:
    r"""Estimate ``sum_k weights[k] * f(cell_k)`` on the scale ``f``.

    Parameters
    ----------
    levels : Levels
        At one week.
    cells : list of Cell, length k
        Weighted entries of `levels`.
    weights : list of float, length k
    scale : {"identity", "log", "logit", "log1m", "exp"}
        The function f; the result is on this scale.
    conf_level : float
    alternative : {"two-sided", "greater", "less"}
    null : float
        Value under test, on the scale of the result.

    Notes
    -----
    The variance is by the delta method, :math:`g' V g` with g the gradient by the levels' own
    parameters; degrees of freedom are those of the contrast g. Differences of independent levels
    that carry their own intervals use the MOVER method (Zou and Donner 2008, Stat Med 27:1693),
    which for two Wilson intervals is Newcombe's method 10 (Newcombe 1998, Stat Med 17:873); its
    p-value inverts the interval.
    """
    unestimable = _why_not_estimable(levels, cells, scale)
    if unestimable:
        return Combination(*[math.nan] * 6, method="", problem=unestimable)
    f, values = SCALES[scale], levels.values
    mixing = np.array([cell.weights for cell in cells])
    used = np.any(mixing != 0, axis=0)
    cell_values = mixing[:, used] @ values[used]
    estimate = float(np.dot(weights, f.forward(cell_values)))
    slopes = np.asarray(weights, float) * f.derivative(cell_values)
    gradient = slopes @ mixing
    gradient[~used] = 0.0
    gradient[used] *= np.diag(levels.value_jacobian)[used]
    cov = np.where(np.outer(used, used), levels.cov, 0.0)
    std_error = math.sqrt(max(float(gradient @ cov @ gradient), 0.0))
    df = levels.df_for(gradient) if levels.df_for else math.inf

    if levels.interval_for is not None and scale == "identity":
        direct = np.asarray(weights, float) @ mixing

        def interval(level: float) -> tuple[float, float]:
            return mover(direct[used], values[used], levels.interval_for(level)[used])

        method = "MOVER interval; p-value by inverting it"
    elif std_error > 0:

        def interval(level: float) -> tuple[float, float]:
            reach = float(student_t.ppf(0.5 + level / 2, df)) * std_error
            return estimate - reach, estimate + reach

        method = "Wald t" if math.isfinite(df) else "Wald"
    else:
        problem = "no variation in the data: no interval can be given"
        return Combination(estimate, std_error, math.nan, math.nan, df, math.nan, "", problem)

    low, high = _limits(interval, conf_level, alternative)
    p_value = _p_value(interval, estimate, std_error, df, null, alternative, levels, scale)
    return Combination(estimate, std_error, low, high, df, p_value, method)


def mover(weights: np.ndarray, values: np.ndarray, limits: np.ndarray) -> tuple[float, float]:
    """Interval of ``weights @ values`` from intervals of independent values.

    Parameters
    ----------
    weights, values : ndarray, shape (m,)
    limits : ndarray, shape (m, 2)

    Returns
    -------
    (low, high)

    Notes
    -----
    Zou and Donner (2008), Stat Med 27:1693, eq. 8 for several terms: each limit adds in squares
    the distance to that limit of a value which moves the sum towards it.

    Examples
    --------
    Newcombe (1998), example (a): 56/70 against 48/80, method 10, 0.0524 to 0.3339.

    >>> limits = np.array([wilson(56, 70), wilson(48, 80)])
    >>> low, high = mover(np.array([1.0, -1.0]), np.array([56 / 70, 48 / 80]), limits)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    below, above = values - limits[:, 0], limits[:, 1] - values
    towards_low = np.where(weights > 0, below, above)
    towards_high = np.where(weights > 0, above, below)
    total = float(weights @ values)
    return (
        total - math.sqrt(float(np.sum((weights * towards_low) ** 2))),
        total + math.sqrt(float(np.sum((weights * towards_high) ** 2))),
    )


def wilson(events: float, n: float, conf_level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927, JASA 22:209).

    Examples
    --------
    >>> low, high = wilson(0, 20)
    >>> low, round(high, 4)
    (0.0, 0.1611)
    """
    z2 = float(norm.ppf(0.5 + conf_level / 2)) ** 2
    p, centre = events / n, (events + z2 / 2) / (n + z2)
    reach = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    low = 0.0 if events == 0 else centre - reach
    high = 1.0 if events == n else centre + reach
    return low, high


def _why_not_estimable(levels: Levels, cells: list[Cell], scale: str) -> str:
    for cell in cells:
        used = cell.weights != 0
        value = float(cell.weights[used] @ levels.values[used])
        if not math.isfinite(value):
            return f"not estimable: nothing can be said about {cell.name}"
        if scale in ("log", "logit") and value <= 0:
            return f"not estimable: no {levels.outcome} in {cell.name}, a ratio has no value"
        if scale in ("logit", "log1m") and value >= 1:
            return f"not estimable: all have {levels.outcome} in {cell.name}, a ratio has no value"
    return ""


def _limits(interval, conf_level: float, alternative: str) -> tuple[float, float]:
    if alternative == "two-sided":
        return interval(conf_level)
    low, high = interval(2 * conf_level - 1)
    return (low, math.nan) if alternative == "greater" else (math.nan, high)


def _p_value(interval, estimate, std_error, df, null, alternative, levels, scale) -> float:
    if levels.interval_for is not None and scale == "identity":
        two_sided = _inverted_p(interval, estimate, null)
    else:
        two_sided = 2 * float(student_t.sf(abs(estimate - null) / std_error, df))
    if alternative == "two-sided":
        return two_sided
    towards = estimate > null if alternative == "greater" else estimate < null
    return two_sided / 2 if towards else 1 - two_sided / 2


def _inverted_p(interval, estimate: float, null: float) -> float:
    """The p-value at which the interval just touches the null."""
    if estimate == null:
        return 1.0
    side = 0 if estimate > null else 1

    def gap(z: float) -> float:
        return interval(1 - 2 * norm.sf(z))[side] - null

    furthest = 8.0  # p = 1e-15: further away a double cannot tell a level from 1
    if gap(furthest) * gap(1e-9) > 0:
        return 2 * float(norm.sf(furthest))
    return 2 * float(norm.sf(brentq(gap, 1e-9, furthest, xtol=1e-12)))
