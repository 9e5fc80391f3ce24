"""What every fit of a Gaussian mixed model answers: coefficients, contrasts, criteria."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy import stats

Array = np.ndarray


class Inference(Protocol):
    """Covariance of coefficients with degrees of freedom for contrasts."""

    cov: Array

    def df(self, contrasts: Array) -> Array:
        """Degrees of freedom of each row."""

    def df_joint(self, contrasts: Array) -> tuple[float, float]:
        """Scale of the F statistic and denominator degrees of freedom of all rows jointly."""


@dataclass(frozen=True)
class ContrastTest:
    """Linear contrasts of coefficients with their test of zero.

    Attributes
    ----------
    estimate, std_error : float, or array (r,) for several rows
    df : float
        Degrees of freedom of the t statistic, or denominator of the F statistic.
    statistic : float
        t for one contrast, F for several.
    p_value : float
        Two-sided.
    num_df : int
        Numerator degrees of freedom: the rank of the contrasts.
    """

    estimate: float | Array
    std_error: float | Array
    df: float
    statistic: float
    p_value: float
    num_df: int

    def interval(self, level: float = 0.95) -> tuple[float | Array, float | Array]:
        """Confidence limits; of each row alone, with the joint df, when there are several."""
        reach = stats.t.ppf((1 + level) / 2, self.df) * self.std_error
        return self.estimate - reach, self.estimate + reach


@dataclass(frozen=True)
class GaussianFit:
    """A fitted Gaussian mixed model.

    Attributes
    ----------
    names : tuple of str
        Names of the coefficients.
    coef : array (q,)
    cov : array (q, q)
        Covariance of the coefficients by the method named.
    sigma : array
        Residual covariance (MMRM) or variance (random effects).
    random_cov : array or None
        Covariance of the random effects.
    loglik : float
        REML or ML log-likelihood as R (mmrm, lme4) and SAS count it: with the constant, and for
        REML without log|X'X|.
    reml, converged : bool
    cautions : tuple of str
        What a reader of the numbers has to know; empty when there is nothing.
    n_obs, n_subjects : int
    n_parameters : int
        Covariance parameters estimated.
    method : str
        Method of inference with its parameterisation and order.
    """

    names: tuple[str, ...]
    coef: Array
    sigma: Array | dict
    random_cov: Array | None
    loglik: float
    reml: bool
    converged: bool
    cautions: tuple[str, ...]
    n_obs: int
    n_subjects: int
    n_parameters: int
    method: str
    inference: Inference = field(repr=False)

    @property
    def cov(self) -> Array:
        """Covariance of the coefficients by the method named, shape (q, q)."""
        return self.inference.cov

    @property
    def n_counted(self) -> int:
        """Parameters counted by `aic` and `bic`: covariance only (REML), all (ML)."""
        return self.n_parameters + (0 if self.reml else len(self.coef))

    @property
    def aic(self) -> float:
        """``-2 loglik + 2 n_counted``, counting as R's mmrm and SAS PROC MIXED do."""
        return -2 * self.loglik + 2 * self.n_counted

    @property
    def bic(self) -> float:
        """``-2 loglik + log(n_subjects) n_counted``; people with an observation are counted."""
        return -2 * self.loglik + float(np.log(self.n_subjects)) * self.n_counted

    def df_for(self, c: Array) -> float | Array:
        """Degrees of freedom of the contrast ``c`` (q,), or of each row of ``c`` (r, q)."""
        df = self.inference.df(self._rows(c))
        return float(df[0]) if np.ndim(c) == 1 else df

    def contrast(self, L: Array) -> ContrastTest:
        """Estimate and test contrasts of the coefficients.

        Parameters
        ----------
        L : array (q,) or (r, q)
            One contrast (t test) or several to be tested jointly (F test).

        Raises
        ------
        ValueError
            When the number of columns is not the number of coefficients, or a row is zero.
        """
        rows = self._rows(L)
        estimate = rows @ self.coef
        covariance = rows @ self.cov @ rows.T
        std_error = np.sqrt(covariance.diagonal())
        if len(rows) == 1:
            df = float(self.inference.df(rows)[0])
            t = float(estimate[0] / std_error[0])
            p = float(2 * stats.t.sf(abs(t), df))
            return ContrastTest(float(estimate[0]), float(std_error[0]), df, t, p, 1)
        return self._joint_test(rows, estimate, std_error)

    def _joint_test(self, rows: Array, estimate: Array, std_error: Array) -> ContrastTest:
        rank = np.linalg.matrix_rank(rows)
        if rank < len(rows):  # redundant rows add nothing: test a basis of what they span
            rows = np.linalg.svd(rows, full_matrices=False)[2][:rank]
        value = rows @ self.coef
        wald = value @ np.linalg.solve(rows @ self.cov @ rows.T, value) / rank
        scale, df = self.inference.df_joint(rows)
        f = float(scale * wald)
        p = float(stats.f.sf(f, rank, df))
        return ContrastTest(estimate, std_error, df, f, p, int(rank))

    def _rows(self, L: Array) -> Array:
        rows = np.atleast_2d(np.asarray(L, dtype=float))
        if rows.shape[1] != len(self.coef):
            raise ValueError(
                f"a contrast needs one weight for each of the {len(self.coef)} coefficients "
                f"({', '.join(self.names)}); {rows.shape[1]} were given."
            )
        if not rows.any(axis=1).all():
            raise ValueError("a contrast has only zero weights: there is nothing to test.")
        return rows
