"""Intercurrent checks: events with a strategy are known, and there is a table to see them in."""

from __future__ import annotations

from ctevidence.data.columns import EVENTS
from ctevidence.data.intercurrent_events import CHANGES
from ctevidence.data.problems import Problem
from ctevidence.data.study_tables import StudyTables
from ctevidence.terms import did_you_mean


def unknown_intercurrent(study: StudyTables) -> list[Problem]:
    """Strategies for words that are no event."""
    declared = study.declared
    known = (*CHANGES, *EVENTS, *declared.other_events)
    return [
        declared.problem(
            f"intercurrent[{i}].event",
            f"The event is not known{did_you_mean(one.event, known)}",
            "Correct the word, or declare it under [events] other.",
            one.event,
        )
        for i, one in enumerate(declared.rules.intercurrent, start=1)
        if one.event not in known
    ]


def intercurrent_tables(study: StudyTables) -> list[Problem]:
    """Strategies for events of a table that the study does not have."""
    problems = []
    for i, one in enumerate(study.declared.rules.intercurrent, start=1):
        table = "treatments" if one.component else "events"
        if table not in study.without_file:
            continue
        why = f"The event is read off the table {table}, which the study does not have."
        do = f"Add {table}.csv, or remove the table [[intercurrent]]."
        key = f"intercurrent[{i}].event"
        problems.append(study.declared.problem(key, why, do, one.event))
    return problems
