"""Retention: who is in treatment when."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RetentionRule
from ctevidence.models.retention import fit_retention, is_in_treatment


@pytest.fixture
def outcome(make_outcome):
    """Visits due at weeks 6 and 12, each ten days wide on either side.

    A and B stay to the last visit (on days 80 and 90), C misses week 12, D never comes, E dies in
    week 3, F is followed until week 5 only.
    """
    frame = pd.DataFrame(
        {
            "participant_id": list("ABCDEF"),
            "arm": ["combined", "control"] * 3,
            "entry": 0.0,
            "lower": [80 / 7, 90 / 7, 40 / 7, 0.0, 3.0, 5.0],
            "upper": [np.inf, np.inf, 12.0, 6.0, 3.0, np.inf],
            "state": ["stayed", "stayed", "dropped out", "dropped out", "died", "stayed"],
        }
    )
    return make_outcome("retention", frame, rule=RetentionRule("last_visit"))


def test_in_treatment_at_each_visit_by_hand(outcome):
    found = {w: is_in_treatment(outcome.frame, w, w - 10 / 7).tolist() for w in (6, 12)}
    # A, B, C, D, E, F; F was seen within the window of week 6, not of week 12
    assert found[6] == [1, 1, 1, 0, 0, 1]
    np.testing.assert_array_equal(found[12], [1, 1, 0, 0, 0, np.nan])


def test_staying_is_primary_and_counted(outcome):
    fit = fit_retention(outcome)
    assert fit.measures[0] == "risk"
    rows = fit.per_arm("risk", 12)
    assert rows.where(arm="combined").one().estimate == pytest.approx(1 / 3)  # A, not C, not E
    assert (rows.where(arm="control").one().events, rows.where(arm="control").one().n) == (1, 2)
    assert fit.levels("risk").better == "higher"


def test_those_who_stay_are_at_risk_at_the_last_visit(outcome):
    """A came on day 80, before the nominal day 84 on which C counts as missing it.

    By hand: E is censored in week 3, C leaves at week 12 with A still there: S(12) = 1/2.
    """
    curve = fit_retention(outcome).curves["combined"]
    assert float(curve.at(12)) == pytest.approx(0.5)


def test_recorded_dropouts_keep_their_day(times):
    outcome = times([11.3, 12.9], [1, 0], ["combined"] * 2, kind="retention",
                    rule=RetentionRule("events"))  # fmt: skip
    assert fit_retention(outcome).people["time"].tolist() == [11.3, 12.9]


def test_dropout_is_bad_and_time_in_treatment_good(outcome):
    fit = fit_retention(outcome)
    assert fit.levels("rmst", 10).better == "higher"
    assert fit.levels("log_hazard").better == "lower"
    assert (
        "dropout is dated to the scheduled week of the first visit that showed it" in fit.cautions
    )
