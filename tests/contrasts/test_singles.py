"""The average of the single treatments, and the better one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import (
    better_than_both,
    compare_with_singles,
    counted_levels,
)
from ctevidence.contrasts.better_than_both import BEST_SINGLE

repeated = settings(max_examples=25, deadline=None)
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
four_cells = st.lists(interior, min_size=4, max_size=4).map(lambda four: np.array(four).T)


def limits(row):
    return row.estimate, row.conf_low, row.conf_high


def test_average_and_best_single_by_hand(levels_with):
    # 0.70 against 0.55 and 0.62, each with variance v: average 0.585, error sqrt(1.5 v)
    v = 0.05**2 / 2
    average, best = compare_with_singles(levels_with([0.70, 0.55, 0.62], np.eye(3) * v))
    reach = 1.959964 * math.sqrt(1.5 * v)
    assert limits(average) == pytest.approx((0.115, 0.115 - reach, 0.115 + reach), abs=1e-6)
    # one-sided 97.5 % below and 98.75 % above: 1.959964 and 2.241403 errors of 0.05
    expected = (0.08, min(0.15, 0.08) - 1.959964 * 0.05, min(0.15, 0.08) + 2.241403 * 0.05)
    assert limits(best) == pytest.approx(expected, abs=1e-6)
    assert best.p_value == pytest.approx(2 * 0.054799, abs=1e-5)  # twice that of z = 1.6
    assert "chosen by its result" in best.caution


@repeated
@given(four_cells, st.sampled_from(["higher", "lower"]))
def test_its_lower_limit_is_that_of_the_min_test(four, better):
    levels = counted_levels(*four[:, :3], better=better)
    test = better_than_both(levels).where(reference=BEST_SINGLE).one()
    best = compare_with_singles(levels).where(reference=BEST_SINGLE).one()
    side = "conf_low" if better == "higher" else "conf_high"
    assert best.estimate == test.estimate
    assert getattr(best, side) == pytest.approx(getattr(test, side), rel=1e-9)
    assert (best.p_value < 0.05) == (best.conf_low > 0 or best.conf_high < 0)


@pytest.mark.parametrize("singles", [(0.5, 0.5), (0.5, 0.48), (0.5, 0.3)])
def test_the_range_of_the_best_single_holds_the_truth_often_enough(singles, levels_with):
    # 4,000 trials of 100 per arm, normal risks: coverage at least 95 % less two Monte-Carlo errors
    truth = np.array([0.6, *singles])
    error = np.sqrt(truth * (1 - truth) / 100)
    z = np.random.default_rng(1).normal(truth, error, (4000, 3))
    gaps, errors = z[:, :1] - z[:, 1:], np.sqrt(error[0] ** 2 + error[1:] ** 2)
    low = (gaps - 1.959964 * errors).min(axis=1)
    high = (gaps + 2.241403 * errors).min(axis=1)
    row = compare_with_singles(levels_with(z[0], np.diag(error**2))).rows[1]
    assert (row.conf_low, row.conf_high) == pytest.approx((low[0], high[0]), abs=1e-6)
    true = 0.6 - max(singles)
    covered = np.mean((low <= true) & (true <= high))
    assert 0.95 - 2 * math.sqrt(0.95 * 0.05 / 4000) <= covered <= 0.99
