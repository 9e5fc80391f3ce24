import numpy as np
import pytest

from ctevidence.synthesis.cluster_robust import cluster_robust
from ctevidence.synthesis.pairwise import pool_effects
from ctevidence.synthesis.three_level import fit_three_levels, sampling_covariance

# metafor's optimiser was tightened to 1e-16 on the likelihood; it stays some 1e-6 short of the
# maximum in the variances, and less in what follows from them
FITTED, DF = 1e-6, 1e-4
CASES = [
    ("konstantopoulos2011", "fit", 0.0, False),
    ("konstantopoulos2011", "correlated", 0.6, False),
    ("made", "independent", 0.0, False),
    ("made", "correlated", 0.6, False),
    ("made", "moderator", 0.6, True),
]


def case(dependent, data, correlation, moderator):
    given = dependent[data]
    y = np.array(given["yi"])
    X = np.column_stack([np.ones(y.size), given["x"]]) if moderator else np.ones((y.size, 1))
    return y, sampling_covariance(given["vi"], given["study"], correlation), given["study"], X


@pytest.mark.parametrize(("data", "key", "correlation", "moderator"), CASES)
def test_three_levels_equal_metafor(dependent, data, key, correlation, moderator):
    expected = dependent[data][key]
    y, V, study, X = case(dependent, data, correlation, moderator)
    fit = fit_three_levels(y, V, study, X)
    assert fit.loglik >= expected["loglik"] - 1e-10
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-8)
    assert fit.coef == pytest.approx(np.atleast_1d(expected["coef"]), rel=FITTED)
    error = np.sqrt(np.diag(fit.cov))
    assert error == pytest.approx(np.atleast_1d(expected["std_error"]), rel=FITTED)
    assert fit.between == pytest.approx(expected["between"], rel=1e-4)
    assert fit.within == pytest.approx(expected["within"], rel=1e-4)


@pytest.mark.parametrize(("data", "key", "correlation", "moderator"), CASES)
def test_cr2_equals_clubsandwich(dependent, data, key, correlation, moderator):
    expected = dependent[data][key]
    y, V, study, X = case(dependent, data, correlation, moderator)
    fit = fit_three_levels(y, V, study, X)
    robust = cluster_robust(y, X, fit.covariance, study)
    error = np.sqrt(np.diag(robust.cov))
    assert error == pytest.approx(np.atleast_1d(expected["cr2_error"]), rel=FITTED)
    assert robust.df == pytest.approx(np.atleast_1d(expected["cr2_df"]), rel=DF)


def test_konstantopoulos_at_default_settings_of_metafor(dependent):
    # rma.mv(yi, vi, random = ~ 1 | district/school) of metafor 3.8-1
    y, V, study, _ = case(dependent, "konstantopoulos2011", 0.0, False)
    fit = fit_three_levels(y, V, study)
    assert fit.coef[0] == pytest.approx(0.18471316, abs=5e-8)
    assert fit.cov[0, 0] ** 0.5 == pytest.approx(0.08455592, abs=5e-8)
    assert (fit.between, fit.within) == pytest.approx((0.06506194, 0.03273652), abs=2e-7)
    assert fit.loglik == pytest.approx(-7.95872402, abs=5e-8)


def test_the_slope_of_the_likelihood_is_zero_at_the_fit(dependent):
    y, V, study, _ = case(dependent, "made", 0.6, False)
    fit = fit_three_levels(y, V, study)
    same = np.equal.outer(study, study)

    def loglik(between, within):
        M = V + between * same + within * np.eye(y.size)
        W = np.linalg.inv(M)
        r = y - (W @ y).sum() / W.sum()
        return -0.5 * (np.linalg.slogdet(M)[1] + np.log(W.sum()) + r @ W @ r)

    at, h = (fit.between, fit.within), 1e-5
    assert loglik(at[0] + h, at[1]) == pytest.approx(loglik(at[0] - h, at[1]), abs=1e-9)
    assert loglik(at[0], at[1] + h) == pytest.approx(loglik(at[0], at[1] - h), abs=1e-9)


def test_one_effect_per_study_is_the_usual_model(metafor):
    # between and within are then one variance: tau-squared of the pairwise model
    bcg = metafor["pooled"]["bcg"]
    fit = fit_three_levels(bcg["yi"], np.diag(bcg["vi"]), range(13))
    classic = pool_effects(bcg["yi"], bcg["vi"], hartung_knapp="none")
    assert fit.between + fit.within == pytest.approx(classic.heterogeneity.tau2, rel=1e-6)
    assert fit.coef[0] == pytest.approx(classic.random.estimate, rel=1e-6)


def test_a_variance_that_wants_to_be_negative_is_zero():
    y = [0.30, 0.31, 0.29, 0.30, 0.31]
    fit = fit_three_levels(y, np.eye(5) * 0.1, list("aabbc"))
    assert (fit.between, fit.within) == (0.0, 0.0)


def test_order_sign_and_scale(dependent):
    y, V, study, X = case(dependent, "made", 0.6, True)
    fit = fit_three_levels(y, V, study, X)
    robust = cluster_robust(y, X, fit.covariance, study)
    order = np.random.default_rng(3).permutation(y.size)
    for factor in (-1.0, 10.0):
        other = fit_three_levels(
            factor * y[order], factor**2 * V[np.ix_(order, order)],
            np.array(study)[order], X[order],
        )  # fmt: skip
        again = cluster_robust(
            factor * y[order], X[order], other.covariance, np.array(study)[order]
        )
        assert other.coef == pytest.approx(factor * fit.coef, rel=1e-7)
        assert other.between == pytest.approx(factor**2 * fit.between, rel=1e-5)
        assert again.cov == pytest.approx(factor**2 * robust.cov, rel=1e-6)
        assert again.df == pytest.approx(robust.df, rel=1e-6)


@pytest.mark.parametrize(
    ("V", "study", "message"),
    [
        (np.diag([0.1, -0.1, 0.1]), list("aab"), "positive eigenvalues"),
        (np.diag([0.1, np.nan, 0.1]), list("aab"), "missing or infinite"),
        (np.diag([0.1, 0.1]), list("aab"), "do not go together"),
        (np.eye(3), list("aaa"), "1 studies cannot carry 1 coefficients"),
    ],
)
def test_what_cannot_be_fitted_is_refused(V, study, message):
    with pytest.raises(ValueError, match=message):
        fit_three_levels([0.1, 0.2, 0.3], V, study)


def test_a_correlation_of_one_is_refused():
    with pytest.raises(ValueError, match="within_correlation=1"):
        sampling_covariance([0.1, 0.1], ["a", "a"], 1)
