"""The design of a meta-regression from columns of the studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.terms import did_you_mean


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of a meta-regression and the words for them.

    Attributes
    ----------
    columns : ndarray, shape (k, p)
        Intercept first; numbers stand around their mean.
    names : tuple of str
        What a unit of each further column is.
    centre : str
        Where the intercept stands, in words.
    kept : ndarray of bool
        Which of the studies have every moderator; the rows of `columns`.
    """

    columns: np.ndarray
    names: tuple[str, ...]
    centre: str
    kept: np.ndarray


def moderator_design(
    frame: pd.DataFrame, on: str | Sequence[str], reference: Mapping[str, str]
) -> Design:
    """Numbers around their mean, words as differences from the declared reference word.

    Parameters
    ----------
    frame : DataFrame, one row per study
    on : str or sequence of str
        Columns.
    reference : mapping of str to str
        For each column of words, the word that the others are compared with.

    Raises
    ------
    KeyError
        When a column is not there.
    ValueError
        When a column of words has no declared reference, or a column does not vary.

    Examples
    --------
    >>> table = pd.DataFrame({"year": [1990.0, 2010.0], "phase": ["acute", "late"]})
    >>> design = moderator_design(table, ["year", "phase"], {"phase": "acute"})
    >>> design.names, design.centre
    (('year', 'phase late against acute'), 'year 2000, phase acute')
    >>> design.columns.tolist()
    [[1.0, -10.0, 0.0], [1.0, 10.0, 1.0]]
    """
    on = (on,) if isinstance(on, str) else tuple(on)
    for name in on:
        if name not in frame:
            raise KeyError(f'No column "{name}"{did_you_mean(name, list(frame))}')
    known = frame[list(on)].replace("", None).notna().all(axis=1).to_numpy()
    columns, names, centre = [np.ones(known.sum())], [], []
    for name in on:
        values = frame.loc[known, name]
        if values.nunique() < 2:
            raise ValueError(f"{name} does not differ between the {known.sum()} studies that say.")
        if pd.api.types.is_numeric_dtype(values):
            columns.append(values.to_numpy(float) - values.mean())
            names.append(name)
            centre.append(f"{name} {values.mean():g}")
            continue
        words = sorted(values.unique())
        base = reference.get(name)
        if base not in words:
            found = "is not declared" if base is None else f'"{base}" is not among them'
            raise ValueError(
                f"{name} holds the words {', '.join(words)}; what the others are compared with "
                f'{found}. Say reference={{"{name}": ...}}.'
            )
        centre.append(f"{name} {base}")
        for word in words:
            if word != base:
                columns.append((values == word).to_numpy(float))
                names.append(f"{name} {word} against {base}")
    return Design(np.column_stack(columns), tuple(names), ", ".join(centre), known)
