"""Tables of simulated studies: the data contract, and agreement between the tables."""

import numpy as np
import pytest

from ctevidence.simulate import Dropout, Relapse, simulate_study
from ctevidence.simulate.scenario import LAST_DAY, SCHEDULE


@pytest.fixture(
    scope="module",
    params=[
        {"design": "trial"},
        {"design": "registry"},
        {"design": "trial", "dropout": Dropout(risk=0.3), "relapse": Relapse(rate_per_year=4)},
    ],
    ids=["trial", "registry", "much dropout and relapse"],
)
def study(request):
    return simulate_study(n=1_000, seed=21, **request.param)


def day_of(study, event):
    events = study.events
    return events[events["event"] == event].set_index("participant_id")["day"]


def test_columns_are_those_of_the_contract(study):
    assert list(study.participants)[:4] == ["participant_id", "arm", "site", "therapist"]
    assert list(study.visits) == ["participant_id", "day", "scale", "score", "visit"]
    assert list(study.events) == ["participant_id", "day", "event", "reason", "severity"]
    assert list(study.treatments) == [
        *("participant_id", "component", "name", "start_day", "stop_day", "dose", "sessions")
    ]


def test_identifiers_are_known_and_unique(study):
    people = study.participants["participant_id"]
    assert people.is_unique
    for table in (study.visits, study.events, study.treatments):
        assert set(table["participant_id"]) <= set(people)


def test_visits_are_scores_of_the_scale_in_their_windows(study):
    visits = study.visits
    assert set(visits["scale"]) == {"PHQ-9"}
    assert visits["score"].between(0, 27).all()
    assert (visits["score"] % 1 == 0).all()
    assert not visits.duplicated(["participant_id", "day"]).any()
    for window in SCHEDULE:
        days = visits.loc[visits["visit"] == window.name, "day"]
        assert days.between(window.first_day, window.last_day).all()


def test_everyone_has_a_baseline_at_or_above_the_entry_score(study):
    assert len(study.baseline()) == 1_000
    assert study.baseline().min() >= 10


def test_follow_up_ends_once_for_everyone(study):
    end = day_of(study, "end_of_follow_up")
    assert end.index.is_unique
    assert set(end.index) == set(study.participants["participant_id"])
    dropout = day_of(study, "dropout")
    np.testing.assert_array_equal(end[dropout.index], dropout)
    assert (end.drop(dropout.index) == LAST_DAY).all()


def test_nothing_happens_before_the_start_or_after_the_end(study):
    end = day_of(study, "end_of_follow_up")
    for table in (study.visits, study.events):
        assert (table["day"] <= table["participant_id"].map(end)).all()
    assert (study.events["day"] >= 0).all()


def test_dropouts_have_reasons_and_adverse_events_a_severity(study):
    events = study.events
    assert ((events["reason"] != "") == (events["event"] == "dropout")).all()
    assert ((events["severity"] != "") == (events["event"] == "adverse_event")).all()
    assert (events["event"] == "relapse").sum() > 10


def test_therapists_only_where_therapy_is_given(study):
    people = study.participants
    in_therapy = people["arm"].isin(["therapy", "combined"])
    assert (people["therapist"].notna() == in_therapy).all()
    assert (people.groupby("therapist")["site"].nunique() == 1).all()


def test_treatments_are_those_of_the_arm(study):
    given = study.treatments.groupby("participant_id")["component"].agg(frozenset)
    components = {arm.name: arm.components for arm in study.arms}
    people = study.participants.set_index("participant_id")["arm"].map(components)
    for person, wanted in people.items():
        assert given.get(person, frozenset()) == wanted


def test_treatment_stops_with_follow_up_at_the_latest(study):
    treatments = study.treatments
    end = treatments["participant_id"].map(day_of(study, "end_of_follow_up"))
    assert (treatments["start_day"] <= treatments["stop_day"]).all()
    assert (treatments["stop_day"] <= end).all()
    sessions = treatments["sessions"]
    assert (sessions.notna() == (treatments["component"] == "therapy")).all()
    assert sessions.dropna().between(0, 14).all()
