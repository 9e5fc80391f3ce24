"""Covariates of people as columns of a design matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.terms import did_you_mean


def adjustment(study: Study, adjust: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the covariates to adjust for: those declared by the study when None is given.

    Raises
    ------
    TypeError
        For a single name that is not in a list.
    KeyError
        For a name that is neither ``"baseline"`` nor a column of the participants.
    """
    if isinstance(adjust, str):
        raise TypeError(f'adjust takes a list of covariates; write ["{adjust}"].')
    names = tuple(study.adjust if adjust is None else adjust)
    known = [c for c in study.entering().columns if c not in ("participant_id", "arm")]
    for name in names:
        if name not in known:
            raise KeyError(f'No covariate "{name}" in {study.name}{did_you_mean(name, known)}')
    return tuple(dict.fromkeys(names))


def covariate_columns(
    study: Study, people: Sequence, names: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Columns of the design matrix for the covariates of people, centred.

    Numbers stand as they are; any other covariate becomes one indicator for each of its values
    but the first in sorted order. Every column has its mean over these people taken off, so that
    zero is the covariate's mean.

    Parameters
    ----------
    people : sequence of participant ids, length n
        Each once, or the mean would weigh some people more.
    names : sequence of str

    Returns
    -------
    columns : ndarray, shape (n, q)
    labels : list of str, length q
        ``"baseline"``, ``"site: north"``.

    Raises
    ------
    ValueError
        When a covariate is missing for somebody, or the same for everybody.
    """
    table = study.entering().set_index("participant_id").reindex(list(people))[list(names)]
    columns, labels = [np.empty((len(table), 0))], []
    for name in names:
        _check(table[name])
        if pd.api.types.is_numeric_dtype(table[name]):
            coded, new = table[[name]].to_numpy(float), [name]
        else:
            text = table[name].astype(str)
            values = sorted(text.unique())[1:]
            coded = np.column_stack([text == value for value in values]).astype(float)
            new = [f"{name}: {value}" for value in values]
        columns.append(coded - coded.mean(axis=0))
        labels += new
    return np.hstack(columns), labels


def _check(covariate: pd.Series) -> None:
    missing = int(covariate.isna().sum())
    if missing:
        raise ValueError(
            f'The covariate "{covariate.name}" is missing for {missing} of {len(covariate)} '
            "people. Adjusting for it would leave them out without a word: fill it in in the "
            "table of participants, or name other covariates in adjust ([] for none)."
        )
    if covariate.nunique() < 2:
        raise ValueError(
            f'The covariate "{covariate.name}" is the same for all {len(covariate)} people: there '
            "is nothing to adjust for. Leave it out of adjust."
        )
