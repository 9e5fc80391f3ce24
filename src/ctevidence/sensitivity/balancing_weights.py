"""From chances of the arms to weights that make the arms alike: whom they stand for, and slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.sensitivity.propensity import Propensity
from ctevidence.terms import did_you_mean

#: method -> whom the weighted arms stand for
METHODS = {
    "inverse-probability": "everyone who started",
    "overlap": "people with a fair chance of every arm",
    "matching": "people who have a match in every arm",
}


@dataclass(frozen=True, eq=False)
class BalancingWeights:
    """Weights and tilts of n people, with derivatives by the p coefficients of the chances.

    Fields as those of `outcomes.person_weights.PersonWeights`.
    """

    value: np.ndarray
    slope: np.ndarray
    tilt: np.ndarray
    tilt_slope: np.ndarray


def balancing_weights(propensity: Propensity, arm: np.ndarray, method: str) -> BalancingWeights:
    r"""Weights ``h(x) / e_a(x)`` of people in arm a, for a tilt h of the population.

    Parameters
    ----------
    propensity : Propensity
    arm : ndarray of int, shape (n,)
    method : {"inverse-probability", "overlap", "matching"}

    Raises
    ------
    KeyError
        For another method.

    Notes
    -----
    =======================  =============================================  =======================
    method                   :math:`h(x)`                                   source
    =======================  =============================================  =======================
    ``inverse-probability``  :math:`1`; times the share of the arm          Robins et al. 2000,
                                                                            Epidemiology 11:550
    ``overlap``              :math:`(\sum_k 1 / e_k(x))^{-1}`               Li and Li 2019, Ann Appl
                                                                            Stat 13:2389
    ``matching``             :math:`\min_k e_k(x)`                          Yoshida et al. 2017,
                                                                            Epidemiology 28:387
    =======================  =============================================  =======================

    Overlap and matching weights are scaled to a mean of one. Factors that are the same for a
    whole arm cancel in means and curves. Where two chances are equal to the last digit, a
    matching weight has no derivative; that of the first arm is taken.

    Examples
    --------
    Two arms: the weight of a person is the chance of the other arm.

    >>> from ctevidence.sensitivity.propensity import fit_propensity
    >>> arm, x = np.array([0, 1, 1, 0, 0, 1]), np.array([[0.0], [0], [0], [1], [1], [1]])
    >>> balancing_weights(fit_propensity(arm, x, 2), arm, "overlap").value.round(6).tolist()
    [1.5, 0.75, 0.75, 0.75, 0.75, 1.5]
    """
    if method not in METHODS:
        raise KeyError(f'No weights "{method}"{did_you_mean(method, METHODS)}')
    p, rows = propensity.probability, np.arange(len(arm))
    tilt, by_chance = _tilt(p, method)
    own = p[rows, arm]
    value = tilt / own
    weight_by_chance = by_chance / own[:, None]
    weight_by_chance[rows, arm] -= tilt / own**2
    slope = propensity.gradient(weight_by_chance)
    if method == "inverse-probability":
        factor = np.bincount(arm, minlength=p.shape[1])[arm] / len(arm)
    else:
        factor = np.full(len(arm), 1 / value.mean())
    return BalancingWeights(
        value * factor, slope * factor[:, None], tilt, propensity.gradient(by_chance)
    )


def _tilt(p: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """The tilt of each person and its derivatives by the chances, (n,) and (n, K)."""
    if method == "inverse-probability":
        return np.ones(len(p)), np.zeros_like(p)
    if method == "overlap":
        tilt = 1 / (1 / p).sum(axis=1)
        return tilt, (tilt[:, None] / p) ** 2
    least = p.argmin(axis=1)
    return p.min(axis=1), np.eye(p.shape[1])[least]


def effective_people(weight: np.ndarray, arm: np.ndarray, n_arms: int) -> np.ndarray:
    """Effective sample size of each arm, ``(sum w)^2 / sum w^2`` (Kish 1965, 11.7), shape (K,).

    Examples
    --------
    >>> effective_people(np.array([1.0, 1, 3, 1]), np.array([0, 0, 1, 1]), 2).tolist()
    [2.0, 1.6]
    """
    total, squares = (np.bincount(arm, weight**k, minlength=n_arms) for k in (1, 2))
    return total**2 / squares
