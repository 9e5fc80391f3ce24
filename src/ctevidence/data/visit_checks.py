"""Visit checks: scores belong to a known scale, to its range, and to one day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.columns import KEY, item_columns
from ctevidence.data.problems import Problem
from ctevidence.data.study_tables import StudyTables


def unknown_scales(study: StudyTables) -> list[Problem]:
    """Words for no scale, and other words than the declared one for the primary scale."""
    if not study.read("visits"):
        return []
    visits, scales = study["visits"], study.declared.scales
    primary, problems = scales.find(scales.primary), []
    for word in sorted({*visits.frame["scale"].unique()} - {scales.primary, ""}):
        if not scales.knows(word):
            why = scales.unknown(word)
            do = "Correct the word, or declare the scale with a table [scales.NAME] in study.toml."
        elif primary is not None and scales.find(word) == primary:
            why = f'This is the primary scale, which study.toml calls "{scales.primary}".'
            do = "Use one word in both places."
        else:
            continue
        problems += visits.problems(visits.frame["scale"] == word, why, do, "scale")
    return problems


def impossible_scores(study: StudyTables) -> list[Problem]:
    """Scores out of the range of their scale, or between its steps."""
    if not study.read("visits"):
        return []
    visits, problems = study["visits"], []
    prorated = visits.frame[item_columns(visits.frame)].notna().any(axis=1)
    for word in sorted({*visits.frame["scale"].unique()}):
        if (scale := study.declared.scales.find(word)) is None:
            continue  # unknown_scales says so
        scores = visits.frame["score"].where(visits.frame["scale"] == word)
        outside = scores.notna() & ~scores.between(scale.low, scale.high)
        why = f"{scale.label} runs from {scale.low:g} to {scale.high:g}."
        do = "Correct the score or the scale; delete the row if the score is missing."
        problems += visits.problems(outside, why, do, "score")
        if not scale.step:
            continue
        steps = (scores - scale.low) / scale.step
        between = scores.notna() & ~outside & ~prorated & ~np.isclose(steps, steps.round())
        why = f"Scores of {scale.label} move in steps of {scale.step:g}."
        do = "Correct the score; where it was prorated, give the answers to the items instead."
        problems += visits.problems(between, why, do, "score")
    return problems


def duplicate_visits(study: StudyTables) -> list[Problem]:
    """Two scores of one person on one scale and day."""
    if not study.read("visits"):
        return []
    why = "The person has another score on this scale and day."
    do = "Keep the right one; an assessment on another day has its own day."
    return study["visits"].repeats([KEY, "scale", "day"], why, do, "day")


def days_before_baseline(study: StudyTables) -> list[Problem]:
    """Days before the start that are not in the window of the baseline."""
    window = study.declared.baseline_days
    if not study.read("visits") or window is None:
        return []
    days = study["visits"].frame["day"]
    why = (
        "The day lies before the start, and not in the baseline window, days "
        f"{window[0]:g} to {window[1]:g}."
    )
    do = "Correct the day, or widen baseline_days under [schedule] in study.toml."
    early = (days < 0) & ~days.between(*window)
    return study["visits"].problems(early, why, do, "day")


def missing_baselines(study: StudyTables) -> list[Problem]:
    """People without a score in the baseline window, unless they are declared to be there."""
    window, primary = study.declared.baseline_days, study.declared.scales.primary
    allowed = study.declared.rules.entry.allow_missing_baseline
    if not study.read("participants", "visits") or None in (window, primary) or allowed:
        return []
    if study.declared.scales.find(primary) is None:
        return []  # without a scale nobody can have a score of it
    people, visits = study["participants"], study["visits"]
    ids = people.frame[KEY]
    without = ~ids.isin(visits.frame.loc[_may_be_baseline(study), KEY]) & (ids != "")
    seen = visits.frame[KEY]
    if (~seen.isin(ids) & (seen != "")).any():
        without &= ids.isin(seen)  # whoever has no row at all may stand under another identifier
    why = (
        f"The person has no {primary} score in the baseline window, days {window[0]:g} to "
        f"{window[1]:g}."
    )
    do = (
        f"Add the row to {visits.file}. If it was never measured, declare allow_missing_baseline "
        "= true under [who_enters] in study.toml: such people are counted, but do not enter."
    )
    return people.problems(without, why, do, KEY)


def _may_be_baseline(study: StudyTables) -> pd.Series:
    """Rows that hold a baseline score, or would if what was refused in them were corrected."""
    rows, scales = study["visits"].frame, study.declared.scales
    primary = scales.find(scales.primary)
    others = {w for w in {*rows["scale"].unique()} if scales.knows(w) and scales.find(w) != primary}
    in_window = rows["day"].between(*study.declared.baseline_days) | rows["day"].isna()
    # a questionnaire with too many gaps has no score, and nothing in it was refused
    answered = rows[item_columns(rows)].notna().any(axis=1)
    return ~rows["scale"].isin(others) & in_window & (rows["score"].notna() | ~answered)


def unseen_visits(study: StudyTables) -> list[Problem]:
    """Scheduled visits at which nobody has a score."""
    primary = study.declared.scales.primary
    if not study.read("visits") or primary is None:
        return []
    rows = study["visits"].frame
    if rows["day"].isna().any() or primary not in set(rows["scale"].unique()):
        return []  # other problems say more
    days = rows.loc[rows["scale"] == primary, "day"]
    why = f"Nobody has a {primary} score in the window of this visit."
    do = "Correct the days (in days since the start, not in weeks), or remove the visit."
    return [
        study.declared.problem(
            f"schedule.visits[{i}].days",
            why,
            do,
            f"[{window.first_day:g}, {window.last_day:g}]",
        )
        for i, window in enumerate(study.declared.schedule, start=1)
        if not days.between(window.first_day, window.last_day).any()
    ]
