"""Fine-Gray regression against survival::finegray and cmprsk::crr, and Gray's and Cox's limits."""

import numpy as np
import pytest

from ctevidence.models.cox import fit_cox
from ctevidence.models.fine_gray import fit_fine_gray
from ctevidence.models.partial_maximum import SeparationError


@pytest.fixture(scope="module")
def r(reference):
    """`event_tests.json`, made by `event_tests.R` (survival 3.5-3, cmprsk 2.2-11, data mgus2)."""
    return reference("event_tests")["competing"]


@pytest.fixture(scope="module")
def mgus(r):
    d = {k: np.array(v) for k, v in r["data"].items()}
    return d["time"], d["cause"], np.column_stack([d["age"], d["sex"]])


@pytest.mark.parametrize(("ties", "name"), [("efron", "finegray"), ("breslow", "finegray_breslow")])
def test_as_survival_finegray_with_coxph(r, mgus, ties, name):
    """Its covariance takes the weights as known; R stops at 1e-8 of the coefficients."""
    fit = fit_fine_gray(*mgus, ties=ties)
    np.testing.assert_allclose(fit.coef, r[name]["coef"], rtol=1e-8)
    np.testing.assert_allclose(fit.cov_known_weights, r[name]["cov"], rtol=1e-7)


def test_as_cmprsk_crr(r, mgus):
    fit = fit_fine_gray(*mgus, ties="breslow", censoring="among all")
    np.testing.assert_allclose(fit.coef, r["crr"]["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.cov, r["crr"]["cov"], rtol=1e-9)
    assert fit.loglik == pytest.approx(r["crr"]["loglik"], rel=1e-12)


def test_published_values_of_three_implementations(mgus):
    """finegray -0.01730171 (0.00570293), crr -0.01733815 (0.00573710), greenwood -0.01730073."""
    efron = fit_fine_gray(*mgus)
    assert efron.coef == pytest.approx([-0.01730171, -0.25975679], abs=1e-8)
    assert np.sqrt(np.diag(efron.cov_known_weights)) == pytest.approx(
        [0.00570293, 0.18563470], abs=1e-8
    )
    crr = fit_fine_gray(*mgus, ties="breslow", censoring="among all")
    assert crr.std_error == pytest.approx([0.00573710, 0.18568103], abs=1e-8)
    greenwood = fit_fine_gray(*mgus, ties="breslow")
    assert greenwood.coef == pytest.approx([-0.01730073, -0.25970091], abs=1e-8)


def test_cause_specific_hazards_are_cox_regressions(r, mgus):
    time, cause, X = mgus
    fit = fit_cox(time, cause == 1, X)
    np.testing.assert_allclose(fit.coef, r["cause_specific"]["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.cov, r["cause_specific"]["cov"], rtol=1e-9)


def test_without_competing_events_it_is_cox_and_without_censoring_they_never_leave():
    rng = np.random.default_rng(4)
    time, X = np.ceil(rng.exponential(20, 300)), rng.normal(size=(300, 2))
    event = rng.random(300) < 0.6
    plain = fit_cox(time, event, X, cluster=np.arange(300))
    fit = fit_fine_gray(time, event.astype(int), X)
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-10)
    np.testing.assert_allclose(fit.cov, plain.cov, rtol=1e-9)
    # nobody censored: who had the other event is at risk to the end (Fine and Gray 1999, 2)
    cause = np.where(event, 1, 2)
    forever = fit_cox(np.where(event, time, time.max() + 1), event, X)
    everyone = fit_fine_gray(time, cause, X)
    np.testing.assert_allclose(everyone.coef, forever.coef, rtol=1e-10)
    np.testing.assert_array_equal(everyone.cov, everyone.cov_known_weights)


def test_order_and_units_change_nothing_and_clusters_are_sums_of_people(mgus):
    time, cause, X = (x[:300] for x in mgus)
    fit, order = fit_fine_gray(time, cause, X), np.random.default_rng(1).permutation(300)
    again = fit_fine_gray(time[order] * 7.0, cause[order], X[order])
    np.testing.assert_allclose(again.coef, fit.coef, rtol=1e-9)
    np.testing.assert_allclose(again.cov, fit.cov, rtol=1e-9)
    twice = [np.concatenate([v, v]) for v in (time, cause, X)]
    pairs = fit_fine_gray(*twice, ties="breslow", cluster=np.tile(np.arange(300), 2))
    single = fit_fine_gray(time, cause, X, ties="breslow")
    np.testing.assert_allclose(pairs.cov_known_weights, single.cov_known_weights, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"cause": [0, 2, 2, 0]}, ValueError, "no event 1"),
        ({"ties": "exact"}, ValueError, "efron or breslow"),
        ({"censoring": "never"}, ValueError, "after events or among all"),
        ({"X": [0.0, 1, np.nan, 1]}, ValueError, "row 2"),
        ({"cause": [1, 1]}, ValueError, "cause"),
        ({"X": [1.0, 1, 0, 0]}, SeparationError, "x1"),
    ],
)
def test_what_cannot_be_fitted_is_named(options, error, says):
    given = {"time": [1.0, 2, 3, 4], "cause": [1, 1, 2, 0], "X": [0.0, 1, 0, 1]} | options
    with pytest.raises(error, match=says):
        fit_fine_gray(**given)
