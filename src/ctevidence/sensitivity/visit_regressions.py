"""Complete scores analysed: at each visit by arm and covariates, all visits jointly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class VisitMeans:
    """Means of A arms at m visits from each of M completed data sets.

    Parameters
    ----------
    estimate : ndarray, shape (M, m * A)
        By visit, then arm.
    cov : ndarray, shape (M, m * A, m * A)
        Their covariance, were the data complete.
    df : float
        Residual degrees of freedom.
    """

    estimate: np.ndarray
    cov: np.ndarray
    df: float


def visit_means(complete: np.ndarray, arm: np.ndarray, covariates: np.ndarray) -> VisitMeans:
    r"""Least squares on arm and covariates at all visits: one multivariate regression.

    Parameters
    ----------
    complete : ndarray, shape (M, n, m)
    arm : ndarray of int, shape (n,)
    covariates : ndarray, shape (n, q), or (M, n, q) where they differ between data sets
        Centred.

    Returns
    -------
    VisitMeans

    Notes
    -----
    With :math:`Y = XB + E` the covariance of the coefficients is
    :math:`S \otimes (X^\top X)^{-1}`, :math:`S = E^\top E/(n-p)`. Without missing scores this is
    the mixed model for repeated measures with every slope by visit. One factorisation serves all
    data sets with the same X.

    Examples
    --------
    >>> scores = np.array([[[1.0], [3.0], [6.0], [8.0]]])
    >>> means = visit_means(scores, np.array([0, 0, 1, 1]), np.empty((4, 0)))
    >>> means.estimate.round(9).tolist(), means.df
    ([[2.0, 7.0]], 2.0)
    """
    intercepts = (arm[:, None] == np.arange(arm.max() + 1)).astype(float)
    if covariates.ndim == 2:
        return _regressed(complete, np.hstack([intercepts, covariates]), intercepts.shape[1])
    each = [
        _regressed(complete[[k]], np.hstack([intercepts, covariates[k]]), intercepts.shape[1])
        for k in range(len(complete))
    ]
    return VisitMeans(
        np.concatenate([e.estimate for e in each]),
        np.concatenate([e.cov for e in each]),
        each[0].df,
    )


def factored(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Orthonormal columns (n, p) of a design, the inverse of their triangle, and residual df.

    Raises
    ------
    ValueError
        When columns follow from others, or there are too few people.
    """
    n, p = X.shape
    df = float(n - p)
    if df < 1 or np.linalg.matrix_rank(X) < p:
        raise ValueError(
            "Arms and covariates leave too few people, or cannot be told from one another: adjust "
            "for fewer covariates."
        )
    q, r = np.linalg.qr(X)
    return q, np.linalg.inv(r), df


def _regressed(complete: np.ndarray, X: np.ndarray, arms: int) -> VisitMeans:
    m = complete.shape[2]
    q, half, df = factored(X)
    aligned = q.T @ complete  # (M, p, m)
    rest = complete - q @ aligned
    spread = np.swapaxes(rest, 1, 2) @ rest / df
    coef = half[:arms] @ aligned
    inverse = half[:arms] @ half[:arms].T
    cov = np.einsum("kij,ab->kiajb", spread, inverse).reshape(-1, m * arms, m * arms)
    return VisitMeans(coef.swapaxes(1, 2).reshape(-1, m * arms), cov, df)
