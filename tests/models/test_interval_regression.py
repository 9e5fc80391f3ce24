"""Models of intervals: against R, closed forms, and what must not change an answer."""

import numpy as np
import pytest
from scipy.special import gamma, gammainc

from ctevidence.models.interval_likelihood import IntervalLikelihood
from ctevidence.models.interval_regression import (
    SCALE_OF,
    NoFiniteFitError,
    chosen_cuts,
    fit_intervals,
)

DISTS = ("exponential", "weibull", "loglogistic", "lognormal")


@pytest.fixture(scope="module")
def trial(reference):
    """The simulated trial of `intervals.R` with its numbers."""
    found = reference("intervals")["trial"]
    data = {name: np.array(column, float) for name, column in found["data"].items()}
    data["upper"] = np.where(np.isnan(data["upper"]), np.inf, data["upper"])
    data["X"] = np.column_stack([data["arm"], data["age"]])
    return found, data


def as_survreg(fit, model):
    """Intercept, coefficients and scale of log time: log T = mu + x b + scale e."""
    scale = 1.0 if model == "exponential" else 1 / fit.coef[1]
    return np.append(-fit.coef[0] * scale, -fit.coef[-2:] * scale), scale


@pytest.mark.parametrize("model", DISTS)
def test_parametric_models_as_survreg_of_r(trial, model):
    found, data = trial
    fit = fit_intervals(data["lower"], data["upper"], data["X"], model=model)
    r = found["survreg"][model]
    coef, scale = as_survreg(fit, model)
    assert fit.loglik == pytest.approx(r["loglik"], rel=1e-10)
    assert coef == pytest.approx(r["coef"], rel=1e-8)
    assert scale == pytest.approx(r["scale"], rel=1e-8)


def delta_to_survreg(fit, cov):
    """Covariance of intercept, two coefficients and log scale by the delta method (Weibull)."""
    a, s, *b = fit.coef
    jacobian = np.zeros((4, 4))
    jacobian[0] = [-1 / s, a / s**2, 0, 0]
    for i in (1, 2):
        jacobian[i, 1] = b[i - 1] / s**2
        jacobian[i, i + 1] = -1 / s
    jacobian[3, 1] = -1 / s
    return jacobian @ cov @ jacobian.T


@pytest.mark.parametrize(
    ("name", "weighted", "robust"),
    [("weibull", False, False), ("weighted", True, False), ("robust", False, True)],
)
def test_covariance_weights_and_robust_covariance_as_survreg(trial, name, weighted, robust):
    found, data = trial
    r = found["survreg"]["weibull"] if name == "weibull" else found[name]
    lower, upper = data["lower"], data["upper"]
    if robust:  # R has it right for points only (see intervals.R)
        lower = np.where(np.isinf(upper), lower, upper)
    fit = fit_intervals(
        lower,
        upper,
        data["X"],
        weights=data["weight"] if weighted else None,
        cluster=np.arange(len(data["lower"])) if robust else None,
    )
    assert fit.loglik == pytest.approx(r["loglik"], rel=1e-10)
    assert as_survreg(fit, "weibull")[0] == pytest.approx(r["coef"], rel=1e-8)
    np.testing.assert_allclose(delta_to_survreg(fit, fit.cov), r["cov"], rtol=1e-6, atol=1e-9)
    assert (fit.cov is fit.model_cov) == (not robust)


def test_robust_covariance_of_a_weight_of_two_is_that_of_twins_in_one_cluster(trial):
    _, data = trial
    twice, who = np.where(data["arm"] == 1, 2, 1), np.arange(len(data["lower"]))
    weighted = fit_intervals(data["lower"], data["upper"], weights=twice, cluster=who)
    rows = (np.repeat(data[c], twice) for c in ("lower", "upper"))
    twins = fit_intervals(*rows, cluster=np.repeat(who, twice))
    np.testing.assert_allclose(weighted.cov, twins.cov, rtol=1e-8)
    assert not np.allclose(weighted.cov, weighted.model_cov, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "model", "late"),
    [
        ("weibull_entry", "weibull", True),
        ("loglogistic_entry", "loglogistic", True),
        ("lognormal_entry", "lognormal", True),
        ("spline", "spline", True),
        ("spline_odds", "spline-odds", False),
        ("spline_normal", "spline-normal", False),
    ],
)
def test_delayed_entry_and_splines_as_maximised_in_r(trial, name, model, late):
    """Likelihoods written out in R and maximised there with numerical derivatives."""
    found, data = trial
    r = found[name]
    fit = fit_intervals(
        data["lower"],
        data["upper"],
        data["X"],
        entry=data["entry"] if late else None,
        weights=data["weight"] if name == "spline" else None,
        model=model,
        knots=np.exp(r["knots"]),
    )
    error = np.sqrt(np.diag(r["cov"]))
    assert fit.loglik == pytest.approx(r["loglik"], rel=1e-9)
    assert np.max(np.abs(fit.coef - r["coef"]) / error) < 1e-6
    np.testing.assert_allclose(fit.std_error, error, rtol=1e-6)
    someone = [[1.0, 0.0]]
    assert fit.survival(20, X=someone).value[0] == pytest.approx(r["survival"], rel=1e-8)
    area = fit.restricted_mean(30, X=someone)
    assert area.value[0] == pytest.approx(r["rmst"], rel=1e-8)
    np.testing.assert_allclose(area.slopes[0], r["rmst_slope"], rtol=1e-6, atol=1e-6)


def test_piecewise_hazards_as_maximised_in_r(trial):
    found, data = trial
    r = found["piecewise"]
    fit = fit_intervals(
        data["lower"], data["upper"], data["X"], entry=data["entry"], model="piecewise",
        cuts=r["cuts"],
    )  # fmt: skip
    assert fit.loglik == pytest.approx(r["loglik"], rel=1e-10)
    np.testing.assert_allclose(fit.coef, r["coef"], rtol=1e-7)
    np.testing.assert_allclose(fit.cov, r["cov"], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("model", DISTS)
def test_retraction_after_radiotherapy_as_survreg(reference, model):
    found = reference("intervals")["bcdeter"]
    lower, upper, treat = (np.array(found["data"][c], float) for c in ("lower", "upper", "treat"))
    fit = fit_intervals(lower, np.where(np.isnan(upper), np.inf, upper), treat, model=model)
    r = found["survreg"][model]
    scale = 1.0 if model == "exponential" else 1 / fit.coef[1]
    assert fit.loglik == pytest.approx(r["loglik"], rel=1e-10)
    assert -fit.coef[[0, -1]] * scale == pytest.approx(r["coef"], rel=1e-8)
    if model == "weibull":  # known numbers of survreg
        known = [4.45363, -0.56640, 0.59596]
        assert [*(-fit.coef[[0, -1]] * scale), scale] == pytest.approx(known, abs=5e-6)
        assert fit.loglik == pytest.approx(-149.8, abs=0.05)


@pytest.mark.parametrize("model", SCALE_OF)
def test_derivatives_are_those_of_the_likelihood(trial, model):
    """Score and information against central differences, at a point that is no maximum."""
    _, data = trial
    fit = fit_intervals(
        data["lower"], data["upper"], data["X"], stratum=data["arm"].astype(int) * 0, model=model
    )
    likelihood = IntervalLikelihood(
        fit.shape, data["entry"], data["lower"], data["upper"],
        np.zeros(len(data["lower"]), int), data["X"], data["weight"],
    )  # fmt: skip
    theta = fit.coef + 0.01
    here = likelihood.curvature(theta)
    steps = 1e-5 * np.eye(len(theta))
    ahead, behind = ([likelihood.curvature(theta + s * d) for d in steps] for s in (1, -1))
    score = [(a.loglik - b.loglik) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    information = [-(a.score - b.score) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    np.testing.assert_allclose(here.score, score, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(here.observed, information, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(likelihood.scores(theta).sum(axis=0), here.score, atol=1e-9)


def test_restricted_means_in_closed_form(trial):
    """Constant hazard: (1 - exp(-r t)) / r; Weibull: an incomplete gamma function."""
    _, data = trial
    fit = fit_intervals(data["lower"], data["upper"], model="exponential")
    rate = np.exp(fit.coef[0])
    means = fit.restricted_mean([1, 26, 52]).value
    assert means == pytest.approx((1 - np.exp(-rate * np.array([1, 26, 52]))) / rate, rel=1e-10)
    fit = fit_intervals(data["lower"], data["upper"])
    k, scale = fit.coef[1], np.exp(-fit.coef[0] / fit.coef[1])
    exact = scale / k * gamma(1 / k) * gammainc(1 / k, (26 / scale) ** k)
    assert fit.restricted_mean(26).value[0] == pytest.approx(exact, rel=1e-9)


def test_steep_curves_have_exact_areas_too():
    """Weibull of shape one half from two points: S = exp(-sqrt(t / s)), area in closed form."""
    lower, upper = np.repeat([0.0, 1, 4], [40, 30, 30]), np.repeat([1.0, 4, np.inf], [40, 30, 30])
    fit = fit_intervals(lower, upper)
    k, scale = fit.coef[1], np.exp(-fit.coef[0] / fit.coef[1])
    assert fit.survival([1, 4]).value == pytest.approx([0.6, 0.3], abs=1e-10)  # two of two free
    exact = scale / k * gamma(1 / k) * gammainc(1 / k, (4 / scale) ** k)
    assert fit.restricted_mean(4).value[0] == pytest.approx(exact, rel=1e-9)


def test_piecewise_without_covariates_reaches_every_observed_share():
    """With cuts at all visits the model is free at them: 80, 50 and 40 of 100 are left."""
    lower = np.repeat([0.0, 4, 8, 12], [20, 30, 10, 40])
    upper = np.repeat([4.0, 8, 12, np.inf], [20, 30, 10, 40])
    fit = fit_intervals(lower, upper, model="piecewise", cuts=[4, 8])
    assert fit.survival([4, 8, 12]).value == pytest.approx([0.8, 0.5, 0.4], abs=1e-10)
    rates = -np.log([0.8, 5 / 8, 4 / 5]) / 4
    assert np.exp(fit.coef) == pytest.approx(rates, rel=1e-9)


def test_strata_are_fits_of_their_own(trial):
    _, data = trial
    arm = data["arm"].astype(int)
    both = fit_intervals(data["lower"], data["upper"], stratum=arm, model="weibull")
    alone = [fit_intervals(data["lower"][arm == s], data["upper"][arm == s]) for s in (0, 1)]
    assert both.coef == pytest.approx(np.concatenate([f.coef for f in alone]), rel=1e-9)
    assert both.loglik == pytest.approx(sum(f.loglik for f in alone), rel=1e-12)
    assert np.abs(both.cov[:2, 2:]).max() < 1e-12
    area = both.restricted_mean([26], stratum=1)
    assert area.value == pytest.approx(alone[1].restricted_mean([26]).value, rel=1e-10)


@pytest.mark.parametrize("model", ["weibull", "spline", "piecewise", "loglogistic"])
def test_order_unit_of_time_and_weights(trial, model):
    _, data = trial
    lower, upper, X = data["lower"], data["upper"], data["X"]
    fit, order = (
        fit_intervals(lower, upper, X, model=model),
        np.random.default_rng(2).permutation(len(lower)),
    )
    shuffled = fit_intervals(lower[order], upper[order], X[order], model=model)
    days = fit_intervals(7 * lower, 7 * upper, X, model=model)
    twice = np.where(data["arm"] == 1, 2, 1)
    cuts = {"cuts": [8, 20]} if model == "piecewise" else {"knots": [2, 15, 48]}
    weighted = fit_intervals(lower, upper, X, model=model, weights=twice, **cuts)
    repeated = fit_intervals(
        np.repeat(lower, twice), np.repeat(upper, twice), np.repeat(X, twice, axis=0),
        model=model, **cuts,
    )  # fmt: skip
    np.testing.assert_allclose(shuffled.coef, fit.coef, rtol=1e-7, atol=1e-9)
    assert days.restricted_mean(182).value == pytest.approx(7 * fit.restricted_mean(26).value)
    np.testing.assert_allclose(repeated.coef, weighted.coef, rtol=1e-7, atol=1e-8)


def test_someone_who_was_never_seen_again_tells_nothing(trial):
    _, data = trial
    fit = fit_intervals(data["lower"], data["upper"])
    more = fit_intervals(np.append(data["lower"], 0), np.append(data["upper"], np.inf))
    assert more.coef == pytest.approx(fit.coef, rel=1e-9)
    assert more.loglik == pytest.approx(fit.loglik, rel=1e-12)


def test_splitting_a_person_at_delayed_entry_changes_nothing(trial):
    """Known well from 0 to week 3, and the rest from an entry at week 3 on."""
    _, data = trial
    late = data["lower"] > 3
    n = late.sum()
    parts = fit_intervals(
        np.concatenate([np.full(n, 3.0), data["lower"]]),
        np.concatenate([np.full(n, np.inf), data["upper"]]),
        entry=np.concatenate([np.zeros(n), np.where(late, 3.0, 0)]),
    )
    whole = fit_intervals(data["lower"], data["upper"])
    assert parts.coef == pytest.approx(whole.coef, rel=1e-9)


def test_no_model_is_made_of_too_little():
    """All events in one interval, all others seen once more: a Weibull shape runs away."""
    lower, upper = np.repeat([0.0, 4], [6, 10]), np.repeat([4.0, np.inf], [6, 10])
    with pytest.raises(NoFiniteFitError, match="do not determine the model"):
        fit_intervals(lower, upper)
    with pytest.raises(NoFiniteFitError, match="so many knots"):
        fit_intervals(lower, upper, model="spline")
    assert fit_intervals(lower, upper, model="exponential").survival(4).value == pytest.approx(
        10 / 16, rel=1e-12
    )


def test_cuts_leave_enough_events_in_every_piece():
    upper = np.repeat([4.0, 8, 12, 16], [5, 3, 4, 2])
    assert chosen_cuts(upper - 4, upper).tolist() == [4.0]
    assert chosen_cuts(np.array([0.0]), np.array([4.0])).tolist() == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"upper": [np.inf] * 3}, "no event in stratum 0"),
        ({"stratum": [0, 1, 1], "upper": [4, np.inf, np.inf]}, "no event in stratum 1"),
        ({"upper": [4, 4, 1]}, "row 2: the interval ends before it begins"),
        ({"entry": [0, 0, 3]}, "row 2: entry is negative, missing or after"),
        ({"X": [[1], [np.nan], [0]]}, "row 1: X is missing"),
        ({"lower": [0, 0, 2], "upper": [0, 4, np.inf]}, "row 0: the event is at time zero"),
        ({"model": "gamma"}, 'no model "gamma".*Known: exponential'),
        ({"model": "spline", "knots": [4, 2]}, "knots are .4.0, 2.0.; give at least 2 times above"),
        ({"model": "piecewise", "cuts": [0, 2]}, "cuts are .0.0, 2.0.; give times above zero"),
        ({"names": ["a", "b"], "X": [[1], [2], [3]]}, "2 names"),
    ],
)
def test_what_cannot_be_fitted_says_why(changes, says):
    given = {"lower": [0, 0, 2], "upper": [4, 4, np.inf]} | changes
    names = given.pop("names", None)
    with pytest.raises(ValueError, match=says):
        fit_intervals(given.pop("lower"), given.pop("upper"), names=names, **given)
