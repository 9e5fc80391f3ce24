"""Totals from answers to items, missing answers treated by a declared rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from ctevidence.data.scales import Scale


def total_score(items: ArrayLike, scale: Scale, max_missing_items: int | None = None) -> np.ndarray:
    """Totals from answers to the items, missing answers treated by a declared rule.

    With m of k items missing, and m allowed, the total is the mean of the answered items times k
    (the person's own mean stands in for the gap); with more missing it is NaN. A gap never counts
    as zero. Where only the highest of several items counts, a gap leaves it unknown, unless the
    highest possible answer was given.

    Parameters
    ----------
    items : array or DataFrame, shape (n, k)
        Answers as on the form, items in its order, NaN where missing. Items that count from the
        other end are reversed here.
    scale : Scale
    max_missing_items : int, optional
        Missing items up to which a total is prorated, 0 for none; the scale's own rule by default.

    Returns
    -------
    array, shape (n,)
        Totals, in points.

    Raises
    ------
    ValueError
        When the total does not come from the items, the shape is wrong, an answer is out of range
        (the message names row and column), items are missing without a rule, or prorating would be
        wrong because items differ in range.

    Examples
    --------
    >>> from ctevidence.data.scales import get_scale
    >>> answers = np.array([[1, 2, 1, 0, 0, 1, 2, 1, 1], [1, 2, 1, 0, 0, 1, 2, np.nan, np.nan]])
    >>> total_score(answers, get_scale("phq-9"))
    array([9., 9.])
    """
    if scale.scoring != "sum":
        raise ValueError(
            f"{scale.label} does not add up its items: the total comes from a {scale.scoring}. "
            "Give totals instead of items."
        )
    if scale.items is None:
        raise ValueError(
            f"{scale.label} has no items declared. Declare items, item_low and item_high, or give "
            "totals."
        )
    counted = domains(_answers(items, scale), scale)
    missing = np.isnan(counted).sum(axis=1)
    allowed = _allowed_gaps(scale, max_missing_items, missing)
    k = counted.shape[1]
    totals = np.nansum(counted, axis=1) * k / np.maximum(k - missing, 1)
    return np.where(missing <= allowed, scale.multiplier * totals, np.nan)


def tops(s: Scale) -> np.ndarray:
    """Highest answer to each item, shape (k,)."""
    return np.array(np.broadcast_to(s.item_high, s.items), dtype=float)


def _answers(items: ArrayLike, s: Scale) -> np.ndarray:
    """Answers as numbers within the range of their item, reversed where declared, shape (n, k)."""
    try:
        if hasattr(items, "to_numpy"):
            answers = items.to_numpy(dtype=float, na_value=np.nan)
        else:
            answers = np.asarray(items, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{s.label}: an answer is no number ({error}).") from error
    if answers.ndim != 2 or answers.shape[1] != s.items:
        raise ValueError(
            f"{s.label} has {s.items} items that count, one column each, and a row for each "
            f"person; found shape {answers.shape}."
        )
    if np.any(outside := (answers < s.item_low) | (answers > tops(s))):
        raise ValueError(_out_of_range(answers, outside, items, s))
    reversed_ = [i - 1 for i in s.reversed_items]
    answers = answers.copy()
    answers[:, reversed_] = s.item_low + tops(s)[reversed_] - answers[:, reversed_]
    return answers


def _out_of_range(answers: np.ndarray, outside: np.ndarray, items: ArrayLike, s: Scale) -> str:
    named = hasattr(items, "columns")
    rows = items.index if named else range(answers.shape[0])
    columns = items.columns if named else range(answers.shape[1])
    found = "; ".join(
        f"row {rows[i]}, column {columns[j]} (item {j + 1}) is {answers[i, j]:g}, "
        f"{s.item_low:g} to {tops(s)[j]:g} is possible"
        for i, j in np.argwhere(outside)[:5]
    )
    return (
        f"{s.label}: {outside.sum()} answers out of range, first {found}. "
        "Correct them; leave the cell empty where the answer is missing."
    )


def domains(answers: np.ndarray, s: Scale) -> np.ndarray:
    """What is added up, shape (n, domains): the highest of each group, and the other items."""
    columns = dict(enumerate(answers.T, start=1))
    for group in s.either_or:
        columns[group[0]] = np.fmax.reduce([columns.pop(i) for i in group])
    for group in s.highest_of:
        rated = np.array([columns.pop(i) for i in group if i in columns])
        highest = np.fmax.reduce(rated)
        unknown = np.isnan(rated).any(axis=0) & (highest < tops(s)[group[0] - 1])
        columns[group[0]] = np.where(unknown, np.nan, highest)
    return np.column_stack(list(columns.values()))


def _allowed_gaps(s: Scale, asked: int | None, missing: np.ndarray) -> int:
    allowed = s.max_missing_items if asked is None else asked
    if allowed is None and missing.any():
        raise ValueError(
            f"{s.label}: items are missing in {np.count_nonzero(missing)} of {len(missing)} rows, "
            "and there is no published rule. Say max_missing_items: 0 when none may be missing, or "
            "how many the mean of the others may stand in for."
        )
    for problem in proration_problems(s, allowed or 0):
        raise ValueError(f"{s.label}: {problem}.")
    return allowed or 0


def proration_problems(s: Scale, allowed: int) -> Iterator[str]:
    """Why the mean of the answered items cannot stand in for so many missing ones."""
    if not 0 <= allowed < s.items:
        yield f"max_missing_items is {allowed}; it lies between 0 and {s.items - 1}"
    elif allowed and (len(set(tops(s))) > 1 or s.highest_of):
        yield (
            "its items do not weigh the same, so the mean of the others cannot stand in for a "
            "missing one; use max_missing_items = 0"
        )
