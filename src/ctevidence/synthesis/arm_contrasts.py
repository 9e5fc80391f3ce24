"""Contrasts within each trial from its arms, with the covariance of those that share an arm."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.synthesis.conditions import UNCLASSIFIED, condition_group
from ctevidence.synthesis.effect_measures import (
    MEAN_MEASURES,
    ArmValues,
    count_values,
    mean_values,
)
from ctevidence.synthesis.question import Question
from ctevidence.synthesis.trial_selection import TrialCells, select_trials

CORRECTED = "a zero cell was corrected"


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Rows of `effect_sizes.COLUMNS`, joint covariance of studies with several, and left-outs.

    `left_out` holds (study, reason).
    """

    rows: list[dict]
    covariance: dict[str, np.ndarray]
    left_out: list[tuple[str, str]]


def arm_contrasts(
    arms: pd.DataFrame, question: Question, measure: str, zero_cells: str, double_zero: str
) -> Contrasts:
    """All contrasts that answer the question; parameters as in `effect_sizes.effect_sizes`."""
    selected, left_out = select_trials(arms, question)
    rows, covariance = [], {}
    for trial in selected:
        values = _values(trial, measure, zero_cells, double_zero)
        if str(values.excluded):
            left_out.append((trial.study, str(values.excluded)))
            continue
        pairs = list(itertools.combinations(range(len(trial.cells)), 2))
        estimate, cov = values.contrasts(pairs)
        rows += _rows(trial, pairs, estimate, np.sqrt(np.diag(cov)), bool(values.corrected))
        if len(pairs) > 1:
            covariance[trial.study] = cov
    return Contrasts(rows, covariance, left_out)


def _values(trial: TrialCells, measure: str, zero_cells: str, double_zero: str) -> ArmValues:
    columns = ["mean", "sd", "n"] if measure in MEAN_MEASURES else ["events", "n"]
    numbers = [trial.cells[column].to_numpy(float) for column in columns]
    try:
        if measure in MEAN_MEASURES:
            return mean_values(*numbers, measure)
        return count_values(*numbers, measure, zero_cells=zero_cells, double_zero=double_zero)
    except ValueError as error:
        raise ValueError(f"{trial.study}, {trial.outcome}: {error}") from error


def _rows(trial: TrialCells, pairs, estimate, std_error, corrected: bool) -> list[dict]:
    cells = trial.cells[["treatment", "arm", "events", "n"]]
    first, second = (
        cells.set_axis([f"treat{side}", f"arm{side}", f"events{side}", f"n{side}"], axis=1).to_dict(
            "records"
        )
        for side in (1, 2)
    )
    shared = _shared(trial, corrected)
    return [
        shared | first[i] | second[j] | {"estimate": estimate[p], "std_error": std_error[p]}
        for p, (i, j) in enumerate(pairs)
    ]


def _shared(trial: TrialCells, corrected: bool) -> dict:
    """What all contrasts of a trial have in common."""
    cells = trial.cells
    first = cells.iloc[0]
    group = condition_group(first["condition"])
    cautions = list(trial.cautions)
    if group == UNCLASSIFIED and first["condition"]:
        cautions.append(f"condition {first['condition']} is in no group")
    if corrected:
        cautions.append(CORRECTED)
    return {
        "study": trial.study,
        "label": first["citation"],
        "year": first["year"],
        "condition": first["condition"],
        "condition_group": group,
        "age_group": first["age_group"],
        "phase": first["phase"],
        "weeks": first["weeks"],
        "outcome": trial.outcome,
        "control_type": "; ".join(word for word in cells["control_type"].unique() if word),
        "stratum": trial.stratum,
        "flags": ";".join(trial.flags),
        "caution": "; ".join(cautions),
    }
