"""Weighted curves: weights of one give what curves without weights give; R for the rest."""

import numpy as np
import pytest

from ctevidence.models.aalen_johansen import aalen_johansen, competing
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.models.weighted_curve import weighted_curve


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(4)
    return rng.integers(1, 40, 90).astype(float), rng.integers(0, 3, 90)


def variance(by_weight):
    return float(by_weight @ by_weight)


@pytest.mark.parametrize("week", [3, 17.5, 30])
def test_weights_of_one_give_greenwood_and_the_restricted_mean_variance(people, week):
    time, cause = people
    curve, plain = weighted_curve(time, cause, np.ones(90)), kaplan_meier(time, cause == 1)
    value, by_weight = curve.value("survival", week)
    assert value == pytest.approx(float(plain.at(week)), rel=1e-12)
    assert variance(by_weight) == pytest.approx(plain.covariance([week])[0, 0], rel=1e-9)
    value, by_weight = curve.value("rmst", week)
    estimate, cov = restricted_mean(plain, [week])
    assert value == pytest.approx(estimate[0], rel=1e-12)
    assert variance(by_weight) == pytest.approx(cov[0, 0], rel=1e-9)


@pytest.mark.parametrize("week", [3, 17.5, 30])
def test_weights_of_one_give_the_aalen_johansen_estimate(people, week):
    time, cause = people
    value, by_weight = weighted_curve(time, cause, np.ones(90)).value("cumulative_incidence", week)
    found = aalen_johansen(competing(time, cause, n_causes=2), [week])
    assert value == pytest.approx(found.probability[0, 1], rel=1e-12)
    assert variance(by_weight) == pytest.approx(found.cov[1, 1], rel=1e-9)


@pytest.mark.parametrize("measure", ["survival", "rmst", "cumulative_incidence"])
def test_whole_weights_are_people_who_stand_several_times(people, measure):
    time, cause = people
    many = np.random.default_rng(1).integers(1, 4, 90)
    value, by_weight = weighted_curve(time, cause, many.astype(float)).value(measure, 20)
    again, of_each = weighted_curve(
        np.repeat(time, many), np.repeat(cause, many), np.ones(many.sum())
    ).value(measure, 20)
    assert value == pytest.approx(again, rel=1e-12)
    np.testing.assert_allclose(np.repeat(by_weight, many), of_each, atol=1e-14)


@pytest.mark.parametrize("measure", ["survival", "rmst", "cumulative_incidence"])
def test_derivatives_are_those_of_small_changes_of_weights(people, measure):
    time, cause = people
    weight = np.random.default_rng(2).uniform(0.5, 2, 90)
    _, by_weight = weighted_curve(time, cause, weight).value(measure, 20)
    for i in (0, 11, 57, 89):
        step = np.where(np.arange(90) == i, 1e-5, 0.0)
        above, below = (
            weighted_curve(time, cause, weight + s).value(measure, 20)[0] for s in (step, -step)
        )
        assert by_weight[i] == pytest.approx((above - below) / 2e-5, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("measure", ["survival", "rmst", "cumulative_incidence"])
def test_scaling_all_weights_changes_nothing(people, measure):
    time, cause = people
    weight = np.random.default_rng(2).uniform(0.5, 2, 90)
    value, by_weight = weighted_curve(time, cause, weight).value(measure, 20)
    again, scaled = weighted_curve(time, cause, 7 * weight).value(measure, 20)
    assert again == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(weight @ by_weight, 0, atol=1e-12)
    np.testing.assert_allclose(7 * scaled, by_weight, atol=1e-13)


def test_a_curve_that_ends_with_an_event_stays_at_zero():
    curve = weighted_curve(np.array([2.0, 5.0]), np.array([1, 1]), np.array([1.0, 3.0]))
    assert curve.known_until == np.inf
    value, by_weight = curve.value("rmst", 8)
    assert value == pytest.approx(0.25 * 2 + 0.75 * 5)  # the weighted mean of the two times
    np.testing.assert_allclose(by_weight, [(2 - value) / 4, (5 - value) / 4])
    assert curve.value("survival", 6)[0] == 0


def test_an_unknown_measure_is_named():
    curve = weighted_curve(np.array([2.0, 5.0]), np.array([1, 0]), np.ones(2))
    with pytest.raises(KeyError, match="No curve of hazard; there are survival, rmst"):
        curve.value("hazard", 3)
