import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import compare, synergy
from ctevidence.language import say
from ctevidence.levels import SCALES
from ctevidence.terms import Arm

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision
FITTED = 1e-6  # R's glm is iterated

repeated = settings(max_examples=30, deadline=None)
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
MEASURES = ("risk_difference", "risk_ratio", "odds_ratio")


def numbers(row):
    return row.estimate, row.conf_low, row.conf_high, row.p_value


# -- against published numbers, R and hand calculation --------------------------------------------


@pytest.mark.parametrize("trial", ["tads", "cams", "small"])
@pytest.mark.parametrize("measure", ["risk_ratio", "odds_ratio"])
def test_ratios_equal_saturated_models_of_r(r, counted, trial, measure):
    trial = r["trials"][trial]
    levels = counted(trial["events"], trial["n"])
    row = compare(levels, "combined", against="medication", measure=measure).one()
    expected = trial[measure]
    for ours, key in (
        (row.estimate, "estimate"),
        (row.conf_low, "conf_low"),
        (row.conf_high, "conf_high"),
        (row.std_error, "std_error"),
        (row.p_value, "p_value"),
    ):
        assert ours == pytest.approx(expected[key], rel=FITTED), key
    assert (row.error_scale, row.unit) == ("log", "ratio"), "a ratio's error is of its logarithm"


def test_ratios_of_tads_by_hand(counted):
    # March 2004: response in 76 of 107 (fluoxetine + CBT) against 39 of 112 (placebo)
    levels = counted((76, 66, 48, 39), (107, 109, 111, 112))
    ratio = compare(levels, "combined", against="control", measure="risk_ratio").one()
    katz = math.sqrt(1 / 76 - 1 / 107 + 1 / 39 - 1 / 112)
    assert ratio.estimate == pytest.approx(76 / 107 / (39 / 112), rel=CLOSED_FORM)
    assert ratio.std_error == pytest.approx(katz, rel=CLOSED_FORM)
    odds = compare(levels, "combined", against="control", measure="odds_ratio").one()
    woolf = math.sqrt(1 / 76 + 1 / 31 + 1 / 39 + 1 / 73)
    assert odds.estimate == pytest.approx(76 * 73 / (31 * 39), rel=CLOSED_FORM)
    assert odds.std_error == pytest.approx(woolf, rel=CLOSED_FORM)
    reach = math.exp(1.959963984540054 * woolf)
    assert (odds.conf_low, odds.conf_high) == pytest.approx(
        (odds.estimate / reach, odds.estimate * reach), rel=CLOSED_FORM
    )


# Altman 1998, BMJ 317:1309: a difference of 10 % (-5 % to 25 %) is NNTB 10, from NNTB 4 through
# infinity to NNTH 20
@pytest.mark.parametrize(("better", "sign"), [("higher", 1), ("lower", -1)])
def test_number_needed_to_treat_runs_through_infinity(levels_with, better, sign):
    variance = (0.15 / 1.959963984540054) ** 2 / 2
    levels = levels_with(
        [0.5 + sign * 0.05, 0.5 - sign * 0.05], np.eye(2) * variance, better=better
    )
    row = compare(levels, "combined", against="medication", measure="nnt").one()
    assert (row.estimate, row.conf_low, row.conf_high) == pytest.approx((10, -20, 4), rel=1e-9)
    assert row.unit == "people"


def test_number_needed_to_treat_inverts_and_exchanges_the_limits(counted):
    # Newcombe 1998, example (a): 0.2 (0.0524 to 0.3339); Bender 2001, Control Clin Trials 22:102
    levels = counted((56, 48), (70, 80))
    row = compare(levels, "combined", against="medication", measure="nnt").one()
    assert row.estimate == pytest.approx(5, rel=CLOSED_FORM)
    assert row.conf_low == pytest.approx(1 / 0.3339, rel=2e-4)
    assert row.conf_high == pytest.approx(1 / 0.0524, rel=1e-3)  # printed with three digits
    harm = compare(levels, "medication", against="combined", measure="nnt").one()
    assert numbers(harm)[:3] == pytest.approx((-row.estimate, -row.conf_high, -row.conf_low))


def test_no_difference_needs_infinitely_many(counted):
    levels = counted((10, 10), (20, 20))
    row = compare(levels, "combined", against="medication", measure="nnt").one()
    difference = compare(levels, "combined", against="medication").one()
    assert row.estimate == math.inf
    assert (row.conf_low, row.conf_high) == (1 / difference.conf_low, 1 / difference.conf_high)


def test_hazard_ratio_by_hand(levels_with):
    # log hazards against a reference arm without error; exp(-0.5), times and over exp(1.96 x 0.3)
    levels = levels_with(
        [-0.5, 0.2, 0],
        [[0.09, 0.04, 0], [0.04, 0.16, 0], [0, 0, 0]],
        measure="log_hazard",
        better="lower",
        anchored=False,
        keys=tuple((t, None) for t in ("combined", "medication", "therapy")),
    )
    row = compare(levels, "combined", against="therapy").one()
    assert row.measure == "hazard_ratio"
    assert math.isnan(row.week)
    reach = 1.959963984540054 * 0.3
    assert (row.estimate, row.conf_low, row.conf_high) == pytest.approx(
        (math.exp(-0.5), math.exp(-0.5 - reach), math.exp(-0.5 + reach)), rel=CLOSED_FORM
    )
    shared = compare(levels, "combined", against="medication").one()
    assert shared.std_error**2 == pytest.approx(0.09 + 0.16 - 2 * 0.04, rel=CLOSED_FORM)


def test_one_sided_limits_and_a_null_of_a_ratio(counted):
    levels = counted((76, 66), (107, 109))
    two = compare(levels, "combined", against="medication", measure="risk_ratio").one()
    one = compare(
        levels,
        "combined",
        against="medication",
        measure="risk_ratio",
        alternative="greater",
        conf_level=0.975,
        null=two.conf_low,
    ).one()
    assert one.conf_low == pytest.approx(two.conf_low, rel=1e-12)
    assert math.isnan(one.conf_high)
    assert one.p_value == pytest.approx(0.025, rel=1e-9), "the limit of 97.5 % is where p = 2.5 %"
    assert one.id.endswith("/one-sided")


# -- degenerate cells -----------------------------------------------------------------------------

NOBODY = "not estimable: nothing can be said about medication"
NONE = "not estimable: no response in medication, a ratio has no value"
ALL = "not estimable: all have response in medication, a ratio has no value"
LEFT_OUT = "no variation in medication: its uncertainty is left out"


@pytest.mark.parametrize(
    ("medication", "measure", "estimable", "caution"),
    [
        ((0, 20), "risk_difference", True, ""),
        ((0, 20), "nnt", True, ""),
        ((0, 20), "risk_ratio", False, NONE),
        ((0, 20), "odds_ratio", False, NONE),
        ((20, 20), "risk_difference", True, ""),
        ((20, 20), "nnt", True, ""),
        ((20, 20), "risk_ratio", True, LEFT_OUT),
        ((20, 20), "odds_ratio", False, ALL),
        ((0, 0), "risk_difference", False, NOBODY),
        ((0, 0), "nnt", False, NOBODY),
        ((0, 0), "risk_ratio", False, NOBODY),
        ((0, 0), "odds_ratio", False, NOBODY),
    ],
)
def test_degenerate_cells_say_what_is_wrong(counted, medication, measure, estimable, caution):
    events, n = medication
    levels = counted((12, events), (20, n))
    row = compare(levels, "combined", against="medication", measure=measure).one()
    assert (row.is_estimable, row.caution) == (estimable, caution)
    assert (row.n_reference, row.events_reference) == (n, events)
    if estimable:
        assert row.conf_low < row.estimate < row.conf_high
        assert 0 < row.p_value < 1
    else:
        assert all(math.isnan(x) for x in (*numbers(row), row.std_error))


def test_everybody_against_nobody_has_a_difference_with_an_interval(counted):
    row = compare(counted((10, 0), (10, 20)), "combined", against="medication").one()
    assert row.estimate == 1
    assert row.conf_low == pytest.approx(0.6791, abs=0.5e-4)  # Newcombe 1998, example (g)
    assert row.conf_high == 1


def test_a_ratio_without_limits_is_not_estimable(levels_with):
    levels = levels_with(
        [-20.0, 0], np.diag([1e6, 0]), measure="log_hazard", better="lower", anchored=False
    )
    row = compare(levels, "combined", against="medication").one()
    assert not row.is_estimable
    assert row.caution == "not estimable: the data set no limit to the ratio"


def test_the_caution_of_the_levels_travels_with_the_row(counted):
    levels = counted((0, 0), (20, 0), caution="two visits merged")
    row = compare(levels, "combined", against="medication").one()
    assert row.caution == f"two visits merged; {NOBODY}"


# -- who is compared ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arm", "against", "randomised", "caution"),
    [
        ("combined", "medication", True, ""),
        ("therapy", "control", True, ""),
        ("combined", "therapy", False, "medication not randomised: an association"),
        ("medication", "control", False, "medication not randomised: an association"),
        ("combined", "control", False, "medication not randomised: an association"),
        ("therapy", "medication", False, "medication not randomised: an association"),
    ],
)
def test_each_contrast_knows_whether_it_was_randomised(counted, arm, against, randomised, caution):
    # Beat the Blues: therapy was randomised, medication was not
    levels = counted((12, 9, 8, 5), (30, 14, 22, 34), randomised={"therapy"})
    row = compare(levels, arm, against=against).one()
    assert (row.randomised, row.caution) == (randomised, caution)


def test_nothing_randomised_names_all_that_differs(counted):
    levels = counted((12, 9, 8, 5), (30, 14, 22, 34), randomised=())
    row = compare(levels, "combined", against="control").one()
    assert row.caution == "medication and therapy not randomised: an association"


def test_groups_that_treatment_has_selected_are_not_said_to_lack_one_randomisation(counted):
    # everything was randomised, but before these groups formed
    caution = "Counted from remission, which treatment itself changed. " + say(
        "caution.descriptive"
    )
    levels = counted((12, 9, 8, 5), (30, 14, 22, 34), randomised=(), caution=caution)
    row = compare(levels, "combined", against="medication").one()
    assert row.caution == f"{caution}; {say('contrasts.compare.selected')}"
    assert row.randomised is False


SEVERAL = (
    Arm("combined", "combined"),
    Arm("low dose", "medication"),
    Arm("high dose", "medication"),
    Arm("control", "control"),
)


def several(counted, choice):
    keys = tuple((arm.name, 12) for arm in SEVERAL)
    return counted((30, 12, 16, 8), (50, 40, 60, 40), arms=SEVERAL, keys=keys, several_arms=choice)


def test_several_arms_of_a_treatment_are_refused_unless_declared(counted):
    with pytest.raises(ValueError, match=r"2 arms \(low dose, high dose\).*Name one, or declare"):
        compare(several(counted, "error"), "combined", against="medication")
    named = compare(several(counted, "error"), "combined", against="high dose").one()
    assert named.estimate == pytest.approx(30 / 50 - 16 / 60, abs=1e-15)


def test_several_arms_are_combined_in_proportion_to_their_people(counted):
    row = compare(several(counted, "combine"), "combined", against="medication").one()
    assert row.estimate == pytest.approx(30 / 50 - 28 / 100, abs=1e-15), "as if one arm of 100"
    assert (row.n_reference, row.events_reference) == (100, 28)
    variance = 0.6 * 0.4 / 50 + 0.4**2 * 0.3 * 0.7 / 40 + 0.6**2 * (16 / 60) * (44 / 60) / 60
    assert row.std_error**2 == pytest.approx(variance, rel=CLOSED_FORM)


def test_the_first_of_several_arms(counted):
    row = compare(several(counted, "first"), "combined", against="medication").one()
    assert row.estimate == pytest.approx(30 / 50 - 12 / 40, abs=1e-15)
    assert row.n_reference == 40


@pytest.mark.parametrize(
    ("arm", "against", "choice"),
    [
        ("combined", "combined", "error"),
        ("low dose", "medication", "combine"),
        ("low dose", "medication", "first"),
    ],
)
def test_an_arm_is_not_compared_with_itself_under_any_name(counted, arm, against, choice):
    with pytest.raises(ValueError, match="share an arm"):
        compare(several(counted, choice), arm, against=against)


def test_two_arms_of_one_treatment_can_be_compared(counted):
    row = compare(several(counted, "error"), "high dose", against="low dose").one()
    assert row.randomised, "they differ in the medication, which was randomised"


# -- what is asked --------------------------------------------------------------------------------


def test_unknown_names_are_refused_with_a_suggestion(counted):
    levels = counted((12, 9), (20, 20))
    with pytest.raises(KeyError, match='"medicatoin" is neither.*did you mean "medication"'):
        compare(levels, "combined", against="medicatoin")
    with pytest.raises(KeyError, match='no contrast measure "risk ratio".*"risk_ratio"'):
        compare(levels, "combined", against="medication", measure="risk ratio")
    with pytest.raises(KeyError, match="No level at week 9; there are weeks 12"):
        compare(levels, "combined", against="medication", week=9)
    with pytest.raises(ValueError, match="are of risk, not of mean.*compared as risk_difference"):
        compare(levels, "combined", against="medication", measure="mean_difference")
    with pytest.raises(TypeError, match=r"not dict. Fit it first"):
        compare({}, "combined", against="medication")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "risk_ratio", "null": 0.0}, "against a value above 0, not 0"),
        ({"measure": "nnt", "alternative": "greater"}, "two-sided against no difference"),
        ({"measure": "nnt", "null": 5.0}, "Use risk_difference for another test"),
        ({"conf_level": 95}, "conf_level is 95"),
        ({"alternative": "larger"}, 'alternative "larger" is none of'),
    ],
)
def test_impossible_questions_are_refused(counted, options, message):
    with pytest.raises(ValueError, match=message):
        compare(counted((12, 9), (20, 20)), "combined", against="medication", **options)


def test_anything_with_levels_can_be_compared(counted):
    class Fit:
        def levels(self, measure, week):
            assert (measure, week) == ("risk", 12)
            return counted((12, 9), (20, 20))

    row = compare(Fit(), "combined", against="medication", measure="risk_ratio", week=12).one()
    assert row.estimate == pytest.approx(12 / 9)


def test_the_difference_is_the_default_and_has_the_unit_of_the_levels(levels_with):
    levels = levels_with([11, 15], np.eye(2), measure="mean", better="lower", unit="BDI points")
    row = compare(levels, "combined", against="medication").one()
    assert (row.measure, row.unit, row.estimate) == ("mean_difference", "BDI points", -4)
    assert (row.week, row.study, row.outcome) == (12, "demo", "response")


# -- properties -----------------------------------------------------------------------------------


@repeated
@given(interior, interior)
@pytest.mark.parametrize("measure", MEASURES)
def test_swapping_arms_negates_differences_and_inverts_ratios(counted, measure, first, second):
    levels = counted(*zip(first, second, strict=True))
    there = compare(levels, "combined", against="medication", measure=measure).one()
    back = compare(levels, "medication", against="combined", measure=measure).one()
    turn = (lambda x: -x) if measure == "risk_difference" else (lambda x: 1 / x)
    assert (back.estimate, back.conf_high, back.conf_low) == pytest.approx(
        [turn(x) for x in (there.estimate, there.conf_low, there.conf_high)], rel=1e-9, abs=1e-12
    )
    assert back.p_value == pytest.approx(there.p_value, rel=1e-6, abs=1e-12)
    assert (back.n, back.events) == (there.n_reference, there.events_reference)


@repeated
@given(st.lists(interior, min_size=4, max_size=4), st.permutations(range(4)))
def test_row_order_and_labels_of_arms_do_not_matter(counted, four, order):
    events, n = np.array(four).T
    treatments = ("combined", "medication", "therapy", "control")
    names = ("D", "a", "Ω + x", "control")
    plain = counted(events, n)
    other = counted(
        events[order],
        n[order],
        arms=tuple(Arm(names[i], treatments[i]) for i in (3, 1, 0, 2)),
        keys=tuple((names[i], 12) for i in order),
    )
    for measure in MEASURES:
        one = compare(plain, "combined", against="therapy", measure=measure).one()
        two = compare(other, "combined", against="therapy", measure=measure).one()
        assert numbers(one) == pytest.approx(numbers(two), rel=1e-9, abs=1e-12)
    for one, two in zip(synergy(plain), synergy(other), strict=True):
        assert numbers(one) == pytest.approx(numbers(two), rel=1e-9, abs=1e-12, nan_ok=True)


@st.composite
def covariances(draw, size=4):
    values = draw(st.lists(st.floats(-1, 1), min_size=size * size, max_size=size * size))
    root = np.reshape(values, (size, size))
    return root @ root.T + 0.01 * np.eye(size)


@repeated
@given(st.lists(st.floats(-20, 20), min_size=4, max_size=4), covariances(), st.floats(0.1, 50))
def test_scaling_means_scales_their_differences(levels_with, means, cov, factor):
    before = levels_with(means, cov, measure="mean", better="lower")
    after = levels_with(np.array(means) * factor, cov * factor**2, measure="mean", better="lower")
    one = compare(before, "combined", against="control").one()
    two = compare(after, "combined", against="control").one()
    expected = [factor * x for x in (one.estimate, one.conf_low, one.conf_high, one.std_error)]
    assert (two.estimate, two.conf_low, two.conf_high, two.std_error) == pytest.approx(
        expected, rel=1e-7, abs=1e-9
    )
    assert two.p_value == pytest.approx(one.p_value, rel=1e-6, abs=1e-12)


@repeated
@given(st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4), covariances())
@pytest.mark.parametrize("link", ["logit", "log"])
def test_the_link_of_the_levels_does_not_matter(levels_with, link, risks, cov):
    # the same risks on another scale, their covariance carried over by the delta method
    risks, cov = np.array(risks), cov * 1e-3
    slope = np.diag(SCALES[link].derivative(risks))
    plain = levels_with(risks, cov)
    linked = levels_with(SCALES[link].forward(risks), slope @ cov @ slope, link=link)
    for measure in (*MEASURES, "nnt"):
        one = compare(plain, "combined", against="therapy", measure=measure).one()
        two = compare(linked, "combined", against="therapy", measure=measure).one()
        assert one.std_error == pytest.approx(two.std_error, rel=1e-7)
        if measure != "nnt" or abs(1 / one.estimate) > 1e-6:
            assert numbers(one) == pytest.approx(numbers(two), rel=1e-6, abs=1e-9)
    for one, two in zip(synergy(plain), synergy(linked), strict=True):
        assert numbers(one) == pytest.approx(numbers(two), rel=1e-6, abs=1e-9, nan_ok=True)
