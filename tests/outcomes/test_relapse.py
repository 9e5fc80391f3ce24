import pytest

from ctevidence.data.rules import RelapseRule, RemissionRule, ResponseRule
from ctevidence.data.scales import get_scale
from ctevidence.outcomes import derive_relapse

RULES = {
    "response": ResponseRule("percent_fall", "observed", percent=50),
    "remission": RemissionRule(9),
}
AFTER_REMISSION = RelapseRule("remission", threshold=17)
PEOPLE = """
    who | arm      | baseline | 4    | 8     | 12    | 16
    ann | combined | 30       | 9    | 16    | 17@80 | 5
    bob | combined | 30       | 20   | 8     | .     | 30
    cem | control  | 30       | 20   | 9     | 9     | 10
    dee | control  | 30       | 9    | .     | .     | .
    eve | therapy  | 30       | 20   | 15    | 15    | 15
    fay | therapy  | 30       | .    | .     | .     | .
"""


def test_relapse_after_remission_seen_at_visits_keeps_its_interval(draw, expect):
    outcome = derive_relapse(draw(PEOPLE, **RULES, relapse=AFTER_REMISSION))
    # ann's third visit was on day 80, 11 3/7 weeks; bob missed a visit in between
    expect(
        outcome.frame,
        f"""
        who | arm      | entry | lower | upper  | state
        ann | combined | 4     | 8     | {80 / 7} | relapsed
        bob | combined | 8     | 8     | 16     | relapsed
        cem | control  | 8     | 16    | inf    | well
        dee | control  | 4     | 4     | inf    | dropped out
        eve | therapy  | .     | .     | .      | never
        fay | therapy  | .     | .     | .      | never
        """,
    )
    assert (outcome.kind, outcome.name, outcome.better) == ("relapse", "relapse", "lower")
    assert any("Descriptive only" in caution for caution in outcome.cautions)


def test_relapse_after_response_starts_at_half_the_baseline_score(draw, expect):
    rule = RelapseRule("response", threshold=17)
    expect(
        derive_relapse(draw(PEOPLE, **RULES), rule).frame,
        f"""
        who | entry | lower | upper  | state
        ann | 4     | 8     | {80 / 7} | relapsed
        bob | 8     | 8     | 16     | relapsed
        cem | 8     | 16    | inf    | well
        dee | 4     | 4     | inf    | dropped out
        eve | 8     | 16    | inf    | well
        fay | .     | .     | .      | never
        """,
    )


def test_two_ill_visits_in_a_row_can_be_asked_for(draw, expect):
    rule = RelapseRule("remission", threshold=17, confirm_visits=2)
    people = """
    who | arm      | baseline | 4 | 8  | 12 | 16
    ann | combined | 30       | 9 | 17 | 5  | 5
    bob | combined | 30       | 9 | 17 | 18 | 5
    cem | combined | 30       | 9 | 17 | .  | 18
    dee | control  | 30       | 9 | 9  | 9  | 30
    """
    outcome = derive_relapse(draw(people, **RULES), rule)
    expect(
        outcome.frame,
        """
        who | entry | lower | upper | state
        ann | 4     | 16    | inf   | well
        bob | 4     | 4     | 8     | relapsed
        cem | 4     | 4     | 8     | relapsed
        dee | 4     | 12    | inf   | well
        """,
    )
    assert any("too few visits to confirm" in caution for caution in outcome.cautions)


MAINTENANCE = RelapseRule("baseline", threshold=17, randomised_after_response=True)


def test_counted_from_baseline_everyone_is_at_risk_from_day_0(draw, expect):
    people = """
    who | arm      | baseline | 4  | 8
    ann | combined | 5        | 17 | 5
    bob | combined | 5        | 9  | .
    cem | control  | 5        | .  | .
    """
    outcome = derive_relapse(draw(people), MAINTENANCE)
    expect(
        outcome.frame,
        """
        who | entry | lower | upper | state
        ann | 0     | 0     | 4     | relapsed
        bob | 0     | 4     | inf   | dropped out
        cem | 0     | 0     | inf   | dropped out
        """,
    )
    assert outcome.cautions == ()


def test_whoever_begins_ill_is_named_when_relapse_counts_from_baseline(draw):
    people = """
    who | arm      | baseline | 4
    ann | combined | 17       | 5
    """
    assert derive_relapse(draw(people), MAINTENANCE).cautions == (
        "Some people began with a score that already counts as relapse.",
    )


def test_risk_does_not_begin_with_a_response_that_is_itself_ill(draw, expect):
    people = """
    who | arm      | baseline | 4  | 8  | 12
    ann | combined | 40       | 20 | 16 | 18
    bob | combined | 40       | 20 | 20 | 20
    """
    outcome = derive_relapse(draw(people, **RULES), RelapseRule("response", threshold=17))
    expect(
        outcome.frame,
        """
        who | entry | lower | upper | state
        ann | 8     | 8     | 12    | relapsed
        bob | .     | .     | .     | never
        """,
    )
    assert any("as response and as relapse at once" in caution for caution in outcome.cautions)


RECORDED = """
    who | arm      | baseline | 4 | 8 | 12
    ann | combined | 30       | 9 | 9 | .
    bob | combined | 30       | 9 | 9 | 9
    cem | combined | 30       | 9 | 9 | 9
    dee | control  | 30       | 9 | 9 | .
    eve | control  | 30       | 9 | . | .
    fay | therapy  | 30       | 9 | . | .
    gus | therapy  | 30       | 9 | 9 | 9
    hal | therapy  | 30       | . | . | .
    ida | therapy  | 30       | 9 | . | .
    jan | therapy  | 30       | 9 | . | .
    kim | therapy  | 30       | 9 | 9 | 9
"""
EVENTS = """
    who | day | event
    ann | 70  | relapse
    ann | 77  | relapse
    ann | 63  | dropout
    bob | 14  | relapse
    cem | 28  | relapse
    dee | 70  | dropout
    eve | 70  | death
    eve | 77  | end_of_follow_up
    fay | 70  | end_of_follow_up
    hal | 14  | relapse
    ida | 70  | relapse
    ida | 70  | dropout
    ida | 70  | death
    jan | 70  | hospitalisation
    kim | 91  | dropout
"""


def test_recorded_relapse_is_dated_to_its_day(draw, expect):
    # ann relapsed after dropout: it counts, and the first of two; bob before remission: it does
    # not; cem on the day of remission: half a day later; ida relapsed and died on one day
    # a threshold says nothing beside recorded events
    rule = RelapseRule("remission", from_events=True, threshold=9)
    expect(
        derive_relapse(draw(RECORDED, EVENTS, **RULES), rule).frame,
        f"""
        who | entry | lower      | upper      | state
        ann | 4     | 10         | 10         | relapsed
        bob | 4     | 12         | inf        | well
        cem | 4     | {28.5 / 7} | {28.5 / 7} | relapsed
        dee | 4     | 10         | inf        | dropped out
        eve | 4     | 10         | 10         | died
        fay | 4     | 10         | inf        | well
        gus | 4     | 12         | inf        | well
        hal | .     | .          | .          | never
        ida | 4     | 10         | 10         | relapsed
        jan | 4     | 10         | inf        | dropped out
        kim | 4     | 13         | inf        | dropped out
        """,
    )


def test_recorded_relapse_counted_from_the_start(draw, expect):
    people = """
    who | arm      | baseline | 4 | 8
    ann | combined | 30       | . | .
    bob | combined | 30       | . | .
    cem | control  | 30       | . | .
    dee | control  | 30       | . | .
    """
    events = """
    who | day | event
    ann | 0   | relapse
    bob | 21  | relapse
    cem | 35  | end_of_follow_up
    """
    rule = RelapseRule("baseline", from_events=True)
    # nothing is known of dee after day 0
    expect(
        derive_relapse(draw(people, events), rule).frame,
        f"""
        who | entry | lower     | upper     | state
        ann | 0     | {0.5 / 7} | {0.5 / 7} | relapsed
        bob | 0     | 3         | 3         | relapsed
        cem | 0     | 5         | inf       | well
        dee | 0     | 0         | inf       | dropped out
        """,
    )


def test_death_after_the_last_visit_known_well(draw, expect):
    people = """
    who | arm      | baseline | 4 | 8  | 12
    ann | combined | 30       | 9 | .  | .
    bob | combined | 30       | 9 | 17 | .
    cem | combined | 30       | . | .  | .
    """
    events = """
    who | day | event
    ann | 63  | death
    bob | 63  | death
    cem | 63  | death
    """
    expect(
        derive_relapse(draw(people, events, **RULES, relapse=AFTER_REMISSION)).frame,
        """
        who | entry | lower | upper | state
        ann | 4     | 4     | 9     | died
        bob | 4     | 4     | 8     | relapsed
        cem | .     | .     | .     | never
        """,
    )


def test_follow_up_that_ended_is_not_dropout(draw):
    people = """
    who | arm      | baseline | 4 | 8
    ann | combined | 30       | 9 | .
    """
    events = """
    who | day | event
    ann | 40  | end_of_follow_up
    """
    frame = derive_relapse(draw(people, events, **RULES, relapse=AFTER_REMISSION)).frame
    assert frame["state"].tolist() == ["well"]


def test_on_a_scale_where_higher_is_better_relapse_is_a_low_score(draw, expect):
    people = """
    who | arm      | baseline | 4  | 8  | 12
    ann | combined | 10       | 55 | 41 | 40
    """
    study = draw(people, scale=get_scale("who-5"), remission=RemissionRule(50))
    expect(
        derive_relapse(study, RelapseRule("remission", threshold=40)).frame,
        """
        who | entry | lower | upper | state
        ann | 4     | 8     | 12    | relapsed
        """,
    )


def test_no_recorded_relapse_at_all_is_said(draw):
    outcome = derive_relapse(draw(PEOPLE), RelapseRule("baseline", from_events=True))
    assert outcome.cautions == (
        "No relapse is recorded for anyone: not recorded is not the same as none.",
    )


def test_relapse_needs_the_rule_that_it_counts_from(draw):
    with pytest.raises(ValueError, match=r"no rule for remission.*\[remission\]"):
        derive_relapse(draw(PEOPLE), AFTER_REMISSION)


def test_beat_the_blues_has_three_relapses(beat_the_blues, counted_in_r):
    frame = derive_relapse(beat_the_blues).frame
    started = frame["entry"].notna().groupby(frame["arm"]).sum().to_dict()
    relapsed = (frame["state"] == "relapsed").groupby(frame["arm"]).sum().to_dict()
    assert started == counted_in_r["ever_remitted"]
    assert relapsed == counted_in_r["relapsed"]
    assert sum(relapsed.values()) == 3
    assert len(frame) == 90
