"""From people analysed to levels of a risk."""

import numpy as np
import pandas as pd

from ctevidence.models.risk import analysed, counted_fit


def test_missing_values_are_not_analysed(make_outcome):
    frame = pd.DataFrame(
        {
            "participant_id": ["A", "B", "C", "A", "B", "C"],
            "arm": ["control", "therapy", "therapy"] * 2,
            "week": [6, 6, 6, 12, 12, 12],
            "value": [1.0, 0.0, np.nan, 0.0, 1.0, 1.0],
        }
    )
    at = analysed(make_outcome("response", frame), 6)
    assert list(at.people) == ["A", "B"]
    assert at.arm.tolist() == [0, 2]
    assert at.people_in_arms(4).tolist() == [1, 0, 1, 0]
    assert at.events_in_arms(4).tolist() == [1, 0, 0, 0]


def test_weeks_of_the_same_people_covary(make_outcome):
    """By hand: four people, p = 1/2 at both weeks, covariance sum (y - p)(z - p) / (4 x 4)."""
    frame = pd.DataFrame(
        {
            "participant_id": list("ABCD") * 2,
            "arm": "control",
            "week": [6] * 4 + [12] * 4,
            "value": [1.0, 1, 0, 0, 1, 1, 1, 0],
        }
    )
    outcome = make_outcome("response", frame)
    levels = counted_fit(outcome, [analysed(outcome, 6), analysed(outcome, 12)]).levels()
    six, twelve = (levels.keys.index(("control", week)) for week in (6, 12))
    covariance = (0.5 * 0.25 + 0.5 * 0.25 - 0.5 * 0.25 - 0.5 * -0.75) / 16
    np.testing.assert_allclose(levels.cov[six, twelve], covariance, rtol=1e-12)
    np.testing.assert_allclose(levels.cov[six, six], 0.25 / 4, rtol=1e-12)


def test_arms_of_which_nothing_is_known_are_named_once_for_each_week(counts):
    outcome = counts(combined=(2, 5), medication=(1, 5))
    fit = counted_fit(outcome, [analysed(outcome, 12)])
    assert fit.cautions == ("response is known for nobody with control, therapy at week 12",)
