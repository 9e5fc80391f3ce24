"""Satterthwaite degrees of freedom for contrasts of coefficients.

``df = 2 (c'Phi c)^2 / (g' W g)`` with ``g_a = c' (dPhi/dtheta_a) c`` and ``W`` the covariance
of the covariance parameters (Giesbrecht & Burns 1985, Biometrics 41:477; Fai & Cornelius 1996,
J Stat Comput Simul 54:363). Several dimensions: Kuznetsova, Brockhoff & Christensen 2017,
J Stat Softw 82(13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Satterthwaite:
    """Model-based covariance with Satterthwaite degrees of freedom.

    Attributes
    ----------
    cov : array (q, q)
        ``Phi``, covariance of the coefficients.
    cov_slopes : array (K, q, q)
        Derivative of ``Phi`` in each covariance parameter.
    weights : array (K, K)
        ``W``, inverse information of the covariance parameters.
    """

    cov: Array
    cov_slopes: Array
    weights: Array

    @property
    def model_cov(self) -> Array:
        """Covariance with the covariance parameters taken as known."""
        return self.cov

    def df(self, contrasts: Array) -> Array:
        """Degrees of freedom of each row of ``contrasts`` (r, q)."""
        return satterthwaite_df(contrasts, self.cov, self.cov_slopes, self.weights)

    def df_joint(self, contrasts: Array) -> tuple[float, float]:
        """Scale of the F statistic (1) and denominator df of all rows jointly."""
        return 1.0, joint_df(contrasts, self.cov, self.df)


def satterthwaite_df(contrasts: Array, cov: Array, cov_slopes: Array, weights: Array) -> Array:
    """One-dimensional Satterthwaite degrees of freedom, one per row of ``contrasts``.

    Examples
    --------
    One mean of 10 values with variance 4: Phi = 4/10, W = 2 * 4**2 / 9, so 9 df.

    >>> satterthwaite_df(np.eye(1), np.array([[0.4]]), np.array([[[0.1]]]), np.array([[32 / 9]]))
    array([9.])
    """
    variance = np.einsum("ri,ij,rj->r", contrasts, cov, contrasts)
    slopes = np.einsum("ri,aij,rj->ra", contrasts, cov_slopes, contrasts, optimize=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 2 * variance**2 / np.einsum("ra,ab,rb->r", slopes, weights, slopes)


def joint_df(contrasts: Array, cov: Array, df: Callable[[Array], Array]) -> float:
    """Denominator df of a joint F test, from the one-dimensional df of its principal axes.

    With ``nu_m`` the df along the eigenvectors of ``L Phi L'`` and ``E = sum nu/(nu - 2)``,
    ``2 E / (E - rank)``. Axes with ``nu <= 2`` have no finite expectation: then 2, as in
    lmerTest and R's mmrm.
    """
    axes = np.linalg.eigh(contrasts @ cov @ contrasts.T)[1]
    nu = df(axes.T @ contrasts)
    if np.ptp(nu) < 1e-8:
        return float(nu.mean())
    if nu.min() <= 2:
        return 2.0
    expectation = float((nu / (nu - 2)).sum())
    return 2 * expectation / (expectation - len(nu))
