import pytest

from ctevidence.outcomes import derive_course

PEOPLE = """
    who | arm      | baseline | 4     | 8
    ann | combined | 30       | 20@25 | .
    bob | control  | 25       | .     | .
    cem | control  | 12       | 11    | 12
"""
# bob and cem, not ann, have a first anxiety score; cem does not enter
ANXIETY = """
    who | day | score | scale
    ann | 28  | 9     | GAD-7
    bob | 0   | 15    | GAD-7
    bob | 30  | 8     | GAD-7
    cem | 0   | 14    | GAD-7
    cem | 28  | 7     | GAD-7
"""


def test_the_course_is_the_visits_attended_under_their_nominal_week(draw, expect):
    outcome = derive_course(draw(PEOPLE, entry=20))
    expect(
        outcome.frame,
        """
        who | arm      | week | day | score
        ann | combined | 4    | 25  | 20
        """,
    )
    assert (outcome.kind, outcome.name, outcome.better) == (
        "course",
        "S score (lower is better)",
        "lower",
    )
    assert outcome.describe() == "Course: the S score at each scheduled visit attended."


def test_another_scale_is_followed_in_the_people_the_primary_scale_lets_enter(draw, expect):
    outcome = derive_course(draw(PEOPLE, entry=20, more_visits=ANXIETY), scale="GAD-7")
    expect(
        outcome.frame,
        """
        who | arm     | week | day | score
        bob | control | 4    | 30  | 8
        """,
    )
    expect(
        outcome.study.entering(),
        """
        who | arm     | baseline
        bob | control | 15
        """,
    )


def test_an_unknown_scale_is_refused_with_those_there_are(draw):
    with pytest.raises(KeyError, match="no scale .*GAD7.*did you mean .*GAD-7"):
        derive_course(draw(PEOPLE), scale="GAD7")
