import numpy as np
import pytest
from scipy.stats import chi2, t

from ctevidence.synthesis.meta_regression import meta_regression
from ctevidence.synthesis.tau_squared import TAU2_METHODS

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared


@pytest.fixture
def bcg(metafor):
    pooled, regression = metafor["pooled"]["bcg"], metafor["regression"]
    latitude = np.column_stack([np.ones(13), regression["ablat"]])
    return pooled["yi"], pooled["vi"], latitude, np.array(regression["alloc"]), regression["fits"]


@pytest.mark.parametrize("method", list(TAU2_METHODS))
@pytest.mark.parametrize("hartung_knapp", ["none", "plain", "guarded"])
def test_latitude_equals_metafor(bcg, method, hartung_knapp):
    y, v, latitude, _, fits = bcg
    expected = fits[f"{method} {hartung_knapp}"]
    fit = meta_regression(y, v, latitude, tau2_method=method, hartung_knapp=hartung_knapp)
    error = np.sqrt(np.diag(fit.cov))
    assert fit.coef == pytest.approx(np.array(expected["coef"]), rel=ITERATIVE)
    assert error == pytest.approx(np.array(expected["std_error"]), rel=ITERATIVE)
    assert fit.tau2 == pytest.approx(expected["tau2"], rel=ITERATIVE)
    assert fit.q == pytest.approx(expected["q"], rel=1e-9)
    assert fit.test([0, 1]).p_value == pytest.approx(expected["p_value"][1], rel=ITERATIVE)


@pytest.mark.parametrize("method", list(TAU2_METHODS))
@pytest.mark.parametrize("hartung_knapp", ["none", "plain", "guarded"])
def test_subgroups_equal_metafor(bcg, method, hartung_knapp):
    y, v, _, alloc, fits = bcg
    expected = fits[f"{method} {hartung_knapp}"]
    groups = (alloc[:, None] == np.unique(alloc)).astype(float)  # one column per group
    fit = meta_regression(y, v, groups, tau2_method=method, hartung_knapp=hartung_knapp)
    test = fit.test([[1, -1, 0], [1, 0, -1]])
    # metafor gives chi-squared for the classic test and F after Hartung-Knapp
    statistic = test.statistic * (2 if hartung_knapp == "none" else 1)
    assert fit.tau2 == pytest.approx(expected["groups_tau2"], rel=ITERATIVE)
    assert statistic == pytest.approx(expected["groups_qm"], rel=ITERATIVE)
    assert test.p_value == pytest.approx(expected["groups_p"], rel=ITERATIVE)


def test_one_hypothesis_is_the_t_test_of_the_coefficient(bcg):
    y, v, latitude, _, _ = bcg
    fit = meta_regression(y, v, latitude)
    ratio = fit.coef[1] / fit.cov[1, 1] ** 0.5
    assert fit.test([0, 1]).p_value == pytest.approx(2 * t.sf(abs(ratio), fit.df), rel=1e-9)
    classic = meta_regression(y, v, latitude, hartung_knapp="none")
    ratio = classic.coef[1] / classic.cov[1, 1] ** 0.5
    assert classic.test([0, 1]).p_value == pytest.approx(chi2.sf(ratio**2, 1), rel=1e-9)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ([[1, 0], [1, 0], [1, 0]], "none follows from the others"),
        ([[1, 0], [1, 1]], "does not fit 3 studies"),
        ([[1, 0, 0], [1, 1, 0], [1, 0, 1]], "3 studies cannot carry 3 coefficients"),
    ],
)
def test_designs_that_cannot_be_fitted_are_refused(design, message):
    with pytest.raises(ValueError, match=message):
        meta_regression([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], design)
