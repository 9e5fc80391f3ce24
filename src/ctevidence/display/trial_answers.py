"""What the pooled trials answer, one sentence or two for each question, made from the rows."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from ctevidence.display.figure import Figure, nothing_to_draw
from ctevidence.display.forest import plot_forest
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import CONDITIONS
from ctevidence.display.sentences import sentence
from ctevidence.display.small_study_table import plot_small_study
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.synthesis.conditions import group_named
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.trial_questions import AskedQuestion, AskedQuestions
from ctevidence.synthesis.typical_risk import typical_risk

NO_TRIAL = "No trial."
COLUMNS = ("question", "people with", "answer")
FEW_FOR_RANGE = "fewer than three trials: no prediction, and nothing can be said of small studies"


def table_answers(asked: AskedQuestions, name: str, condition: str | None = None) -> Table:
    """Every question with its answer in words.

    Parameters
    ----------
    asked : AskedQuestions
    name : str
    condition : str, optional
        A condition or group of conditions; all groups with trials when absent or not known.

    Returns
    -------
    Table
        A question that no trial answers keeps its row and says so.
    """
    group = group_named(condition)
    rows = [row for each in asked for row in _rows(each, group)]
    return Table(name, "What the trials answer", pd.DataFrame(rows, columns=list(COLUMNS)))


def plot_answer(each: AskedQuestion, name: str) -> Figure:
    """Forest plot of a question by condition, or a figure that says why there is none."""
    title = each.question.words
    if each.pooled is None:
        return nothing_to_draw(name, title, each.reason)
    return plot_forest(each.pooled, name, title)


def plot_answer_small_study(each: AskedQuestion, name: str, condition: str | None = None) -> Figure:
    """What methods for small-study effects make of a question, for one group of conditions.

    Parameters
    ----------
    each : AskedQuestion
    name : str
    condition : str, optional
        The group with the most trials when absent or not known.
    """
    group = each.group(condition)
    title = f"{each.question.words}, {_who(group)}: small-study effects"
    found = each.small_studies.get(group)
    if found is None:
        return nothing_to_draw(name, title, each.reason or FEW_FOR_RANGE)
    return plot_small_study(found, name, title)


def _rows(each: AskedQuestion, group: str | None) -> list[list[str]]:
    words = each.question.words
    if each.pooled is None:
        return [[words, _who(group), f"No answer: {each.reason}."]]
    if group is not None:
        pooled = each.groups.get(group)
        return [[words, _who(group), NO_TRIAL if pooled is None else answer(each, group)]]
    return [[words, _who(g), answer(each, g)] for g, p in each.groups.items() if p is not None]


def _who(group: str | None) -> str:
    return "any condition" if group is None else CONDITIONS.get(group, group).lower()


def answer(each: AskedQuestion, group: str) -> str:
    """People per 100, ratio, prediction, small-study range and what it rests on, in words."""
    pooled = each.groups[group]
    ratio = pooled.pooled
    parts = [sentence(_per_100(pooled), source="open")]
    limits = interval(ratio.conf_low, ratio.conf_high, ratio.unit)
    told = f"Risk ratio {shown(ratio.estimate, ratio.unit)} (range {limits})"
    if group not in each.small_studies:
        parts.append(f"{told}; {FEW_FOR_RANGE}.")
    else:
        new, small = pooled.prediction, each.small_studies[group].range
        parts.append(
            f"{told}; in a new, similar trial {interval(new.conf_low, new.conf_high, new.unit)} "
            f"is expected; methods for small-study effects give "
            f"{interval(small.conf_low, small.conf_high, small.unit)}."
        )
    return " ".join([*parts, _rests_on(ratio)])


def _per_100(pooled: Pooled) -> Estimate:
    """The difference per 100 at the typical risk; the ratio itself where nobody was counted."""
    risk, ratio = typical_risk(pooled), pooled.pooled
    if not 0 < risk < 1:
        return ratio
    row = pooled.absolute(risk).where(measure="risk_difference").one()
    return replace(row, id="", n=ratio.n, n_reference=ratio.n_reference)


def _rests_on(row: Estimate) -> str:
    people = "" if row.n is None else f" of {row.n + (row.n_reference or 0)} people"
    if row.studies == 1:
        return f"One trial{people}: reported, not pooled."
    return f"It rests on {row.studies} trials{people}."
