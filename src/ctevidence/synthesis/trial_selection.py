"""Which rows of an arm-level table answer a question.

Every trial gives one outcome at one time and one cell for each treatment, by the rules that the
question declares; every trial left out has its reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.trial_columns import split_flags
from ctevidence.language import listed, say
from ctevidence.names import in_words
from ctevidence.outcomes.harms import HARMS, harm_name
from ctevidence.synthesis.flags import ANY_STRATUM, acting, stratum_of
from ctevidence.synthesis.question import Question, require_words
from ctevidence.terms import Treatment

#: Order in which the pairs of a trial are formed: the first stands against the later ones.
TREATMENT_ORDER = ("combined", "medication", "therapy", "control")
NEEDED_COLUMNS = ("trial_id", "arm", "treatment", "outcome", "n")
TEXT_COLUMNS = (
    "citation",
    "condition",
    "age_group",
    "phase",
    "medication",
    "control_type",
    "flags",
    "caution",
)
NUMBER_COLUMNS = ("year", "weeks", "events", "mean", "sd")
#: Why a trial is left out that does not report what was asked begins with one of these.
NOT_REPORTED = ("no numbers of ", "reports ", "not reported ")


@dataclass(frozen=True, eq=False)
class TrialCells:
    """The rows of one trial that answer a question: one row of `cells` for each treatment."""

    study: str
    outcome: str
    cells: pd.DataFrame
    flags: tuple[str, ...]
    stratum: str
    cautions: tuple[str, ...]


class NotUsableError(Exception):
    """Why a trial does not answer the question."""


class TrialError(Exception):
    """What is wrong in a trial: why it cannot be used, and what to do."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why, do)
        self.why, self.do = why, do


def select_trials(
    arms: pd.DataFrame, question: Question
) -> tuple[list[TrialCells], list[tuple[str, str]]]:
    """The trials that answer a question, and (study, reason) of those that do not.

    Raises
    ------
    ValueError
        When a column or a word of the question is not in the table, when an arm stands twice, or
        when a treatment has several arms and the question declares nothing about them; the latter
        two with all trials at once.
    """
    chosen, left_out, problems = sort_trials(arms, question)
    if problems:
        raise DataProblems(problems, "The trials")
    return chosen, left_out


def sort_trials(
    arms: pd.DataFrame, question: Question, source: str = "The trials"
) -> tuple[list[TrialCells], list[tuple[str, str]], list[Problem]]:
    """Trials that answer a question, (study, reason) of those that do not, and what is wrong.

    Trials of another phase, condition or age group are not part of the question and are not listed.
    """
    asked = _asked(_prepared(arms), question)
    chosen, left_out, problems = [], [], []
    for study, rows in asked.groupby("trial_id", sort=False):
        try:
            chosen.append(_choose(str(study), rows, question))
        except NotUsableError as reason:
            left_out.append((str(study), str(reason)))
        except TrialError as error:
            problems.append(Problem(source, error.why, error.do, "trial_id", value=str(study)))
    return chosen, left_out, problems


def _prepared(arms: pd.DataFrame) -> pd.DataFrame:
    """A copy with every column present, text without missing values, treatments checked."""
    missing = [c for c in NEEDED_COLUMNS if c not in arms]
    if missing:
        raise ValueError(
            f"The table of arms has no column {', '.join(missing)}; see data/README.md."
        )
    table = arms.copy()
    for column in (*NEEDED_COLUMNS[:-1], *TEXT_COLUMNS):
        table[column] = table[column].fillna("").astype(str) if column in table else ""
    for column in NUMBER_COLUMNS:
        table[column] = table[column].astype(float) if column in table else math.nan
    unknown = set(table["treatment"]) - set(Treatment)
    if unknown:
        raise ValueError(
            f"treatment {sorted(unknown)} is none of {', '.join(Treatment)}; correct the table."
        )
    return table


def _asked(table: pd.DataFrame, question: Question) -> pd.DataFrame:
    require_words(table, "outcome", question.outcome)
    require_words(table, "treatment", question.contrast or ())
    require_words(table, "trial_id", (*question.arms, *question.exclude_studies))
    for study, names in question.arms.items():
        require_words(table[table["trial_id"] == study], "arm", names)
    return question.rows_asked(table)


def _choose(study: str, rows: pd.DataFrame, question: Question) -> TrialCells:
    if study in question.exclude_studies:
        raise NotUsableError(say("synthesis.trial_selection.on_request"))
    outcome, times = _first_reported(rows, question)
    rows, remark = _at_one_time(times, question.week)
    _refuse_duplicates(outcome, rows)
    rows = _arms_used(study, rows, question)
    flags = tuple(dict.fromkeys(f for text in rows["flags"] for f in split_flags(text)))
    rules = acting(flags, rows["treatment"], question.flag_rules)
    for rule in rules:
        if rule.flag in question.exclude_flags:
            raise NotUsableError(rule.meaning)
    stratum = stratum_of(rules)
    if question.stratum not in (ANY_STRATUM, stratum):
        meanings = "; ".join(rule.meaning for rule in rules if rule.stratum)
        raise NotUsableError(meanings or in_words(f"stratum {stratum}"))
    cells, combined = _one_cell_each(study, rows, question)
    cautions = [*rows["caution"], *(rule.meaning for rule in rules), remark, combined]
    return TrialCells(
        study=study,
        outcome=harm_name(outcome) if outcome in HARMS else outcome,
        cells=cells,
        flags=flags,
        stratum=stratum,
        cautions=tuple(dict.fromkeys(c for c in cautions if c)),
    )


def _first_reported(rows: pd.DataFrame, question: Question) -> tuple[str, list[pd.DataFrame]]:
    """The preferred outcome that the trial has for the contrast, and its rows time by time."""
    # plain lists: a table of trials is asked hundreds of times, and most of them do not answer
    told = list(zip(rows["outcome"], rows["treatment"], strict=True))
    contrast = set(question.contrast or Treatment)
    for outcome in question.outcome:
        cells = {(outcome, treatment) for treatment in contrast}
        if len(cells & set(told)) < 2:
            continue
        times = _by_time(rows[[cell in cells for cell in told]])
        times = [part for part in times if part["treatment"].nunique() > 1]
        if times:
            return outcome, times
    treatments = {treatment for outcome, treatment in told if outcome in question.outcome}
    raise NotUsableError(_not_reported(treatments, question))


def _by_time(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows in parts of one phase and week; weeks may be missing, which is a time of its own."""
    parts: dict[tuple[str, float | None], list[int]] = {}
    for place, (phase, week) in enumerate(zip(rows["phase"], rows["weeks"], strict=True)):
        parts.setdefault((phase, None if math.isnan(week) else week), []).append(place)
    return [rows.iloc[places] for places in parts.values()]


def _not_reported(treatments: set[str], question: Question) -> str:
    # "reports no self-harm" would read as if nobody had harmed themselves
    outcome = in_words(" or ".join(question.outcome).replace("_", " "))
    if not treatments:
        return say("synthesis.trial_selection.no_outcome", outcome=outcome)
    missing = [in_words(t) for t in question.contrast or () if t not in treatments]
    if missing:
        return say(
            "synthesis.trial_selection.not_of", outcome=outcome, missing=listed(missing, "or")
        )
    return say("synthesis.trial_selection.not_together", outcome=outcome)


def _at_one_time(times: list[pd.DataFrame], week: str | float) -> tuple[pd.DataFrame, str]:
    """Rows of the time that the rule chooses, and a remark when there were others.

    A time without a week comes after those with one, under either rule.
    """
    weeks = np.array([part["weeks"].iloc[0] for part in times])
    known = ", ".join("not stated" if math.isnan(w) else f"{w:g}" for w in weeks)
    if not isinstance(week, str):
        found = np.flatnonzero(weeks == week)
        if not found.size:
            raise NotUsableError(f"not reported at week {week:g}; reported at week {known}")
        return times[found[0]], ""
    order = np.argsort(np.where(np.isnan(weeks), np.inf, weeks if week == "first" else -weeks))
    chosen = times[int(order[0])]
    return chosen, say(
        "synthesis.trial_selection.several_weeks", weeks=known, choice=in_words(week)
    ) if len(times) > 1 else ""


def _refuse_duplicates(outcome: str, rows: pd.DataFrame) -> None:
    twice = rows.loc[rows["arm"].duplicated(), "arm"]
    if len(twice):
        raise TrialError(
            f'Arm "{twice.iloc[0]}" has more than one row of {outcome} at the same time.',
            "Keep one of the rows.",
        )


def _arms_used(study: str, rows: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Without the arms that the question passes over, so that their flags do not act."""
    if study not in question.arms:
        return rows
    named = rows["arm"].isin(question.arms[study])
    return rows[named | ~rows["treatment"].isin(rows.loc[named, "treatment"])]


def _one_cell_each(study: str, rows: pd.DataFrame, question: Question) -> tuple[pd.DataFrame, str]:
    """One row for each treatment, in the order of the contrast, and a remark on combined arms."""
    cells, remarks = [], []
    for treatment in question.contrast or TREATMENT_ORDER:
        group = rows[rows["treatment"] == treatment]
        if len(group) > 1:
            group, remark = _several_arms(study, treatment, group, question.several_arms)
            remarks.append(remark)
        cells.append(group)
    return pd.concat(cells, ignore_index=True), "; ".join(remarks)


def _several_arms(
    study: str, treatment: str, group: pd.DataFrame, rule: str
) -> tuple[pd.DataFrame, str]:
    names = ", ".join(f'"{arm}"' for arm in group["arm"])
    if rule == "first":
        return group.iloc[:1], say(
            "synthesis.trial_selection.first_of",
            treatment=in_words(treatment),
            arm=group["arm"].iloc[0],
        )
    without_pill = group["medication"] == ""
    choose = f'name one in arms={{"{study}": "{group["arm"].iloc[0]}"}}'
    if rule == "combine" and without_pill.nunique() > 1:
        raise TrialError(
            f"The {treatment} arms {names} differ in whether people took a pill, so they are not "
            "one treatment.",
            f'Instead of several_arms="combine", {choose}.',
        )
    if rule == "error":
        raise TrialError(
            f"It has several {treatment} arms: {names}.",
            f'Say several_arms="combine" or "first", or {choose}.',
        )
    return _combined_arms(group), say(
        "synthesis.trial_selection.combined",
        count=len(group),
        treatment=in_words(treatment),
        arms=names,
    )


def _combined_arms(group: pd.DataFrame) -> pd.DataFrame:
    """One arm of several: sums of counts, means and deviations by Cochrane Handbook table 6.5.a."""
    one, n = group.iloc[:1].copy(), group["n"].to_numpy(float)
    one["arm"] = " / ".join(group["arm"])
    one["flags"] = ";".join(dict.fromkeys(f for cell in group["flags"] for f in split_flags(cell)))
    one["n"], one["events"] = group["n"].sum(), group["events"].sum(skipna=False)
    for when in ("", "_baseline", "_change"):
        if f"mean{when}" in group:
            mean, sd = (group[f"{what}{when}"].to_numpy(float) for what in ("mean", "sd"))
            one[f"mean{when}"], one[f"sd{when}"] = combined_spread(mean, sd, n)
    if "n_effective" in group:
        one["n_effective"] = group["n_effective"].sum(skipna=False)
    return one


def combined_spread(mean, sd, n) -> tuple[float, float]:
    """Mean and standard deviation of several arms taken as one (Cochrane Handbook table 6.5.a).

    Examples
    --------
    >>> mean, sd = combined_spread(np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([2, 2]))
    >>> float(mean), round(float(sd), 6)  # of 1 -+ 0.7071 and 3 -+ 0.7071
    (2.0, 1.414214)
    """
    grand = n @ mean / n.sum()
    squares = (n - 1) @ sd**2 + n @ (mean - grand) ** 2
    return grand, np.sqrt(squares / (n.sum() - 1))
