import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.synthesis.absolute import (
    absolute_effect,
    absolute_effect_unsure,
    number_needed,
)

CLOSED_FORM = 1e-9


def test_risk_ratio_by_hand():
    # RR 1.4 (1.1 to 1.78) at 35 per 100: 49 (38.5 to 62.3), 14 more (3.5 to 27.3)
    effect = absolute_effect(1.4, 1.1, 1.78, 0.35, "risk_ratio")
    assert effect.risk == pytest.approx(0.49, rel=CLOSED_FORM)
    assert (effect.risk_low, effect.risk_high) == pytest.approx((0.385, 0.623), rel=CLOSED_FORM)
    assert effect.difference == pytest.approx(0.14, rel=CLOSED_FORM)
    assert effect.difference_low == pytest.approx(0.035, rel=CLOSED_FORM)
    assert effect.difference_high == pytest.approx(0.273, rel=CLOSED_FORM)
    assert effect.caution == ""


def test_odds_ratio_by_hand():
    # OR 2 at odds 1/4 (20 per 100): odds 1/2, 33.3 per 100; OR 1/2: odds 1/8, 11.1 per 100
    effect = absolute_effect(2.0, 0.5, 4.0, 0.2, "odds_ratio")
    assert effect.risk == pytest.approx(1 / 3, rel=CLOSED_FORM)
    assert effect.risk_low == pytest.approx(1 / 9, rel=CLOSED_FORM)
    assert effect.risk_high == pytest.approx(1 / 2, rel=CLOSED_FORM)


def test_a_risk_above_one_is_not_estimable_and_a_limit_above_one_is_held_with_a_caution():
    effect = absolute_effect(1.8, 1.2, 2.6, 0.6, "risk_ratio")
    assert math.isnan(effect.risk)
    assert "not estimable" in effect.caution
    effect = absolute_effect(1.5, 1.2, 2.6, 0.6, "risk_ratio")
    assert effect.risk == pytest.approx(0.9, rel=CLOSED_FORM)
    assert effect.risk_high == 1.0
    assert "held at 1" in effect.caution


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.4, 1.1, 1.8, 0.0, "risk_ratio"), "baseline risk is 0"),
        ((1.4, 1.1, 1.8, 40, "risk_ratio"), "baseline risk is 40"),
        ((0.3, -0.1, 0.7, 0.4, "risk_ratio"), "not their logarithms"),
        ((1.4, 1.5, 1.8, 0.4, "risk_ratio"), "is not an interval"),
        ((1.4, 1.1, 1.8, 0.4, "hazard_ratio"), "not hazard_ratio"),
    ],
)
def test_what_has_no_absolute_meaning_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        absolute_effect(*arguments)


def test_altman_1998_crossing_interval():
    # Altman (1998), BMJ 317:1309: difference 10 % (-5 % to 25 %) is NNTB 10,
    # NNTB 4 to infinity to NNTH 20
    nnt = number_needed(0.10, -0.05, 0.25, "higher")
    assert (nnt.estimate, nnt.low, nnt.high) == pytest.approx((10, 4, 20), rel=CLOSED_FORM)
    assert nnt.benefit
    assert nnt.crosses
    assert nnt.signed == pytest.approx((10, -20, 4), rel=CLOSED_FORM)


def test_direction_follows_what_is_better():
    # relapse 10 in 100 fewer (5 to 20 fewer): NNTB 10 (5 to 20); as response the same is NNTH
    benefit = number_needed(-0.10, -0.20, -0.05, "lower")
    harm = number_needed(-0.10, -0.20, -0.05, "higher")
    assert (benefit.benefit, harm.benefit) == (True, False)
    assert benefit.signed == pytest.approx((10, 5, 20), rel=CLOSED_FORM)
    assert harm.signed == pytest.approx((-10, -20, -5), rel=CLOSED_FORM)


def test_no_difference_is_an_infinite_number():
    nnt = number_needed(0.0, -0.1, 0.1, "higher")
    assert nnt.estimate == math.inf
    assert nnt.crosses
    touching = number_needed(0.05, 0.0, 0.1, "higher")
    assert (touching.low, touching.high) == (10.0, math.inf)


def test_impossible_intervals_and_directions_are_refused():
    with pytest.raises(ValueError, match="lies outside"):
        number_needed(0.3, -0.1, 0.2, "higher")
    with pytest.raises(ValueError, match='say "higher"'):
        number_needed(0.1, 0.0, 0.2, "good")


@given(st.floats(0.05, 0.95), st.floats(0.05, 20), st.floats(1.01, 5))
def test_an_odds_ratio_undone_returns_to_the_baseline(baseline, ratio, spread):
    there = absolute_effect(ratio, ratio / spread, ratio * spread, baseline, "odds_ratio")
    back = absolute_effect(1 / ratio, 1 / ratio / spread, spread / ratio, there.risk, "odds_ratio")
    assert back.risk == pytest.approx(baseline, rel=1e-9)
    assert there.risk_low <= there.risk <= there.risk_high


def test_a_baseline_without_doubt_changes_nothing():
    known = absolute_effect(1.5, 1.1, 2.0, 0.4, "odds_ratio")
    unsure = absolute_effect_unsure(1.5, 1.1, 2.0, 0.4, 0.4, 0.4, "odds_ratio")
    for name in ("risk_low", "risk_high", "difference", "difference_low", "difference_high"):
        assert getattr(unsure, name) == pytest.approx(getattr(known, name), rel=1e-12)


def test_a_ratio_without_doubt_leaves_that_of_the_baseline():
    # RR 1.5 at 0.3, 0.4, 0.5: differences 0.15, 0.20, 0.25; RR 0.5: -0.15, -0.20, -0.25
    more = absolute_effect_unsure(1.5, 1.5, 1.5, 0.4, 0.3, 0.5, "risk_ratio")
    assert (more.difference_low, more.difference_high) == pytest.approx((0.15, 0.25), rel=1e-12)
    fewer = absolute_effect_unsure(0.5, 0.5, 0.5, 0.4, 0.3, 0.5, "risk_ratio")
    assert (fewer.difference_low, fewer.difference_high) == pytest.approx((-0.25, -0.15), rel=1e-12)
    assert (fewer.risk_low, fewer.risk_high) == pytest.approx((0.15, 0.25), rel=1e-12)


def test_coverage_with_an_estimated_baseline():
    """20,000 draws of 80 of 200 at baseline and a log risk ratio with s.e. 0.1: 95 % +- 1 %."""
    rng = np.random.default_rng(20260102)
    true_risk, true_ratio, z = 0.4, 1.25, 1.959963984540054
    risks = rng.binomial(200, true_risk, 20_000) / 200
    logs = rng.normal(np.log(true_ratio), 0.1, 20_000)
    hit = 0
    for p, log in zip(risks, logs, strict=True):
        # Wilson limits of the baseline
        centre, half = (
            (p + z**2 / 400) / (1 + z**2 / 200),
            z / (1 + z**2 / 200) * np.sqrt(p * (1 - p) / 200 + z**2 / 160_000),
        )
        ratio = np.exp([log, log - z * 0.1, log + z * 0.1])
        found = absolute_effect_unsure(*ratio, p, centre - half, centre + half, "risk_ratio")
        hit += found.difference_low <= true_risk * (true_ratio - 1) <= found.difference_high
    assert hit / 20_000 == pytest.approx(0.95, abs=0.01)


def test_limits_of_a_baseline_must_hold_it():
    with pytest.raises(ValueError, match="not a proportion with limits"):
        absolute_effect_unsure(1.5, 1.1, 2.0, 0.4, 0.45, 0.5, "risk_ratio")


def test_no_risk_is_above_one_at_any_limit_of_the_baseline():
    found = absolute_effect_unsure(1.5, 1.2, 1.6, 0.6, 0.5, 0.8, "risk_ratio")
    assert found.risk_high <= 1
    assert found.risk_low == pytest.approx(0.9 - np.hypot(0.18, 0.15), rel=1e-12)
    assert math.isnan(absolute_effect_unsure(2, 1.9, 2.1, 0.6, 0.5, 0.7, "risk_ratio").risk_low)
