"""The rows behind a fitted Gaussian mixed model, person by person, with their covariance.

What residuals, influence and robust covariances need of a fit: given the effects of a second
grouping (if there is one) people are independent, with covariance ``V_i``; these effects join the
coefficients as columns ``W`` with a penalty, as in Henderson's equations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray

PEOPLE_AT_ONCE = 20_000


@dataclass(frozen=True, eq=False)
class SecondRows:
    """Members of a second grouping, row by row.

    Attributes
    ----------
    codes : integer array (n,)
        Member of each row, -1 for none.
    Z : array (n, r)
        Design of a member's effects, so scaled that these are independent with variance 1.
    members : int
    """

    codes: Array
    Z: Array
    members: int

    def columns(self, rows: Array) -> Array:
        """``W``, the columns of all members' effects, for rows (p, m): shape (p, m, J)."""
        own = self.codes[rows][..., None] == np.arange(self.members)
        return (own[..., None] * self.Z[rows][..., None, :]).reshape(*rows.shape, -1)

    def shared(self, rows: Array) -> Array:
        """``W_i W_i'``, the covariance within each person, shape (p, m, m)."""
        code, Z = self.codes[rows], self.Z[rows]
        same = (code[:, :, None] == code[:, None]) & (code[:, :, None] >= 0)
        return same * (Z @ Z.swapaxes(1, 2))


@dataclass(frozen=True, eq=False)
class PeopleBlocks:
    """Rows of a fit, in the order in which they were given.

    Attributes
    ----------
    y : array (n,)
    X : array (n, q)
        Both multiplied by the roots of the weights, where there are weights.
    covariances : callable
        Iterates over blocks of people with equally many rows: row numbers (p, m) and ``V_i``,
        shape (p, m, m) or, alike for all of them, (1, m, m).
    second : SecondRows or None
    """

    y: Array = field(repr=False)
    X: Array = field(repr=False)
    covariances: Callable[[], Iterator[tuple[Array, Array]]] = field(repr=False)
    second: SecondRows | None = field(default=None, repr=False)

    @property
    def n_second(self) -> int:
        """J, columns of the second grouping's effects; 0 without one."""
        return 0 if self.second is None else self.second.members * self.second.Z.shape[1]

    def whitened(self, *columns: Array) -> Iterator[tuple[Array, ...]]:
        """Row numbers of each block, and ``L_i^-1`` times its rows of each array.

        ``L_i L_i' = V_i``; arrays are (n,) or (n, d).
        """
        for rows, V in self.covariances():
            half = np.linalg.inv(np.linalg.cholesky(V))
            yield rows, *(_times(half, c[rows]) for c in columns)

    def whitened_marginally(self, column: Array) -> Iterator[tuple[Array, Array]]:
        """The same with the variance of the second grouping in ``V_i``."""
        for rows, V in self.covariances():
            whole = V if self.second is None else V + self.second.shared(rows)
            yield rows, _times(np.linalg.inv(np.linalg.cholesky(whole)), column[rows])

    def equations(self) -> Iterator[tuple[Array, Array, Array]]:
        """Row numbers, whitened ``[W, X]`` and whitened ``y`` of each block."""
        for rows, V in self.covariances():
            half = np.linalg.inv(np.linalg.cholesky(V))
            x = self.X[rows]
            if self.second is not None:
                x = np.concatenate([self.second.columns(rows), x], axis=2)
            yield rows, half @ x, _times(half, self.y[rows])


def _times(half: Array, block: Array) -> Array:
    """``half @ block`` for blocks (p, m) or (p, m, d)."""
    if block.ndim == 2:
        return (half @ block[:, :, None])[:, :, 0]
    return half @ block


def random_effect_covariances(
    person: Array, Z: Array, G: Array, sigma2: float
) -> Iterator[tuple[Array, Array]]:
    """Row numbers and ``Z_i G Z_i' + sigma2 I`` of people with equally many rows.

    Parameters
    ----------
    person : integer array (n,)
    Z : array (n, r)
    G : array (r, r)
    sigma2 : float

    Examples
    --------
    >>> blocks = random_effect_covariances(np.array([0, 0, 1]), np.ones((3, 1)), np.eye(1), 2.0)
    >>> [(rows.tolist(), V.tolist()) for rows, V in blocks]
    [([[2]], [[[3.0]]]), ([[0, 1]], [[[3.0, 1.0], [1.0, 3.0]]])]
    """
    order = np.argsort(person, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(person[order]) > 0])
    sizes = np.diff(np.r_[first, len(person)])
    for m in np.unique(sizes):
        starts = first[sizes == m]
        for at in range(0, len(starts), PEOPLE_AT_ONCE):
            rows = order[starts[at : at + PEOPLE_AT_ONCE, None] + np.arange(m)]
            own = Z[rows]
            yield rows, own @ G @ own.swapaxes(1, 2) + sigma2 * np.eye(m)
