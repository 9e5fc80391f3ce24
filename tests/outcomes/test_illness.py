"""Who is where when: every history below is worked out by hand from the decisions of `illness`."""

import pandas as pd
import pytest

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule, RemissionRule, ResponseRule, RetentionRule
from ctevidence.outcomes import derive_illness, derive_repeated_relapse

RULES = {
    "response": ResponseRule("percent_fall", "observed", percent=50),
    "remission": RemissionRule(9),
    "relapse": RelapseRule("remission", threshold=17),
    "retention": RetentionRule("events"),
}
FOLLOWED = IllnessRule(dropout="ignored", switch="ignored")
LEFT = IllnessRule(dropout="state", switch="state")


def pictures(outcome) -> dict[str, str]:
    """Each person's way as text: ``ill 4 remission 8`` is ill to week 4, in remission to 8."""
    found = {}
    for who, rows in outcome.frame.groupby("participant_id", sort=False):
        words = [f"{row.state} {row.stop:.5g}" for row in rows.itertuples()]
        found[who] = " ".join(filter(None, [*words, rows["then"].iloc[-1]]))
    return found


def test_from_ill_through_response_and_remission_to_relapse_and_back(draw):
    study = draw(
        """
        who | arm     | baseline | 4  | 8  | 12 | 16 | 20
        a   | control | 30       | 14 | 9  | 9  | 20 | 8
        b   | control | 30       | 14 | 20 | 14 | 9  | 16
        c   | control | 30       | 20 | 20 | .  | 20 | .
        d   | control | 30       | 9  | 20 | 8  | 18 | 9
        e   | control | 30       | .  | .  | .  | .  | .
        """,
        **RULES,
    )
    outcome = derive_illness(study, FOLLOWED)
    assert outcome.rule.states == ("ill", "response", "remission", "relapse", "well again")
    assert outcome.rule.well == ("remission",)
    assert pictures(outcome) == {
        "a": "ill 4 response 8 remission 16 relapse 20 well again",
        # response that is lost before remission is illness again, not relapse; 16 is no relapse
        "b": "ill 4 response 8 ill 12 response 16 remission 20",
        "c": "ill 16",
        "d": "ill 4 remission 8 relapse 12 well again 16 relapse 20 well again",
        "e": "ill 0",
    }


def test_counted_from_response_nobody_goes_back_without_relapse(draw):
    study = draw(
        """
        who | arm     | baseline | 4  | 8  | 12 | 16
        a   | control | 30       | 14 | 16 | 9  | 14
        b   | control | 30       | 9  | 14 | 25 | 14
        """,
        **RULES | {"relapse": RelapseRule("response", threshold=17)},
    )
    outcome = derive_illness(study, FOLLOWED)
    assert outcome.rule.well == ("response", "remission")
    assert pictures(outcome) == {
        "a": "ill 4 response 12 remission 16",
        "b": "ill 4 remission 12 relapse 16 well again",
    }


def test_relapse_must_be_confirmed_where_that_is_declared(draw):
    study = draw(
        """
        who | arm     | baseline | 4 | 8  | 12 | 16 | 20
        a   | control | 30       | 9 | 18 | 9  | 18 | 18
        b   | control | 30       | 9 | 9  | 18 | .  | .
        """,
        **RULES | {"relapse": RelapseRule("remission", threshold=17, confirm_visits=2)},
    )
    outcome = derive_illness(study, FOLLOWED)
    # the interval ends at the first of both; b ends when last known well
    assert pictures(outcome) == {"a": "ill 4 remission 16 relapse 20", "b": "ill 4 remission 8"}
    assert "too few visits to confirm" in outcome.cautions[0]


EVENTS = """
    who | day | event
    a   | 70  | dropout
    b   | 70  | switch
    c   | 70  | death
    d   | 56  | relapse
    d   | 56  | death
    f   | 0   | dropout
"""
PEOPLE = """
    who | arm     | baseline | 4 | 8 | 12
    a   | control | 30       | 9 | 9 | 20
    b   | control | 30       | 9 | 9 | 20
    c   | control | 30       | 9 | 9 | .
    d   | control | 30       | 9 | 9 | .
    f   | control | 30       | . | . | .
"""


def test_dropout_and_switch_are_states_censoring_or_nothing(draw):
    study = draw(PEOPLE, EVENTS, **RULES)
    found = {
        way: pictures(derive_illness(study, IllnessRule(way, way)))
        for way in ("state", "censoring", "ignored")
    }
    assert found["state"] == {
        "a": "ill 4 remission 10 dropped out",
        "b": "ill 4 remission 10 switched",
        "c": "ill 4 remission 10 died",
        "d": "ill 4 remission 8 died",
        "f": "ill 0.071429 dropped out",
    }
    assert found["censoring"]["a"] == "ill 4 remission 10"
    assert found["censoring"]["b"] == "ill 4 remission 10"
    assert found["ignored"]["a"] == "ill 4 remission 12 relapse"
    assert found["ignored"]["c"] == "ill 4 remission 10 died"


def test_on_one_day_relapse_comes_before_death_and_is_counted(draw):
    rules = RULES | {"relapse": RelapseRule("remission", from_events=True)}
    outcome = derive_illness(draw(PEOPLE, EVENTS, **rules), LEFT)
    assert pictures(outcome)["d"] == "ill 4 remission 8 relapse 8.0714 died"
    counted = derive_repeated_relapse(draw(PEOPLE, EVENTS, **rules), LEFT).frame
    d = counted[counted["participant_id"] == "d"]
    assert d["event"].to_list() == [True, False]
    assert d["ended"].to_list() == [False, True]
    assert d["number"].to_list() == [1, 2]


def test_counted_from_baseline_everyone_starts_well(draw):
    people = """
        who | arm     | baseline | 4  | 8 | 12
        a   | control | 5        | 20 | 8 | 20
        b   | control | 5        | 14 | 5 | 5
        """
    rules = RULES | {"relapse": RelapseRule("baseline", threshold=17)}
    outcome = derive_illness(draw(people, **rules), FOLLOWED)
    assert outcome.rule.states == ("well", "relapse", "well again")
    assert pictures(outcome) == {"a": "well 4 relapse 8 well again 12 relapse", "b": "well 12"}
    # recorded relapse without a rule of remission: nothing declared says when it is over
    rules = {"relapse": RelapseRule("baseline", from_events=True), "retention": RULES["retention"]}
    events = "who | day | event\n a | 20 | relapse"
    outcome = derive_illness(draw(people, events, **rules), FOLLOWED)
    assert outcome.rule.states == ("well", "relapse")
    assert pictures(outcome)["a"] == "well 2.8571 relapse 12"


def test_dropout_read_off_the_last_visit(draw):
    rules = RULES | {"retention": RetentionRule("last_visit")}
    people = """
        who | arm     | baseline | 4 | 8 | 12
        a   | control | 30       | 9 | . | .
        b   | control | 30       | 9 | . | 9
        """
    assert pictures(derive_illness(draw(people, **rules), LEFT)) == {
        "a": "ill 4 remission 8 dropped out",
        "b": "ill 4 remission 12",
    }


def test_visits_count_at_their_nominal_week_and_events_on_their_day(draw):
    rules = RULES | {"relapse": RelapseRule("remission", from_events=True)}
    people = """
        who | arm     | baseline | 4    | 8 | 12
        a   | control | 30       | 9@20 | 9 | 9
        b   | control | 30       | 9@20 | 9 | 9
        """
    # b relapses after the visit of week 4, but before its nominal day: half a day after it
    events = "who | day | event\n a | 40 | relapse \n b | 24 | relapse"
    outcome = derive_illness(draw(people, events, **rules), FOLLOWED)
    assert pictures(outcome) == {
        "a": "ill 4 remission 5.7143 relapse 8 well again 12",
        "b": "ill 4 remission 4.0714 relapse 8 well again 12",
    }


def test_nothing_is_guessed(draw):
    study = draw(PEOPLE, **RULES)
    with pytest.raises(ValueError, match=r"no rule for illness.*\[illness\].*dropout = "):
        derive_illness(study)
    with pytest.raises(ValueError, match='switch.*"lost"'):
        IllnessRule("state", "lost")
    with pytest.raises(ValueError, match="no rule for retention"):
        derive_illness(draw(PEOPLE, **RULES | {"retention": None}), LEFT)
    assert derive_illness(study, LEFT).cautions == (
        "No switch is recorded for anyone: not recorded is not the same as none.",
    )


def test_times_of_a_person_follow_each_other_and_everyone_is_there(simulated):
    frame = derive_illness(simulated, LEFT).frame
    assert set(frame["participant_id"]) == set(simulated.entering()["participant_id"])
    for _, rows in frame.groupby("participant_id"):
        assert rows["start"].iloc[0] == 0
        assert (rows["start"].iloc[1:].to_numpy() == rows["stop"].iloc[:-1].to_numpy()).all()
        assert (rows["state"].iloc[1:].to_numpy() == rows["then"].iloc[:-1].to_numpy()).all()
        assert rows["stop"].iloc[-1] >= rows["start"].iloc[-1]


@pytest.fixture(scope="module")
def simulated():
    from ctevidence.simulate import simulate_study  # noqa: PLC0415 (used here only)

    return simulate_study(n=120, seed=5)


def test_repeated_relapse_joins_the_times_between_relapses(draw):
    study = draw(
        """
        who | arm     | baseline | 4 | 8  | 12 | 16 | 20 | 24
        a   | control | 30       | 9 | 20 | 8  | 18 | 9  | 9
        b   | control | 30       | 9 | 9  | 9  | 9  | 9  | 9
        """,
        **RULES,
    )
    outcome = derive_repeated_relapse(study, FOLLOWED)
    columns = ["start", "stop", "event", "number"]
    expected = pd.DataFrame(
        [(0, 8, True, 1), (8, 16, True, 2), (16, 24, False, 3), (0, 24, False, 1)], columns=columns
    )
    pd.testing.assert_frame_equal(outcome.frame[columns], expected, check_dtype=False)
    assert "read it beside staying well" in outcome.cautions[0]
