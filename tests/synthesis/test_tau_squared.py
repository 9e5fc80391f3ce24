import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.synthesis.tau_squared import TAU2_METHODS, q_profile_interval, tau_squared

CLOSED_FORM = 1e-9


def test_bcg_at_default_settings_of_metafor(metafor):
    # rma(yi, vi, method=...) of metafor 3.8-1, log risk ratios of dat.bcg
    bcg = metafor["pooled"]["bcg"]
    for method, tau2, tolerance in (
        ("DL", 0.30876026, 5e-9),
        ("HE", 0.32856386, 5e-9),
        ("SJ", 0.34551570, 5e-9),
        ("REML", 0.31324333, 2e-6),  # its iterations stop at a change of 1e-5
        ("ML", 0.28002817, 2e-6),
        ("PM", 0.31809371, 1.3e-4),  # its root search stops at 1.2e-4
    ):
        assert tau_squared(bcg["yi"], bcg["vi"], method) == pytest.approx(tau2, abs=tolerance)


@pytest.mark.parametrize("method", list(TAU2_METHODS))
def test_equal_variances_by_hand(method):
    # with v equal, REML, DL, PM and HE are var(y) - v; ML uses n instead of n - 1;
    # SJ is r var(y) with r = rough / (rough + v), rough = (k-1)/k var(y)
    y, v = np.array([0.0, 0.4, 1.1, 0.2, -0.6]), np.full(5, 0.05)
    by_hand = {"ML": y.var() - 0.05, "SJ": y.var() / (y.var() + 0.05) * y.var(ddof=1)}
    expected = by_hand.get(method, y.var(ddof=1) - 0.05)
    assert tau_squared(y, v, method) == pytest.approx(expected, rel=CLOSED_FORM)


def test_highest_of_several_maxima_is_found():
    # two tight studies far apart from each other among wide ones give a restricted likelihood with
    # a maximum at 0 and a higher one away from it; a grid without any search is the witness
    y = np.array([0.0, 1.2, 0.5, 0.4, 0.6, 0.55])
    v = np.array([0.004, 0.004, 0.09, 0.2, 0.15, 0.1])
    grid = np.linspace(0, 2, 200_001)
    w = 1 / (v + grid[:, None])
    mu = (w * y).sum(axis=1) / w.sum(axis=1)
    loglik = 0.5 * (
        np.log(w).sum(axis=1) - (w * (y - mu[:, None]) ** 2).sum(axis=1) - np.log(w.sum(axis=1))
    )
    assert tau_squared(y, v) == pytest.approx(grid[loglik.argmax()], abs=1e-5)  # the grid's step


def test_q_profile_interval_puts_q_at_its_quantiles():
    # the defining property, with chi-squared quantiles on 3 df from tables: 0.2158 and 9.3484
    y, v = np.array([-1.0, 0.2, 1.5, 2.4]), np.array([0.05, 0.1, 0.08, 0.2])
    low, high = q_profile_interval(y, v)
    for tau2, quantile in ((low, 9.348404), (high, 0.215795)):
        w = 1 / (v + tau2)
        q = (w * (y - (w * y).sum() / w.sum()) ** 2).sum()
        assert q == pytest.approx(quantile, rel=2e-6)


def test_one_study_and_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="from one study"):
        tau_squared([0.1], [0.2])
    with pytest.raises(ValueError, match='tau2_method="EB" is unknown'):
        tau_squared([0.1, 0.2], [0.2, 0.2], "EB")


studies = st.integers(2, 8).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k),
        st.lists(st.floats(0.01, 2), min_size=k, max_size=k),
    )
)


@settings(max_examples=60, deadline=None)
@given(studies, st.sampled_from(list(TAU2_METHODS)), st.floats(0.1, 10), st.floats(-5, 5))
def test_scaling_and_shifting_the_effects(data, method, factor, constant):
    """tau-squared scales with the square of the unit and ignores sign and shift."""
    y, v = map(np.array, data)
    tau2 = tau_squared(y, v, method)
    tolerance = {"rel": 1e-6, "abs": 1e-7}  # root searches stop at 1e-15 of their range
    assert tau_squared(-y, v, method) == pytest.approx(tau2, **tolerance)
    assert tau_squared(y + constant, v, method) == pytest.approx(tau2, **tolerance)
    assert tau_squared(factor * y, factor**2 * v, method) / factor**2 == pytest.approx(
        tau2, **tolerance
    )
    assert tau_squared(y[::-1], v[::-1], method) == pytest.approx(tau2, **tolerance)
