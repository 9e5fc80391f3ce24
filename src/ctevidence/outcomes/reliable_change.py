r"""Reliable change index, cut-offs and categories: the formulas, on arrays.

Notation: x before and y after treatment, M and S mean and standard deviation of patients before,
r the reliability, and :math:`E = S \sqrt{1 - r}` the standard error of measurement.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated", "harmed")


class Moments(NamedTuple):
    """Mean and standard deviation before and after, and their correlation."""

    mean: float
    sd: float
    mean_after: float = math.nan
    sd_after: float = math.nan
    correlation: float = math.nan


def change_index(
    method: str,
    before: np.ndarray,
    after: np.ndarray,
    of: Moments,
    reliability: float,
    reliability_after: float = math.nan,
) -> np.ndarray:
    r"""Index of change, in standard errors; positive where the score rose.

    Parameters
    ----------
    method : str
        One of `clinical_change_rule.CHANGE_METHODS`.
    before, after : ndarray, shape (n,)
        Scores, in points; nan where missing.
    of : Moments
    reliability, reliability_after : float

    Notes
    -----
    ======================  ==========================================================
    jacobson-truax          :math:`(y - x) / (E \sqrt 2)`
    gulliksen-lord-novick   :math:`(y - M - r (x - M)) / (S \sqrt{1 - r^2})`
    hsu-linn-lord           the same with :math:`y - M_y`: change beyond the average one
    edwards-nunnally        :math:`(y - M - r (x - M)) / E`
    nunnally-kotsch         :math:`(y - M - r (x - M)) / (S \sqrt{r^2 (1 - r) + 1 - r_y})`
    hageman-arrindell       :math:`(d (y - x) + (1 - d)(M_y - M)) / (E \sqrt{2 d})`
    ======================  ==========================================================

    with d the reliability of the difference, after Jacobson and Truax (1991, J Consult Clin
    Psychol 59:12), Hsu (1989, Behav Assess 11:459), Speer (1992, J Consult Clin Psychol 60:402),
    Nunnally and Kotsch (1983, Br J Clin Psychol 22:83), and Hageman and Arrindell (1999, Behav Res
    Ther 37:1169); all as compared by Claus et al. (2024, J Stat Softw 111(1)).

    Examples
    --------
    >>> change_index("jacobson-truax", np.array([20.0]), np.array([10.0]), Moments(20, 5), 0.8)
    array([-3.16227766])
    """
    r, error = reliability, of.sd * math.sqrt(1 - reliability)
    beyond = after - of.mean - r * (before - of.mean)
    if method == "jacobson-truax":
        return (after - before) / (error * math.sqrt(2))
    if method == "gulliksen-lord-novick":
        return beyond / (of.sd * math.sqrt(1 - r**2))
    if method == "hsu-linn-lord":
        return (after - of.mean_after - r * (before - of.mean)) / (of.sd * math.sqrt(1 - r**2))
    if method == "edwards-nunnally":
        return beyond / error
    if method == "nunnally-kotsch":
        return beyond / (of.sd * math.sqrt(r**2 * (1 - r) + 1 - reliability_after))
    d = difference_reliability(of, error)
    return (d * (after - before) + (1 - d) * (of.mean_after - of.mean)) / (error * math.sqrt(2 * d))


def difference_reliability(of: Moments, error: float) -> float:
    """Reliability of the difference of scores: the share of its variance that is not error."""
    common = 2 * of.sd * of.sd_after * of.correlation
    observed = of.sd**2 + of.sd_after**2 - common
    return (observed - 2 * error**2) / observed


def cut_off(
    kind: str, clinical: tuple[float, float], functional: tuple[float, float], bad_direction: int
) -> float:
    """The score that separates patients from people who function well.

    Parameters
    ----------
    kind : {"a", "b", "c"}
    clinical, functional : (mean, standard deviation)
    bad_direction : {1, -1}
        1 when higher scores are worse.

    Notes
    -----
    Jacobson and Truax (1991): a lies two standard deviations of patients from their mean, b two of
    people who function well from theirs, c where both are equally far in their own standard
    deviations.

    Examples
    --------
    Jacobson and Truax (1991): patients 40, others 60, both with standard deviation 7.5.

    >>> [cut_off(kind, (40, 7.5), (60, 7.5), -1) for kind in "abc"]
    [55.0, 45.0, 50.0]
    """
    (m1, s1), (m0, s0) = clinical, functional
    if kind == "a":
        return m1 - 2 * s1 * bad_direction
    if kind == "b":
        return m0 + 2 * s0 * bad_direction
    return (s0 * m1 + s1 * m0) / (s0 + s1)


def categories(
    index: np.ndarray,
    before_clinical: np.ndarray,
    after_functional: np.ndarray,
    critical: float,
    bad_direction: int,
) -> np.ndarray:
    """What became of each person, one of `CATEGORIES`; empty where the index is missing.

    Parameters
    ----------
    index : ndarray, shape (n,)
        Of `change_index`.
    before_clinical, after_functional : ndarray of bool, shape (n,)
        On the side of patients before, on that of the others after.
    critical : float
        Change must exceed it.
    bad_direction : {1, -1}

    Notes
    -----
    Recovered: reliably improved, from the side of patients to the other. Harmed: reliably
    deteriorated and, having begun on the side of people who function well, now on that of
    patients.
    """
    better = -bad_direction * index
    improved, worse = better > critical, better < -critical
    found = np.select(
        [
            improved & before_clinical & after_functional,
            improved,
            worse & ~before_clinical & ~after_functional,
            worse,
        ],
        ["recovered", "improved", "harmed", "deteriorated"],
        "unchanged",
    )
    return np.where(np.isnan(index), "", found)
