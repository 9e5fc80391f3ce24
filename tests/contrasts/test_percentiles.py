"""Percentile intervals of replicates."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ctevidence.contrasts import counted_levels, relative_excess, synergy
from ctevidence.contrasts.interaction_formulas import MEASURES
from ctevidence.contrasts.percentiles import by_draws
from ctevidence.replicates import draw_counts

TADS = (76, 66, 48, 39), (107, 109, 111, 112)  # March 2004, JAMA 292:807


def cells_of(levels):
    return [levels.cell(a) for a in ("combined", "medication", "therapy", "control")]


def test_percentiles_by_hand():
    # four shares of which the interaction is the first alone: 1 to 999 thousandths
    levels = counted_levels((50, 40, 30, 20), (100, 100, 100, 100))
    draws = np.full((999, 4), 0.3)
    draws[:, 0] = np.arange(1, 1000) / 1000
    levels = replace(levels, draws=draws)
    formula = MEASURES["interaction_difference"].formula
    found = by_draws(levels, cells_of(levels), formula)
    assert (found.low, found.high) == pytest.approx((0.02595 - 0.3, 0.97405 - 0.3), abs=1e-9)
    # 300 replicates at or below zero: 2 (1 + 300) / 1000, among 999
    assert found.p_value == pytest.approx(2 * 301 / 1000)
    one = by_draws(levels, cells_of(levels), formula, 0.975, "greater")
    assert one.low == pytest.approx(found.low)
    assert math.isnan(one.high)


def test_the_interval_of_the_difference_is_near_the_exact_one():
    # Wald: 0.0206 +- 1.96 x 0.0937; percentiles of 20,000 draws know it to about 0.003
    levels = draw_counts(counted_levels(*TADS), replicates=20_000, seed=1)
    row = synergy(levels, interval="bootstrap").where(measure="interaction_difference").one()
    error = math.sqrt(sum(e / n * (1 - e / n) / n for e, n in zip(*TADS, strict=True)))
    assert row.conf_low == pytest.approx(row.estimate - 1.96 * error, abs=0.006)
    assert row.conf_high == pytest.approx(row.estimate + 1.96 * error, abs=0.006)


def test_every_interaction_has_a_bootstrap_interval():
    levels = draw_counts(counted_levels(*TADS), replicates=500, seed=1)
    rows = synergy(levels, interval="bootstrap")
    for row in rows:
        if row.measure in MEASURES:
            assert "percentile bootstrap, 500 replicates" in row.method
            assert row.conf_low < row.estimate < row.conf_high
    excess = relative_excess(levels, intervals=("bootstrap",)).where(measure="reri").one()
    assert excess.conf_low == rows.where(measure="reri").one().conf_low


def test_replicates_without_a_value_are_said_or_leave_no_interval():
    # 1 of 20 in control: a third of the replicates have nobody there
    levels = draw_counts(counted_levels((12, 8, 9, 1), (20, 20, 20, 20)), replicates=500, seed=1)
    row = synergy(levels, interval="bootstrap").where(measure="reri").one()
    assert math.isnan(row.conf_low)
    assert "% of the replicates have no value: no range" in row.caution
    levels = draw_counts(counted_levels((12, 8, 9, 5), (20, 20, 20, 20)), replicates=2000, seed=1)
    row = synergy(levels, interval="bootstrap").where(measure="reri").one()
    assert "replicates without a value left out" in row.caution
    assert row.conf_low < row.estimate


def test_levels_without_replicates_say_how_to_make_them():
    with pytest.raises(ValueError, match="bootstrap_levels"):
        synergy(counted_levels(*TADS), interval="bootstrap")
    with pytest.raises(KeyError, match='did you mean "bootstrap"'):
        synergy(counted_levels(*TADS), interval="bootstrp")


def test_draws_follow_their_levels_to_one_week(levels_with):
    names = ("combined", "medication")
    keys = tuple((name, week) for week in (4, 12) for name in names)
    draws = np.arange(12.0).reshape(3, 4) / 20
    levels = levels_with([0.1, 0.2, 0.3, 0.4], np.eye(4) * 1e-3, keys=keys, draws=draws)
    assert np.array_equal(levels.at(12).draws, draws[:, 2:])
    with pytest.raises(ValueError, match="replicates by keys"):
        levels_with([0.1, 0.2], np.eye(2) * 1e-3, draws=draws)
