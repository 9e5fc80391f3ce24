"""Cumulative meta-analysis: what was known when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from ctevidence.synthesis.pairwise import PairwisePool, pool_effects
from ctevidence.terms import did_you_mean


def cumulative(pool: PairwisePool, order: Sequence[int]) -> tuple[PairwisePool, ...]:
    """The analysis of the first study in `order`, the first two, and so on.

    Lau et al. (1992), N Engl J Med 327:248. Each step is an analysis of its own with its own
    tau-squared; a run of steps is no sequence of tests and its intervals are not corrected for
    looking again and again.

    Parameters
    ----------
    pool : PairwisePool
    order : sequence of int
        Positions of the studies, each once.
    """
    order = list(order)
    if sorted(order) != list(range(pool.k)):
        raise ValueError(f"The order {order} does not name each of {pool.k} studies once.")
    y, v, names = pool.studies.estimate, pool.studies.variance, pool.studies.study
    options = asdict(pool.options)
    steps = (order[:i] for i in range(1, pool.k + 1))
    return tuple(pool_effects(y[s], v[s], [names[i] for i in s], **options) for s in steps)


def in_order_of(frame: pd.DataFrame, by: str) -> tuple[list[int], np.ndarray]:
    """Positions of the rows by a numeric column, then by name, and whether the value is known.

    Raises
    ------
    KeyError
        When there is no such column.
    ValueError
        When no row has a value in it.
    """
    if by not in frame or not pd.api.types.is_numeric_dtype(frame[by]):
        numeric = list(frame.select_dtypes("number"))
        raise KeyError(f'No numeric column "{by}"{did_you_mean(by, numeric)}')
    known = frame[by].notna().to_numpy()
    if not known.any():
        raise ValueError(f"No study says its {by}; without an order nothing can be cumulated.")
    order = frame.reset_index(drop=True).sort_values([by, "study"], na_position="last").index
    return order.tolist(), known
