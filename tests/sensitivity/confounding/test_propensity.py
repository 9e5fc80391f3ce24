import numpy as np
import pytest

from ctevidence.sensitivity.balancing_weights import METHODS, balancing_weights, effective_people
from ctevidence.sensitivity.propensity import PENALTY, fit_propensity
from ctevidence.sensitivity.weighting import weigh


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 2))
    eta = np.column_stack([np.zeros(300), x @ [0.5, 0.2], x @ [-0.4, 0.3]])
    arm = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    return arm, x


def test_chances_and_coefficients_as_in_r(r, registry):
    found = weigh(registry).propensity
    # multinom of nnet, made exact by Newton steps on numerical derivatives
    np.testing.assert_allclose(found.probability, r["probability"], rtol=1e-8)
    np.testing.assert_allclose(found.coef.ravel(), r["coef"], rtol=1e-7)
    np.testing.assert_allclose(found.cov, r["cov_coef"], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("how", METHODS)
def test_weights_and_effective_numbers_as_in_r(r, registry, how):
    found = weigh(registry, how)
    relative = found.value / np.array(r["weight"][how])
    for a in found.arms:  # the same but for a factor of the arm
        own = relative[found.arm == a]
        np.testing.assert_allclose(own, own[0], rtol=1e-7)
    arms = [found.arms.index(a) for a in r["arms"]]
    effective = found.positivity()["effective"].to_numpy()[arms]
    np.testing.assert_allclose(effective, r["effective"][how], rtol=1e-7)


def test_the_order_of_arms_changes_nothing(people):
    arm, x = people
    turned = np.array([2, 0, 1])[arm]
    for penalty in (0.0, 2.0):
        here = fit_propensity(arm, x, 3, penalty).probability
        there = fit_propensity(turned, x, 3, penalty).probability
        np.testing.assert_allclose(there[:, [2, 0, 1]], here, rtol=1e-8)


def test_the_scale_of_covariates_changes_nothing(people):
    arm, x = people
    for penalty in (0.0, 2.0):
        here = fit_propensity(arm, x, 3, penalty).probability
        there = fit_propensity(arm, x * [1000, 0.01] + 5, 3, penalty).probability
        np.testing.assert_allclose(there, here, rtol=1e-7)


def test_derivatives_are_those_of_small_changes_of_coefficients(people):
    arm, x = people
    fitted = fit_propensity(arm, x, 3)
    design = np.hstack([np.ones((300, 1)), x])

    def weight(coef, how):
        eta = np.hstack([np.zeros((300, 1)), design @ coef.T])
        p = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
        tilt = {"inverse-probability": np.ones(300), "overlap": 1 / (1 / p).sum(axis=1),
                "matching": p.min(axis=1)}[how]  # fmt: skip
        return tilt / p[np.arange(300), arm], tilt

    for how in METHODS:
        found = balancing_weights(fitted, arm, how)
        factor = found.value / weight(fitted.coef, how)[0]
        for place in range(6):
            step = np.zeros(6)
            step[place] = 1e-6
            (up, tilt_up), (down, tilt_down) = (
                weight(fitted.coef + s.reshape(2, 3), how) for s in (step, -step)
            )
            np.testing.assert_allclose(
                found.slope[:, place], factor * (up - down) / 2e-6, rtol=1e-6, atol=1e-7
            )
            np.testing.assert_allclose(
                found.tilt_slope[:, place], (tilt_up - tilt_down) / 2e-6, rtol=1e-6, atol=1e-8
            )


def test_separated_arms_get_finite_chances_and_say_so():
    arm = np.repeat([0, 1, 2], 20)
    x = np.column_stack([arm == 2, np.tile([0.0, 1], 30)]).astype(float)  # a site of one arm only
    found = fit_propensity(arm, x, 3)
    assert found.is_separated
    assert found.penalty == PENALTY
    assert (found.probability > 0).all()
    np.testing.assert_allclose(found.probability.sum(axis=0), [20, 20, 20], rtol=1e-9)
    assert not fit_propensity(arm, x[:, 1:], 3).is_separated


def test_equal_people_have_the_share_of_each_arm():
    arm = np.repeat([0, 1, 2], [10, 20, 30])
    found = fit_propensity(arm, np.empty((60, 0)), 3)
    np.testing.assert_allclose(found.probability[0], [1 / 6, 1 / 3, 1 / 2], rtol=1e-12)
    np.testing.assert_allclose(
        balancing_weights(found, arm, "inverse-probability").value, 1, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("arm", "columns", "problem"),
    [
        ([0, 0, 2, 2], [[1.0], [2], [3], [4]], "somebody in each arm"),
        ([0, 1, 2, 0, 1, 2], [[1.0, 2]] * 3 + [[2.0, 4]] * 3, "follow from others"),
    ],
)
def test_what_cannot_be_fitted_is_said(arm, columns, problem):
    with pytest.raises(ValueError, match=problem):
        fit_propensity(np.array(arm), np.array(columns), 3)


def test_effective_people_are_people_when_weights_are_alike():
    arm = np.repeat([0, 1], [5, 8])
    np.testing.assert_allclose(effective_people(np.full(13, 2.5), arm, 2), [5, 8])
