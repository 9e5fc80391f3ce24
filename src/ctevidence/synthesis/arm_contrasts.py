"""Contrasts within each trial from its arms, with the covariance of those that share an arm."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.data.problems import DataProblems, Problem
from ctevidence.language import say
from ctevidence.synthesis.arm_measure import ArmMeasure
from ctevidence.synthesis.conditions import UNCLASSIFIED, condition_group
from ctevidence.synthesis.question import Question
from ctevidence.synthesis.risk_of_bias import judged, worst_words
from ctevidence.synthesis.trial_selection import TrialCells, sort_trials

#: What rates worked out from means are rates of.
RESPONSE = "response"


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Rows of `effect_sizes.COLUMNS`, joint covariance of studies with several, and left-outs.

    `left_out` holds (study, reason).
    """

    rows: list[dict]
    covariance: dict[str, np.ndarray]
    left_out: list[tuple[str, str]]


def arm_contrasts(
    arms: pd.DataFrame, question: Question, measure: ArmMeasure, source: str = "The trials"
) -> Contrasts:
    """All contrasts that answer the question.

    Raises
    ------
    DataProblems
        With everything that is wrong in any trial, of which `source` is the name.
    """
    selected, left_out, problems = sort_trials(arms, question, source)
    rows, covariance = [], {}
    for trial in selected:
        try:
            values, remarks = measure.values(trial.cells)
        except ValueError as error:
            problems.append(_unusable_numbers(trial, error, source))
            continue
        if str(values.excluded):
            left_out.append((trial.study, str(values.excluded)))
            continue
        pairs = list(itertools.combinations(range(len(trial.cells)), 2))
        estimate, cov = values.contrasts(pairs)
        remarks += [say("synthesis.arm_contrasts.corrected")] if values.corrected else []
        outcome = RESPONSE if measure.works_out(trial.cells) else trial.outcome
        described = replace(trial, outcome=outcome)
        rows += _rows(described, pairs, estimate, np.sqrt(np.diag(cov)), remarks)
        if len(pairs) > 1:
            covariance[trial.study] = cov
    if problems:
        raise DataProblems(problems, source)
    return Contrasts(rows, covariance, left_out)


def _unusable_numbers(trial: TrialCells, error: ValueError, source: str) -> Problem:
    why, _, do = str(error).partition(". ")
    what = f"{trial.study}, {trial.outcome}"
    return Problem(source, f"{why}.", do or "Correct the table.", "trial_id", value=what)


def _rows(trial: TrialCells, pairs, estimate, std_error, remarks: list[str]) -> list[dict]:
    cells = trial.cells[["treatment", "arm", "events", "n"]]
    cells = cells.rename(columns={"treatment": "treat"}).to_dict("records")
    first, second = (
        [{f"{name}{side}": value for name, value in cell.items()} for cell in cells]
        for side in (1, 2)
    )
    shared = _shared(trial, remarks)
    return [
        shared | first[i] | second[j] | {"estimate": estimate[p], "std_error": std_error[p]}
        for p, (i, j) in enumerate(pairs)
    ]


def _shared(trial: TrialCells, remarks: list[str]) -> dict:
    """What all contrasts of a trial have in common."""
    cells = trial.cells
    first = cells.iloc[0]
    group = condition_group(first["condition"])
    cautions = list(trial.cautions)
    if group == UNCLASSIFIED and first["condition"]:
        cautions.append(say("synthesis.arm_contrasts.no_group", condition=first["condition"]))
    cautions += remarks
    bias = judged(cells)
    cautions += worst_words(bias)
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
        "risk_of_bias": bias,
        "caution": "; ".join(cautions),
    }
