"""Meta-regression: whether effects differ with what differs between the studies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from ctevidence.synthesis.pairwise import PoolOptions
from ctevidence.synthesis.study_effects import StudyEffects
from ctevidence.synthesis.tau_squared import tau_squared, weighted_fit


@dataclass(frozen=True)
class WaldTest:
    """F test of `df1` linear hypotheses; `df2` is infinite for the classic chi-squared test."""

    statistic: float
    df1: int
    df2: float
    p_value: float


@dataclass(frozen=True, eq=False)
class MetaRegression:
    """Result of `meta_regression`, on the analysis scale.

    Attributes
    ----------
    coef, cov : ndarray, shapes (p,) and (p, p)
        Coefficients of the design's columns and their covariance.
    df : float
        Degrees of freedom of a coefficient: k - p after Hartung-Knapp, else infinite.
    tau2 : float
        Between-study variance that the moderators leave over.
    q, df_residual : float, int
        Residual heterogeneity.
    """

    coef: np.ndarray
    cov: np.ndarray
    df: float
    tau2: float
    q: float
    df_residual: int

    def test(self, hypotheses) -> WaldTest:
        """Test that all rows of `hypotheses`, shape (m, p), times the coefficients are zero."""
        L = np.atleast_2d(np.asarray(hypotheses, float))
        value, m = L @ self.coef, L.shape[0]
        statistic = float(value @ np.linalg.solve(L @ self.cov @ L.T, value)) / m
        if math.isinf(self.df):
            return WaldTest(statistic, m, self.df, float(chdtrc(m, m * statistic)))
        return WaldTest(statistic, m, self.df, float(fdtrc(m, self.df, statistic)))


def meta_regression(
    estimate, variance, design, *, tau2_method="REML", hartung_knapp="guarded"
) -> MetaRegression:
    """Random-effects regression of the studies' effects on moderators.

    Weighted least squares with weights :math:`1/(v_i + \\tau^2)`, one :math:`\\tau^2` for all
    studies. Hartung-Knapp multiplies the covariance by the weighted residual mean square, guarded
    at 1 unless ``"plain"``: Knapp and Hartung (2003), Stat Med 22:2693.

    Parameters
    ----------
    estimate, variance : array_like, shape (k,)
        Effects and sampling variances on the analysis scale.
    design : array_like, shape (k, p)
        Columns, with the intercept; p below k.
    tau2_method, hartung_knapp
        As in `pairwise.pool_effects`.

    Raises
    ------
    ValueError
        When effects cannot be used, an option is unknown, or the design does not fit.

    Examples
    --------
    >>> later = [[1, 0], [1, 0], [1, 1], [1, 1]]
    >>> fit = meta_regression([0.1, 0.3, 0.8, 1.0], [0.1, 0.1, 0.1, 0.1], later)
    >>> print(fit.coef.round(6), fit.df)
    [0.2 0.7] 2
    """
    options = PoolOptions(tau2_method=tau2_method, hartung_knapp=hartung_knapp)
    tau2 = tau_squared(estimate, variance, options.tau2_method, design)
    studies, X = StudyEffects(estimate, variance), np.asarray(design, float)
    y, v, df = studies.estimate, studies.variance, studies.k - X.shape[1]
    fit = weighted_fit(y, v, X, tau2)
    mean_square = {"none": 1.0, "plain": fit.q / df, "guarded": max(1.0, fit.q / df)}[hartung_knapp]
    return MetaRegression(
        coef=fit.coef,
        cov=mean_square * np.linalg.inv(fit.cross),
        df=math.inf if hartung_knapp == "none" else df,
        tau2=tau2,
        q=float(weighted_fit(y, v, X).q),
        df_residual=df,
    )
