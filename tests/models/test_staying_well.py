"""Staying well of a whole study: both countings, the curve, and reasons where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.data.rules import RelapseRule
from ctevidence.data.study import Rules
from ctevidence.models.over_time import relapse_over_time
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.response import fit_response
from ctevidence.models.staying_well import fit_staying_well
from ctevidence.outcomes.relapse import derive_relapse
from ctevidence.outcomes.staying_well import derive_staying_well
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=200, seed=6)


@pytest.fixture(scope="module")
def without_visits(study):
    """Relapse recorded as it happens, counted from the start; nobody seen after the start."""
    visits = study.visits.query("day <= 0")
    rules = Rules(relapse=RelapseRule("baseline", from_events=True))
    return replace(study, schedule=(), rules=rules, primary_week=30.0,
                   tables={**study.tables, "visits": visits})  # fmt: skip


def test_both_countings_are_those_of_the_outcome(study):
    well = fit_staying_well(study)
    assert well.week == study.weeks[-1]
    for counting, missing in (("known", "observed"), ("everyone", "non-response")):
        fit = fit_response(derive_staying_well(study, well.week, missing=missing))
        np.testing.assert_array_equal(well.countings[counting].estimate, fit.levels().estimate)
    assert len(well.differences()) == 12
    assert len(well.compare_treatments()) == 24


def test_without_visits_the_curve_answers(without_visits):
    well = fit_staying_well(without_visits)
    curve = fit_relapse(derive_relapse(without_visits)).levels("survival", 30.0)
    assert list(well.countings) == ["curve"]
    np.testing.assert_array_equal(well.countings["curve"].estimate, curve.estimate)
    assert {row.measure for row in well.differences()} == {"survival_difference"}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (None, "does not declare what relapse is"),
        (RelapseRule("remission", from_events=True), "nobody was scored after the start"),
    ],
)
def test_rows_keep_their_place_with_the_reason(without_visits, rule, why):
    silent = replace(without_visits, rules=Rules(relapse=rule))
    rows = fit_staying_well(silent).per_arm() + fit_staying_well(silent).differences()
    assert len(rows) == 4 + 6
    assert all(why in row.caution and not row.is_estimable for row in rows)


def test_the_week_that_is_read(study, without_visits):
    assert relapse_over_time(without_visits).week == 30
    assert relapse_over_time(without_visits, 12.5).week == 12.5
    relapse = relapse_over_time(study)
    assert relapse.week == int(relapse.week) <= relapse.fit.largest_week
    with pytest.raises(ValueError, match="largest possible week"):
        relapse_over_time(study, 500).levels("survival")


def test_dropout_may_compete_with_relapse(study):
    outcome = derive_relapse(study)
    seen, carried_on = fit_relapse(outcome, competing=("died", "dropped out")), fit_relapse(outcome)
    week = relapse_over_time(study).week
    with_dropout, without = (f.levels("cumulative_incidence", week).values
                             for f in (seen, carried_on))  # fmt: skip
    lost = (outcome.frame["state"] == "dropped out").groupby(outcome.frame["arm"]).any()
    assert lost.any()
    assert np.all(with_dropout <= without + 1e-12)
    assert np.any(with_dropout < without)
    with pytest.raises(ValueError, match='"dropped out"'):
        fit_relapse(outcome, competing=("bored",))
