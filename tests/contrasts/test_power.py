"""Power and people needed."""

import json
import math

import numpy as np
import pytest

from ctevidence.contrasts import (
    assumed_levels,
    power_better_than_both,
    power_interaction,
    sample_size_better_than_both,
    sample_size_interaction,
)


@pytest.fixture(scope="module")
def r(reference_folder):
    """`factorial.json`, made by `factorial.R`."""
    return json.loads((reference_folder / "factorial.json").read_text(encoding="utf-8"))


PLANNED = assumed_levels((0.70, 0.50, 0.50, 0.35), 150)


def test_power_equals_r(r):
    of_r = r["power"]
    assert power_interaction(PLANNED).one().estimate == pytest.approx(of_r["risk"], rel=1e-9)
    odds = power_interaction(PLANNED, interaction="interaction_odds_ratio").one()
    assert odds.estimate == pytest.approx(of_r["odds"], rel=1e-9)
    means = assumed_levels((8, 12, 13, 15), 60, measure="mean", sd=7, better="lower")
    assert power_interaction(means).one().estimate == pytest.approx(of_r["mean"], rel=1e-9)
    both = power_better_than_both(PLANNED).one()
    # mvtnorm's algorithm is good to 1e-14
    assert both.estimate == pytest.approx(of_r["both"], rel=1e-9)


def test_people_needed_by_hand(r):
    # ((1.959964 + 0.841621) x error / 0.05)^2 x 150 = 2943.3 per arm: 11,776 people
    rows = sample_size_interaction(PLANNED)
    assert [row.estimate for row in rows] == [math.ceil(r["power"]["n_risk"])] * 4 + [4 * 2944]
    enough = assumed_levels((0.70, 0.50, 0.50, 0.35), 2944)
    too_few = assumed_levels((0.70, 0.50, 0.50, 0.35), 2930)
    assert power_interaction(too_few).one().estimate < 0.8
    assert power_interaction(enough).one().estimate >= 0.8


def test_people_needed_for_the_min_test_reach_its_power():
    needed = int(sample_size_better_than_both(PLANNED).rows[0].estimate)
    at = lambda n: power_better_than_both(assumed_levels((0.7, 0.5, 0.5), n)).one().estimate  # noqa: E731
    assert at(needed) >= 0.8 > at(needed - 1)


def test_power_of_the_min_test_is_what_trials_show():
    # 20,000 trials of the normal approximation; the tests are those of better_than_both
    rng, p, n = np.random.default_rng(6), np.array([0.7, 0.55, 0.5]), 120
    seen = rng.normal(p, np.sqrt(p * (1 - p) / n), (20_000, 3))
    error = np.sqrt(p[0] * (1 - p[0]) / n + p[1:] * (1 - p[1:]) / n)
    both = np.all((seen[:, :1] - seen[:, 1:]) / error > 1.959964, axis=1).mean()
    expected = power_better_than_both(assumed_levels(p, n)).one().estimate
    assert expected == pytest.approx(both, abs=3 * math.sqrt(both * (1 - both) / 20_000))


def test_what_is_not_there_is_never_found():
    levels = assumed_levels((0.6, 0.5, 0.5, 0.4), 100)
    assert power_interaction(levels).one().estimate == pytest.approx(0.05, abs=1e-9)
    assert not sample_size_interaction(levels).rows[-1].is_estimable
    worse = assumed_levels((0.4, 0.5, 0.5), 100)
    assert not sample_size_better_than_both(worse).rows[0].is_estimable


def test_restricted_means_and_losses():
    # sd 9 weeks, 80 of 100 followed: (z sum x 9 sqrt(4) / 3)^2 people per arm, over 0.8
    levels = assumed_levels((22, 18, 17, 16), 100, measure="rmst", sd=9, followed=0.8)
    assert levels.n == (80,) * 4
    needed = sample_size_interaction(levels).rows[0].estimate
    assert needed == math.ceil(((1.959964 + 0.841621) * 18 / 3) ** 2)


def test_assumptions_are_said():
    with pytest.raises(ValueError, match="Say sd"):
        assumed_levels((12, 14, 15, 18), 40, measure="mean")
    with pytest.raises(KeyError, match="No interaction"):
        power_interaction(PLANNED, interaction="reri_odds")
