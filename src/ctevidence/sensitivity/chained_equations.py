"""Chained equations: scores and covariates of any type imputed in turn, each from all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.replicates import run_replicates
from ctevidence.sensitivity.score_table import BASELINE, ScoreTable
from ctevidence.sensitivity.univariate_draws import categories, matched

ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Variable:
    """One variable of the chain.

    Parameters
    ----------
    name : str
    values : ndarray, shape (n,)
        Numbers, or codes of categories; nan where missing.
    labels : tuple of str
        Of the categories; empty for numbers.
    """

    name: str
    values: np.ndarray
    labels: tuple[str, ...] = ()

    def columns(self, values: np.ndarray) -> np.ndarray:
        """As predictors: a number as it is, a category by indicators of all but the first."""
        if not self.labels:
            return values[:, None]
        return (values[:, None] == np.arange(1, len(self.labels))).astype(float)


def impute_by_chains(
    study: Study,
    table: ScoreTable,
    imputations: int,
    *,
    seed: int,
    jobs: int = 1,
    backend: str | None = None,
) -> tuple[ScoreTable, np.ndarray, np.ndarray]:
    """Scores and covariates imputed as missing at random.

    Parameters
    ----------
    study : Study
    table : ScoreTable
        Its covariates are not used.
    imputations, seed, jobs, backend
        As for `impute`.

    Returns
    -------
    table : ScoreTable
        With the columns of the covariates, complete in no one.
    values : ndarray, shape (imputations, number missing)
    covariates : ndarray, shape (imputations, n, q)
        Centred in each imputation.

    Notes
    -----
    Fully conditional specification (van Buuren 2007, Stat Methods Med Res 16:219), `ROUNDS` rounds
    from values drawn among those known. Numbers by predictive mean matching, categories by
    (multinomial) logistic regression, on arm and all other variables.
    """
    people = study.entering().set_index("participant_id").loc[table.people]
    names = list(dict.fromkeys([*table.names, BASELINE]))
    chain = [_variable(name, people[name]) for name in names]
    of_scores = [Variable(f"week {w:g}", table.scores[:, j]) for j, w in enumerate(table.weeks)]
    arm = (table.arm[:, None] == np.arange(1, len(table.arms))).astype(float)
    fixed = np.hstack([np.ones((len(arm), 1)), arm])

    def task(rng: np.random.Generator):
        filled = _one_chain([*chain, *of_scores], fixed, rng)
        scores = np.column_stack(filled[len(chain) :])
        parts = [v.columns(x) for v, x in zip(chain, filled, strict=False)]
        covariates = np.hstack(parts)
        return scores[table.missing], covariates - covariates.mean(axis=0)

    drawn = run_replicates(task, imputations, seed=seed, jobs=jobs, backend=backend)
    values, covariates = (np.array(part) for part in zip(*drawn, strict=True))
    named = replace(table, covariates=covariates.mean(axis=0), columns=_positions(chain))
    return named, values, covariates


def _variable(name: str, column: pd.Series) -> Variable:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return Variable(name, column.to_numpy(float))
    text = column.astype("string")
    labels = tuple(sorted(text.dropna().unique()))
    codes = text.map({label: i for i, label in enumerate(labels)}).to_numpy(float, na_value=np.nan)
    return Variable(name, codes, labels)


def _positions(chain: Sequence[Variable]) -> Mapping[str, list[int]]:
    found, width = {}, 0
    for variable in chain:
        columns = len(variable.labels) - 1 if variable.labels else 1
        found[variable.name] = list(range(width, width + columns))
        width += columns
    return found


def _one_chain(
    variables: Sequence[Variable], fixed: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
    """Completed values of every variable."""
    unknown = [np.isnan(v.values) for v in variables]
    filled = []
    for v, lost in zip(variables, unknown, strict=True):
        values = v.values.copy()
        values[lost] = rng.choice(v.values[~lost], int(lost.sum()))
        filled.append(values)
    columns = [v.columns(x) for v, x in zip(variables, filled, strict=True)]
    for _ in range(ROUNDS if any(map(np.any, unknown)) else 0):
        for j, (variable, lost) in enumerate(zip(variables, unknown, strict=True)):
            if not lost.any():
                continue
            others = [c for i, c in enumerate(columns) if i != j]
            x = np.hstack([fixed, *others])
            filled[j][lost] = _drawn(variable, lost, x, rng)
            columns[j] = variable.columns(filled[j])
    return filled


def _drawn(variable: Variable, lost: np.ndarray, x: np.ndarray, rng) -> np.ndarray:
    known = variable.values[~lost]
    if not variable.labels:
        return matched(known, x[~lost], x[lost], rng)
    return categories(known.astype(int), len(variable.labels), x[~lost], x[lost], rng)
