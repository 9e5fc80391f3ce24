import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts.combination import by_delta, combine, mover, wilson
from ctevidence.language import say

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision
ROOT = 1e-7  # R's uniroot solves for a level near 1, which a double resolves no better
FITTED = 1e-6  # R's glm is iterated
PRINTED = 0.5e-4  # published with four decimals

repeated = settings(max_examples=30, deadline=None)
counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
four_counts = st.lists(counts, min_size=4, max_size=4)
INTERACTION = [1.0, -1.0, -1.0, 1.0]
DIFFERENCE = [1.0, -1.0]


def cells(levels, *names):
    return [levels.cell(name) for name in names or ("combined", "medication", "therapy", "control")]


# Newcombe 1998, Stat Med 17:857, table I, method 3
@pytest.mark.parametrize(
    ("events", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(events, n, low, high):
    assert wilson(events, n) == pytest.approx((low, high), abs=PRINTED)


def test_wilson_equals_r(r):
    for trial in r["trials"].values():
        for events, n, limits in zip(trial["events"], trial["n"], trial["wilson"], strict=True):
            assert wilson(events, n) == pytest.approx(limits, rel=CLOSED_FORM)


@repeated
@given(counts, st.floats(0.5, 0.999))
def test_wilson_of_non_events_is_the_mirror_image(count, level):
    events, n = count
    low, high = wilson(events, n, level)
    assert wilson(n - events, n, level) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    assert 0 <= low <= events / n <= high <= 1


# Newcombe 1998, Stat Med 17:873, table II, method 10
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_difference_of_proportions_gives_the_published_intervals(counted, first, second, low, high):
    levels = counted(*zip(first, second, strict=True))
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert (found.low, found.high) == pytest.approx((low, high), abs=PRINTED)


def test_difference_of_proportions_equals_r(counted, r_intervals):
    for table in r_intervals:
        e1, n1, e0, n0 = table["counts"]
        levels = counted((e1, e0), (n1, n0))
        found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
        assert (found.low, found.high) == pytest.approx(
            table["newcombe"], rel=CLOSED_FORM, abs=1e-12
        )


# Newcombe 2001, Stat Med 20:2885, section 4.1: an antenatal trial, 17/65 - 17/75 - 18/72 + 16/65
def test_interaction_of_proportions_gives_the_published_interval(counted):
    levels = counted((17, 17, 18, 16), (65, 75, 72, 65))
    found = combine(levels, cells(levels), INTERACTION)
    assert found.estimate == pytest.approx(17 / 65 - 17 / 75 - 18 / 72 + 16 / 65, abs=1e-15)
    assert (found.low, found.high) == pytest.approx((-0.1687, 0.2343), abs=PRINTED)


@pytest.mark.parametrize("trial", ["tads", "cams", "small"])
def test_mover_interval_and_its_p_value_equal_r(r, counted, trial):
    expected = r["trials"][trial]
    levels = counted(expected["events"], expected["n"])
    for single in ("medication", "therapy"):
        found = combine(levels, cells(levels, "combined", single), DIFFERENCE)
        pair = expected[f"combined_{single}"]
        assert (found.low, found.high) == pytest.approx(pair["difference"], rel=CLOSED_FORM)
        assert found.p_value == pytest.approx(pair["p_value"], rel=ROOT)
    found = combine(levels, cells(levels), INTERACTION)
    assert (found.low, found.high) == pytest.approx(
        expected["score_interaction"]["conf"], rel=CLOSED_FORM
    )
    assert found.p_value == pytest.approx(expected["score_interaction"]["p_value"], rel=ROOT)


@pytest.mark.parametrize("trial", ["tads", "cams", "small"])
@pytest.mark.parametrize(
    ("scale", "name"),
    [
        ("identity", "interaction_difference"),
        ("log", "interaction_ratio"),
        ("logit", "interaction_odds_ratio"),
    ],
)
def test_wald_interactions_equal_saturated_models_of_r(r, counted, trial, scale, name):
    trial = r["trials"][trial]
    levels = counted(trial["events"], trial["n"], intervals=False)
    found, expected = combine(levels, cells(levels), INTERACTION, scale), trial[name]
    assert found.method == "Wald"
    assert found.df == math.inf
    for ours, theirs in (
        (found.estimate, expected["estimate"]),
        (found.std_error, expected["std_error"]),
        (found.low, expected["conf_low"]),
        (found.high, expected["conf_high"]),
        (found.p_value, expected["p_value"]),
    ):
        assert ours == pytest.approx(theirs, rel=FITTED)


def of_means(r, levels_with):
    """Levels of the four means of contrasts.R, with the residual degrees of freedom."""
    scores = r["means"]["scores"]
    values = [np.mean(scores[arm]) for arm in scores]
    cov = np.diag([r["means"]["variance"] / len(scores[arm]) for arm in scores])
    return levels_with(values, cov, measure="mean", better="lower", df_for=lambda c: 26.0)


@pytest.mark.parametrize(
    ("names", "weights", "key"),
    [
        (("combined", "medication"), DIFFERENCE, "combined_medication"),
        (("combined", "therapy"), DIFFERENCE, "combined_therapy"),
        ((), INTERACTION, "interaction"),
        (("control",), [1.0], "control"),
    ],
)
def test_contrasts_of_means_equal_a_linear_model_of_r(r, levels_with, names, weights, key):
    levels, expected = of_means(r, levels_with), r["means"][key]
    two = combine(levels, cells(levels, *names), weights)
    assert (two.estimate, two.std_error, two.df, two.low, two.high, two.p_value) == pytest.approx(
        [expected[k] for k in ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value")],
        rel=CLOSED_FORM,
    )
    assert two.method == "Wald t"
    less = combine(levels, cells(levels, *names), weights, conf_level=0.975, alternative="less")
    assert math.isnan(less.low)
    assert less.high == pytest.approx(expected["conf_high"], rel=CLOSED_FORM)
    assert less.p_value == pytest.approx(expected["p_less"], rel=CLOSED_FORM)
    more = combine(levels, cells(levels, *names), weights, conf_level=0.975, alternative="greater")
    assert more.low == pytest.approx(expected["conf_low"], rel=CLOSED_FORM)
    assert more.p_value == pytest.approx(1 - expected["p_less"], abs=1e-12)


def test_one_sided_p_values_of_proportions_add_up_to_one(counted):
    levels = counted((9, 4), (20, 21))
    pair = cells(levels, "combined", "medication")
    both = [
        combine(levels, pair, DIFFERENCE, alternative=side, conf_level=0.975)
        for side in ("greater", "less")
    ]
    assert both[0].p_value + both[1].p_value == pytest.approx(1, abs=1e-15)
    two = combine(levels, pair, DIFFERENCE)
    assert (both[0].low, both[1].high) == pytest.approx((two.low, two.high), abs=1e-15)
    assert 2 * both[0].p_value == pytest.approx(two.p_value, rel=1e-12)


@repeated
@given(four_counts, st.floats(-0.3, 0.3))
def test_the_interval_at_one_minus_p_touches_the_null(counted, four, null):
    levels = counted(*zip(*four, strict=True))
    p = combine(levels, cells(levels), INTERACTION, null=null).p_value
    assert 0 <= p <= 1
    if 1e-12 < p < 1 - 1e-9:
        found = combine(levels, cells(levels), INTERACTION, conf_level=1 - p)
        nearer = found.low if found.estimate > null else found.high
        # near p = 0 a level of 1 - p holds few digits of p
        assert nearer == pytest.approx(null, abs=1e-4 if p < 1e-9 else 1e-6)


@pytest.mark.parametrize(("events", "difference"), [((30, 20, 20, 10), 5.6e-17), ((3, 2, 2, 1), 0)])
def test_no_difference_at_all_has_a_p_value_of_one(counted, events, difference):
    # 0.3 - 0.2 - 0.2 + 0.1 is not zero in a double: it must not read as the surest of findings
    levels = counted(events, (100,) * 4)
    found = combine(levels, cells(levels), INTERACTION)
    assert abs(found.estimate) <= difference + 1e-17
    assert found.p_value == 1


def test_a_p_value_too_small_for_a_level_is_bounded(counted):
    levels = counted((1000, 0), (1000, 1000))
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert 0 < found.p_value < 2e-15


def test_delta_method_of_a_product_by_hand(levels_with):
    # f = a * b: variance b^2 Va + a^2 Vb + 2 a b Cab = .16 * .01 + .25 * .02 + 2 * .2 * .005
    levels = levels_with([0.5, 0.4], [[0.01, 0.005], [0.005, 0.02]])

    def product(v):
        return v[0] * v[1], np.array([v[1], v[0]])

    found = by_delta(levels, cells(levels, "combined", "medication"), product)
    assert found.estimate == pytest.approx(0.2, abs=1e-15)
    assert found.std_error**2 == pytest.approx(0.0086, rel=CLOSED_FORM)
    assert found.high - found.low == pytest.approx(2 * 1.959963984540054 * found.std_error)


def test_degrees_of_freedom_are_those_of_the_contrast_of_the_parameters(levels_with):
    # on the logit link the slope of a risk by its parameter is p (1 - p): 0.25 and 0.16
    asked = []
    levels = levels_with(
        np.log([1.0, 0.25]),
        np.diag([0.1, 0.1]),
        link="logit",
        df_for=lambda c: asked.append(c) or 7.0,
    )
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert found.df == 7
    np.testing.assert_allclose(asked[0], [0.25, -0.16], rtol=1e-12)


def test_an_empty_arm_does_not_touch_the_contrasts_of_others(counted):
    full, holed = counted((9, 4, 6, 5), (20, 21, 25, 15)), counted((9, 4, 0, 5), (20, 21, 0, 15))
    for scale in ("identity", "log", "logit"):
        pairs = [cells(levels, "combined", "control") for levels in (full, holed)]
        assert combine(full, pairs[0], DIFFERENCE, scale) == combine(
            holed, pairs[1], DIFFERENCE, scale
        )


def test_an_empty_arm_is_not_estimable(counted):
    levels = counted((9, 0), (20, 0))
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert found.problem == "not estimable: nothing can be said about medication"
    assert math.isnan(found.estimate)
    assert math.isnan(found.p_value)


def test_without_any_variation_there_is_no_interval(counted):
    levels = counted((20, 21), (20, 21), intervals=False)
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert (found.estimate, found.problem) == (0, say("contrasts.combination.no_variation"))
    assert math.isnan(found.low)
    assert math.isnan(found.p_value)


def test_an_interval_that_leaves_out_an_arm_says_so(counted):
    # all 20 respond: the logarithm of 1 has no error, so the ratio has only the other arm's
    levels = counted((20, 10), (20, 20))
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE, "log")
    assert found.estimate == pytest.approx(math.log(2), rel=CLOSED_FORM)
    assert found.problem == "no variation in combined: its uncertainty is left out"
    identity = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert identity.problem == "", "the Wilson interval has it"


def test_the_reference_of_a_hazard_has_no_error_and_needs_no_caution(levels_with):
    levels = levels_with(
        [-0.5, 0], np.diag([0.04, 0]), measure="log_hazard", better="lower", anchored=False
    )
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert (found.std_error, found.problem) == (pytest.approx(0.2, rel=CLOSED_FORM), "")


def test_a_level_without_an_interval_leaves_the_contrast_without_one(counted):
    levels = counted(
        (9, 4), (20, 21), interval_for=lambda level: np.array([[0.2, 0.7], [np.nan] * 2])
    )
    found = combine(levels, cells(levels, "combined", "medication"), DIFFERENCE)
    assert found.problem == "one of the levels has no interval: none can be given"
    assert found.estimate == pytest.approx(9 / 20 - 4 / 21, abs=1e-15)
    assert math.isnan(found.p_value)


@repeated
@given(four_counts)
def test_mover_mirrors_when_the_weights_change_sign(four):
    events, n = np.array(four, float).T
    limits = np.array([wilson(e, k) for e, k in four])
    low, high = mover(np.array(INTERACTION), events / n, limits)
    assert mover(-np.array(INTERACTION), events / n, limits) == (-high, -low)
