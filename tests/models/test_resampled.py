"""Bootstrap of fits: the fast way against refitting, and both against the spread of repetition."""

import numpy as np
import pytest

import ctevidence as ct
from ctevidence.models.resampled import bootstrap_levels, bootstrap_synergy, resampled
from ctevidence.models.resampled_risks import bootstrap_risks, resampling_weights, weighted_risks
from ctevidence.models.standardised_risk import standardised_risks
from ctevidence.replicates import draw_counts

WEEK = 12


@pytest.fixture(scope="module")
def outcome():
    return ct.derive_response(ct.simulate_study(n=200, seed=3), week=WEEK)


def unadjusted(outcome):
    return ct.fit_response(outcome, adjust=[])


def test_people_are_drawn_within_arms_with_all_that_is_theirs(outcome):
    drawn = resampled(outcome, np.random.default_rng(1))
    count = lambda o: o.frame.drop_duplicates("participant_id")["arm"].value_counts().to_dict()  # noqa: E731
    assert count(drawn) == count(outcome)
    assert drawn.frame["participant_id"].is_unique
    covariates = drawn.study.entering().set_index("participant_id")["baseline"]
    assert covariates.reindex(drawn.frame["participant_id"]).notna().all()
    assert {*covariates} <= {*outcome.study.entering()["baseline"]}


def test_the_same_seed_gives_the_same_draws(outcome):
    one, two, other = (
        bootstrap_levels(outcome, unadjusted, week=WEEK, replicates=5, seed=s).draws
        for s in (1, 1, 2)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_refits_of_counts_spread_as_binomial_draws(outcome):
    # the standard deviation of a share is sqrt(p (1 - p) / n); 60 replicates know it to 9 %
    refitted = bootstrap_levels(outcome, unadjusted, week=WEEK, replicates=60, seed=4)
    expected = np.sqrt(np.diag(refitted.cov))
    assert refitted.draws.std(axis=0, ddof=1) == pytest.approx(expected, rel=0.35)
    counted = draw_counts(refitted, replicates=20_000, seed=5)
    assert counted.draws.std(axis=0, ddof=1) == pytest.approx(expected, rel=0.03)


def test_a_full_table_of_synergy_comes_back(outcome):
    rows = bootstrap_synergy(outcome, unadjusted, week=WEEK, replicates=60, seed=1)
    found = rows.where(measure="interaction_difference").one()
    assert "percentile bootstrap, 60 replicates" in found.method
    assert found.conf_low < found.estimate < found.conf_high


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(11)
    n = 240
    arm, covariates = np.repeat(np.arange(4), n // 4), rng.normal(size=(n, 2)) * [1.0, 7.0]
    slope = np.array([0.8, 0.4, 0.2, -0.4])[arm] + covariates @ [0.5, -0.1]
    return (rng.random(n) < 1 / (1 + np.exp(-slope))).astype(float), arm, covariates


def test_weights_of_one_give_the_standardised_risks(people):
    # statsmodels' logistic regression is the witness
    y, arm, covariates = people
    found = weighted_risks(y, arm, 4, covariates, np.ones((1, len(y))))[0]
    assert found == pytest.approx(standardised_risks(y, arm, 4, covariates).estimate, rel=1e-9)


def test_weights_are_the_same_as_drawing_the_people(people):
    y, arm, covariates = people
    weights = resampling_weights(arm, 3, np.random.default_rng(2))
    found = weighted_risks(y, arm, 4, covariates, weights)
    for row, weight in zip(found, weights, strict=True):
        who = np.repeat(np.arange(len(y)), weight.astype(int))
        expected = standardised_risks(y[who], arm[who], 4, covariates[who]).estimate
        assert row == pytest.approx(expected, rel=1e-8)


def test_each_arm_keeps_its_size():
    arm = np.repeat([0, 1, 3], [5, 8, 2])
    weights = resampling_weights(arm, 10, np.random.default_rng(0))
    for a, size in ((0, 5), (1, 8), (3, 2)):
        assert np.all(weights[:, arm == a].sum(axis=1) == size)


def test_a_separated_replicate_has_no_value_and_harms_no_other(people):
    y, arm, covariates = people
    weights = np.ones((2, len(y)))
    weights[0, (arm == 0) & (y == 0)] = 0  # everybody drawn in the first arm responded
    found = weighted_risks(y, arm, 4, covariates, weights)
    assert np.all(np.isnan(found[0]))
    assert np.all(np.isfinite(found[1]))


def test_bootstrap_errors_of_adjusted_risks_are_near_those_of_the_fit(outcome):
    fit = ct.fit_response(outcome, adjust=["baseline"])
    levels = bootstrap_risks(fit, adjust=["baseline"], week=WEEK, replicates=1000, seed=1)
    spread = levels.draws.std(axis=0, ddof=1)
    expected = np.sqrt(np.diag(fit.levels("risk", WEEK).cov))
    # HC3 errors lean to the large side in 50 people, and 1000 replicates know theirs to 2 %
    assert spread == pytest.approx(expected, rel=0.12)


def test_counted_fits_are_drawn_as_counts(outcome):
    levels = bootstrap_risks(unadjusted(outcome), adjust=[], week=WEEK, replicates=50, seed=1)
    again = draw_counts(unadjusted(outcome).levels("risk", WEEK), replicates=50, seed=1)
    assert np.array_equal(levels.draws, again.draws)
