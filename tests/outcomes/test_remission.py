import pytest

from ctevidence.data.rules import RemissionRule
from ctevidence.data.scales import get_scale
from ctevidence.outcomes import derive_remission

PEOPLE = """
    who | arm      | baseline | 4
    ann | combined | 30       | 9
    bob | combined | 30       | 10
    cem | control  | 30       | .
    dee | control  | 8        | 9
"""


def test_the_cut_off_itself_is_remission_whatever_the_baseline(draw, expect):
    outcome = derive_remission(draw(PEOPLE, remission=RemissionRule(9)))
    expect(
        outcome.frame,
        """
        who | arm      | week | value
        ann | combined | 4    | 1
        bob | combined | 4    | 0
        cem | control  | 4    | .
        dee | control  | 4    | 1
        """,
    )
    assert (outcome.name, outcome.better) == ("remission (observed)", "higher")


def test_missing_scores_count_as_no_remission_when_that_is_asked(draw):
    outcome = derive_remission(draw(PEOPLE, remission=RemissionRule(9)), missing="non-response")
    assert outcome.frame["value"].tolist() == [1, 0, 0, 1]
    assert outcome.name == "remission (missing as non-remission)"


def test_the_good_direction_is_that_of_the_scale(draw):
    study = draw(PEOPLE, scale=get_scale("who-5"), remission=RemissionRule(10))
    assert derive_remission(study).frame["value"].fillna(-1).tolist() == [0, 1, -1, 0]


@pytest.mark.parametrize("week", [9, 13, 22, 35])
def test_beat_the_blues_counts(beat_the_blues, counted_in_r, week):
    frame = derive_remission(beat_the_blues, week).frame
    assert frame.groupby("arm")["value"].sum().to_dict() == counted_in_r["remitted"][str(week)]
