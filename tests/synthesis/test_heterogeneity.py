import pytest

from ctevidence.synthesis.heterogeneity import heterogeneity, typical_variance
from ctevidence.synthesis.tau_squared import TAU2_METHODS, tau_squared

CLOSED_FORM = 1e-9
# both sides iterate; metafor's threshold was tightened to 1e-12 on tau-squared, and where 0 is the
# truth it stops a little above
ITERATIVE, AT_ZERO = 1e-6, 1e-8
DATA = ["bcg", "normand1999", "three", "homogeneous"]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("method", list(TAU2_METHODS))
def test_equals_metafor(metafor, data, method):
    pooled = metafor["pooled"][data]
    expected = pooled["random"][f"{method} plain"]
    found = heterogeneity(pooled["yi"], pooled["vi"], method)
    tolerance = CLOSED_FORM if method in ("DL", "HE", "SJ") else ITERATIVE
    assert found.tau2 == pytest.approx(expected["tau2"], rel=tolerance, abs=AT_ZERO)
    assert found.i2_tau2 == pytest.approx(expected["i2"], rel=tolerance, abs=AT_ZERO)
    assert found.h2_tau2 == pytest.approx(expected["h2"], rel=tolerance)
    assert found.q == pytest.approx(pooled["q"], rel=CLOSED_FORM)
    assert found.p_value == pytest.approx(pooled["q_p"], rel=CLOSED_FORM)
    for ours, theirs in (
        (found.tau2_low, "tau2_low"),
        (found.tau2_high, "tau2_high"),
        (found.i2_tau2_low, "i2_low"),
        (found.i2_tau2_high, "i2_high"),
    ):
        assert ours == pytest.approx(expected[theirs], rel=ITERATIVE, abs=AT_ZERO)


def test_two_studies_by_hand():
    # y 0.1, 0.9; v 0.04, 0.09: Q = 0.8^2 / 0.13; with two studies every moment estimator solves
    # (y1 - y2)^2 / 2 = tau2 + mean(v)
    y, v = [0.1, 0.9], [0.04, 0.09]
    found = heterogeneity(y, v, "DL")
    assert found.q == pytest.approx(0.64 / 0.13, rel=CLOSED_FORM)
    assert found.i2_q == pytest.approx(100 * (1 - 0.13 / 0.64), rel=CLOSED_FORM)
    for method in ("DL", "HE"):
        assert tau_squared(y, v, method) == pytest.approx(0.32 - 0.065, rel=CLOSED_FORM)


def test_two_conventions_of_i_squared_agree_only_for_dersimonian_laird(metafor):
    bcg = metafor["pooled"]["bcg"]
    dl = heterogeneity(bcg["yi"], bcg["vi"], "DL")
    reml = heterogeneity(bcg["yi"], bcg["vi"], "REML")
    assert dl.i2_tau2 == pytest.approx(dl.i2_q, rel=CLOSED_FORM)
    assert reml.i2_tau2 == pytest.approx(92.2214, abs=5e-5)  # metafor prints 92.22
    assert reml.i2_q == pytest.approx(100 * (1 - 12 / 152.23300808), rel=1e-8)


def test_too_little_difference_gives_an_empty_interval():
    # Q = 0 is below the 2.5 % quantile of chi-squared on 2 df
    found = heterogeneity([0.2, 0.2, 0.2], [0.1, 0.2, 0.3])
    assert (found.tau2, found.tau2_low, found.tau2_high) == (0.0, 0.0, 0.0)
    assert found.interval_is_empty
    assert not heterogeneity([0.2, 0.9, 0.5], [0.1, 0.2, 0.3]).interval_is_empty


def test_typical_variance_of_bcg(metafor):
    # metafor: I2 = tau2 / (tau2 + s2), so s2 follows from its I2 and tau2
    bcg = metafor["pooled"]["bcg"]
    reml = bcg["random"]["REML plain"]
    expected = reml["tau2"] * (100 - reml["i2"]) / reml["i2"]
    assert typical_variance(bcg["vi"]) == pytest.approx(expected, rel=CLOSED_FORM)
