"""What is declared about treatments: hand-worked numbers, and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.simulate.effects import ARMS, Effects, Harms, Relapse, by_arm


def test_arms_are_in_the_declared_order():
    assert [str(a) for a in ARMS] == ["control", "medication", "therapy", "combined"]
    np.testing.assert_array_equal(by_arm(1, 10, 100, 1000), [1, 11, 101, 1111])


def test_week_12_holds_the_declared_changes():
    changes = Effects(control=-4, medication=-3, therapy=-2, interaction=-1).changes((0, 12, 52))
    np.testing.assert_allclose(changes[:, 0], 0)
    np.testing.assert_allclose(changes[:, 1], [-4, -7, -6, -10])
    np.testing.assert_allclose(changes[:, 2], changes[:, 1])  # kept up after acute treatment


def test_half_of_the_effect_is_reached_as_declared():
    # with a half-time of 4 weeks 1 - 2^-1 = 1/2 at week 4 and 1 - 2^-3 = 7/8 at week 12
    effects = Effects(control=0, medication=0, therapy=-7, therapy_half_weeks=4)
    np.testing.assert_allclose(effects.changes((4, 12))[2], [-4, -7])


def test_the_interaction_comes_with_the_slower_treatment():
    effects = Effects(0, 0, 0, -7, medication_half_weeks=1, therapy_half_weeks=4)
    np.testing.assert_allclose(effects.changes((4,))[:, 0], [0, 0, 0, -4])


def test_hazard_ratios_multiply():
    ratios = Relapse(medication=0.5, therapy=0.4, interaction=2).hazard_ratios
    np.testing.assert_allclose(ratios, [1, 0.5, 0.4, 0.4])


def test_cumulative_hazard_by_hand():
    # two years at risk after the delay: (0.5 * 2) ** 2 = 1, and one year: 0.25
    relapse = Relapse(rate_per_year=0.5, shape=2, delay_weeks=10)
    days = 70 + 365.25 * np.array([-1, 0, 1, 2])
    np.testing.assert_allclose(relapse.cumulative_hazard(days), [0, 0, 0.25, 1])


@given(
    hazard=st.floats(0.01, 50),
    rate=st.floats(0.05, 5),
    shape=st.floats(0.5, 3),
    delay=st.floats(0, 30),
)
def test_days_until_inverts_the_cumulative_hazard(hazard, rate, shape, delay):
    relapse = Relapse(rate_per_year=rate, shape=shape, delay_weeks=delay)
    days = relapse.days_until(np.array([hazard]))
    # the power and its inverse lose a few digits next to the delay
    np.testing.assert_allclose(relapse.cumulative_hazard(days), hazard, rtol=1e-6)


def test_without_a_rate_nobody_relapses():
    assert Relapse(rate_per_year=0).days_until(np.array([0.1, 9.0])).tolist() == [math.inf] * 2


def test_harms_add_up():
    np.testing.assert_allclose(Harms(0.1, 0.2, 0.05, -0.05).risks, [0.1, 0.3, 0.15, 0.3])


@pytest.mark.parametrize(
    ("declare", "named"),
    [
        (lambda: Effects(control=math.nan), "control"),
        (lambda: Effects(therapy_half_weeks=0), "therapy_half_weeks"),
        (lambda: Relapse(rate_per_year=-1), "rate_per_year"),
        (lambda: Relapse(shape=0), "shape"),
        (lambda: Relapse(medication=math.inf), "medication"),
        (lambda: Harms(control=0.9, medication=0.2), "between 0 and 1"),
    ],
)
def test_impossible_numbers_are_refused(declare, named):
    with pytest.raises(ValueError, match=named):
        declare()
