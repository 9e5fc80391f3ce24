"""Landmarks: who is there, what groups may be made of, and the identities that must hold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RelapseRule, RetentionRule
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.retention import fit_retention
from ctevidence.outcomes import derive_course, derive_relapse, derive_retention, landmark
from ctevidence.simulate import simulate_maintenance, simulate_study


@pytest.fixture(scope="module")
def maintenance():
    return derive_relapse(simulate_maintenance(n=400, seed=6))


@pytest.fixture(scope="module")
def trial():
    return derive_retention(simulate_study(n=400, seed=6))


def test_the_curve_from_a_landmark_is_the_conditional_one(maintenance):
    """S(t) / S(l) for each arm, by the product that Kaplan-Meier is."""
    whole, later = fit_relapse(maintenance), fit_relapse(landmark(maintenance, 20.0))
    for arm, curve in whole.curves.items():
        for week in (5.0, 15.0, 30.0):
            expected = curve.at(20 + week) / curve.at(20)
            assert later.curves[arm].at(week) == pytest.approx(expected, rel=1e-12)


def test_it_is_descriptive_even_where_the_trial_is_randomised(maintenance):
    fit = fit_relapse(landmark(maintenance, 20.0))
    assert fit.measures == ("survival", "rmst", "cumulative_incidence", "log_hazard")
    row = fit.compare("combined", against="control", measure="rmst_difference", week=20).one()
    assert not row.randomised
    assert row.population == "people followed and free of the event at week 20"
    assert "Descriptive only" in row.caution
    assert "from week 20" in fit.outcome.describe()


DRAWN = """
    who | arm     | baseline | 4  | 8  | 12 | 16
    a   | control | 30       | 9  | 9  | 9  | 20
    b   | control | 30       | 20 | 20 | 9  | 9
    c   | control | 30       | 9  | 20 | .  | .
    d   | control | 30       | 9  | 9  | .  | .
    e   | control | 30       | 9  | .  | 9  | 20
    f   | control | 30       | 9  | .  | 20 | 20
"""


def test_who_is_there(draw):
    """b was not yet at risk, c had the event, f was last known well before the landmark."""
    study = draw(DRAWN, relapse=RelapseRule("response", threshold=17), response=RESPONSE)
    found = landmark(derive_relapse(study), 8).frame
    assert found["participant_id"].to_list() == ["a", "d", "e"]
    assert found["entry"].to_list() == [8, 8, 8]
    assert found["lower"].to_list() == [12, 8, 12]


RESPONSE = simulate_study(n=8).rules.response


def test_groups_are_made_of_what_was_known_then(trial):
    found = landmark(trial, 12, by="response", known_at=8)
    names = [arm.name for arm in found.study.arms]
    assert names == ["response at week 8", "no response at week 8"]
    fit = fit_retention(found)
    row = fit.compare(*names[:1], against=names[1], measure="rmst_difference", week=30).one()
    assert not row.randomised
    assert "of whom response at week 8 is not known are in no group" in row.caution
    # the last scheduled visit up to the landmark speaks when no other is named
    assert landmark(trial, 10, by="response").study.arms == found.study.arms
    assert {a.name for a in landmark(trial, 12, by="sex").study.arms} == {"female", "male"}


@pytest.mark.parametrize("by", ["response", "remission", "medication", "therapy"])
def test_groups_from_the_future_are_refused_and_immortal_time_explained(trial, by):
    with pytest.raises(ValueError, match=r"look into the future.*week 12.*immortal.*known_at=12"):
        landmark(trial, 12, by=by, known_at=26)


def test_treatment_that_starts_after_the_landmark_makes_no_group(trial):
    """Somebody who starts therapy in week 20 is, at week 12, without therapy."""
    study = trial.study
    late = study.treatments["component"] == "therapy"
    table = study.treatments.assign(start_day=np.where(late, 140.0, study.treatments["start_day"]))
    moved = replace(trial, study=replace(study, tables={**study.tables, "treatments": table}))
    assert [a.name for a in landmark(moved, 12, by="therapy").study.arms] == [
        "no therapy by week 12"
    ]
    assert [a.name for a in landmark(moved, 22, by="therapy").study.arms] == [
        "therapy by week 22",
        "no therapy by week 22",
    ]


def test_immortal_time_is_what_the_refusal_prevents():
    """Grouping by a later response makes a group in which nobody leaves before it, by construction.

    The wrong analysis, made by hand beside the landmark: everyone of the group is still there when
    they respond, whatever treatment does.
    """
    outcome = derive_retention(simulate_study(n=400, seed=9))
    late = landmark(outcome, 26, by="response").frame
    names = late.loc[late["arm"] == "response at week 26", "participant_id"]
    whole = outcome.frame.set_index("participant_id").loc[names]
    assert (whole["upper"] > 26).all()


def test_what_cannot_be(trial, maintenance):
    with pytest.raises(TypeError, match="found DataFrame"):
        landmark(pd.DataFrame(), 12)
    with pytest.raises(ValueError, match="is of kind course; a landmark is set on times"):
        landmark(derive_course(trial.study), 12)
    with pytest.raises(ValueError, match="largest possible landmark lies before week 54"):
        landmark(trial, 60)
    with pytest.raises(KeyError, match="shoe_size"):
        landmark(trial, 12, by="shoe_size")
    with pytest.raises(ValueError, match="choose a later landmark"):
        landmark(trial, 1, by="response")
    nobody = replace(maintenance, frame=maintenance.frame.assign(upper=10.0))
    with pytest.raises(ValueError, match="Nobody was followed"):
        landmark(nobody, 20)


def test_by_visits_the_visit_of_the_landmark_counts(draw):
    people = """
        who | arm     | baseline | 4 | 8    | 12
        a   | control | 30       | 9 | 9@50 | .
        b   | control | 30       | 9 | .    | .
        c   | control | 30       | 9 | 9    | 9
        """
    study = draw(people, retention=RetentionRule("last_visit"))
    found = landmark(derive_retention(study), 8).frame
    assert found["participant_id"].to_list() == ["a", "c"]
