r"""Logistic regression with a random intercept, by adaptive Gauss-Hermite quadrature.

For group i (a person's visits, or the people of a site) with :math:`b_i = \sigma u_i`,

.. math:: L_i = \int \prod_j p_{ij}^{y_{ij}} (1 - p_{ij})^{1 - y_{ij}} \phi(u) \, du, \qquad
    \operatorname{logit} p_{ij} = x_{ij}'\beta + \sigma u.

The nodes of each group are centred at the mode of its integrand and scaled by the curvature there
(Pinheiro and Bates 1995, J Comput Graph Stat 4:12). Score and observed information come from the
same nodes by the identities of Louis (1982, J R Stat Soc B 44:226): exact derivatives of the
integrals, not differences of a rounded log-likelihood. Standard errors of the coefficients so
hold the uncertainty of :math:`\sigma`; a fit that treats it as known has them too small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ctevidence.language import say
from ctevidence.models.newton import maximise

POINTS = 25
#: Below this the groups do not differ: the square root of the rounding of the log-likelihood.
NO_VARIATION = 1e-4
#: Nodes and weights of the trapezoidal rule for averages over a standard normal; on a function as
#: smooth as a logistic one its error falls exponentially with the step.
NORMAL_NODES = np.arange(-9.0, 9.05, 0.1)
NORMAL_WEIGHTS = np.exp(-(NORMAL_NODES**2) / 2) * 0.1 / math.sqrt(2 * math.pi)


class Derivatives(NamedTuple):
    """Log-likelihood, its gradient, and the information observed and without missing data."""

    loglik: float
    score: np.ndarray
    observed: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True, eq=False)
class LogisticMixed:
    """A fitted logistic regression with a random intercept.

    Attributes
    ----------
    coef : ndarray, shape (q,)
        Log odds ratios within a group, not in the population.
    sigma : float
        Standard deviation of the intercepts between groups, on the logit scale.
    joint_cov : ndarray, shape (q + 1, q + 1)
        Of the coefficients and sigma, from the observed information.
    loglik : float
    groups : int
    points : int
        Quadrature points of each group.
    converged : bool
    cautions : tuple of str
    """

    coef: np.ndarray
    sigma: float
    joint_cov: np.ndarray
    loglik: float
    groups: int
    points: int
    converged: bool
    cautions: tuple[str, ...]

    @property
    def cov(self) -> np.ndarray:
        """Covariance of the coefficients."""
        return self.joint_cov[:-1, :-1]

    def marginal(self, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        r"""Probabilities in the population, where groups differ.

        Parameters
        ----------
        eta : ndarray, shape (n,)
            Linear predictors :math:`x'\beta` of someone in the middle group.

        Returns
        -------
        p, by_eta, by_sigma : ndarray, shape (n,)
            :math:`\int \operatorname{expit}(\eta + \sigma u) \phi(u) du` and its derivatives.
        """
        inside = 1 / (1 + np.exp(-(eta[:, None] + self.sigma * NORMAL_NODES)))
        slope = inside * (1 - inside)
        return (
            inside @ NORMAL_WEIGHTS,
            slope @ NORMAL_WEIGHTS,
            slope @ (NORMAL_NODES * NORMAL_WEIGHTS),
        )


def fit_logistic_mixed(
    y: np.ndarray,
    X: np.ndarray,
    group: np.ndarray,
    points: int = POINTS,
    frequency: np.ndarray | None = None,
) -> LogisticMixed:
    """Maximum likelihood of a logistic regression with one random intercept per group.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n,)
    X : ndarray, shape (n, q)
        Design, with its own intercept; of full rank, and not separating the outcomes.
    group : ndarray, shape (n,)
        The group of each row, of any type that can be sorted.
    points : int
        Quadrature points; 1 is the Laplace approximation of the likelihood, 25 is exact to many
        digits.
    frequency : ndarray, shape (n,), optional
        How many groups like this one there are, the same in all rows of a group; one when absent.

    Raises
    ------
    ValueError
        When the arrays do not fit together, or `y` holds anything but 0 and 1.

    Examples
    --------
    >>> y = np.array([1.0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0])
    >>> fit = fit_logistic_mixed(y, np.ones((12, 1)), np.repeat(range(4), 3))
    >>> fit.converged, fit.groups
    (True, 4)
    """
    y, X = np.asarray(y, float), np.asarray(X, float)
    names, number = np.unique(np.asarray(group), return_inverse=True)
    if X.ndim != 2 or not len(y) == len(X) == len(number) or not len(y):
        raise ValueError(f"y {y.shape}, X {X.shape} and group {number.shape} do not fit together.")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("y holds values other than 0 and 1; a logistic regression needs these.")
    order = np.argsort(number, kind="stable")
    many = np.ones(len(y)) if frequency is None else np.asarray(frequency, float)
    likelihood = _Integrated(y[order], X[order], number[order], points, many[order])
    found = maximise(likelihood, np.append(np.zeros(X.shape[1]), 1.0))
    # the likelihood is symmetric in sigma; the search may end on its negative side
    sign = np.append(np.ones(X.shape[1]), math.copysign(1.0, found.theta[-1]))
    sigma = float(abs(found.theta[-1]))
    joint = np.linalg.pinv(found.curvature.observed, hermitian=True) * np.outer(sign, sign)
    return LogisticMixed(
        coef=found.theta[:-1],
        sigma=sigma,
        joint_cov=joint,
        loglik=found.curvature.loglik,
        groups=int(likelihood.many.sum()),
        points=points,
        converged=found.converged,
        cautions=tuple(_cautions(sigma, found)),
    )


def _cautions(sigma: float, found):
    if not found.converged:
        yield say("models.logistic_mixed.unfinished")
    if sigma < NO_VARIATION:
        yield say("models.logistic_mixed.no_spread")


class _Integrated:
    """The integrated log-likelihood of rows sorted by group, with derivatives."""

    def __init__(
        self, y: np.ndarray, X: np.ndarray, group: np.ndarray, points: int, many: np.ndarray
    ) -> None:
        self.y, self.X, self.group = y, X, group
        self.first = np.flatnonzero(np.diff(group, prepend=-1))
        self.many = many[self.first]
        nodes, weights = np.polynomial.hermite.hermgauss(points)
        self.nodes, self.log_weights = math.sqrt(2) * nodes, np.log(weights) + nodes**2
        self.mode = np.zeros(len(self.first))

    def curvature(self, theta: np.ndarray) -> Derivatives:
        beta, sigma = theta[:-1], theta[-1]
        eta = self.X @ beta
        u, log_weight = self._places(eta, sigma)
        at = eta[:, None] + sigma * u[self.group]
        p = 1 / (1 + np.exp(-at))
        terms = self._sums(self.y[:, None] * at - np.logaddexp(0, at)) + log_weight
        top = terms.max(axis=1, keepdims=True)
        inside = np.exp(terms - top)
        total = inside.sum(axis=1, keepdims=True)
        share = inside / total  # posterior weight of each node, shape (groups, points)
        loglik = float(self.many @ (top + np.log(total))[:, 0])
        score, missing = self._scores(share, self.y[:, None] - p, u)
        complete = self._complete(share, p * (1 - p), u)
        return Derivatives(loglik, score, complete - missing, complete)

    def _sums(self, rows: np.ndarray) -> np.ndarray:
        """Sums of rows within groups."""
        return np.add.reduceat(rows, self.first, axis=0)

    def _places(self, eta: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
        """Nodes u of each group and their log weights, the normal density included."""
        mode, curve = self.mode, np.ones(len(self.first))
        for _ in range(100):
            p = 1 / (1 + np.exp(-(eta + sigma * mode[self.group])))
            curve = 1 + sigma**2 * self._sums(p * (1 - p))
            step = (sigma * self._sums(self.y - p) - mode) / curve
            mode = mode + np.clip(step, -1, 1)
            if np.max(np.abs(step)) < 1e-9:
                break
        if np.isfinite(mode).all():
            self.mode = mode  # where the next search begins
        width = 1 / np.sqrt(curve)
        u = mode[:, None] + width[:, None] * self.nodes
        # the square root of 2 of the change of variable and that of the density leave one of pi
        log_weight = self.log_weights + np.log(width)[:, None] - u**2 / 2 - math.log(math.pi) / 2
        return u, log_weight

    def _scores(self, share, residual, u) -> tuple[np.ndarray, np.ndarray]:
        """Gradient, and the information that is missing because u is not seen."""
        within = self._sums(residual)
        columns = [self._sums(residual * x[:, None]) for x in self.X.T] + [u * within]
        of_node = np.stack(columns, axis=2)  # (groups, points, q + 1)
        of_group = np.einsum("gk,gka->ga", share, of_node)
        apart = of_node - of_group[:, None, :]
        weight = share * self.many[:, None]
        missing = np.einsum("gk,gka,gkb->ab", weight, apart, apart, optimize=True)
        return self.many @ of_group, missing

    def _complete(self, share, weight, u) -> np.ndarray:
        """Information if u were seen."""
        share, u = (share * self.many[:, None])[self.group], u[self.group]
        one, by_u, by_u2 = (np.sum(share * weight * u**k, axis=1) for k in range(3))
        cross = self.X.T @ by_u
        return np.block([
            [(self.X * one[:, None]).T @ self.X, cross[:, None]],
            [cross[None, :], np.array([[by_u2.sum()]])],
        ])  # fmt: skip
