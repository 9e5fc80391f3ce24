from dataclasses import replace

import pytest

from ctevidence.data.rules import RetentionRule
from ctevidence.data.study import Rules
from ctevidence.outcomes import derive_harms
from ctevidence.outcomes.harms import derive_harms_by_kind, recorded_kinds

PEOPLE = """
    who | arm      | baseline | 4
    ann | combined | 30       | 20
    bob | combined | 30       | .
    cem | control  | 30       | 20
    dee | control  | 5        | 20
"""
EVENTS = """
    who | day | event
    ann | 3   | adverse_event
    ann | 9   | adverse_event
    bob | 7   | dropout
    bob | 21  | self_harm
    dee | 21  | death
"""


def test_any_recorded_harm_counts_once_also_after_dropout(draw, expect):
    outcome = derive_harms(draw(PEOPLE, EVENTS, entry=10))
    expect(
        outcome.frame,
        """
        who | arm      | value
        ann | combined | 1
        bob | combined | 1
        cem | control  | 0
        """,
    )
    assert (outcome.kind, outcome.name, outcome.better) == ("harms", "any harm", "lower")
    assert outcome.cautions == (
        "Never recorded in this study: hospitalisation, switch. Not recorded is not the same as "
        "none.",
    )


def test_chosen_kinds_of_harm(draw):
    outcome = derive_harms(draw(PEOPLE, EVENTS, entry=10), events=["self_harm", "death"])
    assert outcome.frame["value"].tolist() == [0, 1, 0]
    assert outcome.name == "any self harm or death"
    assert outcome.describe() == (
        "Harm: any recorded self harm or death, over the time each person was followed; whoever "
        "has no record counts as unharmed."
    )
    assert outcome.cautions == ()


@pytest.mark.parametrize("events", ["who | day | event", "who | day | event\nann | 9 | relapse"])
def test_a_study_that_records_no_harm_has_no_values(draw, events):
    outcome = derive_harms(draw(PEOPLE, events))
    assert outcome.frame["value"].isna().all()
    assert "adverse event" in outcome.cautions[0]


@pytest.mark.parametrize("events", ["death", []])
def test_kinds_of_events_are_given_as_a_list(draw, events):
    with pytest.raises(ValueError, match="give kinds of events"):
        derive_harms(draw(PEOPLE, EVENTS), events=events)


def test_time_runs_to_the_first_event_or_the_last_contact(draw, expect):
    """ann on day 3, bob on day 21 (after his dropout), cem followed to her visit on day 28."""
    outcome = derive_harms(draw(PEOPLE, EVENTS, entry=10))
    expect(
        outcome.frame,
        f"""
        who | years
        ann | {3 / 365.25}
        bob | {21 / 365.25}
        cem | {28 / 365.25}
        """,
    )


def test_looked_for_in_everyone_and_found_in_nobody_is_zero(draw):
    study = draw(PEOPLE, EVENTS, entry=10)
    assert derive_harms(study, ["switch"]).frame["value"].isna().all()
    looked = replace(study, rules=replace(study.rules, recorded_events=("switch",)))
    outcome = derive_harms(looked, ["switch"])
    assert outcome.frame["value"].tolist() == [0, 0, 0]
    assert outcome.cautions == ()


def test_withdrawal_is_a_dropout_that_counts_as_side_effects(draw):
    events = "who | day | event | reason\nbob | 7 | dropout | nausea\ncem | 9 | dropout | moved"
    study = draw(PEOPLE, events)
    assert "withdrawal" not in recorded_kinds(study)
    reasons = (("nausea", "side effects"), ("moved", "other"))
    study = replace(study, rules=Rules(retention=RetentionRule("events", reasons)))
    harms = {outcome.name: outcome.frame for outcome in derive_harms_by_kind(study)}
    assert harms["any withdrawal"]["value"].tolist() == [0, 1, 0, 0]
    assert harms["any death"]["value"].isna().all()
