import pytest

from ctevidence.data.rules import RelapseRule, RemissionRule, ResponseRule
from ctevidence.outcomes import derive_staying_well
from ctevidence.outcomes.staying_well import StayingWellRule

RULES = {"remission": RemissionRule(9), "relapse": RelapseRule("remission", threshold=17)}
WEEKS = [4, 8, 12, 16]


def picture(outcome) -> dict[str, str]:
    """Each person's weeks as a word: 1 well, 0 not, a question mark unknown."""
    letters = outcome.frame["value"].map({1.0: "1", 0.0: "0"}).fillna("?")
    return letters.groupby(outcome.frame["participant_id"]).agg("".join).to_dict()


# who, scores at weeks 4, 8, 12, 16, and the status at each
CASES = """
    who | arm     | baseline | 4  | 8  | 12 | 16  | status
    a   | control | 30       | 9  | 9  | 9  | 9   | 1111
    b   | control | 30       | 20 | 9  | 16 | 17  | 0110
    c   | control | 30       | 20 | 20 | 20 | 20  | 0000
    d   | control | 30       | 9  | 17 | 5  | 5   | 1000
    e   | control | 30       | 9  | .  | .  | 9   | 1111
    f   | control | 30       | 9  | .  | .  | 17  | 1??0
    g   | control | 30       | 20 | .  | 9  | .   | 0?1?
    h   | control | 30       | 20 | .  | 20 | .   | 000?
    i   | control | 30       | 9  | 17 | .  | .   | 1000
    j   | control | 30       | .  | .  | .  | .   | ????
"""


def drawn(text):
    """The people without the last column, and that column."""
    lines = [[c.strip() for c in line.split("|")] for line in text.strip().splitlines()]
    people = "\n".join(" | ".join(line[:-1]) for line in lines)
    return people, {line[0]: line[-1] for line in lines[1:]}


def test_status_at_each_week_among_everyone_who_entered(draw):
    people, status = drawn(CASES)
    outcome = derive_staying_well(draw(people, **RULES), WEEKS)
    assert picture(outcome) == status
    assert (outcome.kind, outcome.name, outcome.better) == (
        "response",
        "staying well (observed)",
        "higher",
    )
    assert outcome.cautions == ()


def test_unknown_status_counts_as_not_well_when_that_is_asked(draw):
    people, status = drawn(CASES)
    outcome = derive_staying_well(draw(people, **RULES), WEEKS, missing="non-response")
    assert picture(outcome) == {who: word.replace("?", "0") for who, word in status.items()}
    assert outcome.name == "staying well (missing as not well)"


def test_ill_when_last_seen_is_not_well_even_unconfirmed(draw):
    people, status = drawn("""
    who | arm     | baseline | 4 | 8  | 12 | 16 | status
    a   | control | 30       | 9 | 17 | 9  | 9  | 1111
    b   | control | 30       | 9 | 17 | 17 | 9  | 1000
    c   | control | 30       | 9 | 9  | 9  | 17 | 1110
    d   | control | 30       | 9 | 9  | .  | 17 | 11?0
    e   | control | 30       | 9 | 17 | .  | .  | 1000
    """)
    rule = RelapseRule("remission", threshold=17, confirm_visits=2)
    outcome = derive_staying_well(draw(people, **RULES), WEEKS, rule)
    assert picture(outcome) == status
    assert len(outcome.cautions) == 1


def test_the_visit_of_a_week_speaks_for_it_on_its_actual_day(draw):
    # the visit of week 8 (day 56) on day 60 is in remission, and early visits speak too
    people, status = drawn("""
    who | arm     | baseline | 4    | 8    | 12 | 16 | status
    a   | control | 30       | 20   | 9@60 | .  | .  | 01??
    b   | control | 30       | 9@20 | .    | .  | .  | 1???
    c   | control | 30       | 9@40 | 9@50 | .  | .  | 11??
    """)
    assert picture(derive_staying_well(draw(people, **RULES), WEEKS)) == status


RECORDED = """
    who | arm     | baseline | 4 | 8  | 12 | 16 | status
    a   | control | 30       | 9 | 9  | .  | .  | 1100
    b   | control | 30       | 9 | .  | .  | .  | 11??
    c   | control | 30       | . | .  | .  | .  | ??00
    d   | control | 30       | 9 | .  | .  | .  | 1000
    e   | control | 30       | 9 | 9  | .  | .  | 11??
    f   | control | 30       | 9 | 20 | .  | .  | 1100
"""
EVENTS = """
    who | day | event
    a   | 84  | relapse
    b   | 60  | end_of_follow_up
    c   | 84  | death
    d   | 28  | death
    e   | 40  | dropout
    f   | 60  | relapse
"""


def test_recorded_relapse_and_death(draw):
    # a relapsed on the very day of week 12; e was seen after dropout; b was known well on day 60;
    # d, who died on the day of the visit, died half a day after it
    people, status = drawn(RECORDED)
    outcome = derive_staying_well(
        draw(people, EVENTS, **RULES), WEEKS, RelapseRule("remission", from_events=True)
    )
    assert picture(outcome) == status


def test_counted_from_baseline_everyone_has_started(draw):
    people, status = drawn("""
    who | arm     | baseline | 4  | 8  | 12 | 16 | status
    a   | control | 5        | 16 | 9  | 9  | 9  | 1111
    b   | control | 5        | 9  | 17 | 9  | 9  | 1000
    c   | control | 5        | .  | 9  | .  | .  | 11??
    """)
    rule = RelapseRule("baseline", threshold=17, randomised_after_response=True)
    study = draw(people)
    assert picture(derive_staying_well(study, WEEKS, rule, missing="observed")) == status
    with pytest.raises(ValueError, match='missing="observed"'):
        derive_staying_well(study, WEEKS, rule)


def test_unknown_status_counts_as_the_rule_of_the_start_declares(draw):
    people, _ = drawn(CASES)
    rules = {
        "response": ResponseRule("percent_fall", "non-response", percent=50),
        "relapse": RelapseRule("response", threshold=17),
    }
    outcome = derive_staying_well(draw(people, **rules))
    assert outcome.name == "staying well (missing as not well)"
    assert outcome.describe() == (
        "Staying well: responded and not relapsed since, among everyone who entered; people whose "
        "status is unknown count as not well. Relapse: a score at or beyond 17, counted from "
        "response."
    )


def test_another_word_for_missing_is_refused():
    with pytest.raises(ValueError, match='is "nonresponse".*did you mean "non-response"'):
        StayingWellRule(RULES["relapse"], "nonresponse")


@pytest.mark.parametrize("week", [9, 13, 22, 35])
def test_beat_the_blues_counts(beat_the_blues, counted_in_r, week):
    frame = derive_staying_well(beat_the_blues, week).frame
    per_arm = frame.groupby("arm")["value"]
    assert per_arm.sum().to_dict() == counted_in_r["staying_well"][str(week)]
    assert per_arm.count().to_dict() == counted_in_r["staying_known"][str(week)]
    assert per_arm.size().to_dict() == counted_in_r["entered"]
