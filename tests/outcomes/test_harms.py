import pytest

from ctevidence.outcomes import derive_harms

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
    assert "adverse_event" in outcome.cautions[0]


@pytest.mark.parametrize("events", ["death", []])
def test_kinds_of_events_are_given_as_a_list(draw, events):
    with pytest.raises(ValueError, match="give kinds of events"):
        derive_harms(draw(PEOPLE, EVENTS), events=events)
