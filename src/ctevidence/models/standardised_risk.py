"""Risks under each arm: plain counts, or standardised over the covariates of everyone.

Both come with the influence of each person on each risk. The covariance of any set of risks, of
several arms or weeks in the same people, is then the sum of products of influences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from ctevidence.language import say

#: People with the rarer outcome that each coefficient of an adjusted model needs. Coefficients
#: themselves need 5 to 10 (Vittinghoff and McCulloch 2007, Am J Epidemiol 165:710); risks averaged
#: over everyone hold their coverage and have less error than counts from 3 on, see the tests.
EVENTS_PER_COEFFICIENT = 3
#: People among whom separation is looked for before it is among all.
SOME_PEOPLE = 4_000


@dataclass(frozen=True, eq=False)
class Risks:
    """Risks of k arms and the influence of n people on them.

    Parameters
    ----------
    estimate : ndarray, shape (k,)
        nan for an arm with nobody.
    influence : ndarray, shape (n, k)
        ``influence.T @ influence`` estimates the covariance.
    model : object
        The fitted regression, or None.
    """

    estimate: np.ndarray
    influence: np.ndarray
    model: Any = None


def counted_risks(y: np.ndarray, arm: np.ndarray, n_arms: int) -> Risks:
    """Share of people with the outcome in each arm.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n,)
    arm : ndarray of int, shape (n,)
        Number of the arm of each person.
    n_arms : int

    Examples
    --------
    >>> risks = counted_risks(np.array([1.0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2)
    >>> risks.estimate.round(3).tolist()
    [0.667, 1.0]
    >>> float(risks.influence[:, 0] @ risks.influence[:, 0]) - (2 / 3) * (1 / 3) / 3 < 1e-15
    True
    """
    member = arm[:, None] == np.arange(n_arms)
    people = member.sum(axis=0)
    with np.errstate(invalid="ignore"):
        risk = (member * y[:, None]).sum(axis=0) / people
        influence = np.where(member, y[:, None] - risk, 0.0) / people
    return Risks(risk, influence)


def standardised_risks(
    y: np.ndarray, arm: np.ndarray, n_arms: int, covariates: np.ndarray
) -> Risks:
    r"""Risks of each arm averaged over the covariates of everyone, from a logistic regression.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n,)
    arm : ndarray of int, shape (n,)
    n_arms : int
        An arm with nobody gets nan.
    covariates : ndarray, shape (n, q)

    Notes
    -----
    The model has one intercept for each arm, so that no arm is a reference, and the covariates.
    The risk of arm a is the mean of everybody's fitted probability as if in arm a (g-computation;
    Ge et al. 2011, Drug Inf J 45:481). Influence functions stack those of the coefficients and of
    the mean (M-estimation; Stefanski and Boos 2002, Am Stat 56:29; Ye et al. 2023, Stat Theory
    Relat Fields 7:159),

    .. math:: \frac{1}{n}\left[ m_a(x_i) - \hat\mu_a
        + \dot m_a' A^{-1} x_i \frac{y_i - \hat p_i}{1 - h_i} \right],

    with A the mean information and h the leverages: the HC3 correction, without which intervals
    of small arms are too short (MacKinnon and White 1985, J Econometrics 29:305).
    """
    if not len(y):
        return counted_risks(y, arm, n_arms)
    present = np.unique(arm)
    intercepts = (arm[:, None] == present).astype(float)
    x = np.hstack([intercepts, covariates])
    model = GLM(y, x, family=Binomial()).fit(tol=1e-12, tol_criterion="params", maxiter=200)
    fitted = model.fittedvalues
    root = np.sqrt(fitted * (1 - fitted))[:, None] * x
    inverse = np.linalg.inv(root.T @ root)
    leverage = np.einsum("ij,jk,ik->i", root, inverse, root)
    of_coefficients = x @ inverse * ((y - fitted) / (1 - leverage))[:, None]

    estimate, influence = np.full(n_arms, np.nan), np.full((len(y), n_arms), np.nan)
    for column, a in enumerate(present):
        as_if = x.copy()
        as_if[:, : len(present)] = np.arange(len(present)) == column
        risk = 1 / (1 + np.exp(-as_if @ model.params))
        slope = (risk * (1 - risk)) @ as_if / len(y)
        estimate[a] = risk.mean()
        influence[:, a] = (risk - risk.mean()) / len(y) + of_coefficients @ slope
    # a regression keeps its data many times over: of a registry half a gigabyte for each week
    model.remove_data()
    return Risks(estimate, influence, model)


def why_not_adjustable(y: np.ndarray, arm: np.ndarray, covariates: np.ndarray) -> str:
    """Why a logistic regression on arms and covariates cannot be trusted; empty when it can.

    Notes
    -----
    Needed are `EVENTS_PER_COEFFICIENT` people with the rarer outcome for each coefficient but the
    intercept, and that no combination of arms and covariates separates those with the outcome
    from those without: then some coefficient has no finite estimate (Albert and Anderson 1984,
    Biometrika 71:1). Separation is decided by linear programming (Konis 2007, thesis, Oxford).

    Examples
    --------
    >>> y, arm = np.array([1.0, 0, 1, 0] * 5 + [0.0] * 9), np.repeat([0, 1], [20, 9])
    >>> why_not_adjustable(y, arm, np.empty((29, 0)))
    'the outcome is separated by arm or covariates, in an arm it happens to all or to nobody'
    """
    if not len(y):
        return ""
    arms = (arm[:, None] == np.unique(arm)).astype(float)
    x = np.hstack([arms, covariates])
    rarer, coefficients = int(min(y.sum(), (1 - y).sum())), x.shape[1] - 1
    if rarer < EVENTS_PER_COEFFICIENT * coefficients:
        return say("models.rare", events=EVENTS_PER_COEFFICIENT, coefficients=coefficients)
    if _rank(x) < x.shape[1]:
        return say("models.standardised_risk.not_told_apart")
    if _separates(y, x):
        shares = (arms.T @ y) / arms.sum(axis=0)
        in_arm = say("models.standardised_risk.all_or_nobody") if np.any(shares % 1 == 0) else ""
        return say("models.standardised_risk.separated", in_arm=in_arm)
    return ""


def is_separated(y: np.ndarray, arm: np.ndarray, covariates: np.ndarray) -> bool:
    """Whether arms and covariates separate those with the outcome from those without."""
    return _separates(y, np.hstack([(arm[:, None] == np.unique(arm)).astype(float), covariates]))


def _separates(y: np.ndarray, x: np.ndarray) -> bool:
    """Whether some b has (2y - 1) x'b >= 0 for everyone and > 0 for someone; x of full rank."""
    signed = (2 * y - 1)[:, None] * x / np.abs(x).max(axis=0)
    # whoever separates all separates any part of them: where x tells all coefficients apart in
    # some people and nothing separates these, nothing separates all
    part = signed[:: max(1, len(y) // SOME_PEOPLE)]
    if len(part) < len(y) and _rank(part) == x.shape[1] and not _has_direction(part):
        return False
    return _has_direction(signed)


def _has_direction(signed: np.ndarray) -> bool:
    least = np.zeros(len(signed))
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=least, bounds=(-1, 1))
    return -best.fun > 1e-6


def _rank(x: np.ndarray) -> int:
    """Rank, from the triangular factor: the same singular values, of a far smaller matrix."""
    if len(x) <= x.shape[1]:
        return int(np.linalg.matrix_rank(x))
    values = np.linalg.svd(np.linalg.qr(x, mode="r"), compute_uv=False)
    return int((values > values.max(initial=0) * len(x) * np.finfo(float).eps).sum())
