"""Cluster-robust covariance with the small-sample correction CR2 and its degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RobustCovariance:
    """CR2 covariance of coefficients and Satterthwaite degrees of freedom, one each.

    Attributes
    ----------
    cov : ndarray, shape (p, p)
    df : ndarray, shape (p,)
    """

    cov: np.ndarray
    df: np.ndarray


def cluster_robust(estimate, design, covariance, cluster) -> RobustCovariance:
    r"""CR2 for generalised least squares with working covariance :math:`\Phi`, W its inverse.

    With :math:`M = (X'WX)^{-1}`, residuals :math:`e` and :math:`D_i` the upper Cholesky factor of
    :math:`\Phi_i = D_i'D_i`,

    .. math:: B_i = D_i(\Phi_i - X_i M X_i')D_i',\quad A_i = D_i' B_i^{+1/2} D_i,\quad
              V = M\Big(\sum_i X_i'W_iA_ie_ie_i'A_i'W_iX_i\Big)M

    (Bell and McCaffrey 2002, Survey Methodology 28:169; Pustejovsky and Tipton 2018, J Bus Econ
    Stat 36:672). Degrees of freedom of coefficient c: :math:`(\sum_i p_i'\Phi p_i)^2/
    \sum_{ij}(p_i'\Phi p_j)^2` with :math:`p_i = (I-H)_i'A_i'W_iX_iM c`.

    Parameters
    ----------
    estimate : array_like, shape (n,)
    design : array_like, shape (n, p)
    covariance : array_like, shape (n, n)
        Working covariance, zero between clusters.
    cluster : array_like, shape (n,)
    """
    y, X = np.asarray(estimate, float), np.asarray(design, float)
    Phi = np.asarray(covariance, float)
    codes = np.unique(np.asarray(cluster, str), return_inverse=True)[1]
    W = np.linalg.inv(Phi)
    M = np.linalg.inv(X.T @ W @ X)
    H = X @ M @ X.T @ W
    residual = y - H @ y
    scores, vectors = [], []
    for c in range(codes.max() + 1):
        i = np.flatnonzero(codes == c)
        block = np.ix_(i, i)
        D = np.linalg.cholesky(Phi[block]).T
        B = D @ (Phi[block] - X[i] @ M @ X[i].T) @ D.T
        A = D.T @ _inverse_root(B) @ D
        G = M @ X[i].T @ W[block] @ A  # (p, n_i)
        scores.append(G @ residual[i])
        vectors.append(G @ (np.eye(y.size) - H)[i])  # (p, n)
    cov = sum(np.outer(s, s) for s in scores)
    return RobustCovariance(cov, np.array([_df(vectors, Phi, j) for j in range(X.shape[1])]))


def _df(vectors, Phi, j: int) -> float:
    rows = np.array([v[j] for v in vectors])
    products = rows @ Phi @ rows.T
    return float(np.trace(products) ** 2 / (products**2).sum())


def _inverse_root(B) -> np.ndarray:
    """Symmetric root of the pseudo-inverse."""
    values, vectors = np.linalg.eigh((B + B.T) / 2)
    kept = values > 1e-12 * max(values.max(), 0)
    root = np.zeros_like(values)
    root[kept] = values[kept] ** -0.5
    return (vectors * root) @ vectors.T
