"""A weighted combination of cells on a chosen scale, with its interval and p-value.

This is the only place where a contrast becomes a number with uncertainty: differences, ratios,
interactions and predictions under additivity are all functions of the values of a few cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ctevidence.language import listed, say
from ctevidence.levels import SCALES, Cell, Levels
from ctevidence.names import in_words

#: share of the summed variances below which a variance is what rounding left of zero
ROUNDING = 1e-13

#: values of the cells, shape (k,) -> the quantity and its derivatives by them, shape (k,)
Formula = Callable[[np.ndarray], tuple[float, np.ndarray]]
#: confidence level -> lower and upper limit
Interval = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class Combination:
    """A quantity with its uncertainty on its analysis scale; nan where there is no number.

    `problem` says in words why a number is missing, or what an interval leaves out.
    """

    estimate: float = math.nan
    std_error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    df: float = math.nan
    p_value: float = math.nan
    method: str = ""
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
    scale : {"identity", "log", "logit"}
        The function f; the result is on this scale.
    conf_level : float
    alternative : {"two-sided", "greater", "less"}
    null : float
        Value under test, on the scale of the result.

    Notes
    -----
    Differences of independent levels that carry their own intervals use the MOVER method (Zou and
    Donner 2008, Stat Med 27:1693), which for two Wilson intervals is Newcombe's method 10
    (Newcombe 1998, Stat Med 17:873) and for four his interval of an interaction (Newcombe 2001,
    Stat Med 20:2885); the p-value inverts the interval. All else is `by_delta`.
    """
    problem = why_not_estimable(levels, cells, scale)
    if problem:
        return Combination(problem=problem)
    f, w = SCALES[scale], np.asarray(weights, float)

    def formula(values: np.ndarray) -> tuple[float, np.ndarray]:
        return w @ f.forward(values), w * f.derivative(values)

    if levels.interval_for is None or scale != "identity":
        return by_delta(
            levels,
            cells,
            formula,
            conf_level,
            alternative,
            null,
            method=say("contrasts.combination.wald"),
        )
    estimate, std_error, _ = _propagated(levels, cells, formula)
    mixing, used = _mixing(cells)

    def interval(level: float) -> tuple[float, float]:
        return mover(w @ mixing, levels.values[used], levels.interval_for(level)[used])

    if math.isnan(sum(interval(conf_level))):
        return Combination(estimate, std_error, problem=say("contrasts.combination.no_interval"))
    return by_interval(estimate, std_error, interval, conf_level, alternative, null)


def by_interval(
    estimate: float,
    std_error: float,
    interval: Interval,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float = 0.0,
) -> Combination:
    """A quantity whose MOVER interval is known at every level; the p-value inverts it."""
    limits = _limits(interval, conf_level, alternative)
    p_value = _directed(_inverted_p(interval, estimate, null), estimate > null, alternative)
    method = say("contrasts.combination.mover")
    return Combination(estimate, std_error, *limits, math.inf, p_value, method)


def by_delta(
    levels: Levels,
    cells: list[Cell],
    formula: Formula,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float = 0.0,
    method: str = "",
) -> Combination:
    """A smooth function of the values of cells, with its Wald interval.

    Parameters
    ----------
    levels, cells, conf_level, alternative, null
        As in `combine`.
    formula : callable
        From the values of the cells, shape (k,), to the quantity and its derivatives, shape (k,).
    method : str
        Name of the method in words; that of the delta method when empty.

    Notes
    -----
    The variance is :math:`g' V g` with g the gradient by the levels' own parameters; degrees of
    freedom are those of the contrast g.
    """
    named = method or say("contrasts.combination.delta")
    estimate, std_error, df = _propagated(levels, cells, formula)
    if not std_error > 0:
        return Combination(
            estimate, std_error, df=df, problem=say("contrasts.combination.no_variation")
        )

    def interval(level: float) -> tuple[float, float]:
        reach = float(stdtrit(df, 0.5 + level / 2)) * std_error
        return estimate - reach, estimate + reach

    two_sided = 2 * float(stdtr(df, -abs(estimate - null) / std_error))
    return Combination(
        estimate,
        std_error,
        *_limits(interval, conf_level, alternative),
        df,
        _directed(two_sided, estimate > null, alternative),
        f"{named} t" if math.isfinite(df) else named,
        without_variation(levels, cells),
    )


def mover(
    weights: np.ndarray,
    values: np.ndarray,
    limits: np.ndarray,
    correlation: np.ndarray | None = None,
) -> tuple[float, float]:
    """Interval of ``weights @ values`` from the intervals of the values.

    Parameters
    ----------
    weights, values : ndarray, shape (m,)
    limits : ndarray, shape (m, 2)
    correlation : ndarray, shape (m, m), optional
        Of the values; they are independent when absent.

    Returns
    -------
    (low, high)

    Notes
    -----
    Zou and Donner (2008), Stat Med 27:1693, eq. 8 for several terms: each limit adds in squares
    the distance to that limit of a value which moves the sum towards it; correlated values add
    the products of their distances as well (Zou 2008, Am J Epidemiol 168:212, eq. 3).

    Examples
    --------
    Newcombe (1998), example (a): 56/70 against 48/80, method 10, 0.0524 to 0.3339.

    >>> limits = np.array([wilson(56, 70), wilson(48, 80)])
    >>> low, high = mover(np.array([1.0, -1.0]), np.array([56 / 70, 48 / 80]), limits)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    below, above = values - limits[:, 0], limits[:, 1] - values
    towards_low = weights * np.where(weights > 0, below, above)
    towards_high = weights * np.where(weights > 0, above, below)
    together = np.eye(len(weights)) if correlation is None else correlation
    total = float(weights @ values)
    return (
        total - float(np.sqrt(np.maximum(0.0, towards_low @ together @ towards_low))),
        total + float(np.sqrt(np.maximum(0.0, towards_high @ together @ towards_high))),
    )


def wilson(events: float, n: float, conf_level: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927, JASA 22:209).

    Examples
    --------
    >>> low, high = wilson(0, 20)
    >>> low, round(high, 4)
    (0.0, 0.1611)
    """
    z2 = float(ndtri(0.5 + conf_level / 2)) ** 2
    p, centre = events / n, (events + z2 / 2) / (n + z2)
    reach = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    low = 0.0 if events == 0 else centre - reach
    high = 1.0 if events == n else centre + reach
    return low, high


def why_not_estimable(levels: Levels, cells: list[Cell], scale: str = "identity") -> str:
    """Why a cell has no value on a scale, in words; empty when all have one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if np.all(np.isfinite(SCALES[scale].forward(values_of(levels, cells)))):
            return ""
    for cell in cells:
        value = values_of(levels, [cell])[0]
        if not math.isfinite(value):
            return say("contrasts.combination.nothing_known", cell=in_words(cell.name))
        with np.errstate(divide="ignore", invalid="ignore"):
            has_value = np.isfinite(SCALES[scale].forward(value))
        if not has_value:
            amount = (
                say("contrasts.combination.nobody")
                if value <= 0
                else say("contrasts.combination.everyone")
            )
            return say(
                "contrasts.combination.no_ratio",
                amount=amount,
                outcome=in_words(levels.outcome),
                cell=in_words(cell.name),
            )
    return ""


def without_variation(levels: Levels, cells: list[Cell]) -> str:
    """Which cells have a standard error of zero because all people had the same, in words."""
    if not levels.anchored:
        return ""  # the reference of a difference has none by definition
    names = []
    for cell in cells:
        mixing, used = _mixing([cell])
        if mixing[0] @ levels.cov[np.ix_(used, used)] @ mixing[0] <= 0:
            names.append(in_words(cell.name))
    return say("contrasts.combination.without_variation", cells=listed(names)) if names else ""


def covariance_of(levels: Levels, cells: list[Cell], scale: str) -> np.ndarray:
    """Covariance of the cells' values on a scale, shape (k, k), by the delta method."""
    mixing, used = _mixing(cells)
    slopes = mixing * levels.value_slopes[used]
    slopes = SCALES[scale].derivative(mixing @ levels.values[used])[:, None] * slopes
    return slopes @ levels.cov[np.ix_(used, used)] @ slopes.T


def _mixing(cells: list[Cell]) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the entries that the cells use, shape (k, used), and which entries those are."""
    mixing = np.array([cell.weights for cell in cells])
    used = np.any(mixing != 0, axis=0)
    return mixing[:, used], used


def values_of(levels: Levels, cells: list[Cell]) -> np.ndarray:
    """Values of the cells, shape (k,)."""
    mixing, used = _mixing(cells)
    return mixing @ levels.values[used]


def _propagated(levels: Levels, cells: list[Cell], formula: Formula) -> tuple[float, float, float]:
    """A function of the cells, its standard error by the delta method, and degrees of freedom."""
    mixing, used = _mixing(cells)
    estimate, slopes = formula(values_of(levels, cells))
    estimate = float(estimate)
    gradient = np.zeros(len(levels.keys))
    gradient[used] = (slopes @ mixing) * levels.value_slopes[used]
    # entries of other arms may be nan: they must not enter even with weight zero
    cov, gradient_used = levels.cov[np.ix_(used, used)], gradient[used]
    variance = float(gradient_used @ cov @ gradient_used)
    # terms that cancel leave rounding, not a variance
    if not variance > ROUNDING * float(gradient_used**2 @ np.diag(cov)):
        return estimate, 0.0, math.inf
    df = levels.df_for(gradient) if levels.df_for else math.inf
    return estimate, math.sqrt(variance), df


def _limits(interval: Interval, conf_level: float, alternative: str) -> tuple[float, float]:
    if alternative == "two-sided":
        return interval(conf_level)
    low, high = interval(2 * conf_level - 1)
    return (low, math.nan) if alternative == "greater" else (math.nan, high)


def _directed(two_sided: float, is_above: bool, alternative: str) -> float:
    """The p-value of an alternative from the two-sided one and the side of the estimate."""
    if alternative == "two-sided":
        return two_sided
    towards = is_above == (alternative == "greater")
    return two_sided / 2 if towards else 1 - two_sided / 2


def _inverted_p(interval: Interval, estimate: float, null: float) -> float:
    """Two-sided p-value: one minus the level at which the interval just touches the null."""
    side, sign = (0, 1.0) if estimate > null else (1, -1.0)

    def outside(z: float) -> float:
        """How far the null lies outside the interval that reaches z standard errors."""
        return sign * (interval(1 - 2 * float(ndtr(-z)))[side] - null)

    nearest, furthest = 1e-9, 8.0  # p = 1e-15: beyond it a double cannot tell a level from 1
    if outside(nearest) <= 0:
        return 1.0
    if outside(furthest) > 0:
        return 2 * float(ndtr(-furthest))
    return 2 * float(ndtr(-brentq(outside, nearest, furthest, xtol=1e-12)))
