"""Effects at the margins and inside the table."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import (
    assumed_levels,
    counted_levels,
    factorial_effects,
    synergy,
)
from ctevidence.estimates import has_small_group

CLOSED_FORM = 1e-9
TADS = (76, 66, 48, 39), (107, 109, 111, 112)  # March 2004, JAMA 292:807
repeated = settings(max_examples=25, deadline=None)
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
four_cells = st.lists(interior, min_size=4, max_size=4).map(lambda four: np.array(four).T)


@pytest.fixture(scope="module")
def r(reference_folder):
    """`factorial.json`, made by `factorial.R`."""
    return json.loads((reference_folder / "factorial.json").read_text(encoding="utf-8"))


def test_margins_of_means_equal_a_linear_model_of_r(r, levels_with):
    of_r, df = r["margins"], 44
    means = [np.mean(scores) for scores in of_r["scores"].values()]
    levels = levels_with(
        means, np.eye(4) * of_r["sigma2"] / 12, measure="mean", better="lower", df_for=lambda c: df
    )
    for i, component in enumerate(("medication", "therapy")):
        row = next(x for x in factorial_effects(levels) if x.arm == f"any {component}")
        estimate, error, _, p = of_r[component]
        assert (row.estimate, row.std_error, row.p_value) == pytest.approx(
            (estimate, error, p), rel=1e-9
        )
        assert (row.conf_low, row.conf_high) == pytest.approx(
            (of_r["low"][i], of_r["high"][i]), rel=1e-9
        )
        assert (row.n, row.n_reference) == (200, 200)
        assert "where these differ it is neither of them" in row.caution


@repeated
@given(four_cells)
def test_the_margin_is_half_of_both_inside_effects(four):
    rows = factorial_effects(counted_levels(*four)).where(measure="risk_difference")
    margin, alone, added = rows.rows[:3]
    assert (margin.arm, alone.arm, added.arm) == ("any medication", "medication", "combined")
    assert margin.estimate == pytest.approx((alone.estimate + added.estimate) / 2, abs=1e-12)
    seen = synergy(counted_levels(*four)).where(measure="interaction_difference").one()
    assert added.estimate - alone.estimate == pytest.approx(seen.estimate, abs=1e-12)


def test_a_balanced_interaction_has_four_times_the_variance_of_a_margin():
    levels = assumed_levels((12, 14, 15, 18), 50, measure="mean", sd=7, better="lower")
    margin = factorial_effects(levels).rows[0]
    seen = synergy(levels).where(measure="interaction_difference").one()
    assert seen.std_error**2 == pytest.approx(4 * margin.std_error**2, rel=CLOSED_FORM)


@pytest.mark.parametrize(("randomised", "protected"), [("medication", True), ("therapy", False)])
def test_a_margin_needs_only_its_own_component_randomised(randomised, protected):
    levels = counted_levels(*TADS, randomised=frozenset({randomised}))
    margin = next(row for row in factorial_effects(levels) if row.arm == "any medication")
    assert margin.randomised is protected
    assert ("an association" in margin.caution) is not protected


def test_margins_without_all_cells_keep_their_place():
    rows = factorial_effects(counted_levels(TADS[0][:3], TADS[1][:3]))
    margins = [row for row in rows if row.arm.startswith("any")]
    assert margins
    assert not any(row.is_estimable for row in margins)
    assert any(row.is_estimable for row in rows), "what can be told is told"


@pytest.mark.parametrize(("control", "is_small"), [(9, True), (10, False)])
def test_a_small_cell_in_the_sum_of_a_margin_is_said(control, is_small):
    rows = factorial_effects(counted_levels((30, 25, 20, control), (40, 40, 40, 40)))
    for row in rows:
        assert (has_small_group(row.caution)) == (is_small and row.arm.startswith("any ")), row.id
