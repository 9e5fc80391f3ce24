"""Curves of real people: by the published rule, at whole weeks, and not to be read back."""

import numpy as np
import pytest

from ctevidence.display.coarse_curve import coarse_curve
from ctevidence.display.disclosure import PROFILES

STRICT = PROFILES["opensafely"]


def drawn(days, n, at_risk=None, limits=None):
    """Events one by one on some days, of n people."""
    days = np.append(0, np.sort(days))
    happened = np.arange(len(days)) / n
    at_risk = n - np.arange(len(days)) if at_risk is None else at_risk
    limits = np.full((len(days), 2), np.nan) if limits is None else limits
    return coarse_curve(days / 7, happened, limits, at_risk, n, STRICT)


def test_steps_are_those_of_midpoint_six_by_hand():
    # 14 events of 40: by the end of each week 2, 6, 7, 14 so far, so ceil(x / 6) * 6 - 3
    weeks, share, _ = drawn([3, 7, 8, 9, 10, 14, 20, *range(22, 29)], 40)
    assert dict(zip(weeks, (40 * share).round(6), strict=True)) == {0: 0, 1: 3, 3: 9, 4: 15}


def test_no_step_stands_at_the_day_of_an_event():
    draw = np.random.default_rng(1)
    weeks, share, _ = drawn(draw.uniform(1, 300, 60), 200)
    assert (weeks == np.round(weeks)).all()
    steps = np.diff(200 * share)[:-1]
    assert (steps >= 6 - 1e-9).all() or (steps[1:] >= 6 - 1e-9).all()


def test_the_curve_ends_where_seven_are_left():
    weeks, _, _ = drawn(np.arange(7, 7 * 31, 7), 30)
    assert weeks.max() <= 22  # after 23 of 30 events 7 are left


def test_the_band_holds_the_curve_and_no_single_person():
    days = np.arange(7, 7 * 21, 7)
    share = np.arange(21) / 50
    limits = np.column_stack([share - 0.0371, share + 0.0529]).clip(0, 1)
    _, share, band = drawn(days, 50, limits=limits)
    assert (band[:, 0] <= share + 1e-12).all()
    assert (band[:, 1] >= share - 1e-12).all()
    assert np.allclose(band[1:-1] / 0.02 % 1, 0, atol=1e-6) or (band == share[:, None]).any()


@pytest.mark.parametrize("events", range(1, 7))
def test_the_band_of_a_few_events_does_not_tell_how_many(events):
    # all that is drawn of 1 to 6 events among 40 is the same
    at_risk, n = np.array([40, 40]), 40
    share = events / n
    limits = np.array([[np.nan, np.nan], [share / 2, share * 2]])
    seen = coarse_curve([0, 9.2], [0, share], limits, at_risk, n, STRICT)
    by_hand = [0.02584, 0.19864]  # Wilson, 3 of 40
    assert [part.tolist() for part in seen[:2]] == [[0, 10], [0, 3 / 40]]
    assert seen[2][1] == pytest.approx(by_hand, abs=1e-4)


@pytest.mark.parametrize("n", [3, 7])
def test_a_hidden_group_has_no_curve(n):
    weeks, share, band = drawn([5.0], n)
    assert (len(weeks), len(share), len(band)) == (0, 0, 0)


def test_many_histories_give_the_same_picture():
    # the attack on a curve: the days are moved within their weeks, the picture stays
    draw = np.random.default_rng(7)
    days = np.sort(draw.integers(1, 200, 40))
    first = drawn(days, 90)
    week = np.ceil(days / 7)
    for _ in range(20):
        moved = np.sort((week - 1) * 7 + draw.integers(1, 8, len(days)))
        again = drawn(moved, 90)
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
