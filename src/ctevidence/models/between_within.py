"""Between-within degrees of freedom (Schluchter & Elashoff 1990, J Stat Comput Simul 37:69).

A column of the design that is constant within every person is tested against the people, any
other column against the observations within people; a contrast takes the smaller of the two.
The intercept counts against the people but is tested within, as SAS and R's mmrm do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class BetweenWithin:
    """Model-based covariance with between-within degrees of freedom.

    Attributes
    ----------
    cov : array (q, q)
    coefficient_df : array (q,)
        Degrees of freedom attached to each coefficient.
    """

    cov: Array
    coefficient_df: Array

    def df(self, contrasts: Array) -> Array:
        """Smallest degrees of freedom among the coefficients each row involves."""
        return np.where(contrasts != 0, self.coefficient_df, np.inf).min(axis=1)

    def df_joint(self, contrasts: Array) -> tuple[float, float]:
        """Scale of the F statistic (1) and the smallest df among all coefficients involved."""
        return 1.0, float(self.df(contrasts).min())


def coefficient_df(X: Array, order: Array, first: Array) -> Array:
    """Between-within degrees of freedom of each coefficient.

    Parameters
    ----------
    X : array (n, q)
    order : array (n,)
        Rows sorted by person.
    first : array (people,)
        Where each person starts in ``order``.

    Examples
    --------
    Two people, two visits each; columns: intercept, arm, visit.

    >>> X = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]], dtype=float)
    >>> coefficient_df(X, np.arange(4), np.array([0, 2]))
    array([1., 0., 1.])
    """
    n, people = len(X), len(first)
    person = np.repeat(np.arange(people), np.diff(np.r_[first, n]))
    opening = order[first][person]
    within = np.array([(column[order] != column[opening]).any() for column in X.T])
    intercept = ~within & (X[0] == X).all(axis=0)
    df_between = people - (~within).sum()
    df_within = n - people - within.sum()
    return np.where(within | intercept, df_within, df_between).astype(float)
