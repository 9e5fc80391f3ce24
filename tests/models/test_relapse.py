"""Relapse: what is primary, and what is only descriptive."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RelapseRule
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes.recurrence import RecurrenceRule
from ctevidence.outcomes.relapse import derive_relapse

PAIR = ("combined", "medication")


@pytest.fixture(scope="module")
def study(beat_the_blues):
    """Beat the Blues with its scores as visits, relapse counted from remission."""
    study, scores = beat_the_blues.study, beat_the_blues.frame.assign(scale="BDI")
    columns = ["participant_id", "day", "score", "scale"]
    visits = pd.concat([study.visits[columns], scores[columns]], ignore_index=True)
    rules = replace(study.rules, relapse=RelapseRule("remission", threshold=17))
    return replace(study, tables={**study.tables, "visits": visits}, rules=rules)


@pytest.fixture(scope="module")
def fit(study):
    return fit_relapse(derive_relapse(study), adjust=[])


def test_staying_well_among_everyone_is_primary(fit, study):
    assert fit.measures == ("risk", "survival", "rmst", "cumulative_incidence", "log_hazard")
    row = fit.compare("combined", against="control", week=9).one()
    assert row.outcome.startswith("staying well")
    assert row.measure == "risk_difference"
    assert fit.levels().weeks == study.weeks
    # all 30 people of the arm were seen at week 9 (course.json: n); 12 of them ever remitted
    assert row.n == 30 > fit.curves["combined"].n


def test_contrasts_of_therapy_are_randomised_for_staying_well_only(fit):
    staying = fit.compare("combined", against="medication", week=9).one()
    assert staying.randomised
    assert "Descriptive" not in staying.caution
    for measure, week in (
        ("survival_difference", 10),
        ("rmst_difference", 10),
        ("hazard_ratio", None),
    ):
        row = fit.compare("combined", against="control", measure=measure, week=week).one()
        assert not row.randomised
        assert row.population == "people in remission"
        assert "Descriptive only" in row.caution


def test_beat_the_blues_is_mostly_not_estimable(fit):
    """Three relapses, none among the people of medication: the honest answer."""
    assert sum(int(curve.events.sum()) for curve in fit.curves.values()) == 3
    for measure, week in (
        ("rmst_difference", 20),
        ("survival_difference", 20),
        ("hazard_ratio", None),
    ):
        row = fit.compare("combined", against="medication", measure=measure, week=week).one()
        assert not row.is_estimable
        assert "no relapse with medication" in row.caution


def test_weeks_run_from_remission_to_the_last_visit(fit):
    # remission at week 9 at the earliest, last visit at week 35
    assert fit.largest_week == 26.0
    with pytest.raises(ValueError, match="largest possible week is 26 "):
        fit.compare("combined", against="medication", measure="rmst_difference", week=35)
    with pytest.raises(KeyError, match="9, 13, 22, 35"):
        fit.compare("combined", against="medication", week=10)


def test_people_randomised_after_responding_are_compared_as_randomised(times):
    rule = RelapseRule("baseline", from_events=True)
    outcome = times([4, 9, 12, 3, 7, 12], [1, 1, 0, 1, 1, 0], np.repeat(PAIR, 3), rule=rule)
    row = fit_relapse(outcome).compare(
        "combined", against="medication", measure="rmst_difference", week=8
    )
    assert row.one().randomised
    assert row.one().population == "everyone who started"


def test_recurrence_has_no_staying_well_and_is_descriptive(times):
    rule = RecurrenceRule(recovery_weeks=8, from_events=True)
    outcome = times([4, 9, 12, 3, 7, 12], [1, 1, 0, 1, 1, 0], np.repeat(PAIR, 3), rule=rule)
    fit = fit_relapse(outcome)
    assert fit.measures == ("survival", "rmst", "cumulative_incidence", "log_hazard")
    row = fit.compare("combined", against="medication", measure="rmst_difference", week=8).one()
    assert not row.randomised
    assert row.population == "people who recovered"
    with pytest.raises(KeyError, match="survival"):
        fit.levels("risk")
