"""Coded cells: what is true of a cell is found once for each distinct text, not for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd


def distinct(cells: pd.Series) -> Iterable:
    """The different texts of a column; of a coded one, without looking at its rows."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.cat.remove_unused_categories().cat.categories
    return cells.unique()


def by_text(cells: pd.Series, find: Callable[[str], object], dtype: type) -> pd.Series:
    """What `find` says of the text of each row.

    Parameters
    ----------
    cells : Series of str
        Text, or coded text (categorical); no cell is missing.
    find : callable
        From a text to a value of `dtype`.
    dtype : type

    Examples
    --------
    >>> by_text(pd.Series(["a", "bcd", "a"], dtype="category"), len, int).tolist()
    [1, 3, 1]
    """
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.map({cell: find(cell) for cell in cells.unique()}).astype(dtype)
    of_each = np.array([find(cell) for cell in cells.cat.categories], dtype=dtype)
    return pd.Series(of_each[cells.cat.codes.to_numpy()], index=cells.index)


def as_text(cells: pd.Series) -> pd.Series:
    """Coded text as plain text; rows of one text share it in memory."""
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return cells
    texts = np.append(cells.cat.categories.to_numpy(dtype=object), np.nan)
    return pd.Series(texts[cells.cat.codes.to_numpy()], index=cells.index, name=cells.name)
