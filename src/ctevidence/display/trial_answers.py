"""What the pooled trials answer, one sentence or two for each question, made from the rows."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from ctevidence.display.figure import Figure, nothing_to_draw
from ctevidence.display.forest import plot_forest
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import condition_label
from ctevidence.display.sentences import sentence
from ctevidence.display.small_study_table import plot_small_study
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.synthesis.conditions import group_named
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.trial_questions import AskedQuestion, AskedQuestions
from ctevidence.synthesis.typical_risk import typical_risk


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
    columns = [say("answers.question"), say("answers.people_with"), say("answers.answer")]
    return Table(name, say("answers.title"), pd.DataFrame(rows, columns=columns))


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
    title = say("answers.small_studies_of", question=each.question.words, who=_who(group))
    found = each.small_studies.get(group)
    if found is None:
        return nothing_to_draw(name, title, each.reason or say("answers.few_for_range"))
    return plot_small_study(found, name, title)


def _rows(each: AskedQuestion, group: str | None) -> list[list[str]]:
    words = each.question.words
    if each.pooled is None:
        return [[words, _who(group), say("answers.none", why=each.reason)]]
    if group is not None:
        pooled = each.groups.get(group)
        return [
            [words, _who(group), say("answers.no_trial") if pooled is None else answer(each, group)]
        ]
    return [[words, _who(g), answer(each, g)] for g, p in each.groups.items() if p is not None]


def _who(group: str | None) -> str:
    return say("answers.any_condition") if group is None else condition_label(group).lower()


def answer(each: AskedQuestion, group: str) -> str:
    """People per 100, ratio, prediction, small-study range and what it rests on, in words."""
    pooled = each.groups[group]
    ratio = pooled.pooled
    parts = [sentence(_per_100(pooled), source="open")]
    told = {
        "value": shown(ratio.estimate, ratio.unit),
        "limits": interval(ratio.conf_low, ratio.conf_high, ratio.unit),
    }
    if group not in each.small_studies:
        parts.append(say("answers.ratio", why=say("answers.few_for_range"), **told))
    else:
        told["expected"], told["span"] = (
            interval(row.conf_low, row.conf_high, row.unit)
            for row in (pooled.prediction, each.small_studies[group].range)
        )
        parts.append(say("answers.ratio_new_and_small", **told))
    parts.append(_rests_on(ratio))
    if each.question.young:
        parts.append(say("misreadings.young-harms"))
    return " ".join(parts)


def _per_100(pooled: Pooled) -> Estimate:
    """The difference per 100 at the typical risk; the ratio itself where nobody was counted."""
    risk, ratio = typical_risk(pooled), pooled.pooled
    if not 0 < risk < 1:
        return ratio
    row = pooled.absolute(risk).where(measure="risk_difference").one()
    return replace(row, id="", n=ratio.n, n_reference=ratio.n_reference)


def _rests_on(row: Estimate) -> str:
    people = None if row.n is None else row.n + (row.n_reference or 0)
    if row.studies == 1:
        one = say("answers.one_trial_of", people=people) if people is not None else ""
        return one or say("answers.one_trial")
    if people is None:
        return say("answers.rests", count=row.studies)
    return say("answers.rests_on_people", count=row.studies, people=people)
