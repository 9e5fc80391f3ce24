"""Counted and standardised risks as functions of arrays."""

import numpy as np
import pytest

from ctevidence.models.standardised_risk import (
    counted_risks,
    standardised_risks,
    why_not_adjustable,
)


def test_counted_risks_and_their_covariance_by_hand():
    y, arm = np.array([1.0, 0, 0, 0, 1, 1, 1, 0, 0]), np.repeat([0, 1, 3], [4, 4, 1])
    risks = counted_risks(y, arm, 4)
    np.testing.assert_allclose(risks.estimate, [1 / 4, 3 / 4, np.nan, 0.0])
    cov = risks.influence.T @ risks.influence
    # binomial variances p (1 - p) / n, independent arms
    np.testing.assert_allclose(cov[:2, :2], np.diag([3 / 64, 3 / 64]), rtol=1e-12)


def test_without_covariates_standardised_risks_are_the_counts():
    y, arm = np.array([1.0, 0, 0, 1, 1, 1, 0, 1]), np.repeat([0, 2], 4)
    counted = counted_risks(y, arm, 3)
    standardised = standardised_risks(y, arm, 3, np.empty((8, 0)))
    np.testing.assert_allclose(standardised.estimate, counted.estimate, rtol=1e-9)
    # HC3 divides each residual by 1 - leverage, here 1 - 1/4
    ratio = standardised.influence[:, [0, 2]] / np.where(
        counted.influence[:, [0, 2]] == 0, np.nan, counted.influence[:, [0, 2]]
    )
    np.testing.assert_allclose(ratio[~np.isnan(ratio)], 4 / 3, rtol=1e-9)


@pytest.mark.parametrize(
    ("y", "arm", "x", "said"),
    [
        ([1, 0] * 9, [0, 1] * 9, np.arange(18.0)[:, None] % 5, "separated"),
        ([1] * 2 + [0] * 28, [0, 1] * 15, None, "fewer than 3 people"),
        ([1] * 12 + [0] * 12, [0, 1] * 12, np.repeat([0.0, 1], 12)[:, None], "separated by arm or"),
        ([1, 0] * 12, [0, 0, 1, 1] * 6, np.tile([0.0, 0, 1, 1], 6)[:, None], "told from the arms"),
        ([1, 1, 0, 0] * 6, [0, 1] * 12, np.arange(24.0)[:, None] % 7, ""),
    ],
)
def test_when_a_regression_cannot_be_trusted(y, arm, x, said):
    y = np.array(y, float)
    covariates = np.empty((len(y), 0)) if x is None else x
    reason = why_not_adjustable(y, np.array(arm), covariates)
    assert said in reason
    assert bool(said) == bool(reason)


def test_coverage_with_few_events_for_each_coefficient():
    """3 to 5 people with the rarer outcome for each of five coefficients, arms of 12 to 30.

    200 simulated sets, seed 4: the 95 % interval of a difference covers the truth in at least
    92 % (95 % less two Monte Carlo standard errors), and the error is below that of counts.
    3,000 sets gave coverage 96.6 % and root mean squared errors of 0.147 against 0.154.
    """
    rng, arm = np.random.default_rng(4), np.repeat(np.arange(4), [30, 12, 21, 24])
    intercepts, slopes, contrast = np.array([-1.6, -1.1, -1.2, -0.7]), [0.7, 0.2], [0, -1, 0, 1]
    lines = rng.normal(size=(200_000, 2)) @ slopes
    truth = contrast @ np.array([np.mean(1 / (1 + np.exp(-a - lines))) for a in intercepts])
    covered, errors = [], []
    while len(covered) < 200:
        x = rng.normal(size=(len(arm), 2))
        y = (rng.random(len(arm)) < 1 / (1 + np.exp(-intercepts[arm] - x @ slopes))).astype(float)
        if why_not_adjustable(y, arm, x) or min(y.sum(), (1 - y).sum()) >= 25:
            continue
        risks = standardised_risks(y, arm, 4, x)
        error = contrast @ risks.estimate - truth
        covered.append(abs(error) <= 1.96 * np.linalg.norm(risks.influence @ contrast))
        errors.append([error, contrast @ counted_risks(y, arm, 4).estimate - truth])
    assert np.mean(covered) >= 0.92
    adjusted, counted = np.mean(np.square(errors), axis=0)
    assert adjusted < counted
