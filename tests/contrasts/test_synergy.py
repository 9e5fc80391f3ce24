import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import compare, synergy
from ctevidence.contrasts.combination import wilson
from ctevidence.estimates import has_small_group
from ctevidence.terms import LEVEL_MEASURES, Arm

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision
FITTED = 1e-6  # R's glm and numerical derivatives are iterated

repeated = settings(max_examples=30, deadline=None)
TADS = (76, 66, 48, 39), (107, 109, 111, 112)  # March 2004, JAMA 292:807
CAMS = (113, 73, 83, 18), (140, 133, 139, 76)  # Walkup 2008, N Engl J Med 359:2753
RATIOS = ("interaction_ratio", "interaction_odds_ratio")
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
four_cells = st.lists(interior, min_size=4, max_size=4).map(lambda four: np.array(four).T)


def of(levels, measure, interval=None):
    return synergy(levels, interval=interval).where(measure=measure).one()


# -- against R and hand calculation ---------------------------------------------------------------


@pytest.mark.parametrize("trial", ["tads", "cams", "small"])
@pytest.mark.parametrize("measure", ["interaction_ratio", "interaction_odds_ratio"])
def test_ratio_interactions_equal_saturated_models_of_r(r, counted, trial, measure):
    trial = r["trials"][trial]
    row, expected = of(counted(trial["events"], trial["n"]), measure), trial[measure]
    assert (row.std_error, row.p_value) == pytest.approx(
        (expected["std_error"], expected["p_value"]), rel=FITTED
    )
    logs = [math.log(x) for x in (row.estimate, row.conf_low, row.conf_high)]
    assert logs == pytest.approx(
        [expected[k] for k in ("estimate", "conf_low", "conf_high")], rel=FITTED
    )
    assert (row.reference, row.error_scale, row.unit) == ("multiplicativity", "log", "ratio")


@pytest.mark.parametrize("trial", ["tads", "cams", "small"])
@pytest.mark.parametrize("measure", ["reri", "bliss_excess"])
def test_reri_and_bliss_equal_the_delta_method_of_r(r, counted, trial, measure):
    trial = r["trials"][trial]
    levels, expected = counted(trial["events"], trial["n"]), trial[measure]
    row = of(levels, measure, "delta")
    assert (row.estimate, row.std_error, row.conf_low, row.conf_high) == pytest.approx(
        [expected[k] for k in ("estimate", "std_error", "conf_low", "conf_high")], rel=FITTED
    )


def test_interaction_of_means_equals_a_linear_model_of_r(r, levels_with):
    scores, expected = r["means"]["scores"], r["means"]["interaction"]
    levels = levels_with(
        [np.mean(scores[arm]) for arm in scores],
        np.diag([r["means"]["variance"] / len(scores[arm]) for arm in scores]),
        measure="mean",
        better="lower",
        df_for=lambda c: 26.0,
    )
    row = of(levels, "interaction_difference")
    assert (row.estimate, row.conf_low, row.conf_high, row.p_value, row.df) == pytest.approx(
        [expected[k] for k in ("estimate", "conf_low", "conf_high", "p_value", "df")],
        rel=CLOSED_FORM,
    )
    assert {row.measure for row in synergy(levels)}.isdisjoint({*RATIOS, "reri", "bliss_excess"})


def test_tads_by_hand(counted):
    rows = synergy(counted(*TADS))
    p11, p10, p01, p00 = 76 / 107, 66 / 109, 48 / 111, 39 / 112
    by_hand = {
        "risk": p10 + p01 - p00,  # what additivity predicts: 0.6897
        "interaction_difference": p11 - p10 - p01 + p00,  # 0.0206
        "interaction_ratio": p11 * p00 / (p10 * p01),  # 0.9446
        "interaction_odds_ratio": (76 * 39 * 43 * 63) / (31 * 73 * 66 * 48),  # 1.1200
        "reri": (p11 - p10 - p01) / p00 + 1,  # 0.0590
        "bliss_excess": p11 - 1 + (1 - p10) * (1 - p01) / (1 - p00),  # 0.0538
    }
    for measure, value in by_hand.items():
        assert rows.where(measure=measure).one().estimate == pytest.approx(value, rel=CLOSED_FORM)
    rounded = [round(value, 4) for value in by_hand.values()]
    assert rounded == [0.6897, 0.0206, 0.9446, 1.12, 0.059, 0.0538]


def test_cams_changes_its_sign_with_the_outcome(r, counted):
    # response: (113/140 - 73/133 - 83/139) / (18/76) + 1 = -0.43; without response +0.13
    events, n = np.array(CAMS)
    response, without = (
        of(counted(happened, n), "reri", "delta") for happened in (events, n - events)
    )
    assert response.estimate == pytest.approx(-0.43, abs=0.005)
    assert without.estimate == pytest.approx(0.13, abs=0.005)
    recoded = r["trials"]["cams"]["reri_recoded"]
    assert (without.estimate, without.conf_low, without.conf_high) == pytest.approx(
        [recoded[k] for k in ("estimate", "conf_low", "conf_high")], rel=FITTED
    )


def test_what_could_have_been_detected_by_hand(counted):
    # with 80 % power at two-sided 5 %: (1.959964 + 0.841621) standard errors
    rows = synergy(counted(*TADS))
    seen = rows.where(measure="interaction_difference").one()
    wald = math.sqrt(sum(e / n * (1 - e / n) / n for e, n in zip(*TADS, strict=True)))
    least = rows.where(measure="detectable_interaction_difference").one()
    assert seen.std_error == pytest.approx(wald, rel=CLOSED_FORM)
    assert least.estimate == pytest.approx((1.959964 + 0.841621) * wald, rel=1e-6)
    assert "80% power, two-sided 5%" in least.method
    wider = synergy(counted(*TADS), conf_level=0.99)
    least = wider.where(measure="detectable_interaction_difference").one()
    assert least.estimate == pytest.approx((2.575829 + 0.841621) * wald, rel=1e-6)


def test_the_rows_say_what_adding_the_second_treatment_brings_first(counted):
    levels = counted(*TADS)
    rows = synergy(levels)
    assert [(row.measure, row.reference) for row in rows] == [
        ("risk_difference", "medication"),
        ("risk_difference", "therapy"),
        ("risk", "additivity"),
        ("interaction_difference", "additivity"),
        ("interaction_ratio", "multiplicativity"),
        ("interaction_odds_ratio", "multiplicativity"),
        ("reri", "additivity"),
        ("attributable_proportion", "additivity"),
        ("synergy_index", "additivity"),
        ("bliss_excess", "independence"),
        ("detectable_interaction_difference", "additivity"),
        ("detectable_interaction_ratio", "multiplicativity"),
        ("detectable_interaction_odds_ratio", "multiplicativity"),
        ("detectable_reri", "additivity"),
        ("detectable_attributable_proportion", "additivity"),
        ("detectable_synergy_index", "additivity"),
        ("detectable_bliss_excess", "independence"),
    ]
    assert rows.rows[0] == compare(levels, "combined", against="medication").one()
    seen = rows.where(measure="interaction_difference").one()
    assert (seen.n, seen.events, seen.n_reference, seen.events_reference) == (107, 76, 332, 153)


@pytest.mark.parametrize("randomised", [{"therapy"}, set()])
def test_synergy_is_randomised_only_when_both_were(counted, randomised):
    assert all(row.randomised for row in synergy(counted(*TADS)))
    rows = synergy(counted(*TADS, randomised=randomised))
    row = rows.where(measure="interaction_difference").one()
    assert row.randomised is False
    assert "not randomised: an association" in row.caution


# -- properties -----------------------------------------------------------------------------------


@repeated
@given(four_cells)
def test_swapping_medication_and_therapy_leaves_synergy_unchanged(counted, four):
    there, back = (
        synergy(counted(*cells)).where(reference=["additivity", "multiplicativity", "independence"])
        for cells in (four, four[:, [0, 2, 1, 3]])
    )
    for one, two in zip(there, back, strict=True):
        assert one.measure == two.measure
        assert (one.estimate, one.conf_low, one.conf_high, one.p_value) == pytest.approx(
            (two.estimate, two.conf_low, two.conf_high, two.p_value), rel=1e-9, nan_ok=True
        )


@repeated
@given(four_cells)
def test_recoding_the_outcome(counted, four):
    events, n = four
    rows = [synergy(counted(events, n)), synergy(counted(n - events, n))]

    def both(measure):
        return [estimates.where(measure=measure).one() for estimates in rows]

    difference, recoded = both("interaction_difference")
    assert (recoded.estimate, recoded.conf_low, recoded.conf_high) == pytest.approx(
        (-difference.estimate, -difference.conf_high, -difference.conf_low), abs=1e-12
    )
    assert recoded.p_value == pytest.approx(difference.p_value, rel=1e-6, abs=1e-12)
    ratio, recoded = both("interaction_odds_ratio")
    assert (recoded.estimate, recoded.conf_low, recoded.conf_high) == pytest.approx(
        (1 / ratio.estimate, 1 / ratio.conf_high, 1 / ratio.conf_low), rel=1e-9
    )
    # the others change altogether: RERI is the difference over another control
    reri, recoded = both("reri")
    p00 = events[3] / n[3]
    assert reri.estimate * p00 == pytest.approx(difference.estimate, abs=1e-12)
    assert recoded.estimate * (1 - p00) == pytest.approx(-difference.estimate, abs=1e-12)


@repeated
@given(st.lists(st.floats(0.02, 0.98), min_size=3, max_size=3))
@pytest.mark.parametrize(
    ("measure", "null", "predicted"),
    [
        ("interaction_difference", 0, lambda m, t, c: m + t - c),
        ("interaction_ratio", 1, lambda m, t, c: m * t / c),
        ("reri", 0, lambda m, t, c: m + t - c),
        ("bliss_excess", 0, lambda m, t, c: 1 - (1 - m) * (1 - t) / (1 - c)),
        (
            "interaction_odds_ratio",
            1,
            lambda m, t, c: 1 / (1 + (1 - m) * (1 - t) * c / (m * t * (1 - c))),
        ),
    ],
)
def test_each_reference_model_finds_nothing_in_its_own_prediction(
    levels_with, measure, null, predicted, risks
):
    combined = predicted(*risks)
    assume(0.001 < combined < 0.999)
    row = of(levels_with([combined, *risks], np.eye(4) * 1e-3), measure)
    assert row.estimate == pytest.approx(null, abs=1e-9)
    assert row.p_value == pytest.approx(1, abs=1e-6)


def test_a_ratio_of_no_use_is_detectable_at_no_size(levels_with):
    # an error of 300 on the log scale: its limits can be written, what it could detect cannot
    row = of(levels_with([0.5] * 4, np.eye(4) * (300 * 0.5 / 2) ** 2), "interaction_ratio")
    least = of(levels_with([0.5] * 4, np.eye(4) * 5625.0), "detectable_interaction_ratio")
    assert row.std_error == pytest.approx(300)
    assert math.isnan(least.estimate)
    assert "no limit to the ratio" in least.caution


@repeated
@given(four_cells)
def test_prediction_and_interaction_add_up_to_what_was_seen(counted, four):
    rows = synergy(counted(*four))
    parts = [rows.where(measure=m).one().estimate for m in ("risk", "interaction_difference")]
    assert sum(parts) == pytest.approx(four[0, 0] / four[1, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "formula"),
    [
        ("reri", lambda p: (p[0] - p[1] - p[2]) / p[3] + 1),
        ("bliss_excess", lambda p: p[0] - 1 + (1 - p[1]) * (1 - p[2]) / (1 - p[3])),
    ],
)
def test_errors_of_correlated_levels_equal_numerical_derivatives(levels_with, measure, formula):
    # levels of a regression are correlated: then the sign of each derivative matters
    p, root = np.array([0.6, 0.5, 0.4, 0.3]), np.random.default_rng(5).normal(0, 0.03, (4, 4))
    cov, step = root @ root.T, 1e-6 * np.eye(4)
    slopes = np.array([(formula(p + h) - formula(p - h)) / 2e-6 for h in step])
    row = of(levels_with(p, cov), measure)
    # central differences are good to about the square of their step
    assert row.std_error == pytest.approx(math.sqrt(slopes @ cov @ slopes), rel=1e-7)


# the synergy of network effects follows from what they are read as: see synthesis/test_network.py
@pytest.mark.parametrize("measure", sorted({*LEVEL_MEASURES} - {"network_effect"}))
def test_every_level_measure_gives_the_synergy_it_declares(levels_with, measure):
    levels = levels_with(
        [0.6, 0.5, 0.4, 0.3],
        np.eye(4) * 1e-3,
        measure=measure,
        anchored=not measure.endswith("_hazard"),
    )
    rows = synergy(levels)
    assert all(row.is_estimable for row in rows)
    assert {*LEVEL_MEASURES[measure].synergy} <= {row.measure for row in rows}


# -- degenerate cells -----------------------------------------------------------------------------


@repeated
@given(st.lists(st.sampled_from([(0, 20), (20, 20), (0, 0), (7, 20)]), min_size=4, max_size=4))
@pytest.mark.parametrize("intervals", [True, False])
def test_no_degenerate_cells_crash_or_pass_without_a_word(counted, intervals, four):
    events, n = zip(*four, strict=True)
    for row in synergy(counted(events, n, intervals=intervals)):
        numbers = (row.estimate, row.conf_low, row.conf_high, row.p_value)
        if row.is_estimable:
            # 20 people cannot show a ratio that 400 would need
            assert abs(row.estimate) <= 400
            if math.isnan(row.conf_low) and not row.measure.startswith("detectable"):
                assert row.caution
            else:
                assert row.conf_low != row.conf_high, "an interval of no width"
        else:
            assert all(math.isnan(x) for x in numbers), row
            assert row.caution, row


CONTROL = {(0, 20): "no response in control", (20, 20): "all have response in control"}


@pytest.mark.parametrize(
    ("control", "lost"),
    [
        ((0, 20), {*RATIOS, "reri"}),
        ((20, 20), {"interaction_odds_ratio", "bliss_excess"}),
    ],
)
def test_a_degenerate_control_costs_the_measures_that_divide_by_it(counted, control, lost):
    events, n = zip((24, 40), (16, 40), (18, 40), control, strict=True)
    rows = synergy(counted(events, n))
    found = {row.measure for row in rows if not row.is_estimable}
    assert found == lost | {f"detectable_{name}" for name in lost}
    for row in rows:
        if row.measure in lost:
            assert row.caution == f"not estimable: {CONTROL[control]}, a ratio has no value"
    least = rows.where(measure="detectable_interaction_difference").one()
    assert least.caution == "no variation in control: its uncertainty is left out"


def test_an_empty_cell_leaves_what_adding_brings(counted):
    rows = synergy(counted((12, 8, 9, 0), (20, 20, 20, 0)))
    assert [row.measure for row in rows if row.is_estimable] == ["risk_difference"] * 2
    for row in list(rows)[2:]:
        assert row.caution == "not estimable: nothing can be said about control"


def test_ratios_on_a_handful_of_people_say_so(counted):
    rows = synergy(counted((12, 8, 9, 4), (50, 50, 50, 50)))
    rough = {row.measure for row in rows if "fewer than 5 with response in control" in row.caution}
    ratios = {*RATIOS, "reri", "attributable_proportion", "synergy_index"}
    assert {name for name in rough if not name.startswith("detectable")} == ratios
    assert not any("fewer than 5" in row.caution for row in synergy(counted(*TADS)))


def test_reri_is_by_mover_and_by_delta_where_a_cell_is_empty(counted):
    levels = counted(*TADS)
    assert of(levels, "reri") == of(levels, "reri", "mover")
    assert of(levels, "synergy_index") == of(levels, "synergy_index", "delta")
    empty = counted((12, 0, 9, 6), (20, 20, 20, 20))
    row, by_delta = of(empty, "reri"), of(empty, "reri", "delta")
    assert math.isnan(of(empty, "reri", "mover").conf_low)
    assert (row.conf_low, row.conf_high) == (by_delta.conf_low, by_delta.conf_high)
    assert "by the delta method instead" in row.caution


def test_a_prediction_beyond_what_is_possible_says_so(counted):
    row = of(counted((95, 90, 85, 25), (100, 100, 100, 100)), "risk")
    assert row.estimate == pytest.approx(1.5)
    assert row.caution == "predicted beyond what is possible"
    assert (row.n, row.events, row.n_reference) == (None, None, 300), "combined is not behind it"


@pytest.mark.parametrize(
    ("events", "is_small"),
    [((30, 25, 20, 9), True), ((30, 25, 31, 10), True), ((30, 25, 30, 10), False)],
)
def test_a_small_group_in_the_sum_of_several_is_said(counted, events, is_small):
    # with the outcome 9; without it 9; neither below ten
    rows = synergy(counted(events, (40, 40, 40, 40)))
    for row in rows:
        summed = row.reference in ("additivity", "multiplicativity", "independence")
        assert (has_small_group(row.caution)) == (summed and is_small), row.measure


# -- what can be identified -----------------------------------------------------------------------


def test_without_four_cells_synergy_is_not_estimable(counted):
    levels = counted(TADS[0][:3], TADS[1][:3])
    rows = synergy(levels)
    added, lost = rows.rows[:2], rows.rows[2:]
    assert [row.measure for row in lost] == list(LEVEL_MEASURES["risk"].synergy)
    assert added[0] == compare(levels, "combined", against="medication").one()
    for row in lost:
        assert not row.is_estimable
        assert "without control synergy cannot be told from the effects of the parts" in row.caution
        assert "synergy is at most the gain over the better single treatment" in row.caution
    assert (lost[0].week, lost[0].unit) == (12, "probability")


@pytest.mark.parametrize("control", [0.0, 0.1, 0.3, 0.43])
def test_what_is_said_of_three_arms_holds_for_any_control_no_better_than_a_treatment(control):
    # 0.71 - 0.61 - 0.43 + control against 0.71 - 0.61, the gain over the better single treatment
    assert 0.71 - 0.61 - 0.43 + control <= 0.71 - 0.61 + 1e-12


@pytest.mark.parametrize(
    ("missing", "added", "words"),
    [
        ("medication", ["therapy"], "what medication does alone is not"),
        ("combined", [], "what they do together is not"),
    ],
)
def test_another_missing_cell_says_what_is_still_known(levels_with, missing, added, words):
    names = [n for n in ("combined", "medication", "therapy", "control") if n != missing]
    arms = tuple(Arm(name, name) for name in names)
    keys = tuple((name, 12) for name in names)
    rows = synergy(levels_with([0.5, 0.4, 0.3], np.eye(3) * 1e-3, arms=arms, keys=keys))
    assert [row.reference for row in rows if row.is_estimable] == added
    assert words in rows.rows[-1].caution


def test_a_declared_arm_without_a_level_counts_as_missing(counted):
    names = ("combined", "medication", "therapy", "control")
    levels = counted(TADS[0][:3], TADS[1][:3], arms=tuple(Arm(name, name) for name in names))
    assert not synergy(levels).where(measure="interaction_difference").one().is_estimable


def test_a_misspelt_arm_is_an_error_not_a_missing_cell(counted):
    with pytest.raises(KeyError, match='"placebo" is neither an arm nor a treatment'):
        synergy(counted(*TADS), control="placebo")


def test_arms_can_fill_the_cells(counted):
    arms = (
        Arm("CBT + SSRI", "combined"),
        Arm("SSRI", "medication"),
        Arm("CBT", "therapy"),
        Arm("Placebo", "control"),
    )
    named = counted(*TADS, arms=arms, keys=tuple((arm.name, 12) for arm in arms))
    rows = synergy(
        named, combined="CBT + SSRI", medication="SSRI", therapy="CBT", control="Placebo"
    )
    for one, two in zip(rows, synergy(counted(*TADS)), strict=True):
        assert one.estimate == two.estimate


def test_hazards_have_only_the_ratio(levels_with):
    # exp(b11 - b10 - b01 + b00) with the shared reference; variance by hand from the covariance
    cov = np.diag([0.04, 0.05, 0.06, 0]) + 0.02 * np.outer([1, 1, 1, 0], [1, 1, 1, 0])
    levels = levels_with(
        [-0.9, -0.5, -0.3, 0], cov, measure="log_hazard", better="lower", anchored=False
    )
    rows = synergy(levels)
    assert [row.measure for row in rows] == [
        "hazard_ratio",
        "hazard_ratio",
        "interaction_ratio",
        "detectable_interaction_ratio",
    ]
    row = rows.where(measure="interaction_ratio").one()
    assert row.estimate == pytest.approx(math.exp(-0.1), rel=CLOSED_FORM)
    assert row.std_error**2 == pytest.approx(0.04 + 0.05 + 0.06 + 0.02, rel=CLOSED_FORM)


def test_the_week_is_asked_for(levels_with):
    names = ("combined", "medication", "therapy", "control")
    keys = tuple((name, week) for week in (4, 12) for name in names)
    risks = [0.5, 0.3, 0.2, 0.1, 0.8, 0.5, 0.4, 0.3]

    def interval_for(level):
        return np.array([wilson(100 * p, 100, level) for p in risks])

    levels = levels_with(
        risks,
        np.eye(8) * 1e-3,
        keys=keys,
        arms=tuple(Arm(name, name) for name in names),
        n=(100,) * 8,
        events=(None,) * 8,
        interval_for=interval_for,
    )
    row = synergy(levels, week=12).where(measure="interaction_difference").one()
    assert (row.estimate, row.week) == (pytest.approx(0.2), 12)
    limits = np.array([wilson(100 * p, 100) for p in risks[4:]])
    below, above = risks[4:] - limits[:, 0], limits[:, 1] - risks[4:]
    lower = 0.2 - math.sqrt(below[0] ** 2 + above[1] ** 2 + above[2] ** 2 + below[3] ** 2)
    assert row.conf_low == pytest.approx(lower, rel=CLOSED_FORM)
    with pytest.raises(KeyError, match="Say which week.*4, 12"):
        synergy(levels)
