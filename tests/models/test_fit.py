"""What all fits share."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.fit import ScheduledFit, refuse_weights
from ctevidence.models.response import fit_response
from ctevidence.outcomes.person_weights import PersonWeights


@pytest.fixture
def fit(counts) -> ScheduledFit:
    return fit_response(counts(combined=(24, 40), medication=(16, 40), control=(10, 40)))


def test_a_comparison_reads_as_the_question(fit):
    row = fit.compare("combined", against="medication", measure="risk_ratio").one()
    assert (row.estimate, row.week, row.n, row.events) == (pytest.approx(1.5), 12.0, 40, 24)
    assert fit.compare("combined", against="medication", alternative="greater").one().p_value < 0.05


def test_each_arm_alone(fit):
    rows = fit.per_arm("risk", 12)
    assert [row.arm for row in rows] == ["control", "medication", "therapy", "combined"]
    assert rows.where(arm="control").one().estimate == 0.25


def test_an_unknown_week_lists_the_weeks(fit):
    with pytest.raises(KeyError, match="weeks 12"):
        fit.compare("combined", against="medication", week=13)


def test_an_unknown_measure_lists_the_measures(fit):
    with pytest.raises(KeyError, match="risk"):
        fit.levels("mean")


def test_cautions_of_the_outcome_travel_with_every_row(counts):
    fit = fit_response(
        counts(
            combined=(5, 9), medication=(4, 9), therapy=(4, 9), control=(3, 9), cautions=("mind",)
        )
    )
    assert fit.cautions == ("mind",)
    assert fit.compare("combined", against="control").one().caution == "mind"


def test_a_fit_is_frozen_and_prints_no_counts(fit):
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.expected = None
    assert "24" not in repr(fit)
    assert "40" not in repr(fit)


def test_weights_are_refused_rather_than_ignored(counts):
    outcome = counts(combined=(5, 9), medication=(4, 9))
    people = outcome.frame
    n, none = len(people), np.empty((len(people), 0))
    given = PersonWeights(
        pd.Index(people["participant_id"]), people["arm"].to_numpy(), np.ones(n), none, np.ones(n),
        none, none, "everyone", "given",
    )  # fmt: skip
    with pytest.raises(ValueError, match="carries weights, which this fit does not use"):
        refuse_weights(outcome.weighted(given))
