"""Printed numbers of VanderWeele and Ding (2017) and of the EValue package's documentation."""

import math

import numpy as np
import pytest

from ctevidence.contrasts import compare, counted_levels, synergy
from ctevidence.estimates import Estimate, Estimates
from ctevidence.sensitivity.e_values import as_risk_ratio, e_value, e_values
from ctevidence.sensitivity.interaction_bounds import bounding_factor, interaction_bounds


def row(measure="risk_ratio", estimate=2.0, low=1.2, high=3.3, **options):
    return Estimate(
        "demo", "relapse", "combined", measure, estimate, reference="medication", conf_low=low,
        conf_high=high, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "published"),
    [
        (3.9, 7.26),  # VanderWeele and Ding 2017: maternal breastfeeding, abstract
        (1.8, 3.0),  # its lower limit
        (0.80, 1.81),  # table of the same paper: leukaemia in offspring
        (10.73, 20.95),  # Hammond and Horn 1958, smoking: Ding and VanderWeele 2016
    ],
)
def test_published_e_values(ratio, published):
    assert e_value(ratio) == pytest.approx(published, abs=0.006)


def test_an_e_value_is_the_strength_whose_bounding_factor_is_the_ratio():
    for ratio in (1.1, 2.0, 7.5):
        assert bounding_factor(e_value(ratio), e_value(ratio)) == pytest.approx(ratio, rel=1e-12)


def test_limits_are_those_nearer_to_no_difference():
    found = e_values(row()).one()
    assert found.estimate == pytest.approx(2 + math.sqrt(2))
    assert found.conf_low == pytest.approx(1.2 + math.sqrt(1.2 * 0.2))
    assert math.isnan(found.conf_high)
    protective = e_values(row(estimate=0.5, low=1 / 3.3, high=1 / 1.2)).one()
    assert protective.estimate == pytest.approx(found.estimate)
    assert protective.conf_low == pytest.approx(found.conf_low)
    assert e_values(row(low=0.9)).one().conf_low == 1.0


def test_odds_hazards_and_standardised_differences():
    # VanderWeele and Ding 2017, table 2
    found = e_values(row("odds_ratio", 4.0, 2.25, 7.1), common=True).one()
    assert found.estimate == pytest.approx(e_value(2.0))
    assert found.conf_low == pytest.approx(e_value(1.5))
    assert e_values(row("odds_ratio"), common=False).one().estimate == pytest.approx(e_value(2.0))
    hazard = as_risk_ratio(0.5, "hazard_ratio", common=True)
    assert hazard == pytest.approx((1 - 0.5**0.5**0.5) / (1 - 0.5**2**0.5))
    assert as_risk_ratio(2.0, "hazard_ratio", common=True) == pytest.approx(1 / hazard)
    found = e_values(row("std_mean_difference", 0.5, 0.2, 0.8, std_error=0.15)).one()
    assert found.estimate == pytest.approx(e_value(math.exp(0.455)))
    assert found.conf_low == pytest.approx(e_value(math.exp(0.455 - 1.78 * 0.15)))


def test_moving_to_another_ratio_takes_their_quotient():
    assert e_values(row(), to=1.6).one().estimate == pytest.approx(e_value(1.25))
    assert e_values(row(), to=1.6).one().conf_low == 1.0


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (row("risk_difference", 0.1, 0.0, 0.2), {}, "There is no E-value of risk_difference"),
        (row("hazard_ratio"), {}, "say common=True when more than 15 %"),
        (row("odds_ratio"), {}, "depends on how common"),
        (Estimate("demo", "relapse", "combined", "risk", 0.2), {}, "is no comparison of two arms"),
        (row(), {"to": 0}, "a risk ratio above 0"),
    ],
)
def test_what_has_no_e_value_says_so(given, options, words):
    with pytest.raises(ValueError, match=words):
        e_values(given, **options)


def test_a_ratio_that_is_not_estimable_has_none():
    found = e_values(row(estimate=math.nan, low=math.nan, high=math.nan)).one()
    assert not found.is_estimable


def test_randomised_comparisons_say_so():
    levels = counted_levels([60, 40, 30, 20], [100] * 4)
    found = e_values(compare(levels, "combined", against="control", measure="risk_ratio")).one()
    assert "randomised: no confounding at the start" in found.caution


# -- interactions ----------------------------------------------------------------------------------

EVENTS, PEOPLE = [160, 80, 90, 40], [200, 200, 300, 100]


@pytest.fixture
def levels():
    return counted_levels(EVENTS, PEOPLE, randomised=frozenset())


def test_without_confounding_the_range_is_that_of_synergy(levels):
    bounds = interaction_bounds(levels, strength=1)
    seen = synergy(levels)
    ratio = seen.where(measure="interaction_ratio").one()
    found = bounds.where(measure="interaction_ratio_bounds").one()
    for name in ("estimate", "conf_low", "conf_high"):
        assert getattr(found, name) == pytest.approx(getattr(ratio, name), rel=1e-9)
    difference = bounds.where(measure="interaction_difference_bounds").one()
    # Wald here, MOVER there
    assert difference.estimate == pytest.approx(
        seen.where(measure="interaction_difference").one().estimate
    )


def test_no_distribution_of_a_confounder_leaves_the_bounds(levels):
    """A binary confounder, its share in each arm and effect drawn at random within the strength."""
    rng, strength = np.random.default_rng(3), 2.0
    shares = np.array(PEOPLE) / sum(PEOPLE)
    seen = np.array(EVENTS) / PEOPLE
    rows = interaction_bounds(levels, strength=strength)
    factor = bounding_factor(strength, strength)
    signs = np.array([1, -1, -1, 1])
    widest = [np.inf, -np.inf]
    for _ in range(4000):
        # share with U = 1 in each arm: no two more than `strength` apart, nor those with U = 0
        u = rng.uniform(0.02, 0.98, 4)
        if max(u.max() / u.min(), (1 - u).max() / (1 - u).min()) > strength:
            continue
        effect = strength ** rng.uniform(-1, 1, 4)  # risk ratio of U under each arm
        without = seen / (u * effect + 1 - u)
        true = without * (shares @ u * effect + shares @ (1 - u))
        widest = [min(widest[0], signs @ true), max(widest[1], signs @ true)]
    change = shares + (1 - shares) * np.where(signs > 0, factor, 1 / factor)
    high = signs @ (seen * change)
    change = shares + (1 - shares) * np.where(signs < 0, factor, 1 / factor)
    low = signs @ (seen * change)
    assert low <= widest[0] < signs @ seen < widest[1] <= high
    found = rows.where(measure="interaction_difference_bounds").one()
    assert found.conf_low < low
    assert found.conf_high > high  # chance is added


def test_at_the_e_value_the_range_without_chance_just_holds_no_interaction(levels):
    found = interaction_bounds(levels).where(measure="interaction_ratio_e_value").one()
    factor = bounding_factor(found.estimate, found.estimate)
    shares, seen = np.array(PEOPLE) / sum(PEOPLE), np.array(EVENTS) / PEOPLE
    signs = np.array([1, -1, -1, 1])
    up = signs @ np.log(seen) < 0
    change = shares + (1 - shares) * np.where((signs > 0) == up, factor, 1 / factor)
    assert signs @ np.log(seen * change) == pytest.approx(0, abs=1e-9)
    assert 1 <= found.conf_low <= found.estimate


def test_bounds_grow_with_the_strength(levels):
    wide = [
        interaction_bounds(levels, strength=s).where(measure="interaction_difference_bounds").one()
        for s in (1.0, 1.5, 2.0)
    ]
    assert wide[0].conf_low > wide[1].conf_low > wide[2].conf_low
    assert wide[0].conf_high < wide[1].conf_high < wide[2].conf_high


def test_bounds_are_of_probabilities(levels):
    with pytest.raises(ValueError, match="at least 1"):
        interaction_bounds(levels, strength=0.5)
    rows = interaction_bounds(levels)
    assert isinstance(rows, Estimates)
    assert all("not randomised: an association" in row.caution for row in rows)
