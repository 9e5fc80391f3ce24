r"""Logistic regression with Firth's penalty: finite estimates where the data are separated.

The log-likelihood is maximised together with half the log determinant of the information, the
Jeffreys prior (Firth 1993, Biometrika 80:27; Heinze and Schemper 2002, Stat Med 21:2409):

.. math:: \ell^*(\beta) = \ell(\beta) + \tfrac12 \log |X' W X|, \qquad
    U^*(\beta) = X' \{ y - p + h (\tfrac12 - p) \},

with W the weights p (1 - p) and h the leverages. Limits of a coefficient come from the profile of
the penalised likelihood: where data are separated it is far from symmetric, and Wald limits are
wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

MAX_STEPS = 200
#: Longest step of a coefficient, on the logit scale of standardised columns.
LONGEST = 2.0


@dataclass(frozen=True, eq=False)
class FirthLogistic:
    """A fitted penalised logistic regression.

    Attributes
    ----------
    coef : ndarray, shape (q,)
    cov : ndarray, shape (q, q)
        Inverse of the information at the estimate.
    loglik : float
        Penalised.
    converged : bool
    y, X : ndarray
        What it was fitted to.
    """

    coef: np.ndarray
    cov: np.ndarray
    loglik: float
    converged: bool
    y: np.ndarray
    X: np.ndarray

    def interval(self, j: int, conf_level: float = 0.95) -> tuple[float, float]:
        """Profile penalised likelihood limits of coefficient j.

        The limits are where twice the penalised log-likelihood, maximised over the other
        coefficients, lies a chi-squared quantile below its maximum.
        """
        drop = float(chdtri(1, 1 - conf_level)) / 2
        others = np.arange(len(self.coef)) != j
        error = float(np.sqrt(self.cov[j, j]))

        def below(value: float) -> float:
            start = np.where(others, self.coef, value)
            return _climb(self.y, self.X, start, others)[1] - self.loglik + drop

        limits = []
        for sign in (-1.0, 1.0):
            far = self.coef[j] + sign * error
            while below(far) > 0:
                far += sign * error
            limits.append(brentq(below, *sorted((self.coef[j], far)), xtol=1e-12))
        return limits[0], limits[1]


def fit_firth(y: np.ndarray, X: np.ndarray) -> FirthLogistic:
    """Maximise the penalised likelihood.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n,)
    X : ndarray, shape (n, q)
        Design with its own intercept, of full rank.

    Examples
    --------
    One of no people and none of 4: with Firth's penalty a probability of (0 + 1/2) / (4 + 1).

    >>> fit = fit_firth(np.zeros(4), np.ones((4, 1)))
    >>> round(float(1 / (1 + np.exp(-fit.coef[0]))), 10)
    0.1
    """
    y, X = np.asarray(y, float), np.asarray(X, float)
    everything = np.ones(X.shape[1], bool)
    coef, loglik, converged = _climb(y, X, np.zeros(X.shape[1]), everything)
    _, information = _penalised(y, X, coef)
    return FirthLogistic(coef, np.linalg.inv(information), loglik, converged, y, X)


def _penalised(y: np.ndarray, X: np.ndarray, coef: np.ndarray) -> tuple[float, np.ndarray]:
    """Penalised log-likelihood and information."""
    eta = X @ coef
    p = 1 / (1 + np.exp(-eta))
    information = (X * (p * (1 - p))[:, None]).T @ X
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0:
        return -np.inf, information
    return float(np.sum(y * eta - np.logaddexp(0, eta)) + log_determinant / 2), information


def _climb(
    y: np.ndarray, X: np.ndarray, coef: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, float, bool]:
    """Scoring steps of the free coefficients, halved until the penalised likelihood rises."""
    here, information = _penalised(y, X, coef)
    for _ in range(MAX_STEPS):
        p = 1 / (1 + np.exp(-(X @ coef)))
        leverage = p * (1 - p) * np.einsum("ij,jk,ik->i", X, np.linalg.inv(information), X)
        score = X.T @ (y - p + leverage * (0.5 - p))
        step = np.zeros(len(coef))
        if free.any():
            step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
        step /= max(1.0, float(np.max(np.abs(step))) / LONGEST)
        if np.max(np.abs(step)) < 1e-11 * max(1.0, float(np.max(np.abs(coef)))):
            return coef, here, True
        there, next_information = _penalised(y, X, coef + step)
        while there < here - 1e-10 * abs(here) and np.max(np.abs(step)) > 1e-13:
            step = step / 2
            there, next_information = _penalised(y, X, coef + step)
        coef, here, information = coef + step, there, next_information
    return coef, here, False
