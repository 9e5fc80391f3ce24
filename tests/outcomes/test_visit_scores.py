from dataclasses import replace

import pandas as pd
import pytest

from ctevidence.outcomes.visit_scores import attended_scores, scores_at

PEOPLE = """
    who | arm      | baseline | 4     | 8     | 12
    ann | combined | 30       | 20@25 | .     | 10
    bob | control  | 25       | .     | .     | .
    cem | control  | 12       | 11    | 12    | 13
    dee | control  | .        | 11    | 12    | 13
"""


def test_visits_attended_have_a_row_each_with_their_actual_day(draw, expect):
    expect(
        attended_scores(draw(PEOPLE, entry=20)),
        """
        who | arm      | baseline | week | day | score
        ann | combined | 30       | 4    | 25  | 20
        ann | combined | 30       | 12   | 84  | 10
        """,
    )


def test_a_visit_without_a_score_is_no_score(draw):
    more = """
    who | day | score | scale
    bob | 28  | .     | S
    cem | 0   | 2     | GAD-7
    """
    scores = attended_scores(draw(PEOPLE, more_visits=more))
    assert set(scores["participant_id"]) == {"ann", "cem"}


def test_everyone_who_enters_has_a_row_for_each_week_asked(draw, expect):
    expect(
        scores_at(draw(PEOPLE, entry=20), [12, 4]),
        """
        who | arm      | week | day | score
        ann | combined | 12   | 84  | 10
        ann | combined | 4    | 25  | 20
        bob | control  | 12   | .   | .
        bob | control  | 4    | .   | .
        """,
    )


def test_the_order_of_rows_in_the_tables_does_not_matter(draw):
    study = draw(PEOPLE)
    visits = study.tables["visits"].sample(frac=1, random_state=1)
    shuffled = replace(study, tables={**study.tables, "visits": visits})
    pd.testing.assert_frame_equal(attended_scores(study), attended_scores(shuffled))


def test_the_primary_week_is_meant_when_none_is_said(draw):
    assert set(scores_at(draw(PEOPLE))["week"]) == {12}


def test_a_week_without_a_scheduled_visit_is_refused(draw):
    with pytest.raises(KeyError, match="week 5; weeks: 4, 8, 12"):
        scores_at(draw(PEOPLE), 5)


@pytest.mark.parametrize("weeks", [[], [4, 4.0]])
def test_no_week_or_one_week_twice_is_refused(draw, weeks):
    with pytest.raises(ValueError, match="give each scheduled week once"):
        scores_at(draw(PEOPLE), weeks)
