"""One comparison on several outcomes at once, with the chance of any false finding held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ctevidence.contrasts.compare import compare
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.levels import Levels


def compare_family(
    family: Sequence[Levels],
    arm: str,
    *,
    against: str,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Compare an arm or treatment with another on every member of a declared family.

    Parameters
    ----------
    family : sequence of Levels
        One for each outcome. All of them count, also those without a value.
    arm, against, measure, week
        As for `compare`.
    conf_level : float
        Joint level: the probability that all intervals hold their value.

    Returns
    -------
    Estimates
        One row for each member. P-values are Holm's, intervals Bonferroni's: an interval that
        leaves out no difference goes with a p-value below 1 - `conf_level`, while Holm's p-value
        can be below it with no difference just inside the interval. A family of one is not
        adjusted.

    Raises
    ------
    ValueError
        For an empty family.

    Notes
    -----
    Both hold whatever the dependence between the members (Holm 1979, Scand J Stat 6:65).
    """
    if not family:
        raise ValueError("A family of comparisons has at least one outcome; none was given.")
    m = len(family)
    each = 1 - (1 - conf_level) / m
    rows = [
        compare(levels, arm, against=against, measure=measure, week=week, conf_level=each).one()
        for levels in family
    ]
    if m == 1:
        return Estimates(rows)
    words = say("contrasts.familywise.method", count=m, level=f"{100 * each:.4g}")
    adjusted = holm(np.array([row.p_value for row in rows]))
    return Estimates(
        replace(
            row,
            conf_level=conf_level,
            p_value=float(p),
            method="; ".join(filter(None, (row.method, words))),
        )
        for row, p in zip(rows, adjusted, strict=True)
    )


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's step-down p-values.

    Parameters
    ----------
    p_values : ndarray, shape (m,)
        nan where a test could not be made: it counts in the family as the weakest.

    Returns
    -------
    ndarray, shape (m,)
        nan where there was nan.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(np.where(np.isnan(p_values), math.inf, p_values), kind="stable")
    stepped = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted
