"""Standardised risks from a logistic regression with Firth's penalty.

Where an arm has no event, residuals are all alike and a sandwich would find next to no variance:
here the covariance of the coefficients is the inverse of their information (Heinze and Schemper
2002, Stat Med 21:2409), and the sampling of the people is added.
"""

from __future__ import annotations

import numpy as np

from ctevidence.models.firth import fit_firth
from ctevidence.models.standardised_risk import Risks, counted_risks


def penalised_risks(y: np.ndarray, arm: np.ndarray, n_arms: int, covariates: np.ndarray) -> Risks:
    r"""Risks of each arm averaged over the covariates of everyone, with Firth's penalty.

    Parameters
    ----------
    y, arm, n_arms, covariates
        As for `standardised_risk.standardised_risks`.

    Notes
    -----
    The covariance within the week is :math:`D V D' + S` with V that of the coefficients, D the
    slopes of the mean risks and S the sampling of the people. The influences returned have exactly
    this sum of products: those of the scores are mixed so that they do, and keep how a person at
    one week goes with the same person at another.

    Examples
    --------
    Nobody of ten and half of ten: the risk of the first arm is (0 + 1/2) / (10 + 1).

    >>> y, arm = np.r_[np.zeros(15), np.ones(5)], np.repeat([0, 1], 10)
    >>> risks = penalised_risks(y, arm, 2, np.empty((20, 0)))
    >>> risks.estimate.round(6).tolist()
    [0.045455, 0.5]
    """
    if not len(y):
        return counted_risks(y, arm, n_arms)
    present = np.unique(arm)
    intercepts = (arm[:, None] == present).astype(float)
    x = np.hstack([intercepts, covariates])
    model = fit_firth(y, x)
    fitted = 1 / (1 + np.exp(-(x @ model.coef)))
    of_coefficients = x @ model.cov * (y - fitted)[:, None]
    own, slopes = np.empty((len(y), len(present))), np.empty((len(present), x.shape[1]))
    for column in range(len(present)):
        as_if = x.copy()
        as_if[:, : len(present)] = np.arange(len(present)) == column
        own[:, column] = 1 / (1 + np.exp(-as_if @ model.coef))
        slopes[column] = (own[:, column] * (1 - own[:, column])) @ as_if / len(y)
    apart = (own - own.mean(axis=0)) / len(y)
    wanted = slopes @ model.cov @ slopes.T + apart.T @ apart
    estimate, influence = np.full(n_arms, np.nan), np.full((len(y), n_arms), np.nan)
    estimate[present] = own.mean(axis=0)
    influence[:, present] = _with_products(apart + of_coefficients @ slopes.T, wanted)
    return Risks(estimate, influence, model)


def _with_products(influence: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Columns mixed so that ``influence.T @ influence`` is what is wanted."""
    lower = np.linalg.cholesky(influence.T @ influence)
    return influence @ np.linalg.solve(lower.T, np.linalg.cholesky(wanted).T)
