"""Covariates of people as columns of a design matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.outcome import Outcome
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


def of_people_with(outcome: Outcome, names: Sequence[str]) -> Outcome:
    """The outcome of the people whose covariates are all known.

    Where others are left out, a caution says so: no covariate is ever guessed.
    """
    people = outcome.study.entering().set_index("participant_id")[list(names)]
    unknown = people.reindex(outcome.frame["participant_id"]).isna()
    if not unknown.to_numpy().any():
        return outcome
    gaps = ", ".join(name for name in names if unknown[name].any())
    return replace(
        outcome,
        frame=outcome.frame[~unknown.any(axis=1).to_numpy()],
        cautions=(*outcome.cautions, say("models.left_out", covariates=gaps)),
    )


#: How the values of a covariate that is not a number are weighed in a marginal mean.
WEIGHTINGS = ("observed", "equal")


def covariate_columns(
    study: Study, people: Sequence, names: Sequence[str], weighting: str = "observed"
) -> tuple[np.ndarray, list[str]]:
    """Columns of the design matrix for the covariates of people, centred.

    Numbers stand as they are; any other covariate becomes one indicator for each of its values
    but the first in sorted order. Every column has its mean over these people taken off, so that
    zero is the covariate's mean. A covariate that is the same for all of them has no column:
    there is nothing to adjust for.

    Parameters
    ----------
    people : sequence of participant ids, length n
        Each once, or the mean would weigh some people more; all with known covariates.
    names : sequence of str
    weighting : {"observed", "equal"}
        ``"equal"``: zero is not the mean of these people but a population in which all values
        of a covariate that is not a number are equally frequent.

    Returns
    -------
    columns : ndarray, shape (n, q)
    labels : list of str, length q
        ``"baseline"``, ``"site: north"``.
    """
    table = study.entering().set_index("participant_id").loc[list(people), list(names)]
    columns = design_columns(table, weighting)
    return columns.to_numpy(float), list(columns.columns)


def design_columns(table: pd.DataFrame, weighting: str = "observed") -> pd.DataFrame:
    """Covariates of people, one row each, as the centred columns of `covariate_columns`."""
    parts = [_centred(covariate, weighting) for _, covariate in table.items()]
    return pd.concat([pd.DataFrame(index=table.index), *parts], axis=1)


def _centred(covariate: pd.Series, weighting: str) -> pd.DataFrame:
    coded = _coded(covariate)
    if weighting == "equal" and not pd.api.types.is_numeric_dtype(covariate):
        return coded - 1 / (coded.shape[1] + 1)  # one indicator less than there are values
    return coded - coded.mean()


def _coded(covariate: pd.Series) -> pd.DataFrame:
    if covariate.nunique() < 2:
        return pd.DataFrame(index=covariate.index)
    if pd.api.types.is_numeric_dtype(covariate):
        return covariate.to_frame().astype(float)
    text = covariate.astype(str)
    values = sorted(text.unique())[1:]
    return pd.DataFrame({f"{covariate.name}: {value}": text == value for value in values}).astype(
        float
    )
