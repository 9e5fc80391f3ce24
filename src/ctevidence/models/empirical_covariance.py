"""Empirical (sandwich) covariance of the coefficients, robust to a wrong within-person covariance.

``Phi { sum_i X_i'S_i A_i S_i' r_i r_i' S_i A_i S_i' X_i } Phi`` with ``Sigma_i^-1 = S_i S_i'``
and, from the person's leverage ``H_i = S_i' X_i Phi X_i' S_i``,

    CR0: A_i = I                 (Liang & Zeger 1986)
    CR2: A_i = (I - H_i)^-1/2    (Bell & McCaffrey 2002, bias-reduced)
    CR3: A_i = (I - H_i)^-1      (jackknife, without the factor (n-1)/n)

Degrees of freedom are Satterthwaite's for the sandwich under the fitted model as working model
(Bell & McCaffrey 2002, Surv Methodol 28:169; Pustejovsky & Tipton 2018, J Bus Econ Stat 36:672).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ctevidence.models.satterthwaite import joint_df

Array = np.ndarray

# Share of a person's residual that must remain after fitting for their leverage to count as < 1.
FULL_LEVERAGE = 1e-8


@dataclass(frozen=True)
class Empirical:
    """Empirical covariance with Bell-McCaffrey degrees of freedom.

    Attributes
    ----------
    cov : array (q, q)
        Empirical covariance of the coefficients.
    model_cov : array (q, q)
        ``Phi``.
    whitened : array (n, q)
        Rows ``S_i' X_i`` of all people.
    adjusted : array (n, q)
        Rows ``A_i S_i' X_i``.
    first : array (people,)
        Where each person's rows start.
    """

    cov: Array
    model_cov: Array
    whitened: Array
    adjusted: Array
    first: Array

    def df(self, contrasts: Array) -> Array:
        """Degrees of freedom of each row of ``contrasts`` (r, q)."""
        return np.array([self._df(self.model_cov @ c) for c in contrasts])

    def df_joint(self, contrasts: Array) -> tuple[float, float]:
        """Scale of the F statistic (1) and denominator df of all rows jointly."""
        return 1.0, joint_df(contrasts, self.cov, self.df)

    def _df(self, direction: Array) -> float:
        """``tr(G)^2 / tr(G^2)`` of the quadratic form behind the variance estimate.

        ``G = diag(d) - B B'`` with one row for each person, so that its trace and sum of squares
        need no matrix of people by people.
        """
        a = self.adjusted @ direction
        d = np.add.reduceat(a * a, self.first)
        b = np.add.reduceat(a[:, None] * self.whitened, self.first, axis=0)
        b = b @ np.linalg.cholesky(self.model_cov)
        bb = np.einsum("ij,ij->i", b, b)
        squares = (d * d).sum() - 2 * (d * bb).sum() + ((b.T @ b) ** 2).sum()
        return float((d - bb).sum() ** 2 / squares)


def empirical_covariance(
    people: Iterable[tuple[Array, Array]], model_cov: Array, kind: str
) -> Empirical:
    """Sandwich covariance from whitened rows.

    Parameters
    ----------
    people : iterable of (x, r)
        Blocks of people with equally many observations: whitened design (people, m, q) and
        whitened residuals (people, m).
    model_cov : array (q, q)
        ``Phi``.
    kind : {"cr0", "cr2", "cr3"}

    Raises
    ------
    ValueError
        For CR3, when somebody's data alone determine a coefficient: without that person there is
        no fit.

    Examples
    --------
    The mean of three values; CR3 is the jackknife variance times n/(n-1).

    >>> r = np.array([-1.0, 0.0, 1.0])
    >>> fit = empirical_covariance([(np.ones((3, 1, 1)), r[:, None])], np.array([[1 / 3]]), "cr3")
    >>> fit.cov.round(12)
    array([[0.5]])
    """
    meat = np.zeros_like(model_cov)
    whitened, adjusted, sizes = [], [], []
    for x, r in people:
        n, m, q = x.shape
        ax = _adjust(x, model_cov, kind)
        z = np.einsum("imq,im->iq", ax, r)
        meat += z.T @ z
        whitened.append(x.reshape(n * m, q))
        adjusted.append(ax.reshape(n * m, q))
        sizes.append(np.full(n, m))
    first = np.concatenate([[0], np.cumsum(np.concatenate(sizes))[:-1]])
    return Empirical(
        model_cov @ meat @ model_cov,
        model_cov,
        np.concatenate(whitened),
        np.concatenate(adjusted),
        first,
    )


def _adjust(x: Array, model_cov: Array, kind: str) -> Array:
    if kind == "cr0":
        return x
    left = np.eye(x.shape[1]) - x @ model_cov @ x.swapaxes(1, 2)
    values, vectors = np.linalg.eigh(left)
    full = values < FULL_LEVERAGE
    if kind == "cr3" and full.any():
        raise ValueError(
            f"empirical-cr3 cannot be computed: {int(full.any(axis=1).sum())} people determine a "
            "coefficient on their own (for instance one person in an arm at a visit), so there is "
            "no fit without them. Use empirical-cr2 or a model-based method."
        )
    # Directions with full leverage leave no residual; CR2 gives them no weight.
    power = -0.5 if kind == "cr2" else -1.0
    scale = np.where(full, 0.0, np.where(full, 1.0, values) ** power)
    return (vectors * scale[:, None]) @ (vectors.swapaxes(1, 2) @ x)
