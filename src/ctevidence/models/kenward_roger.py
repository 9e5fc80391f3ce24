"""Kenward-Roger covariance of the coefficients and degrees of freedom.

Kenward & Roger 1997, Biometrics 53:983:

    Phi_A = Phi + 2 Phi { sum_ab W_ab (Q_ab - P_a Phi P_b - R_ab / 4) } Phi

with ``P_a = -X'V^-1 V_a V^-1 X``, ``Q_ab = X'V^-1 V_a V^-1 V_b V^-1 X`` and
``R_ab = X'V^-1 V_ab V^-1 X``. Only the last, the second-derivative term, depends on how the
covariance is parameterised; leaving it out gives the linear variant. Degrees of freedom and
scale of the F statistic match two moments, and for one dimension reduce to Satterthwaite's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigvalsh

from ctevidence.models.satterthwaite import satterthwaite_df

Array = np.ndarray


@dataclass(frozen=True)
class KenwardRoger:
    """Adjusted covariance with Kenward-Roger degrees of freedom.

    Attributes
    ----------
    cov : array (q, q)
        Adjusted covariance ``Phi_A``.
    model_cov : array (q, q)
        ``Phi``, from which the degrees of freedom are computed.
    cov_slopes : array (K, q, q)
        Derivative of ``Phi`` in each covariance parameter, ``-Phi P_a Phi``.
    weights : array (K, K)
        ``W``, inverse information of the covariance parameters.
    """

    cov: Array
    model_cov: Array
    cov_slopes: Array
    weights: Array

    @property
    def usable(self) -> bool:
        """Whether the adjusted covariance is positive definite; to first order it always is."""
        return bool(eigvalsh(self.cov, self.model_cov).min() > 0)

    def df(self, contrasts: Array) -> Array:
        """Degrees of freedom of each row of ``contrasts`` (r, q)."""
        return satterthwaite_df(contrasts, self.model_cov, self.cov_slopes, self.weights)

    def df_joint(self, contrasts: Array) -> tuple[float, float]:
        """Scale of the F statistic and denominator df of all rows jointly."""
        return kenward_roger_f(contrasts, self.model_cov, self.cov_slopes, self.weights)


def kenward_roger(cov: Array, cov_slopes: Array, weights: Array, second: Array) -> KenwardRoger:
    """Adjusted covariance of the coefficients, ready for contrasts.

    Parameters
    ----------
    cov : array (q, q)
        ``Phi``.
    cov_slopes : array (K, q, q)
        ``Phi X'V^-1 V_a V^-1 X Phi``.
    weights : array (K, K)
        ``W``.
    second : array (q, q)
        ``Phi { sum_ab W_ab (Q_ab - R_ab / 4) } Phi``, without ``R`` for the linear variant.
    """
    pairs = np.tensordot(weights, cov_slopes, 1)
    information = np.linalg.inv(cov)
    explained = np.einsum("aij,jk,akl->il", cov_slopes, information, pairs, optimize=True)
    adjusted = cov + 2 * (second - explained)
    return KenwardRoger((adjusted + adjusted.T) / 2, cov, cov_slopes, weights)


def kenward_roger_f(
    contrasts: Array, cov: Array, cov_slopes: Array, weights: Array
) -> tuple[float, float]:
    """Scale ``lambda`` and denominator df ``m`` of the joint F test of the rows of ``contrasts``.

    ``lambda F ~ F(l, m)`` with the adjusted covariance in ``F``; equations of section 3 of
    Kenward & Roger 1997. Rows must be linearly independent.
    """
    rows = len(contrasts)
    middle = np.linalg.inv(contrasts @ cov @ contrasts.T)
    turned = middle @ (contrasts @ cov_slopes @ contrasts.T)
    traces = np.trace(turned, axis1=1, axis2=2)
    a1 = traces @ weights @ traces
    a2 = np.einsum("ab,aij,bji->", weights, turned, turned, optimize=True)
    b = (a1 + 6 * a2) / (2 * rows)
    g = ((rows + 1) * a1 - (rows + 4) * a2) / ((rows + 2) * a2)
    c1, c2, c3 = np.array([g, rows - g, rows + 2 - g]) / (3 * rows + 2 * (1 - g))
    mean = 1 / (1 - a2 / rows)
    variance = 2 / rows * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * mean**2)
    df = 4 + (rows + 2) / (rows * rho - 1)
    return float(df / (mean * (df - 2))), float(df)
