"""Held to metafor: rma(method = "PM") and blup (tests/reference/response_methods.R)."""

import numpy as np
import pytest

from ctevidence.models.continuous_modifier import slope_of_effect
from ctevidence.models.shrinkage import shrink


@pytest.mark.parametrize("which", ["apart", "alike"])
def test_shrunken_effects_as_metafor(which, reference):
    witness = reference("response_methods")["shrink"][which]
    found = shrink(np.array(witness["y"]), np.array(witness["se"]))
    assert found.tau2 == pytest.approx(witness["tau2"], rel=1e-7, abs=1e-12)
    assert found.mean == pytest.approx(witness["mean"], rel=1e-8)
    np.testing.assert_allclose(found.estimate, witness["estimate"], rtol=1e-7)
    np.testing.assert_allclose(found.std_error, witness["error"], rtol=1e-7)
    assert found.q == pytest.approx(witness["q"], rel=1e-9)
    assert found.p_value == pytest.approx(witness["p"], rel=1e-9)


@pytest.mark.parametrize(
    ("what", "outcome", "scale"),
    [("linear", "y", "identity"), ("poisson", "y", "log"), ("score", "score", "identity")],
)
def test_slopes_and_their_hc3_errors_as_sandwich(what, outcome, scale, reference):
    witness = reference("response_methods")
    d = {name: np.array(values, float) for name, values in witness["people"].items()}
    more = d["more"][:, None] if what == "score" else None
    slope = slope_of_effect(d[outcome], d["arm"], d["z"], scale, more)
    assert slope.estimate == pytest.approx(witness[what]["estimate"], rel=1e-8)
    assert slope.std_error == pytest.approx(witness[what]["se"], rel=1e-8)


def test_a_modifier_without_spread_has_no_slope():
    y, arm = np.tile([0.0, 1.0], 30), np.repeat([0.0, 1.0], 30)
    slope = slope_of_effect(y, arm, np.full(60, 3.0), "identity")
    assert np.isnan(slope.estimate)
    assert "without spread" in slope.problem
