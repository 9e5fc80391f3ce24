"""Held to lme4::glmer with 25 points, and to the integral maximised on its own in R
(tests/reference/logistic_mixed.R): where the two differ, 25 points are what they share."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from ctevidence.models.logistic_mixed import fit_logistic_mixed


def columns(part):
    return {name: np.array(values, float) for name, values in part["data"].items()}


@pytest.fixture(scope="module")
def visits(reference):
    part = reference("logistic_mixed")["visits"]
    d = columns(part)
    arms = [d["arm"] == a for a in (1, 2, 3)]
    X = np.column_stack([np.ones(len(d["y"])), *arms, d["week"], d["baseline"] - 24])
    return part, d["y"], X.astype(float), d["person"]


@pytest.fixture(scope="module")
def sites(reference):
    part = reference("logistic_mixed")["sites"]
    d = columns(part)
    return part, d["y"], np.column_stack([np.ones(len(d["y"])), d["arm"]]), d["site"]


@pytest.mark.parametrize("which", ["visits", "sites"])
def test_log_likelihood_is_that_of_glmer_with_as_many_points(which, request):
    part, y, X, group = request.getfixturevalue(which)
    fit = fit_logistic_mixed(y, X, group)
    assert fit.converged
    assert fit.loglik == pytest.approx(part["glmer_loglik"], abs=1e-9)
    assert fit.loglik >= part["glmer_loglik"] - 1e-10


@pytest.mark.parametrize("which", ["visits", "sites"])
def test_estimates_and_standard_errors_are_those_of_the_exact_integral(which, request):
    part, y, X, group = request.getfixturevalue(which)
    fit = fit_logistic_mixed(y, X, group, points=80)
    assert fit.loglik == pytest.approx(part["loglik"], abs=1e-9)
    np.testing.assert_allclose(fit.coef, part["coef"], rtol=1e-6)
    assert fit.sigma == pytest.approx(part["sigma"], rel=1e-6)
    # the witness takes second differences: good to about eight digits
    exact = np.sqrt(np.diag(part["cov"]))
    np.testing.assert_allclose(np.sqrt(np.diag(fit.joint_cov)), exact, rtol=1e-6)


@pytest.mark.parametrize("which", ["visits", "sites"])
def test_standard_errors_are_those_of_glmer(which, request):
    # libraries were found 7 % off; glmer's own Hessian is by finite differences
    part, y, X, group = request.getfixturevalue(which)
    fit = fit_logistic_mixed(y, X, group)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov)), part["glmer_se"], rtol=2e-5)
    error = np.array(part["glmer_se"])
    assert np.max(np.abs(fit.coef - part["glmer_coef"]) / error) < 1e-4


def test_one_point_is_the_laplace_approximation(visits):
    part, y, X, group = visits
    assert abs(fit_logistic_mixed(y, X, group, points=1).loglik - part["loglik"]) > 0.1


def test_order_of_rows_and_names_of_groups_change_nothing(visits):
    _, y, X, group = visits
    fit = fit_logistic_mixed(y, X, group)
    shuffle = np.random.default_rng(1).permutation(len(y))
    other = fit_logistic_mixed(y[shuffle], X[shuffle], np.char.mod("p%d", group)[shuffle])
    np.testing.assert_allclose(other.coef, fit.coef, rtol=1e-9)
    assert other.loglik == pytest.approx(fit.loglik, abs=1e-10)


def test_groups_alike_can_be_counted_instead_of_repeated():
    y = np.array([1.0, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0])
    X, group, many = np.ones((12, 1)), np.repeat(range(4), 3), np.repeat([5, 9, 2, 4], 3)
    copies = np.concatenate([np.tile(np.flatnonzero(group == g), many[3 * g]) for g in range(4)])
    names = np.repeat(range(many[::3].sum()), 3)
    counted = fit_logistic_mixed(y, X, group, frequency=many)
    repeated = fit_logistic_mixed(y[copies], X[copies], names)
    assert counted.groups == repeated.groups == 20
    assert counted.loglik == pytest.approx(repeated.loglik, rel=1e-12)
    np.testing.assert_allclose(counted.joint_cov, repeated.joint_cov, rtol=1e-8)


def test_recoding_the_outcome_turns_the_signs(visits):
    _, y, X, group = visits
    fit, other = fit_logistic_mixed(y, X, group), fit_logistic_mixed(1 - y, X, group)
    np.testing.assert_allclose(other.coef, -fit.coef, rtol=1e-8)
    assert other.sigma == pytest.approx(fit.sigma, rel=1e-8)


def test_groups_that_do_not_differ_leave_plain_logistic_regression():
    # every group has one of two: less spread than chance alone would give
    y, group = np.tile([1.0, 0.0], 30), np.repeat(range(30), 2)
    fit = fit_logistic_mixed(y, np.ones((60, 1)), group)
    assert fit.sigma < 1e-4
    assert fit.cautions == (
        "the groups of the random intercept do not differ more than chance would have it",
    )
    assert fit.loglik == pytest.approx(60 * np.log(0.5))
    assert fit.cov[0, 0] == pytest.approx(4 / 60)


def test_marginal_probabilities_are_integrals_over_the_population(sites):
    _, y, X, group = sites
    fit = fit_logistic_mixed(y, X, group)
    p, by_eta, by_sigma = fit.marginal(np.array([-2.0, 0.3]))
    for k, eta in enumerate((-2.0, 0.3)):
        expit = lambda u, eta=eta: 1 / (1 + np.exp(-(eta + fit.sigma * u)))  # noqa: E731
        slope = lambda u, f=expit: f(u) * (1 - f(u)) * norm.pdf(u)  # noqa: E731
        assert p[k] == pytest.approx(quad(lambda u, f=expit: f(u) * norm.pdf(u), -9, 9)[0])
        assert by_eta[k] == pytest.approx(quad(slope, -9, 9)[0])
        assert by_sigma[k] == pytest.approx(quad(lambda u, f=slope: u * f(u), -9, 9)[0])


@pytest.mark.parametrize(
    ("y", "X", "message"),
    [([0, 1, 2], np.ones((3, 1)), "other than 0 and 1"), ([0, 1], np.ones((3, 1)), "do not fit")],
)
def test_arrays_that_cannot_be_used_are_refused(y, X, message):
    with pytest.raises(ValueError, match=message):
        fit_logistic_mixed(np.array(y, float), X, np.arange(3))
