"""Weighted regression of rows of people, with errors that know that weights are estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

MAX_STEPS, PRECISION = 100, 1e-10
#: Mean by linear predictor, and its derivative.
LINKS = ("identity", "logit", "cloglog")


@dataclass(frozen=True, eq=False)
class WeightedRegression:
    """Coefficients, and the influence of each person on them.

    Attributes
    ----------
    coef : ndarray, shape (p,)
    influence : ndarray, shape (n, p)
        ``influence.T @ influence`` is their covariance.
    link : str
    """

    coef: np.ndarray
    influence: np.ndarray
    link: str

    @property
    def cov(self) -> np.ndarray:
        """Covariance of the coefficients, robust by person, shape (p, p)."""
        return self.influence.T @ self.influence

    def mean(self, x: np.ndarray) -> np.ndarray:
        """What is expected at rows of a design, shape (m,)."""
        return mean_and_slope(x @ self.coef, self.link)[0]

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Its derivatives by the coefficients, shape (m, p)."""
        return mean_and_slope(x @ self.coef, self.link)[1][:, None] * x


def mean_and_slope(eta: np.ndarray, link: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean at a linear predictor and its derivative, shape of `eta` each."""
    if link == "identity":
        return eta, np.ones_like(eta)
    if link == "logit":
        mean = expit(eta)
        return mean, mean * (1 - mean)
    hazard = np.exp(np.clip(eta, -30, 30))
    return -np.expm1(-hazard), np.exp(-hazard) * hazard


def fit_weighted(
    y: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    person: np.ndarray,
    slope: np.ndarray,
    influence: np.ndarray,
    link: str = "identity",
) -> WeightedRegression:
    r"""Solve the weighted score equations of a generalised linear model.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Rows of people, by interval and strategy.
    x : ndarray, shape (m, p)
    weight : ndarray, shape (m,)
    person : ndarray of int, shape (m,)
        Whose row it is, among n.
    slope : ndarray, shape (m, q)
        Derivative of the logarithm of the weight by the q parameters it was made from.
    influence : ndarray, shape (n, q)
        Of each person on these.
    link : {"identity", "logit", "cloglog"}
        The variance is constant for "identity", that of a binomial for the others.

    Raises
    ------
    ValueError
        When the equations have no solution: columns follow from each other, or separate the rows.

    Notes
    -----
    :math:`\sum_r w_r u_r(\theta) = 0` with :math:`u_r` the score of a row. The influence of person
    i is :math:`A^{-1}\{\sum_{r \in i} w_r u_r + \psi_i' \sum_r w_r \,\partial\log w_r/\partial
    \beta\, u_r'\}`, :math:`A` the derivative of the equations: stacked estimating equations
    (Stefanski and Boos 2002, Am Stat 56:29; for weights over time Robins, Hernan and Brumback 2000,
    Epidemiology 11:550).

    Examples
    --------
    Two people of weight 3 and 1: the weighted mean of 1 and 5.

    >>> nothing = np.empty((2, 0))
    >>> fit_weighted(np.array([1.0, 5.0]), np.ones((2, 1)), np.array([3.0, 1.0]), np.array([0, 1]),
    ...     nothing, nothing).coef.tolist()
    [2.0]
    """
    coef = _start(y, x, weight, link)
    for _ in range(MAX_STEPS):
        score, bread = _equations(y, x, weight, coef, link)
        total = score.sum(axis=0)
        try:
            step = np.linalg.solve(bread, total)
        except np.linalg.LinAlgError:
            raise ValueError(NO_SOLUTION) from None
        coef = coef + np.clip(step, -5, 5)
        if np.abs(step).max() < PRECISION * max(1.0, np.abs(coef).max()):
            break
    else:
        raise ValueError(NO_SOLUTION)
    score, bread = _equations(y, x, weight, coef, link)
    own = np.zeros((len(influence), x.shape[1]))
    np.add.at(own, person, score)
    total = own + influence @ (slope.T @ score)
    return WeightedRegression(coef, np.linalg.solve(bread, total.T).T, link)


NO_SOLUTION = (
    "The weighted regression has no solution: too few people or events under some treatments. Ask "
    "for an earlier week, or for fewer treatments."
)


def _start(y: np.ndarray, x: np.ndarray, weight: np.ndarray, link: str) -> np.ndarray:
    """Least squares on a scale where the mean of everyone is right."""
    if link == "identity":
        return np.zeros(x.shape[1])
    mean = np.clip(np.average(y, weights=weight), 1e-4, 1 - 1e-4)
    eta = np.log(-np.log1p(-mean)) if link == "cloglog" else np.log(mean / (1 - mean))
    return np.linalg.lstsq(x, np.full(len(y), eta), rcond=None)[0]


def _equations(y, x, weight, coef, link):
    """Score of each row, and the expected derivative of their sum."""
    mean, slope = mean_and_slope(x @ coef, link)
    variance = 1.0 if link == "identity" else np.maximum(mean * (1 - mean), 1e-12)
    per_row = weight * slope / variance
    return (per_row * (y - mean))[:, None] * x, (x * (per_row * slope)[:, None]).T @ x
