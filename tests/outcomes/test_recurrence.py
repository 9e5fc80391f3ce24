import pytest

from ctevidence.data.rules import RemissionRule
from ctevidence.outcomes import derive_recurrence
from ctevidence.outcomes.recurrence import RecurrenceRule

PEOPLE = """
    who | arm     | baseline | 4  | 8    | 12 | 16 | 20
    ann | control | 30       | 9  | 9    | 9  | 12 | 17
    bob | control | 30       | 9  | 17   | 9  | 9  | 17
    cem | control | 30       | 9  | 10   | 9  | 9  | 9
    dee | control | 30       | 9  | .    | 9  | 9  | 9
    eve | control | 30       | 9  | 9@55 | 17 | .  | .
"""


def test_recurrence_counts_from_remission_that_has_lasted(draw, expect):
    # ann recovers at week 12; bob, ill at week 8, has only four weeks until he is ill again; cem's
    # score of 10 breaks his first remission; dee's missed visit does not break hers
    study = draw(PEOPLE, remission=RemissionRule(9))
    outcome = derive_recurrence(study, RecurrenceRule(recovery_weeks=8, threshold=17))
    expect(
        outcome.frame,
        """
        who | entry | lower | upper | state
        ann | 12    | 16    | 20    | relapsed
        bob | .     | .     | .     | never
        cem | 20    | 20    | inf   | well
        dee | 12    | 20    | inf   | well
        eve | .     | .     | .     | never
        """,
    )
    assert outcome.name == "recurrence"
    assert "Descriptive only" in outcome.cautions[0]


def test_recorded_recurrence(draw, expect):
    events = """
    who | day | event
    ann | 70  | recurrence
    dee | 91  | recurrence
    dee | 92  | relapse
    """
    study = draw(PEOPLE, events, remission=RemissionRule(9))
    outcome = derive_recurrence(
        study, RecurrenceRule(recovery_weeks=8, from_events=True, threshold=9)
    )
    expect(
        outcome.frame.iloc[[0, 3]],
        """
        who | entry | lower | upper | state
        ann | 12    | 20    | inf   | well
        dee | 12    | 13    | 13    | relapsed
        """,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"recovery_weeks": 0, "threshold": 17},
        {"recovery_weeks": 8},
        {"recovery_weeks": 8, "threshold": 17, "confirm_visits": 0},
    ],
)
def test_an_impossible_rule_is_refused(wrong):
    with pytest.raises(ValueError, match="recovery_weeks|threshold|confirm_visits"):
        RecurrenceRule(**wrong)


def test_the_rule_says_itself():
    rule = RecurrenceRule(recovery_weeks=16, threshold=17, confirm_visits=2)
    assert rule.describe() == (
        "Recurrence: a score at or beyond 17 at 2 visits in a row, after remission that lasted 16 "
        "weeks or more."
    )
