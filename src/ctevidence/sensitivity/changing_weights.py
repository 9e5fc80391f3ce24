r"""Weights of people by interval, with what must be known of them for valid errors.

A weight is a product over intervals of chances, or of their inverses, each from a logistic
regression over the rows in which something could happen (pooled over intervals). What a weight
depends on is carried along: :math:`\partial \log w / \partial \beta` of every row, and the
influence of every person on the coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ctevidence.sensitivity.propensity import fit_propensity

#: Share of a column that others must leave unexplained for it to be one of its own.
SMALLEST_REST = 1e-7


@dataclass(eq=False)
class ChangingWeights:
    """Log weights of n people in K intervals, built up one regression after the other.

    Parameters
    ----------
    shape : tuple of int
        (n, K).
    """

    shape: tuple[int, int]
    log: np.ndarray = field(init=False)
    slopes: list[np.ndarray] = field(default_factory=list)
    influences: list[np.ndarray] = field(default_factory=list)
    is_separated: bool = False

    def __post_init__(self) -> None:
        self.log = np.zeros(self.shape)

    def times_chance(
        self,
        happened: np.ndarray,
        possible: np.ndarray,
        columns: np.ndarray,
        power: int,
        counted: np.ndarray | None = None,
    ) -> None:
        """Multiply weights by the chance of what happened, to a power.

        Parameters
        ----------
        happened : ndarray of bool, shape (n, K)
        possible : ndarray of bool, shape (n, K)
            Rows in which it could happen or not: those of the regression.
        columns : ndarray, shape (n, K, q)
            Of the regression; columns that do not vary in these rows are left out.
        power : {1, -1}
        counted : ndarray of bool, shape (n, K), optional
            Rows whose chance enters the weight; all possible ones when absent.
        """
        who, when = np.nonzero(possible)
        if not len(who):
            return
        y = happened[who, when]
        if y.all() or not y.any():
            return  # what always happens, or never, has a chance of one
        x = independent(columns[who, when].astype(float))
        fit = fit_propensity(y.astype(int), x, 2)
        self.is_separated |= fit.is_separated
        p = fit.probability[:, 1]
        own = np.ones(len(who)) if counted is None else counted[who, when].astype(float)
        self.log[who, when] += power * own * np.log(np.where(y, p, 1 - p))
        slope = np.zeros((*self.shape, fit.x.shape[1]))
        slope[who, when] = (power * own * (y - p))[:, None] * fit.x
        influence = np.zeros((self.shape[0], fit.x.shape[1]))
        np.add.at(influence, who, fit.influence)
        self.slopes.append(slope)
        self.influences.append(influence)

    def through(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights of all intervals up to each: value (n, K), log slope (n, K, p), influence (n, p).

        The slope is that of the logarithm of the weight.
        """
        n, k = self.shape
        value = np.exp(np.cumsum(self.log, axis=1))
        if not self.slopes:
            return value, np.zeros((n, k, 0)), np.zeros((n, 0))
        slope = np.cumsum(np.concatenate(self.slopes, axis=2), axis=1)
        return value, slope, np.concatenate(self.influences, axis=1)


def independent(x: np.ndarray) -> np.ndarray:
    """Columns that neither stay the same nor follow from those before them."""
    kept: list[int] = []
    basis = np.full((len(x), 1), 1 / np.sqrt(len(x)))  # orthonormal, the intercept first
    for j in range(x.shape[1]):
        size = np.linalg.norm(x[:, j])
        if not size:
            continue
        rest = x[:, j] / size
        rest = rest - basis @ (basis.T @ rest)
        left = np.linalg.norm(rest)
        if left > SMALLEST_REST:
            basis = np.column_stack([basis, rest / left])
            kept.append(j)
    return x[:, kept]


def truncated(
    value: np.ndarray, slope: np.ndarray, used: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weights cut at quantiles of those that are used.

    Parameters
    ----------
    value : ndarray, shape (n, K)
    slope : ndarray, shape (n, K, p)
    used : ndarray of bool, shape (n, K)
    share : float
        Of the smallest and of the largest weights that are set to the quantile; 0 for none.

    Returns
    -------
    value, slope
        What is cut does not depend on the coefficients any more.
    """
    if share <= 0 or not used.any():
        return value, slope
    low, high = np.quantile(value[used], [share, 1 - share])
    cut = (value < low) | (value > high)
    return np.clip(value, low, high), np.where(cut[:, :, None], 0.0, slope)
