"""Exact rates and their ratios, held to R's poisson.test (tests/reference/event_rates.R)."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ctevidence.contrasts import compare, per_arm, synergy
from ctevidence.contrasts.event_rates import exact_rate_ratio, poisson_limits
from ctevidence.levels import Levels
from ctevidence.terms import Arm

REFERENCE = Path(__file__).parents[1] / "reference" / "event_rates.json"
EXPECTED = json.loads(REFERENCE.read_text("utf-8"))
ARMS = tuple(Arm(name, name) for name in ("control", "medication", "therapy", "combined"))


def rates(*counts):
    """Levels of (events, years) of some arms."""
    events, years = np.array(counts, float).T
    scale = 100 / years

    def interval_for(level):
        return scale[:, None] * np.array([poisson_limits(int(x), level) for x in events])

    return Levels(
        "demo", "any harm", "everyone who started", ARMS,
        tuple((arm.name, None) for arm in ARMS[: len(counts)]), "event_rate", "lower",
        events * scale, np.diag(events * scale**2), (50,) * len(counts),
        tuple(int(x) for x in events), frozenset({"medication", "therapy"}), "exact",
        interval_for=interval_for, years=tuple(years),
    )  # fmt: skip


@pytest.mark.parametrize("case", EXPECTED["limits"], ids=lambda case: str(case["events"]))
def test_limits_of_a_count(case):
    np.testing.assert_allclose(poisson_limits(case["events"]), case["conf"], rtol=1e-9)


@pytest.mark.parametrize("case", EXPECTED["ratios"], ids=lambda case: str(case["given"]))
def test_ratio_its_limits_and_one_sided_tests(case):
    found = exact_rate_ratio(*case["given"])
    assert found.estimate == pytest.approx(case["estimate"], rel=1e-9)
    np.testing.assert_allclose([found.low, found.high], case["conf"], rtol=1e-9)
    for side, limit in (("greater", 0), ("less", 1)):
        one = exact_rate_ratio(*case["given"], alternative=side)
        assert one.p_value == pytest.approx(case[side]["p.value"], rel=1e-9)
        assert one[1 + limit] == pytest.approx(case[side]["conf.int"][limit], rel=1e-9)
        assert math.isnan(one[2 - limit])
    halved = exact_rate_ratio(*case["given"], alternative="greater", null=0.5)
    assert halved.p_value == pytest.approx(case["halved"], rel=1e-9)


def test_the_two_sided_test_agrees_with_the_interval():
    """R's two-sided p-value sums likely outcomes and may disagree with its own interval."""
    for case in EXPECTED["ratios"]:
        found = exact_rate_ratio(*case["given"])
        at_limit = exact_rate_ratio(*case["given"], null=found.high)
        assert at_limit.p_value == pytest.approx(0.05, rel=1e-6)


def test_an_arm_without_events_keeps_its_place():
    levels = rates((0, 20), (5, 30))
    none = compare(levels, "control", against="medication", measure="event_rate_ratio").one()
    assert (none.estimate, none.conf_low) == (0.0, 0.0)
    assert none.conf_high == pytest.approx(EXPECTED["ratios"][1]["conf"][1], rel=1e-9)
    other = compare(levels, "medication", against="control", measure="event_rate_ratio").one()
    assert not other.is_estimable
    # the reciprocal of the upper limit of the ratio the other way round
    assert f"below {1 / none.conf_high:.2f}" in other.caution
    alone = per_arm(levels).where(arm="control").one()
    assert (alone.estimate, alone.conf_low) == (0.0, 0.0)
    assert alone.conf_high == pytest.approx(100 * 3.688879454 / 20, rel=1e-9)  # -ln 0.025


def test_no_event_anywhere_and_nobody_followed():
    assert "no event in either group" in exact_rate_ratio(0, 20, 0, 30).problem
    assert "nobody was followed" in exact_rate_ratio(0, 0, 3, 30).problem
    difference = compare(rates((0, 20), (0, 30)), "control", against="medication").one()
    # the upper limits of the two rates, each alone
    assert difference.conf_high == pytest.approx(100 * 3.688879454 / 20, rel=1e-9)
    assert difference.conf_low == pytest.approx(-100 * 3.688879454 / 30, rel=1e-9)


def test_differences_by_mover_by_hand():
    row = compare(rates((10, 50), (4, 40)), "control", against="medication").one()
    (l1, u1), (l2, u2) = (
        [100 / t * limit for limit in poisson_limits(x)] for x, t in ((10, 50), (4, 40))
    )
    assert row.estimate == pytest.approx(10.0)
    assert row.conf_low == pytest.approx(10 - math.hypot(20 - l1, u2 - 10), rel=1e-9)
    assert row.conf_high == pytest.approx(10 + math.hypot(u1 - 20, 10 - l2), rel=1e-9)
    assert row.unit == "per 100 person-years"


def test_synergy_of_rates():
    row = synergy(rates((10, 100), (8, 100), (6, 100), (5, 100))).where(
        measure="interaction_difference", reference="additivity"
    )
    assert row.one().estimate == pytest.approx(5 - 8 - 6 + 10)
