"""Restricted mean survival time against R."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.restricted_mean import restricted_mean


@pytest.mark.parametrize("name", ["aml", "lung"])
@pytest.mark.parametrize("arm", ["combined", "medication"])
def test_estimate_and_error_as_in_r(reference, name, arm):
    """``print(survfit, rmean = tau)`` of survival 3.5-3; `survival.R`."""
    witness = reference("survival")[name]
    rows = np.array(witness["data"]["arm"]) == arm
    time, event = (np.array(witness["data"][c])[rows] for c in ("time", "event"))
    r = witness["arms"][arm]
    estimate, cov = restricted_mean(kaplan_meier(time, event == 1), [r["tau"]])
    assert estimate[0] == pytest.approx(r["rmst"]["estimate"], rel=1e-12)
    assert np.sqrt(cov[0, 0]) == pytest.approx(r["rmst"]["std_error"], rel=1e-9)


def test_two_horizons_by_hand():
    """Events at 2 and 6 of three people, one censored at 8; S = 1, 2/3, 1/3.

    To 4: 2 + 2 x 2/3. To 8: 2 + 4 x 2/3 + 2 x 1/3. Areas left after the events: to 4: 4/3 and 0;
    to 8: 10/3 and 2/3. Greenwood terms: 1/(3 x 2) and 1/(2 x 1).
    """
    curve = kaplan_meier(np.array([2.0, 6, 8]), np.array([True, True, False]))
    estimate, cov = restricted_mean(curve, [4, 8])
    np.testing.assert_allclose(estimate, [10 / 3, 16 / 3], rtol=1e-12)
    between = (4 / 3) * (10 / 3) / 6
    np.testing.assert_allclose(cov, [[16 / 54, between], [between, 100 / 54 + 4 / 18]], rtol=1e-12)


def test_a_last_time_at_which_all_have_the_event_adds_nothing():
    curve = kaplan_meier(np.array([2.0, 4]), np.array([True, True]))
    estimate, cov = restricted_mean(curve, [4])
    assert estimate[0] == pytest.approx(3)
    assert cov[0, 0] == pytest.approx(1 / 2)


def test_without_censoring_it_is_the_mean_of_the_restricted_times():
    """Then Greenwood's sum is the binomial-type variance: that of the mean with divisor n."""
    time = np.array([1.0, 3, 3, 7, 9, 12])
    estimate, cov = restricted_mean(kaplan_meier(time, np.ones(6, bool)), [10])
    restricted = np.minimum(time, 10)
    assert estimate[0] == pytest.approx(restricted.mean(), rel=1e-12)
    assert cov[0, 0] == pytest.approx(restricted.var() / 6, rel=1e-9)


def test_a_horizon_beyond_the_follow_up_names_the_largest():
    curve = kaplan_meier(np.array([2.0, 6.5]), np.array([True, False]))
    with pytest.raises(ValueError, match="largest horizon is week 6.5"):
        restricted_mean(curve, [5, 7])


@settings(max_examples=40, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=2, max_size=20),
    scale=st.floats(0.1, 30),
)
def test_scaling_time_scales_it(data, scale):
    time, event = (np.array(x, float) for x in zip(*data, strict=True))
    horizon = 0.9 * time.max()
    estimate, cov = restricted_mean(kaplan_meier(time, event == 1), [horizon])
    scaled, scaled_cov = restricted_mean(kaplan_meier(scale * time, event == 1), [scale * horizon])
    np.testing.assert_allclose(scaled, scale * estimate, rtol=1e-9)
    np.testing.assert_allclose(scaled_cov, scale**2 * cov, rtol=1e-9, atol=1e-12)
