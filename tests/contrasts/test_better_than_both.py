import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import better_than_both, compare
from ctevidence.contrasts.better_than_both import BEST_SINGLE
from ctevidence.estimates import has_small_group
from ctevidence.levels import Levels
from ctevidence.terms import Arm

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision

repeated = settings(max_examples=30, deadline=None)
counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
three_cells = st.lists(counts, min_size=3, max_size=3).map(lambda cells: np.array(cells).T)


def test_min_test_by_hand(levels_with):
    # Laska and Meisner 1989: two z statistics, (0.70 - 0.55) / 0.05 = 3 and (0.70 - 0.62) / 0.05
    # = 1.6, with P(Z > 3) = 0.001350 and P(Z > 1.6) = 0.054799; the smaller statistic decides
    variance = 0.05**2 / 2
    levels = levels_with([0.70, 0.55, 0.62], np.eye(3) * variance)
    pair_and_test = better_than_both(levels)
    against_medication, against_therapy, test = pair_and_test
    assert against_medication.p_value == pytest.approx(0.001350, abs=1e-6)
    assert against_therapy.p_value == pytest.approx(0.054799, abs=1e-6)
    assert test.p_value == against_therapy.p_value
    assert test.estimate == pytest.approx(0.08, rel=CLOSED_FORM)
    assert test.conf_low == pytest.approx(0.08 - 1.959964 * 0.05, abs=1e-7)
    assert math.isnan(test.conf_high)
    assert (test.reference, test.alternative, test.conf_level) == (BEST_SINGLE, "greater", 0.975)
    assert (test.n, test.n_reference) == (100, 200)


def test_means_where_lower_is_better_equal_r(r, levels_with):
    scores = r["means"]["scores"]
    levels = levels_with(
        [np.mean(scores[arm]) for arm in scores],
        np.diag([r["means"]["variance"] / len(scores[arm]) for arm in scores]),
        measure="mean",
        better="lower",
        df_for=lambda c: 26.0,
    )
    medication, therapy = r["means"]["combined_medication"], r["means"]["combined_therapy"]
    test = better_than_both(levels).where(reference=BEST_SINGLE).one()
    assert test.estimate == pytest.approx(medication["estimate"], rel=CLOSED_FORM)
    assert test.p_value == pytest.approx(
        max(medication["p_less"], therapy["p_less"]), rel=CLOSED_FORM
    )
    assert test.conf_high == pytest.approx(
        max(medication["conf_high"], therapy["conf_high"]), rel=CLOSED_FORM
    )
    assert test.alternative == "less"
    worthwhile = better_than_both(levels, margin=1).where(reference=BEST_SINGLE).one()
    margins = [r["means"][f"combined_{x}_margin"]["p_less"] for x in ("medication", "therapy")]
    assert worthwhile.p_value == pytest.approx(max(margins), rel=CLOSED_FORM)
    assert worthwhile.conf_high == test.conf_high, "the margin moves the test, not the limit"


def test_the_limit_may_come_from_the_contrast_with_the_larger_advantage(levels_with):
    # 0.10 (error 0.02) and 0.12 (error 0.10): the worse limit is that of the second
    levels = levels_with([0.6, 0.5, 0.48], np.diag([0.0, 0.0004, 0.01]))
    test = better_than_both(levels).where(reference=BEST_SINGLE).one()
    assert test.estimate == pytest.approx(0.10)
    assert test.conf_low == pytest.approx(0.12 - 1.959964 * 0.1, abs=1e-6)


@repeated
@given(three_cells, st.floats(-0.2, 0.2))
def test_the_min_test_is_no_surer_than_either_contrast(counted, three, margin):
    levels = counted(*three)
    medication, therapy, test = better_than_both(levels, margin=margin)
    assert test.p_value == max(medication.p_value, therapy.p_value)
    assert test.estimate == min(medication.estimate, therapy.estimate)
    assert test.conf_low == min(medication.conf_low, therapy.conf_low)
    if abs(test.p_value - 0.025) > 1e-9:
        assert (test.conf_low > margin) == (test.p_value < 0.025), "test and limit agree"


@repeated
@given(three_cells)
def test_a_harder_margin_is_never_easier(counted, three):
    p = [better_than_both(counted(*three), margin=m).rows[-1].p_value for m in (-0.1, 0, 0.05, 0.2)]
    assert p == sorted(p)


@repeated
@given(three_cells)
def test_an_adverse_outcome_is_the_mirror_image(counted, three):
    events, n = three
    good = better_than_both(counted(events, n)).rows[-1]
    bad = better_than_both(counted(n - events, n, better="lower")).rows[-1]
    assert (bad.estimate, bad.conf_high, bad.p_value) == pytest.approx(
        (-good.estimate, -good.conf_low, good.p_value), rel=1e-6, abs=1e-12
    )


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_an_empty_arm_leaves_the_question_open(counted, empty):
    events, n = [12, 8, 9], [20, 20, 20]
    events[empty] = n[empty] = 0
    test = better_than_both(counted(events, n)).where(reference=BEST_SINGLE).one()
    assert all(math.isnan(x) for x in (test.estimate, test.conf_low, test.p_value))
    assert "nothing can be said about" in test.caution


@pytest.mark.parametrize("flat", [0, 1])
def test_a_contrast_without_an_interval_leaves_none(counted, flat):
    # one of the two contrasts has no variation at all: the test must not rest on the other
    events, n = [20, 20, 20], [20, 20, 20]
    events[1 + flat] = 12
    test = better_than_both(counted(events, n, intervals=False)).where(reference=BEST_SINGLE).one()
    assert test.estimate == 0
    assert math.isnan(test.conf_low)
    assert math.isnan(test.p_value)
    assert "no interval can be given" in test.caution


@pytest.mark.parametrize("measure", ["risk_ratio", "odds_ratio", "nnt"])
def test_ratios_are_refused(counted, measure):
    with pytest.raises(ValueError, match=f"on a difference, not on {measure}"):
        better_than_both(counted((12, 8, 9), (20, 20, 20)), measure=measure)


def test_hazards_are_refused_and_misspelt_measures_named(levels_with):
    levels = levels_with(
        [-1, 0, 0], np.eye(3), measure="log_hazard", better="lower", anchored=False
    )
    with pytest.raises(ValueError, match="not on hazard_ratio"):
        better_than_both(levels)
    with pytest.raises(KeyError, match='did you mean "risk_difference"'):
        better_than_both(levels, measure="risk difference")


@pytest.mark.parametrize(("therapy", "is_small"), [(9, True), (10, False)])
def test_a_small_group_in_the_sum_of_both_is_said(counted, therapy, is_small):
    *pair, test = better_than_both(counted((24, 16, therapy), (40, 40, 40)))
    assert (has_small_group(test.caution)) == is_small
    assert not any(row.caution for row in pair), "their counts stand in their rows"


def test_randomised_only_when_both_contrasts_were(counted):
    levels = counted((24, 16, 18), (40, 40, 40), randomised={"therapy"})
    medication, therapy, test = better_than_both(levels)
    assert (medication.randomised, therapy.randomised, test.randomised) == (True, False, False)
    assert test.caution == "medication not randomised: an association"
    again = compare(
        levels, "combined", against="medication", alternative="greater", conf_level=0.975
    )
    assert again.one() == medication


def test_without_both_single_treatments_it_is_not_estimable():
    arms = (Arm("combined", "combined"), Arm("medication", "medication"))
    two = Levels(
        "s", "response", "everyone who started", arms,
        (("combined", 12), ("medication", 12)), "risk", "higher", [0.6, 0.4],
        np.diag([0.0024, 0.0024]), (100, 100), (60, 40), {"therapy"}, "counts",
    )  # fmt: skip
    row = better_than_both(two).one()
    assert (row.reference, row.is_estimable) == ("best single treatment", False)
    assert "both single treatments" in row.caution
