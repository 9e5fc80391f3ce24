"""Intersections of intervals, and curves that are known only between bounds."""

import numpy as np
import pytest

from ctevidence.models.emicm import fit_npmle
from ctevidence.models.turnbull import intersections


def test_points_come_before_intervals_that_begin_there():
    """By hand: (0, 3] and (2, 6] share (2, 3]; the point 4; (4, 5] begins after it."""
    found = intersections([0, 2, 4, 4], [3, 6, 4, 5])
    assert found.left.tolist() == [2, 4, 4]
    assert found.right.tolist() == [3, 4, 5]
    # (2, 6] holds all three, the point only itself
    held = dict(zip(zip(found.first, found.last, strict=True), found.weight, strict=True))
    assert held == {(0, 0): 1, (0, 2): 1, (1, 1): 1, (2, 2): 1}


def test_a_right_censored_time_at_an_event_is_after_it():
    """As in Kaplan-Meier: who is censored at week 4 was at risk of the event at week 4."""
    found = intersections([4, 4, 7], [4, np.inf, 7])
    assert list(zip(found.left, found.right, strict=True)) == [(4, 4), (7, 7)]
    assert found.first.tolist() == [0, 1]
    assert found.weight.tolist() == [1, 2]


def test_people_alike_are_one_row_with_their_weights():
    found = intersections([0, 0, 4], [4, 4, np.inf], weights=[1.0, 2.5, 1])
    assert sorted(found.weight) == [1, 3.5]


def test_survival_is_known_only_between_bounds_where_mass_lies():
    """By hand: one of two in (2, 3], the other in (4, inf]."""
    curve = fit_npmle([2.0, 4], [3.0, np.inf])
    assert curve.mass == pytest.approx([0.5, 0.5], abs=1e-12)
    bounds = [[1, 1], [0.5, 1], [0.5, 0.5], [0.5, 0.5], [0, 0.5]]
    np.testing.assert_allclose(curve.at([2, 2.5, 3, 4, 4.5]), bounds, atol=1e-12)
    assert curve.known_until == 4


def test_a_point_is_spent_at_its_own_time():
    curve = fit_npmle([2.0, 4], [2.0, 4])
    np.testing.assert_allclose(curve.at([1.9, 2, 4]), [[1, 1], [0.5, 0.5], [0, 0]], atol=1e-12)
    assert curve.known_until == np.inf


@pytest.mark.parametrize(
    ("lower", "upper", "weights", "says"),
    [
        ([0, 5], [4, 3], None, "row 1: the interval ends before it begins .lower 5, upper 3"),
        ([0, np.nan], [4, 5], None, "row 1: the times are missing"),
        ([-1], [4], None, "row 0: lower is negative"),
        ([np.inf], [np.inf], None, "row 0: lower is negative or infinite"),
        ([0], [4], [0], "row 0: the weight is not positive"),
        ([0, 1], [4], None, "one of each for every person"),
        ([], [], None, "at least one person"),
    ],
)
def test_what_is_no_interval_says_where(lower, upper, weights, says):
    with pytest.raises(ValueError, match=says):
        intersections(lower, upper, weights)
