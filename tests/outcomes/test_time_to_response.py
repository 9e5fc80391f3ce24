"""Time to first response, drawn by hand: a fall of 50 per cent from 20 is a score of 10 or less."""

import numpy as np
import pytest

from ctevidence.data.rules import ResponseRule
from ctevidence.models.time_to_response import fit_time_to_response
from ctevidence.outcomes.time_to_response import derive_time_to_response

HALF = ResponseRule("percent_fall", "observed", percent=50)
PEOPLE = """
who | arm      | baseline | 4  | 8     | 12
ann | control  | 20       | 15 | 10    | 18
bob | control  | 20       | 9  | .     | 9
cat | control  | 20       | 14 | .     | 8
dan | combined | 20       | 16 | 15@58 | .
eve | combined | 20       | .  | .     | .
fay | combined | 20       | 18 | .     | .
"""
EVENTS = """
who | day | event
fay | 40  | death
"""


def test_response_lies_between_the_last_visit_without_and_the_first_with_it(draw, expect):
    outcome = derive_time_to_response(draw(PEOPLE, EVENTS, response=HALF))
    assert (outcome.kind, outcome.better) == ("time_to_response", "lower")
    frame = outcome.frame.assign(lower=outcome.frame["lower"] * 7, upper=outcome.frame["upper"] * 7)
    frame["upper"] = frame["upper"].replace(np.inf, 999)
    # a later visit without response does not undo ann's; cat's lies anywhere after week 4
    expect(
        frame,
        """
        who | arm      | entry | lower | upper | state
        ann | control  | 0     | 28    | 56    | responded
        bob | control  | 0     | 0     | 28    | responded
        cat | control  | 0     | 28    | 84    | responded
        dan | combined | 0     | 58    | 999   | not responded
        eve | combined | 0     | 0     | 999   | not responded
        fay | combined | 0     | 28    | 40    | died
        """,
    )


def test_it_says_from_when_response_can_be_seen(draw):
    outcome = derive_time_to_response(draw(PEOPLE, EVENTS, response=HALF))
    assert outcome.cautions == ("nothing is seen before the first visit, week 4",)


def test_without_a_rule_it_is_refused(draw):
    with pytest.raises(ValueError, match="declares no rule for response"):
        derive_time_to_response(draw(PEOPLE))


def test_restricted_mean_time_to_response_by_hand(draw):
    study = draw(
        """
        who | arm        | baseline | 4  | 8  | 12
        ann | medication | 20       | 9  | 9  | 9
        bob | medication | 20       | 15 | 9  | 9
        cat | medication | 20       | 15 | 15 | 15
        dan | combined   | 20       | 8  | 8  | 8
        eve | combined   | 20       | 8  | 8  | 8
        fay | combined   | 20       | 15 | 15 | 15
        """,
        response=HALF,
    )
    fit = fit_time_to_response(derive_time_to_response(study), adjust=[])
    # weeks without response up to week 12: (4 + 8 + 12) / 3 and (4 + 4 + 12) / 3
    row = fit.compare("combined", against="medication", measure="rmst_difference", week=12).one()
    assert row.estimate == pytest.approx(20 / 3 - 24 / 3)
    assert fit.levels("rmst", week=12).better == "lower"
    assert fit.levels("survival", week=12).better == "lower"
    assert fit.levels("log_hazard").better == "higher"
