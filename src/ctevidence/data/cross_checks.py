"""Cross checks: what is wrong between the tables of a study, and between them and ``study.toml``.

Each check is a function of `StudyTables` that returns its problems; `CHECKS` lists them in the
order in which they are reported. A table that could not be read is None, and the checks that need
it have nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.declaration import Declaration
from ctevidence.data.problems import Problem
from ctevidence.data.scales import Scale
from ctevidence.data.tables import KEY, CheckedTable
from ctevidence.terms import did_you_mean

#: Events that the package knows; a study declares others under ``[events] other = [...]``.
EVENTS = (
    *("relapse", "recurrence", "dropout", "switch", "hospitalisation"),
    *("self_harm", "death", "adverse_event", "end_of_follow_up"),
)
#: Events that happen once, and those after which nothing can be observed.
ONCE = ("dropout", "death", "end_of_follow_up")
LAST = ("death", "end_of_follow_up")


@dataclass(frozen=True, eq=False)
class StudyTables:
    """The tables of a study and what it declares.

    Parameters
    ----------
    declared : Declaration
    tables : dict of str to CheckedTable
        `participants`, `visits`, `events`, `treatments`; None where a table could not be read.
    has_events : bool
        Whether the study has a file of events.
    """

    declared: Declaration
    tables: Mapping[str, CheckedTable | None]
    has_events: bool = True

    def __getitem__(self, table: str) -> CheckedTable | None:
        return self.tables[table]


Check = Callable[[StudyTables], list[Problem]]


# -- participants and arms ------------------------------------------------------------------------


def duplicated_participants(study: StudyTables) -> list[Problem]:
    people = study["participants"]
    if people is None:
        return []
    return _repeated(
        people,
        [KEY],
        "A participant stands once.",
        "Remove the row, or give each person an identifier of their own.",
        KEY,
    )


def unknown_participants(study: StudyTables) -> list[Problem]:
    people, problems = study["participants"], []
    if people is None:
        return []
    known = set(people.frame[KEY])
    for name in ("visits", "events", "treatments"):
        if (table := study[name]) is None:
            continue
        unknown = ~table.frame[KEY].isin(known) & (table.frame[KEY] != "")
        why = f"No participant has this identifier in {people.file}."
        do = "Add the person there or correct the identifier (007 and 7 are two people)."
        problems += table.problems(unknown, why, do, KEY)
    return problems


def unknown_arms(study: StudyTables) -> list[Problem]:
    people, arms = study["participants"], [arm.name for arm in study.declared.arms]
    if people is None or not arms:
        return []
    problems = []
    for word in sorted(set(people.frame["arm"]) - {*arms, ""}):
        why = f"The arm is not declared in study.toml{did_you_mean(word, arms)}"
        do = f'Correct the word, or declare the arm with a table [arms."{word}"].'
        problems += people.problems(people.frame["arm"] == word, why, do, "arm")
    return problems


def empty_arms(study: StudyTables) -> list[Problem]:
    people = study["participants"]
    if people is None:
        return []
    present = set(people.frame["arm"])
    why = f"Nobody in {people.file} is in this arm."
    do = "Correct the word in the column arm, or remove the arm from study.toml."
    return [
        study.declared.problem(f"arms.{arm.name}", why, do, arm.name)
        for arm in study.declared.arms
        if arm.name not in present
    ]


def unknown_covariates(study: StudyTables) -> list[Problem]:
    people = study["participants"]
    if people is None:
        return []
    columns = [c for c in people.frame.columns if c not in (KEY, "arm")]
    problems = []
    for key, names in (
        ("analysis.adjust", [n for n in study.declared.adjust if n != "baseline"]),
        ("covariates", study.declared.covariates),
    ):
        for name in names:
            if name not in columns:
                why = f"{people.file} has no such covariate{did_you_mean(name, columns)}"
                do = "Correct the name, or add the column."
                path = key if key == "analysis.adjust" else f"{key}.{name}"
                problems.append(study.declared.problem(path, why, do, name))
    return problems


# -- visits ---------------------------------------------------------------------------------------


def unknown_scales(study: StudyTables) -> list[Problem]:
    visits, declared = study["visits"], study.declared
    if visits is None:
        return []
    problems = []
    words = set(visits.frame["scale"]) - {""}
    for word in sorted(words - {declared.primary_scale}):
        do = "Correct the word, or declare the scale with a table [scales.NAME] in study.toml."
        try:
            scale = declared.scale(word)
        except ValueError as error:
            why = str(error)
        else:
            if declared.primary_scale is None or scale != _primary(declared):
                continue
            why = f'This is the primary scale, which study.toml calls "{declared.primary_scale}".'
            do = "Use one word in both places."
        problems += visits.problems(visits.frame["scale"] == word, why, do, "scale")
    return problems


def _primary(declared: Declaration) -> Scale | None:
    try:
        return declared.scale(declared.primary_scale)
    except ValueError:
        return None


def scores_out_of_range(study: StudyTables) -> list[Problem]:
    visits = study["visits"]
    if visits is None:
        return []
    problems = []
    for word in sorted(set(visits.frame["scale"])):
        try:
            scale = study.declared.scale(word)
        except ValueError:
            continue  # unknown_scales says so
        scores = visits.frame["score"].where(visits.frame["scale"] == word)
        outside = scores.notna() & ~scores.between(scale.low, scale.high)
        why = f"{scale.label} runs from {scale.low:g} to {scale.high:g}."
        do = "Correct the score or the scale; delete the row if the score is missing."
        problems += visits.problems(outside, why, do, "score")
        if scale.step and not _from_items(visits):
            steps = (scores - scale.low) / scale.step
            off = scores.notna() & ~outside & ~np.isclose(steps, steps.round())
            why = f"Totals of {scale.label} move in steps of {scale.step:g}."
            do = "Correct the score; give the items where a total was prorated."
            problems += visits.problems(off, why, do, "score")
    return problems


def _from_items(visits: CheckedTable) -> bool:
    return any(column.startswith("item_") for column in visits.frame.columns)


def duplicate_visits(study: StudyTables) -> list[Problem]:
    visits = study["visits"]
    if visits is None:
        return []
    return _repeated(
        visits,
        [KEY, "scale", "day"],
        "The person has another score on this scale and day.",
        "Keep the right one; a second assessment belongs to its own day.",
        "day",
    )


def days_before_baseline(study: StudyTables) -> list[Problem]:
    visits, window = study["visits"], study.declared.baseline_days
    if visits is None or window is None:
        return []
    early = (visits.frame["day"] < 0) & ~visits.frame["day"].between(*window)
    why = (
        f"The day lies before the start and outside the baseline window, days {window[0]:g} to "
        f"{window[1]:g}."
    )
    do = "Correct the day, or widen baseline_days under [schedule] in study.toml."
    return visits.problems(early, why, do, "day")


def missing_baselines(study: StudyTables) -> list[Problem]:
    people, visits, declared = study["participants"], study["visits"], study.declared
    window = declared.baseline_days
    if people is None or visits is None or window is None or declared.primary_scale is None:
        return []
    if declared.rules.entry.allow_missing_baseline:
        return []
    seen = visits.frame[
        (visits.frame["scale"] == declared.primary_scale)
        & visits.frame["day"].between(*window)
    ]
    without = ~people.frame[KEY].isin(seen[KEY]) & (people.frame[KEY] != "")
    why = (
        f"The person has no {declared.primary_scale} score in the baseline window, days "
        f"{window[0]:g} to {window[1]:g}."
    )
    do = (
        f"Add it to {visits.file}; if it was never measured, declare allow_missing_baseline = true "
        "under [who_enters] in study.toml: such people are counted, but do not enter."
    )
    return people.problems(without, why, do, KEY)


# -- events and treatments ------------------------------------------------------------------------


def unknown_events(study: StudyTables) -> list[Problem]:
    events, known = study["events"], (*EVENTS, *study.declared.other_events)
    if events is None:
        return []
    problems = []
    for word in sorted(set(events.frame["event"]) - {*known, ""}):
        why = f"The event is not known{did_you_mean(word, known)}"
        do = f'Correct the word, or declare it: other = ["{word}"] under [events] in study.toml.'
        problems += events.problems(events.frame["event"] == word, why, do, "event")
    return problems


def events_before_start(study: StudyTables) -> list[Problem]:
    events = study["events"]
    if events is None:
        return []
    why = "The event lies before the start of treatment or randomisation (day 0)."
    do = "Correct the day; what happened before belongs into participants, as a covariate."
    return events.problems(events.frame["day"] < 0, why, do, "day")


def repeated_events(study: StudyTables) -> list[Problem]:
    events = study["events"]
    if events is None:
        return []
    problems = _repeated(
        events,
        list(events.frame.columns),
        "The same event stands twice.",
        "Remove one of the rows.",
        "event",
    )
    for event in ONCE:
        rows = CheckedTable(events.file, events.frame[events.frame["event"] == event])
        same_row = rows.frame.duplicated()
        rows = CheckedTable(events.file, rows.frame[~same_row])
        why = f'"{event}" happens to a person at most once.'
        problems += _repeated(rows, [KEY], why, "Keep the right one.", "event")
    return problems


def after_the_end(study: StudyTables) -> list[Problem]:
    """Visits and events after death or the end of follow-up of the same person."""
    events, problems = study["events"], []
    if events is None:
        return []
    for end in LAST:
        ends = events.frame[events.frame["event"] == end].groupby(KEY)["day"].min()
        for name in ("events", "visits"):
            if (table := study[name]) is None:
                continue
            last = table.frame[KEY].map(ends).astype(float)
            late = table.frame["day"] > last
            if name == "events":
                late &= ~table.frame["event"].isin(LAST)
            why = f'The day lies after "{end}" of the same person in {events.file}.'
            found = [f"{day:g} (end: {to:g})" for day, to in zip(table.frame["day"], last, strict=True)]
            problems += table.problems(late, why, "Correct one of the two days.", "day", found)
    return problems


def events_needed(study: StudyTables) -> list[Problem]:
    rules = study.declared.rules
    if study.has_events:
        return []
    problems = []
    why = "The rule looks at recorded events, but the study has no table of events."
    do = "Add events.csv, or take the rule from the visits."
    if rules.relapse and rules.relapse.from_events:
        problems.append(study.declared.problem("relapse.from", why, do, "events"))
    if rules.retention and rules.retention.source == "events":
        problems.append(study.declared.problem("retention.from", why, do, "events"))
    return problems


def treatment_spells(study: StudyTables) -> list[Problem]:
    table = study["treatments"]
    if table is None:
        return []
    start, stop = table.frame["start_day"], table.frame["stop_day"]
    found = [f"{a:g} (start: {b:g})" for a, b in zip(stop, start, strict=True)]
    why, do = "The treatment stops before it starts.", "Correct one of the two days."
    problems = table.problems(stop < start, why, do, "stop_day", found)
    sessions = table.frame["sessions"]
    fewer = (sessions < 0) | (sessions.notna() & (sessions != sessions.round()))
    why = "Sessions are counted: whole numbers from 0."
    problems += table.problems(fewer, why, "Correct the number.", "sessions")
    return problems + _repeated(
        table,
        list(table.frame.columns),
        "The same treatment stands twice.",
        "Remove one of the rows.",
        KEY,
    )


def _repeated(
    table: CheckedTable, by: list[str], why: str, do: str, column: str
) -> list[Problem]:
    """A problem for every row but the first of those that agree on `by`; the value names it."""
    complete = table.frame[by].replace("", np.nan).notna()
    # rows that agree on all columns agree on their empty cells too
    usable = complete.all(axis=1) if len(by) < len(table.frame.columns) else complete.any(axis=1)
    rows = table.frame[usable]
    groups = rows.groupby(by, dropna=False, sort=False)
    number = pd.Series(rows.index, index=rows.index)
    first = number.groupby(groups.ngroup().to_numpy()).transform("first")
    again = pd.Series(False, index=table.frame.index)
    again[rows.index] = (number != first).to_numpy()
    words = pd.Series("", index=table.frame.index, dtype=object)
    shown = dict.fromkeys((KEY, *by)) if len(by) < len(table.frame.columns) else (KEY, column)
    for row in table.frame.index[again]:
        cells = [table.frame.at[row, c] for c in dict.fromkeys(shown)]
        text = ", ".join(f"{c:g}" if isinstance(c, float) else str(c) for c in cells)
        words[row] = f"{text} (as row {first[row]})"
    return table.problems(again, why, do, column, words)


CHECKS: tuple[Check, ...] = (
    empty_arms,
    unknown_covariates,
    events_needed,
    duplicated_participants,
    unknown_arms,
    missing_baselines,
    unknown_participants,
    unknown_scales,
    scores_out_of_range,
    days_before_baseline,
    duplicate_visits,
    unknown_events,
    events_before_start,
    repeated_events,
    after_the_end,
    treatment_spells,
)


def cross_check(study: StudyTables) -> list[Problem]:
    """All problems between the tables, and between them and what is declared."""
    return [problem for check in CHECKS for problem in check(study)]

