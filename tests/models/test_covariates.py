"""Covariates as columns."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with

PEOPLE = pd.DataFrame(
    {
        "participant_id": ["A", "B", "C", "D"],
        "arm": ["control", "medication", "therapy", "combined"],
        "baseline": [10.0, 20.0, 30.0, 40.0],
        "site": ["north", "south", "north", "east"],
        "age": [30, 40, np.nan, 50],
        "country": "Austria",
    }
)


@pytest.fixture
def study(make_study):
    return make_study(PEOPLE, adjust=("baseline",))


def test_declared_covariates_are_the_default(study):
    assert adjustment(study, None) == ("baseline",)
    assert adjustment(study, []) == ()


def test_an_unknown_covariate_is_named_with_the_known_ones(study):
    with pytest.raises(KeyError, match='did you mean "site"'):
        adjustment(study, ["sites"])
    with pytest.raises(TypeError, match=r'\["site"\]'):
        adjustment(study, "site")


def test_numbers_stand_and_words_become_indicators_centred(study):
    columns, labels = covariate_columns(study, ["D", "A", "B", "C"], ["baseline", "site"])
    assert labels == ["baseline", "site: north", "site: south"]
    # by hand: baseline 40 10 20 30 less 25; north 0 1 0 1 less 1/2; south 0 0 1 0 less 1/4
    expected = [[15, -0.5, -0.25], [-15, 0.5, -0.25], [-5, -0.5, 0.75], [5, 0.5, -0.25]]
    np.testing.assert_allclose(columns, expected, rtol=0, atol=1e-12)


def test_a_covariate_alike_for_all_has_no_column(study):
    columns, labels = covariate_columns(study, ["A", "B"], ["country"])
    assert columns.shape == (2, 0)
    assert labels == []


def test_people_with_a_missing_covariate_are_left_out_with_a_caution(make_outcome):
    frame = PEOPLE[["participant_id", "arm"]].assign(week=12, value=1.0)
    outcome = make_outcome("response", frame, people=PEOPLE)
    kept = of_people_with(outcome, ["age", "baseline"])
    assert list(kept.frame["participant_id"]) == ["A", "B", "D"]
    assert kept.cautions == ("people with missing age are left out",)
    assert of_people_with(outcome, ["baseline"]) is outcome
