"""Directions on a grid of intervals, each verdict reasoned by hand."""

from dataclasses import replace

import pytest

from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import Direction, Thresholds, direction


def row(low, high, outcome="response", **changes):
    fields = {"measure": "risk_difference", "unit": "probability", "n": 300, "n_reference": 300}
    middle = (low + high) / 2
    return Estimate("s", outcome, "combined", estimate=middle, conf_low=low, conf_high=high,
                    reference="therapy", **(fields | changes))  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.20, Direction.BENEFIT),  # excludes zero, reaches beyond 5 per 100
        (-0.20, -0.02, Direction.HARM),
        (-0.04, 0.04, Direction.LITTLE),  # wholly within 5 per 100
        (0.01, 0.04, Direction.LITTLE),  # excludes zero, but nothing that matters
        (-0.04, 0.20, Direction.NOT_DETERMINED),
        (-0.20, 0.20, Direction.NOT_DETERMINED),
    ],
)
def test_direction_is_read_off_the_interval(low, high, expected):
    assert direction(row(low, high)) is expected


def test_one_limit_is_enough_for_the_min_test():
    row_ = row(0.05, 0.15, alternative="greater")
    one_sided = replace(row_, conf_low=0.08, conf_high=float("nan"))
    assert direction(one_sided) is Direction.BENEFIT
    assert direction(replace(one_sided, conf_low=-0.08)) is Direction.NOT_DETERMINED


def test_more_of_a_bad_outcome_is_harm():
    assert direction(row(0.02, 0.20, outcome="relapse")) is Direction.HARM


def test_more_time_free_of_a_bad_outcome_is_benefit():
    free = row(5.0, 9.0, outcome="relapse", measure="rmst_difference", unit="weeks")
    assert direction(free) is Direction.BENEFIT


def test_ratios_are_judged_on_the_log_scale():
    ratio = {"measure": "risk_ratio", "unit": "ratio"}
    assert direction(row(1.05, 1.9, **ratio)) is Direction.BENEFIT
    assert direction(row(0.95, 1.05, **ratio)) is Direction.LITTLE


def test_one_small_study_establishes_nothing_but_several_may():
    assert direction(row(0.02, 0.4, n=17, n_reference=17)) is Direction.NOT_ESTABLISHED
    several = row(0.02, 0.4, n=17, n_reference=17, studies=3)
    assert direction(several) is Direction.BENEFIT


def test_thresholds_are_set_by_people():
    assert direction(row(0.01, 0.08), Thresholds(probability=0.10)) is Direction.LITTLE
