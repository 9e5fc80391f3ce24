"""Intervals from replicates of levels: the percentile bootstrap."""

from __future__ import annotations

import math

import numpy as np

from ctevidence.contrasts.combination import Combination, Formula, values_of
from ctevidence.language import say
from ctevidence.levels import SCALES, Cell, Levels

#: of the replicates, this share may lack a value before no interval is given
MAY_BE_UNDEFINED = 0.01
NO_DRAWS = (
    "A bootstrap interval needs levels with replicates. Make them with bootstrap_levels(...) or "
    "draw_counts(...), or ask for another interval."
)


def by_draws(
    levels: Levels,
    cells: list[Cell],
    formula: Formula,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float = 0.0,
) -> Combination:
    """A function of the values of cells, with the percentile interval of its replicates.

    Parameters
    ----------
    levels : Levels
        With `draws`.
    cells, formula, conf_level, alternative, null
        As in `combination.by_delta`; the formula takes values of shape (k, replicates).

    Raises
    ------
    ValueError
        For levels without replicates.

    Notes
    -----
    Percentiles (Efron 1979, Ann Stat 7:1; for interaction Assmann et al. 1996, Epidemiology
    7:286). Replicates without a value (nobody in the control of a ratio) are left out and said;
    when they are more than `MAY_BE_UNDEFINED` there is no interval, because those that are left
    would be too narrow. The p-value counts the replicates on the other side of the null,
    (1 + count) / (1 + replicates), doubled for two sides.
    """
    if levels.draws is None:
        raise ValueError(NO_DRAWS)
    with np.errstate(all="ignore"):
        estimate = float(formula(values_of(levels, cells))[0])
        drawn = np.asarray(formula(_drawn_values(levels, cells))[0])
    defined = drawn[np.isfinite(drawn)]
    lost = 1 - len(defined) / len(drawn)
    if lost > MAY_BE_UNDEFINED:
        share = f"{100 * lost:.3g}"
        return Combination(estimate, problem=say("contrasts.percentiles.undefined", share=share))
    std_error = float(defined.std(ddof=1))
    low, high = _percentiles(defined, conf_level, alternative)
    if low > estimate or high < estimate:
        return Combination(estimate, std_error, problem=say("contrasts.percentiles.one_side"))
    method = say("contrasts.percentiles.method", count=len(drawn))
    p_value = _p_value(defined, null, alternative)
    problem = say("contrasts.percentiles.left_out", count=len(drawn) - len(defined)) if lost else ""
    return Combination(estimate, std_error, low, high, math.inf, p_value, method, problem)


def _drawn_values(levels: Levels, cells: list[Cell]) -> np.ndarray:
    """Values of the cells in each replicate, shape (k, replicates)."""
    values = SCALES[levels.link].inverse(levels.draws).T
    mixing = np.array([cell.weights for cell in cells])
    used = np.any(mixing != 0, axis=0)
    return mixing[:, used] @ values[used]


def _percentiles(drawn: np.ndarray, conf_level: float, alternative: str) -> tuple[float, float]:
    if alternative == "greater":
        return float(np.quantile(drawn, 1 - conf_level)), math.nan
    if alternative == "less":
        return math.nan, float(np.quantile(drawn, conf_level))
    tail = (1 - conf_level) / 2
    return float(np.quantile(drawn, tail)), float(np.quantile(drawn, 1 - tail))


def _p_value(drawn: np.ndarray, null: float, alternative: str) -> float:
    above = (1 + np.sum(drawn <= null)) / (1 + len(drawn))  # evidence for more than the null
    below = (1 + np.sum(drawn >= null)) / (1 + len(drawn))
    one_sided = {"greater": above, "less": below}
    return float(one_sided.get(alternative, min(1.0, 2 * min(above, below))))
