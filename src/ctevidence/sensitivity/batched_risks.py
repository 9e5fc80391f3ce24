"""Risks of many completed data sets at once: counted, or standardised over everyone's covariates.

The formulas are those of `ctevidence.models.standardised_risk`; here only the outcomes differ
between data sets, so that all regressions are solved side by side.
"""

from __future__ import annotations

import numpy as np

MOST_STEPS, CONVERGED = 50, 1e-11
#: a coefficient of a standardised covariate beyond this has no finite maximum: separation
LARGEST = 30.0


def counted(y: np.ndarray, arm: np.ndarray, arms: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of people with the outcome in each arm.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (M, n)
    arm : ndarray of int, shape (n,)
    arms : int

    Returns
    -------
    estimate : ndarray, shape (M, arms)
    influence : ndarray, shape (M, n, arms)
        Of each person: the sum of products estimates the covariance.
    """
    member = (arm[:, None] == np.arange(arms)).astype(float)
    people = member.sum(axis=0)
    risk = y @ member / people
    return risk, (y[:, :, None] - risk[:, None]) * member / people


def standardised(
    y: np.ndarray, arm: np.ndarray, arms: int, covariates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Risks averaged over everyone's covariates, by logistic regression; see `counted`.

    Parameters
    ----------
    covariates : ndarray, shape (n, q)

    Returns
    -------
    estimate, influence
        nan for data sets in which the regression has no finite estimate.

    Notes
    -----
    G-computation with stacked influence functions and the HC3 correction, as in
    `standardised_risk.standardised_risks`.
    """
    spread = covariates.std(axis=0)
    scaled = covariates / np.where(spread > 0, spread, 1.0)
    x = np.hstack([(arm[:, None] == np.arange(arms)).astype(float), scaled])
    beta, inverse = _solved(y, x)
    fitted = _logistic(beta @ x.T)
    leverage = np.einsum("ij,kjl,il->ki", x, inverse, x) * fitted * (1 - fitted)
    pull = x @ inverse * ((y - fitted) / (1 - leverage))[:, :, None]
    estimate, influence = np.empty((len(y), arms)), np.empty((*y.shape, arms))
    shift = beta[:, arms:] @ scaled.T
    for a in range(arms):
        risk = _logistic(beta[:, [a]] + shift)
        steep = risk * (1 - risk)
        slope = np.hstack([np.zeros((len(y), arms)), steep @ scaled])
        slope[:, a] = steep.sum(axis=1)
        estimate[:, a] = risk.mean(axis=1)
        own = risk - estimate[:, [a]]
        influence[:, :, a] = (own + np.einsum("kij,kj->ki", pull, slope)) / y.shape[1]
    return estimate, influence


def _solved(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regressions by Newton's method: coefficients (M, p), inverse information (M, p, p).

    A data set whose coefficients run away has nan.
    """
    beta = np.zeros((len(y), x.shape[1]))
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    step = np.full_like(beta, np.inf)
    for _ in range(MOST_STEPS):
        fitted = _logistic(beta @ x.T)
        information = ((fitted * (1 - fitted)) @ products).reshape(len(y), *[x.shape[1]] * 2)
        # far below rounding: separated data sets must not stop the others
        inverse = np.linalg.inv(information + 1e-12 * np.eye(x.shape[1]))
        if np.abs(step).max() < CONVERGED:
            break
        step = np.einsum("kij,kj->ki", inverse, (y - fitted) @ x)
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / 5.0)
        beta = np.where(np.abs(beta).max(axis=1, keepdims=True) > LARGEST, beta, beta + step)
        step[np.abs(beta).max(axis=1) > LARGEST] = 0.0
    lost = np.abs(beta).max(axis=1) > LARGEST
    beta[lost] = np.nan
    return beta, inverse


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))
