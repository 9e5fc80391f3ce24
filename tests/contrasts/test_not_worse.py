"""Non-inferiority with a declared margin, and antagonism."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import (
    antagonism,
    counted_levels,
    not_worse_than,
)
from ctevidence.terms import Arm

TADS = (76, 66, 48, 39), (107, 109, 111, 112)  # March 2004, JAMA 292:807
repeated = settings(max_examples=25, deadline=None)
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
four_cells = st.lists(interior, min_size=4, max_size=4).map(lambda four: np.array(four).T)


def test_non_inferiority_by_hand(levels_with):
    # 0.62 against 0.60, error 0.05, margin 0.10: z = (0.02 + 0.10) / 0.05 = 2.4, p = 0.0082
    levels = levels_with([0.62, 0.5, 0.60], np.eye(3) * 0.05**2 / 2)
    row = not_worse_than(levels, "combined", against="therapy", margin=0.10).one()
    assert row.p_value == pytest.approx(0.008198, abs=1e-6)
    assert row.conf_low == pytest.approx(0.02 - 1.959964 * 0.05, abs=1e-7)
    assert (row.conf_low > -0.10) == (row.p_value < 0.025)
    assert "non-inferiority, margin 0.1" in row.method
    assert row.id.endswith("/margin-0.1")


@repeated
@given(four_cells)
def test_an_adverse_outcome_mirrors_it(four):
    events, n = four
    good = not_worse_than(counted_levels(events, n), "combined", against="therapy", margin=0.1)
    bad = counted_levels(n - events, n, better="lower")
    bad = not_worse_than(bad, "combined", against="therapy", margin=0.1)
    assert good.one().p_value == pytest.approx(bad.one().p_value, rel=1e-6, abs=1e-12)
    assert good.one().conf_low == pytest.approx(-bad.one().conf_high, abs=1e-12)


@pytest.mark.parametrize(
    "options", [{"margin": 0}, {"margin": -0.1}, {"margin": 0.1, "measure": "risk_ratio"}]
)
def test_margins_are_declared_and_of_differences(options):
    with pytest.raises(ValueError, match="margin"):
        not_worse_than(counted_levels(*TADS), "combined", against="therapy", **options)


def test_without_a_margin_each_week_keeps_its_place():
    (row,) = antagonism(counted_levels(*TADS, week=12), margin=float("nan"))
    assert (row.is_estimable, row.week, row.reference) == (False, 12, "therapy")
    assert row.caution == "the study declares no margin of its own"
    judged = antagonism(counted_levels(*TADS, week=12), margin=0.1).one()
    assert row.id != judged.id
    assert row.alternative == judged.alternative


def test_antagonism_speaks_of_both_times(levels_with):
    names = ("combined", "medication", "therapy")
    keys = tuple((name, week) for week in (12, 26) for name in names)
    levels = levels_with(
        [0.7, 0.6, 0.6, 0.5, 0.4, 0.6],
        np.eye(6) * 5e-4,
        keys=keys,
        arms=tuple(Arm(name, name) for name in names),
        n=(100,) * 6,
        events=(None,) * 6,
    )
    during, after = antagonism(levels, margin=0.05, treatment_ends=12)
    assert (during.week, after.week) == (12, 26)
    assert during.caution == "while treatment lasted"
    assert after.caution == "after treatment had ended"
    assert during.p_value < 0.025 < after.p_value
    again = not_worse_than(levels, "combined", against="therapy", margin=0.05, week=26).one()
    assert again.p_value == after.p_value
