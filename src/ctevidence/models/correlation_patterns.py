"""Building blocks of covariance structures: links and correlation patterns, with derivatives.

A link maps an unbounded parameter onto one of the structure. A pattern maps the parameters of the
structure onto the correlation in every cell (pair of visits). Each returns its values with first
and second derivatives, shapes (cells,), (r, cells), (r, r, cells).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Derivatives = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Link:
    """Map from an unbounded parameter to one of the structure, with two derivatives."""

    apply: Callable[[Array], Derivatives]
    inverse: Callable[[Array], Array]


def _bounded(t: Array) -> Derivatives:
    root = np.sqrt(1 + t * t)
    return t / root, root**-3, -3 * t * root**-5


def logistic(low: float, high: float) -> Link:
    """Logistic map onto ``(low, high)``: the correlation of compound symmetry.

    Examples
    --------
    >>> [float(v[0]) for v in logistic(-0.5, 1.0).apply(np.zeros(1))]
    [0.25, 0.375, 0.0]
    """

    def apply(t: Array) -> Derivatives:
        # tanh form: no overflow for large |t|
        p = 0.5 * (1 + np.tanh(0.5 * t))
        width = high - low
        return low + width * p, width * p * (1 - p), width * p * (1 - p) * (1 - 2 * p)

    def inverse(rho: Array) -> Array:
        p = np.clip((rho - low) / (high - low), 1e-6, 1 - 1e-6)
        return np.log(p / (1 - p))

    return Link(apply, inverse)


def _log_logistic(t: Array) -> Derivatives:
    # The logarithm of a correlation in (0, 1), exact also where the correlation is nearly 1.
    p = 0.5 * (1 + np.tanh(0.5 * t))
    return -np.logaddexp(0, -t), 1 - p, -p * (1 - p)


BOUNDED = Link(_bounded, lambda rho: rho / np.sqrt(1 - rho * rho))
LOG_LOGISTIC = Link(_log_logistic, lambda rate: -np.log(np.expm1(-rate)))
IDENTITY = Link(lambda t: (t, np.ones_like(t), np.zeros_like(t)), lambda rho: rho)


def below(n: int) -> tuple[Array, Array]:
    """Rows and columns of the strict lower triangle, row by row."""
    return np.tril_indices(n, -1)


def alone(rho: Array) -> Derivatives:
    """The one cell of a single visit."""
    return np.ones(1), np.zeros((0, 1)), np.zeros((0, 0, 1))


def by_lag(lag: Array, count: int) -> Callable[[Array], Derivatives]:
    """Correlation ``rho[lag - 1]``: Toeplitz, and with one common lag compound symmetry."""
    first = np.array([lag == c for c in range(1, count + 1)], dtype=float)
    second = np.zeros((count, count, len(lag)))

    def pattern(rho: Array) -> Derivatives:
        return np.concatenate([[1.0], rho])[lag], first, second

    return pattern


def power(lag: Array) -> Callable[[Array], Derivatives]:
    """Correlation ``rho**lag``: AR(1)."""
    once, twice = np.maximum(lag - 1, 0), np.maximum(lag - 2, 0)

    def pattern(rho: Array) -> Derivatives:
        first = lag * rho**once
        second = lag * (lag - 1) * rho**twice
        return rho**lag, first[None], second[None, None]

    return pattern


def decay(distance: Array) -> Callable[[Array], Derivatives]:
    """Correlation ``exp(rate * distance)``: spatial exponential."""

    def pattern(rate: Array) -> Derivatives:
        value = np.exp(rate * distance)
        return value, (distance * value)[None], (distance**2 * value)[None, None]

    return pattern


def chain(row: Array, column: Array, count: int) -> Callable[[Array], Derivatives]:
    """Ante-dependence: the product of the adjacent correlations between two visits."""
    low, high = np.minimum(row, column), np.maximum(row, column)
    link = np.arange(count)[:, None]
    inside = (low <= link) & (link < high)

    def product(rho: Array, *without: int) -> Array:
        keep = inside.copy()
        keep[list(without)] = False
        involved = inside[list(without)].all(axis=0)
        return involved * np.where(keep, rho[:, None], 1.0).prod(axis=0)

    def pattern(rho: Array) -> Derivatives:
        first = np.array([product(rho, a) for a in range(count)])
        second = np.array(
            [[product(rho, a, b) * (a != b) for b in range(count)] for a in range(count)]
        )
        return product(rho), first, second

    return pattern


def cholesky(n: int) -> Callable[[Array], Derivatives]:
    """``L L'`` of the unit lower-triangular ``L`` whose free elements are listed row by row."""
    rows, columns = below(n)
    count = len(rows)
    # dL/dL[a, b] is a unit matrix, so the second derivatives of L L' do not depend on L.
    units = np.zeros((count, n, n))
    units[np.arange(count), rows, columns] = 1.0
    half = np.einsum("aij,bkj->abik", units, units)
    second = (half + half.swapaxes(2, 3)).reshape(count, count, n * n)

    def pattern(rho: Array) -> Derivatives:
        factor = np.eye(n)
        factor[rows, columns] = rho
        slope = units @ factor.T
        first = (slope + slope.swapaxes(1, 2)).reshape(count, n * n)
        return (factor @ factor.T).ravel(), first, second

    return pattern
