"""Several effects per study: variance between studies and within them, by REML."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

_GRID = np.concatenate([[0.0], np.geomspace(1e-3, 4.0, 9)])


@dataclass(frozen=True, eq=False)
class ThreeLevelFit:
    """Result of `fit_three_levels`, on the analysis scale.

    Attributes
    ----------
    coef, cov : ndarray, shapes (p,) and (p, p)
        Model-based covariance.
    between, within : float
        Variance of the studies' mean effects, and of the effects of one study around its mean.
    loglik : float
        Restricted log-likelihood with all constants, as metafor counts it.
    covariance : ndarray, shape (n, n)
        Of the effects under the model.
    """

    coef: np.ndarray
    cov: np.ndarray
    between: float
    within: float
    loglik: float
    covariance: np.ndarray


def fit_three_levels(estimate, sampling_cov, study, design=None) -> ThreeLevelFit:
    r"""Random effects of studies and of effects within studies.

    .. math:: y_{ij} = x_{ij}'\beta + u_i + w_{ij} + e_{ij},\quad
              u_i \sim N(0, \sigma^2_B),\ w_{ij} \sim N(0, \sigma^2_W),\ e_i \sim N(0, V_i)

    Konstantopoulos (2011), Res Syn Meth 2:61. The restricted likelihood is maximised over both
    variances, never below zero, with steps of average information from the best point of a grid.

    Parameters
    ----------
    estimate : array_like, shape (n,)
    sampling_cov : array_like, shape (n, n)
        Covariance of the sampling errors; see `sampling_covariance`.
    study : array_like, shape (n,)
        Which effects belong together.
    design : array_like, shape (n, p), optional
        The intercept alone when absent.

    Raises
    ------
    ValueError
        When a covariance matrix is not one, or there is too little to estimate from.

    Examples
    --------
    >>> fit = fit_three_levels([0.1, 0.3, 0.8, 1.0], np.eye(4) * 0.01, list("aabb"))
    >>> round(float(fit.coef[0]), 6), round(fit.between, 4), round(fit.within, 4)
    (0.55, 0.235, 0.01)
    """
    y, V = np.asarray(estimate, float), np.asarray(sampling_cov, float)
    codes = np.unique(np.asarray(study, str), return_inverse=True)[1]
    X = np.ones((y.size, 1)) if design is None else np.asarray(design, float)
    _check(y, V, codes, X)
    parts = ((codes[:, None] == codes).astype(float), np.eye(y.size))
    scale = max(float(y.var()), 1e-12 * float(np.diag(V).mean()))
    start = min(
        (np.array([b, w]) * scale for b in _GRID for w in _GRID),
        key=lambda s: -_likelihood(s, y, V, X, parts)[0],
    )
    best = _maximum(start, y, V, X, parts, scale)
    value, coef, cross, _ = _likelihood(best, y, V, X, parts)
    return ThreeLevelFit(
        coef=coef,
        cov=np.linalg.inv(cross),
        between=float(best[0]),
        within=float(best[1]),
        loglik=value,
        covariance=V + best[0] * parts[0] + best[1] * parts[1],
    )


def sampling_covariance(variance, study, correlation: float) -> np.ndarray:
    """Sampling errors of one study correlated as declared, those of different studies not.

    Examples
    --------
    >>> sampling_covariance([0.04, 0.09, 0.04], ["a", "a", "b"], 0.5).round(3).tolist()
    [[0.04, 0.03, 0.0], [0.03, 0.09, 0.0], [0.0, 0.0, 0.04]]
    """
    if not 0 <= correlation < 1:
        raise ValueError(f"within_correlation={correlation} is not between 0 and 1 (1 excluded).")
    v, study = np.asarray(variance, float), np.asarray(study, str)
    same = study[:, None] == study
    cov = correlation * np.sqrt(np.outer(v, v)) * same
    cov[np.diag_indices(v.size)] = v
    return cov


def _check(y, V, codes, X) -> None:
    if V.shape != (y.size, y.size) or codes.size != y.size or X.shape[0] != y.size:
        raise ValueError(
            f"{y.size} estimates, a covariance of shape {V.shape}, {codes.size} studies and a "
            f"design of shape {X.shape} do not go together."
        )
    if not (np.isfinite(y).all() and np.isfinite(V).all()):
        raise ValueError("An estimate or a sampling variance is missing or infinite.")
    if np.abs(V - V.T).max() > 1e-12 * np.abs(V).max() or np.linalg.eigvalsh(V).min() <= 0:
        raise ValueError(
            "The sampling covariance is not one: it must be symmetric with positive eigenvalues. "
            "Check the variances (above zero) and the correlation declared."
        )
    studies = codes.max() + 1
    if studies < 2 or studies <= X.shape[1]:
        raise ValueError(
            f"{studies} studies cannot carry {X.shape[1]} coefficients and a variance between them."
        )


def _likelihood(theta, y, V, X, parts):
    """Restricted log-likelihood, coefficients, X'WX, and P y at the two variances."""
    M = V + theta[0] * parts[0] + theta[1] * parts[1]
    W = np.linalg.inv(M)
    cross = X.T @ W @ X
    coef = np.linalg.solve(cross, X.T @ (W @ y))
    residual = W @ (y - X @ coef)
    logdets = [np.linalg.slogdet(A)[1] for A in (M, cross, X.T @ X)]
    constant = (y.size - X.shape[1]) * np.log(2 * np.pi)
    quadratic = float((y - X @ coef) @ residual)
    value = -0.5 * (constant + logdets[0] + logdets[1] - logdets[2] + quadratic)
    return float(value), coef, cross, residual


def _score_and_information(theta, y, V, X, parts):
    """Slope by the variances and average information: Gilmour et al. (1995), Biometrics 51:1440."""
    M = V + theta[0] * parts[0] + theta[1] * parts[1]
    W = np.linalg.inv(M)
    P = W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W)
    Py = P @ y
    moved = [A @ Py for A in parts]
    score = np.array([0.5 * (Py @ m - (P * A).sum()) for m, A in zip(moved, parts, strict=True)])
    information = 0.5 * np.array([[a @ P @ b for b in moved] for a in moved])
    return score, information


def _maximum(start, y, V, X, parts, scale) -> np.ndarray:
    """The maximum, quasi-Newton within bounds and then average-information steps to the end."""

    def negative(t):
        score, _ = _score_and_information(t * scale, y, V, X, parts)
        return -_likelihood(t * scale, y, V, X, parts)[0], -score * scale

    found = minimize(negative, start / scale, jac=True, method="L-BFGS-B", bounds=[(0, None)] * 2)
    theta = np.maximum(found.x, 0) * scale
    for _ in range(50):
        score, information = _score_and_information(theta, y, V, X, parts)
        free = (theta > 0) | (score > 0)
        step = np.zeros(2)
        if free.any():
            step[free] = np.linalg.lstsq(information[np.ix_(free, free)], score[free], rcond=None)[
                0
            ]
        moved = np.maximum(theta + step, 0)
        if _likelihood(moved, y, V, X, parts)[0] < _likelihood(theta, y, V, X, parts)[0] - 1e-12:
            break
        if np.abs(moved - theta).max() <= 1e-13 * scale:
            return moved
        theta = moved
    return theta
