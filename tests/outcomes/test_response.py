from dataclasses import replace

import numpy as np
import pytest

from ctevidence.data.rules import EntryRule, ResponseRule
from ctevidence.data.scales import declare_scale, get_scale
from ctevidence.outcomes import derive_response
from ctevidence.outcomes.response import has_responded

HALF = ResponseRule("percent_fall", "observed", percent=50)
BDI, WELL_BEING = get_scale("bdi"), get_scale("who-5")
PEOPLE = """
    who | arm        | baseline | 4  | 8
    ann | combined   | 30       | 15 | .
    bob | combined   | 30       | 16 | 14
    cem | medication | 21       | 10 | 11
    dee | therapy    | 20       | .  | 0
"""


def test_half_the_baseline_score_is_response_and_a_point_more_is_not(draw, expect):
    expect(
        derive_response(draw(PEOPLE, response=HALF), week=[4, 8]).frame,
        """
        who | arm        | week | value
        ann | combined   | 4    | 1
        ann | combined   | 8    | .
        bob | combined   | 4    | 0
        bob | combined   | 8    | 1
        cem | medication | 4    | 1
        cem | medication | 8    | 0
        dee | therapy    | 4    | .
        dee | therapy    | 8    | 1
        """,
    )


def test_missing_scores_count_as_non_response_when_that_is_asked(draw, expect):
    outcome = derive_response(draw(PEOPLE, response=HALF), missing="non-response")
    expect(
        outcome.frame,
        """
        who | arm        | week | value
        ann | combined   | 8    | 0
        bob | combined   | 8    | 1
        cem | medication | 8    | 0
        dee | therapy    | 8    | 1
        """,
    )
    assert outcome.name == "response (missing as non-response)"
    assert "count as not having responded" in outcome.describe()


def test_the_outcome_says_how_missing_scores_count_and_what_is_good(draw):
    outcome = derive_response(draw(PEOPLE, response=HALF))
    assert (outcome.kind, outcome.name, outcome.better) == (
        "response",
        "response (observed)",
        "higher",
    )


# baseline, score, percent, response: on 0-63 the percentage is that of the baseline score
@pytest.mark.parametrize(
    ("baseline", "score", "percent", "value"),
    [
        (29, 14, 50, 1),
        (29, 15, 50, 0),
        (30, 21, 30, 1),  # exactly 30 per cent, where 30 * 0.3 is not 9 in floating point
        (10, 7, 30, 1),
        (20, 0, 100, 1),
        (20, 1, 100, 0),
        (20, 25, 50, 0),
        (0, 0, 50, 0),  # nothing to improve
        (np.nan, 10, 50, np.nan),
        (20, np.nan, 50, np.nan),
    ],
)
def test_percent_fall(baseline, score, percent, value):
    rule = ResponseRule("percent_fall", "observed", percent=percent)
    np.testing.assert_array_equal(has_responded(rule, BDI, [baseline], [score]), [value])


def test_percent_fall_is_measured_from_the_best_score_of_the_scale():
    # PANSS, 30 to 210 (Obermeier et al. 2011): from 90 to 60 is half of the 60 points above the
    # minimum, though only a third of the score
    panss = declare_scale({"label": "PANSS", "low": 30, "high": 210, "better": "lower"})
    assert has_responded(HALF, panss, [90, 90], [60, 61]).tolist() == [1, 0]
    # WHO-5, 0 to 100, higher is better: from 40 to 70 is half of the 60 points to the best score
    assert has_responded(HALF, WELL_BEING, [40, 40, 100], [70, 69, 100]).tolist() == [1, 0, 0]


def test_reliable_change_must_exceed_the_measurement_error_in_the_good_direction():
    # 1.96 * 5 * sqrt(2 * (1 - 0.8)) = 6.198 points (Jacobson and Truax 1991)
    rule = ResponseRule("reliable_change", "observed", reliability=0.8, standard_deviation=5)
    assert has_responded(rule, BDI, [30, 30, 30], [23, 24, 37]).tolist() == [1, 0, 0]
    assert has_responded(rule, WELL_BEING, [30, 30, 30], [37, 36, 23]).tolist() == [1, 0, 0]


def test_a_cut_off_counts_itself_and_needs_no_baseline():
    rule = ResponseRule("cut_off", "observed", threshold=10)
    assert has_responded(rule, BDI, [np.nan] * 3, [9, 10, 11]).tolist() == [1, 1, 0]
    assert has_responded(rule, WELL_BEING, [np.nan] * 3, [9, 10, 11]).tolist() == [0, 1, 1]


def per_arm(frame, values):
    return values.groupby(frame["arm"]).sum().to_dict()


@pytest.mark.parametrize("week", [9, 13, 22, 35])
def test_beat_the_blues_counts(beat_the_blues, counted_in_r, week):
    frame = derive_response(beat_the_blues, week).frame
    assert per_arm(frame, frame["value"]) == counted_in_r["half_entering"][str(week)]
    assert per_arm(frame, frame["value"].notna()) == counted_in_r["seen"][str(week)]


def test_beat_the_blues_changes_its_best_arm_with_the_counting_of_missing_scores(beat_the_blues):
    # all 100 people, month 8, counted in R:
    # 10/16, 6/8, 9/11 of those seen; 10/30, 6/14, 9/22 of everyone
    everyone = replace(beat_the_blues, rules=replace(beat_the_blues.rules, entry=EntryRule()))
    for missing, expected in (
        ("observed", {"combined": 10 / 16, "medication": 6 / 8, "therapy": 9 / 11}),
        ("non-response", {"combined": 10 / 30, "medication": 6 / 14, "therapy": 9 / 22}),
    ):
        frame = derive_response(everyone, 35, missing=missing).frame
        shares = frame.groupby("arm")["value"].mean().to_dict()
        assert {arm: shares[arm] for arm in expected} == pytest.approx(expected, rel=1e-12)
