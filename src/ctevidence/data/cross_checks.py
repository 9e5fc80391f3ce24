"""Cross checks: what is wrong between the tables of a study, and between them and ``study.toml``.

Each check is a function of `StudyTables` that returns its problems. A value that was refused in its
own table is missing here and causes no second problem.
"""

from __future__ import annotations

from collections.abc import Callable

from ctevidence.data import event_checks, intercurrent_checks, people_checks, visit_checks
from ctevidence.data.problems import Problem
from ctevidence.data.study_tables import StudyTables

CHECKS: tuple[Callable[[StudyTables], list[Problem]], ...] = (
    people_checks.duplicated_participants,
    people_checks.unknown_participants,
    people_checks.unknown_arms,
    people_checks.empty_arms,
    people_checks.unknown_covariates,
    visit_checks.unknown_scales,
    visit_checks.impossible_scores,
    visit_checks.duplicate_visits,
    visit_checks.days_before_baseline,
    visit_checks.missing_baselines,
    visit_checks.unseen_visits,
    event_checks.events_needed,
    event_checks.unknown_events,
    event_checks.undeclared_reasons,
    event_checks.events_before_start,
    event_checks.repeated_events,
    event_checks.after_the_end,
    event_checks.treatment_spells,
    intercurrent_checks.unknown_intercurrent,
    intercurrent_checks.intercurrent_tables,
)


def cross_check(study: StudyTables) -> list[Problem]:
    """The problems that all `CHECKS` find."""
    return [problem for check in CHECKS for problem in check(study)]
