"""Response by several definitions and countings of missing scores, by hand."""

import math

import pytest

from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.rules import RemissionRule, ResponseRule
from ctevidence.language import say
from ctevidence.outcomes.response_definitions import declared_definitions, derive_definition

ALL = ("observed", "non-response", "last-observation")
HALF = ResponseRule("percent_fall", "observed", percent=50)
PEOPLE = """
who | arm      | baseline | 4  | 8  | 12
ann | control  | 20       | 9  | .  | 9
bob | control  | 20       | 9  | 15 | .
cat | control  | 20       | 9  | .  | .
dan | combined | 20       | .  | .  | .
eve | combined | 20       | 15 | 15 | 15
"""


@pytest.mark.parametrize(
    ("missing", "values"),
    [
        ("observed", [1, math.nan, math.nan, math.nan, 0]),
        ("non-response", [1, 0, 0, 0, 0]),
        # bob keeps 15 of week 8, cat 9 of week 4, dan the baseline score
        ("last-observation", [1, 0, 1, 0, 0]),
    ],
)
def test_missing_scores_count_as_said(draw, missing, values):
    definition = ResponseDefinition("half", "50 % fall", HALF, ALL)
    outcome = derive_definition(draw(PEOPLE), definition, missing, week=12)
    assert outcome.frame["value"].tolist() == pytest.approx(values, nan_ok=True)
    assert outcome.name.startswith("response, 50 % fall (")
    assert (say("outcomes.response_definitions.carried_forward") in outcome.cautions) == (
        missing == "last-observation"
    )


def test_a_score_after_the_week_is_never_carried_back(draw):
    definition = ResponseDefinition("half", "50 % fall", HALF, ALL)
    outcome = derive_definition(draw(PEOPLE), definition, "last-observation", week=8)
    # ann's 9 at week 4 is carried to week 8, her score of week 12 plays no part
    assert outcome.frame["value"].tolist() == [1, 0, 1, 0, 0]


def test_without_definitions_the_rules_are_shown_in_both_countings(draw):
    study = draw(PEOPLE, response=HALF, remission=RemissionRule(9))
    found = declared_definitions(study)
    assert [(d.name, d.missing) for d in found] == [
        ("response", ("observed", "non-response")),
        ("remission", ("observed", "non-response")),
    ]
    # remission is the score alone
    assert found[1].rule == ResponseRule("cut_off", "observed", threshold=9)


def test_an_unknown_counting_is_refused():
    with pytest.raises(ValueError, match="did you mean"):
        ResponseDefinition("half", "50 % fall", HALF, ("last-observatoin",))
    with pytest.raises(ValueError, match="each way once"):
        ResponseDefinition("half", "50 % fall", HALF, ())
