"""Event checks: events and treatments are known, happen in order and are recorded once."""

from __future__ import annotations

from ctevidence.data.checked_table import CheckedTable
from ctevidence.data.columns import EVENTS, KEY
from ctevidence.data.problems import Problem
from ctevidence.data.study_tables import StudyTables
from ctevidence.terms import did_you_mean

#: Events that happen to a person at most once, and those after which nothing is observed.
ONCE = ("dropout", "death", "end_of_follow_up")
LAST = ("death", "end_of_follow_up")


def events_needed(study: StudyTables) -> list[Problem]:
    """Rules that look at events in a study without a table of events."""
    rules, problems = study.declared.rules, []
    if "events" not in study.without_file:
        return []
    why = "The rule looks at recorded events, but the study has no table of events."
    do = "Add events.csv, or take the rule from the visits."
    if rules.relapse and rules.relapse.from_events:
        problems.append(study.declared.problem("relapse.from", why, do, "events"))
    if rules.retention and rules.retention.source == "events":
        problems.append(study.declared.problem("retention.from", why, do, "events"))
    return problems


def unknown_events(study: StudyTables) -> list[Problem]:
    """Words for no event."""
    if not study.read("events"):
        return []
    events, known = study["events"], (*EVENTS, *study.declared.other_events)
    problems = []
    for word in sorted({*events.frame["event"].unique()} - {*known, ""}):
        why = f"The event is not known{did_you_mean(word, known)}"
        do = f'Correct the word, or declare it: other = ["{word}"] under [events] in study.toml.'
        problems += events.problems(events.frame["event"] == word, why, do, "event")
    return problems


def undeclared_reasons(study: StudyTables) -> list[Problem]:
    """Reasons of dropout of which the study does not say what they count as, where it says any."""
    rule = study.declared.rules.retention
    if not study.read("events") or not rule or not rule.reasons:
        return []
    events, declared = study["events"], dict(rule.reasons)
    if "reason" not in events.frame:
        return []
    dropout, reason = events.frame["event"] == "dropout", events.frame["reason"].fillna("")
    problems = []
    for word in sorted({*reason[dropout]} - {*declared, ""}):
        why = f"Nothing says what the reason counts as{did_you_mean(word, declared)}"
        do = f'Add "{word}" = "..." under [retention.reasons] in study.toml.'
        problems += events.problems(dropout & (reason == word), why, do, "reason")
    return problems


def events_before_start(study: StudyTables) -> list[Problem]:
    """Events before day 0."""
    if not study.read("events"):
        return []
    why = "The event lies before the start of treatment or randomisation, day 0."
    do = "Correct the day; what happened before is a covariate of participants."
    return study["events"].problems(study["events"].frame["day"] < 0, why, do, "day")


def repeated_events(study: StudyTables) -> list[Problem]:
    """The same row twice, and several events of a kind that happens once."""
    if not study.read("events"):
        return []
    events = study["events"]
    columns = list(events.frame.columns)
    why = "The same event stands in another row."
    problems = events.repeats(columns, why, "Remove one of the rows.", "event")
    different = events.frame.drop_duplicates(columns)
    for event in ONCE:
        rows = CheckedTable(events.file, different[different["event"] == event])
        why = f'The event "{event}" happens to a person at most once.'
        problems += rows.repeats([KEY], why, "Keep the right one.", "event")
    return problems


def after_the_end(study: StudyTables) -> list[Problem]:
    """Visits, events and treatments after death or the end of follow-up of the same person."""
    if not study.read("events"):
        return []
    events, problems = study["events"], []
    do = "Correct one of the two days."
    for end in LAST:
        ends = events.frame[events.frame["event"] == end].groupby(KEY, observed=True)["day"].min()
        why = f'The day lies after "{end}" of the same person in {events.file}.'
        for name, column in (("visits", "day"), ("events", "day"), ("treatments", "start_day")):
            if not study.read(name):
                continue
            rows = study[name].frame
            last = rows[KEY].map(ends).astype(float)
            late = rows[column] > last
            if name == "events":
                late &= ~rows["event"].isin(LAST)
            problems += study[name].problems(late, why, do, column, ("end", last))
    return problems


def treatment_spells(study: StudyTables) -> list[Problem]:
    """Treatments that stop before they start, stand twice, or have impossible sessions."""
    if not study.read("treatments"):
        return []
    table = study["treatments"]
    start, stop = table.frame["start_day"], table.frame["stop_day"]
    why, do = "The treatment stops before it starts.", "Correct one of the two days."
    problems = table.problems(stop < start, why, do, "stop_day", ("start", start))
    sessions = table.frame["sessions"]
    uncounted = (sessions < 0) | (sessions % 1 > 0)
    why, do = "Sessions are counted: whole numbers from 0 on.", "Correct the number."
    problems += table.problems(uncounted, why, do, "sessions")
    why, do = "The treatment starts twice on the same day.", "Remove one of the rows."
    return problems + table.repeats([KEY, "component", "name", "start_day"], why, do, "start_day")
