"""Permutation test of moderators: how often chance alone does as well."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.meta_regression import MetaRegression, meta_regression

#: statistics this close are the same arrangement counted twice, up to rounding
_TIE = math.sqrt(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """Result of `permutation_test`.

    Attributes
    ----------
    p_value : ndarray, shape (p,)
        Two-sided, of each coefficient; that of the intercept means nothing by itself.
    joint_p_value : float
        Of all coefficients but the first.
    arrangements : int
        How many were tried, the observed one among them.
    exact : bool
        Whether these were all.
    """

    p_value: np.ndarray
    joint_p_value: float
    arrangements: int
    exact: bool


def permutation_test(
    estimate, variance, design, *, permutations=1000, seed=None, **options
) -> PermutationTest:
    """Refit with the rows of the design dealt out anew among the studies.

    Each effect keeps its variance; the p-value is the share of arrangements whose
    \\|t\\| is at least the one observed. All distinct arrangements are tried when there are at most
    `permutations` of them (exact), otherwise that many at random, the observed one among them:
    Higgins and Thompson (2004), Stat Med 23:1663; Follmann and Proschan (1999), Biometrics 55:732.

    Parameters
    ----------
    estimate, variance, design
        As in `meta_regression.meta_regression`; the first column of the design is the intercept.
    permutations : int
    seed : int, optional
        Needed unless the test is exact.
    **options
        ``tau2_method``, ``hartung_knapp``.

    Raises
    ------
    ValueError
        When arrangements must be drawn and no seed is given.

    Examples
    --------
    >>> later = [[1, 0], [1, 0], [1, 0], [1, 1], [1, 1], [1, 1]]
    >>> found = permutation_test([0.1, 0.2, 0.1, 0.9, 0.8, 0.9], [0.1] * 6, later)
    >>> found.arrangements, found.exact, found.p_value[1].item()
    (20, True, 0.1)
    """
    X = np.asarray(design, float)
    observed = _statistics(meta_regression(estimate, variance, X, **options))
    count = arrangements(X)
    exact = count <= permutations
    if exact:
        orders = distinct_orders(X)
    elif seed is None:
        raise ValueError(
            f"There are {count:g} arrangements of {X.shape[0]} studies, more than "
            f"permutations={permutations}: give a seed to draw that many, or allow them all."
        )
    else:
        rng = np.random.default_rng(seed)
        orders = (rng.permutation(X.shape[0]) for _ in range(permutations - 1))
    reached = np.zeros_like(observed) if exact else np.ones_like(observed)
    for order in orders:
        found = _statistics(meta_regression(estimate, variance, X[order], **options))
        reached += found >= observed - _TIE
    tried = count if exact else permutations
    share = reached / tried
    return PermutationTest(share[:-1], float(share[-1]), int(tried), exact)


def _statistics(fit: MetaRegression) -> np.ndarray:
    """Absolute t of each coefficient, and the joint statistic of all but the first."""
    slopes = np.eye(fit.coef.size)[1:]
    joint = fit.test(slopes).statistic if slopes.size else 0.0
    return np.append(np.abs(fit.coef) / np.sqrt(np.diag(fit.cov)), joint)


def arrangements(X: np.ndarray) -> int:
    """Number of distinct orders of the rows.

    Examples
    --------
    >>> arrangements(np.array([[1, 0], [1, 0], [1, 1]]))
    3
    """
    alike = Counter(map(tuple, X)).values()
    return math.factorial(X.shape[0]) // math.prod(map(math.factorial, alike))


def distinct_orders(X: np.ndarray) -> Iterator[list[int]]:
    """Orders of the rows that give different designs, each once.

    Examples
    --------
    >>> list(distinct_orders(np.array([[1], [1], [2]])))
    [[0, 1, 2], [0, 2, 1], [2, 0, 1]]
    """
    rows = list(map(tuple, X))
    places = {row: [i for i, other in enumerate(rows) if other == row] for row in rows}

    def orders(left: Counter) -> Iterator[list[tuple]]:
        if not left:
            yield []
        for row in list(left):
            for rest in orders(left - Counter([row])):
                yield [row, *rest]

    for order in orders(Counter(rows)):
        taken: Counter = Counter()
        found = []
        for row in order:
            found.append(places[row][taken[row]])
            taken[row] += 1
        yield found
