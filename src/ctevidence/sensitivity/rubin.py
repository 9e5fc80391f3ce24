r"""Estimates of several imputations pooled: Rubin's rules, and what chance the imputations add."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr


class MonteCarloError(NamedTuple):
    """What other random numbers would change: standard deviations over repeated imputation."""

    estimate: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Pooled:
    r"""Estimates of M completed data sets as one.

    Parameters
    ----------
    estimates : ndarray, shape (M, k)
    within : ndarray, shape (M, k, k)
        Covariance of each, were the data complete.
    complete_df : float
        Degrees of freedom, were the data complete; infinite for large-sample fits.

    Raises
    ------
    ValueError
        For fewer than two imputations: what they differ by cannot be told from one.

    Notes
    -----
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3:
    :math:`\bar q`, :math:`T = \bar W + (1+1/M)B`. Degrees of freedom of a contrast c after Barnard
    and Rubin (1999), Biometrika 86:948, with :math:`\lambda = (1+1/M)c'Bc/c'Tc`:
    :math:`\nu^{-1} = \lambda^2/(M-1) + \{(\nu_{com}+1)/(\nu_{com}+3)\,\nu_{com}(1-\lambda)\}^{-1}`.
    Where the imputations do not differ at all nothing was missing, and the complete-data degrees
    of freedom hold.
    """

    estimates: np.ndarray
    within: np.ndarray
    complete_df: float = np.inf

    def __post_init__(self) -> None:
        if len(self.estimates) < 2:
            raise ValueError(
                f"{len(self.estimates)} imputation cannot be pooled; at least 2 are needed, and "
                "100 or more for numbers that another seed would not change."
            )

    @property
    def imputations(self) -> int:
        return len(self.estimates)

    @cached_property
    def estimate(self) -> np.ndarray:
        """Mean over the imputations, shape (k,)."""
        return self.estimates.mean(axis=0)

    @cached_property
    def mean_within(self) -> np.ndarray:
        return self.within.mean(axis=0)

    @cached_property
    def between(self) -> np.ndarray:
        """Covariance between imputations, shape (k, k)."""
        apart = self.estimates - self.estimate
        return apart.T @ apart / (self.imputations - 1)

    @cached_property
    def cov(self) -> np.ndarray:
        """Total covariance T, shape (k, k)."""
        return self.mean_within + (1 + 1 / self.imputations) * self.between

    def share_missing(self, c: np.ndarray) -> float:
        """Share of the variance of a contrast that is due to what is missing."""
        total = float(c @ self.cov @ c)
        return (
            (1 + 1 / self.imputations) * float(c @ self.between @ c) / total if total > 0 else 0.0
        )

    def df_for(self, c: np.ndarray) -> float:
        """Degrees of freedom of the contrast c, shape (k,)."""
        return barnard_rubin(self.imputations, self.share_missing(c), self.complete_df)

    def monte_carlo_error(self, c: np.ndarray) -> MonteCarloError:
        """What another set of as many imputations would change in a contrast.

        Notes
        -----
        Of the estimate :math:`\\sqrt{c'Bc/M}`; of the two-sided p-value by leaving out one
        imputation at a time (White, Royston and Wood 2011, Stat Med 30:377, section 7).
        """
        m = self.imputations
        error = float(np.sqrt(c @ self.between @ c / m))
        if m < 3:
            return MonteCarloError(error, np.nan)
        p = np.array([self._without(k).p_value(c) for k in range(m)])
        return MonteCarloError(error, float(np.sqrt((m - 1) / m * np.sum((p - p.mean()) ** 2))))

    def p_value(self, c: np.ndarray) -> float:
        """Two-sided p-value of the contrast c being zero."""
        error = float(np.sqrt(c @ self.cov @ c))
        if not error > 0:
            return np.nan
        return float(2 * stdtr(self.df_for(c), -abs(c @ self.estimate) / error))

    def _without(self, k: int) -> Pooled:
        keep = np.arange(self.imputations) != k
        return Pooled(self.estimates[keep], self.within[keep], self.complete_df)


def barnard_rubin(imputations: int, share_missing: float, complete_df: float) -> float:
    """Degrees of freedom after multiple imputation; see `Pooled`.

    Parameters
    ----------
    imputations : int
    share_missing : float
        Share of the total variance that is between imputations.
    complete_df : float

    Examples
    --------
    By hand 16 and 21/23 x 20 x 0.5 = 9.1304 together: 16 x 9.1304 / 25.1304.

    >>> round(barnard_rubin(5, 0.5, 20.0), 4), barnard_rubin(5, 0.0, 20.0)
    (5.8131, 20.0)
    """
    if share_missing <= 0:
        return float(complete_df)
    old = (imputations - 1) / share_missing**2
    if not np.isfinite(complete_df):
        return old
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share_missing)
    return old * observed / (old + observed)
