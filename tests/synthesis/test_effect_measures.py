import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.language import say
from ctevidence.synthesis.effect_measures import (
    count_effects,
    count_values,
    hedges_correction,
    mean_effects,
    mean_values,
)

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision


def compared(ours, theirs, used):
    """Where `used`, ours equals metafor; elsewhere ours is nan with a reason."""
    theirs = {
        k: np.array([np.nan if x is None else x for x in v], float) for k, v in theirs.items()
    }
    np.testing.assert_allclose(
        ours.estimate[used], theirs["yi"][used], rtol=CLOSED_FORM, atol=1e-12
    )
    np.testing.assert_allclose(ours.variance[used], theirs["vi"][used], rtol=CLOSED_FORM)
    assert np.isnan(ours.estimate[~used]).all()
    assert (ours.excluded[~used] != "").all()
    assert (ours.excluded[used] == "").all()


# rows of the counts in metafor_pairwise.R: 3 has no event in either arm, 4 nothing but events
BOTH_ZERO, BOTH_ALL = 3, 4


@pytest.mark.parametrize("measure", ["risk_ratio", "odds_ratio"])
def test_half_correction_equals_metafor(metafor, measure):
    counts = list(metafor["effects"]["counts"].values())
    effect = count_effects(*counts, measure, zero_cells="half", double_zero="correct")
    compared(effect, metafor["effects"][f"{measure}_half"], np.full(7, True))
    assert effect.corrected.tolist() == [False, True, True, True, True, True, True]

    used = np.array([i not in (BOTH_ZERO, BOTH_ALL) for i in range(7)])
    effect = count_effects(*counts, measure)
    compared(effect, metafor["effects"][f"{measure}_half_drop00"], used)
    assert effect.excluded[BOTH_ZERO] == say("synthesis.effect_measures.no_event")
    assert effect.excluded[BOTH_ALL] == say("synthesis.effect_measures.everyone")


def test_risk_difference_takes_only_its_variance_from_the_correction(metafor):
    effect = count_effects(*metafor["effects"]["counts"].values(), "risk_difference")
    compared(effect, metafor["effects"]["risk_difference_half"], np.full(7, True))
    assert effect.estimate[BOTH_ZERO] == 0.0


def test_arcsine_difference_is_never_corrected(metafor):
    effect = count_effects(*metafor["effects"]["counts"].values(), "arcsine_difference")
    compared(effect, metafor["effects"]["arcsine_difference_none"], np.full(7, True))
    assert not effect.corrected.any()


@pytest.mark.parametrize(
    ("measure", "unusable"),
    [
        # a ratio of risks is defined when everyone in one arm had the event (rows 5 and 6)
        ("risk_ratio", (1, 2, BOTH_ZERO, BOTH_ALL)),
        ("odds_ratio", (1, 2, BOTH_ZERO, BOTH_ALL, 5, 6)),
        ("risk_difference", (BOTH_ZERO, BOTH_ALL)),
    ],
)
def test_without_correction_undefined_trials_are_excluded(metafor, measure, unusable):
    effect = count_effects(
        *metafor["effects"]["counts"].values(), measure, zero_cells="none", double_zero="correct"
    )
    used = np.array([i not in unusable for i in range(7)])
    compared(effect, metafor["effects"][f"{measure}_none"], used)
    assert set(effect.excluded[~used]) == {say("synthesis.effect_measures.zero_cell")}


def test_treatment_arm_correction_by_hand():
    # 0/20 against 3/60 (Sweeting 2004): arms of 20 and 60 get 20/80 and 60/80 on events and
    # non-events: 0.25/20.5 against 3.75/61.5
    effect = count_effects([0], [20], [3], [60], zero_cells="treatment-arm")
    assert effect.estimate[0] == pytest.approx(
        np.log((0.25 / 20.5) / (3.75 / 61.5)), rel=CLOSED_FORM
    )
    variance = 1 / 0.25 - 1 / 20.5 + 1 / 3.75 - 1 / 61.5
    assert effect.variance[0] == pytest.approx(variance, rel=CLOSED_FORM)


def test_treatment_arm_correction_of_no_events_shows_no_effect_in_unequal_arms():
    no_events = {"events1": [0], "n1": [20], "events2": [0], "n2": [100]}
    arm = count_effects(**no_events, zero_cells="treatment-arm", double_zero="correct")
    half = count_effects(**no_events, zero_cells="half", double_zero="correct")
    assert arm.estimate[0] == pytest.approx(0.0, abs=1e-12)
    # ln((0.5/21) / (0.5/101)) = ln(101/21): the fixed half invents an effect
    assert half.estimate[0] == pytest.approx(np.log(101 / 21), rel=CLOSED_FORM)


def test_three_arms_share_the_variance_of_the_common_arm():
    # 10/40, 20/50, 30/60: var of log risk 1/10-1/40, 1/20-1/50, 1/30-1/60
    arms = count_values([10, 20, 30], [40, 50, 60], "risk_ratio")
    estimate, cov = arms.contrasts([(0, 2), (1, 2), (0, 1)])
    np.testing.assert_allclose(estimate, np.log([0.5, 0.8, 0.625]), rtol=CLOSED_FORM)
    first, second, third = 0.075, 0.03, 1 / 60
    expected = [
        [first + third, third, first],
        [third, second + third, -second],
        [first, -second, first + second],
    ]
    np.testing.assert_allclose(cov, expected, rtol=CLOSED_FORM)


def test_a_zero_cell_corrects_every_arm_of_the_trial():
    # so that the three contrasts of a trial stay consistent: 0-1 plus 1-2 is 0-2
    arms = count_values([0, 20, 30], [40, 50, 60], "odds_ratio")
    estimate, _ = arms.contrasts([(0, 1), (1, 2), (0, 2)])
    assert estimate[0] + estimate[1] == pytest.approx(estimate[2], rel=CLOSED_FORM)
    assert estimate[1] == pytest.approx(np.log((20.5 / 30.5) / (30.5 / 30.5)), rel=CLOSED_FORM)


@pytest.mark.parametrize("measure", ["mean_difference", "std_mean_difference"])
def test_means_equal_metafor(metafor, measure):
    effect = mean_effects(*metafor["means"]["arms"].values(), measure)
    compared(effect, metafor["means"][measure], np.full(3, True))


def test_three_arm_hedges_g_by_hand():
    # sd 2 in all arms of 10: s = 2, m = 27; g against the last arm = J(27) * (1, 2)/2;
    # covariance 1/10 + g1 g2 / 60 (Gleser and Olkin 2009)
    arms = mean_values([1.0, 2.0, 0.0], [2.0, 2.0, 2.0], [10, 10, 10], "std_mean_difference")
    estimate, cov = arms.contrasts([(0, 2), (1, 2)])
    g = 0.971918639601 * np.array([0.5, 1.0])  # gamma(13.5) / (sqrt(13.5) gamma(13)), by R
    np.testing.assert_allclose(estimate, g, rtol=1e-9)
    expected = np.array([[0.2, 0.1], [0.1, 0.2]]) + np.outer(g, g) / 60
    np.testing.assert_allclose(cov, expected, rtol=1e-9)


def test_hedges_correction_is_exact():
    # m = 2: gamma(1) / (1 * gamma(1/2)) = 1/sqrt(pi); m = 4: gamma(2)/(sqrt(2) gamma(3/2))
    assert hedges_correction(2) == pytest.approx(np.pi**-0.5, rel=CLOSED_FORM)
    assert hedges_correction(4) == pytest.approx(2 / np.sqrt(2 * np.pi), rel=CLOSED_FORM)
    with pytest.raises(ValueError, match="more than 1 degree"):
        hedges_correction(1)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (([3.5], [10], [2], [10]), "not a whole number .3.5 events among 10"),
        (([3], [10.2], [2], [10]), "not a whole number"),
        (([11], [10], [2], [10]), "more events than people"),
        (([-1], [10], [2], [10]), "fewer than no events"),
        (([np.nan], [10], [2], [10]), "missing"),
        (([0], [0], [2], [10]), "no people"),
    ],
)
def test_impossible_counts_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        count_effects(*counts)


@pytest.mark.parametrize("option", ["measure", "zero_cells", "double_zero"])
def test_unknown_options_are_refused(option):
    with pytest.raises(ValueError, match=f'{option}="sometimes" is unknown'):
        count_effects([1], [9], [2], [9], **{option: "sometimes"})


def test_impossible_spreads_are_refused():
    with pytest.raises(ValueError, match="standard deviation is missing"):
        mean_effects([1.0], [0.0], [10], [2.0], [1.0], [10])
    with pytest.raises(ValueError, match="1 people"):
        mean_effects([1.0], [2.0], [1], [2.0], [1.0], [10])


trials = st.tuples(st.integers(1, 60), st.integers(1, 60)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


@given(
    trials, st.sampled_from(["risk_ratio", "odds_ratio", "risk_difference", "arcsine_difference"])
)
def test_exchanging_the_arms_changes_only_the_sign(trial, measure):
    a, n, c, m = trial
    there = count_effects([a], [n], [c], [m], measure)
    back = count_effects([c], [m], [a], [n], measure)
    np.testing.assert_allclose(there.estimate, -back.estimate, atol=1e-12)
    np.testing.assert_allclose(there.variance, back.variance, rtol=1e-12)
    assert there.excluded == back.excluded


@given(trials, st.sampled_from(["odds_ratio", "risk_difference", "arcsine_difference"]))
def test_counting_the_opposite_event_changes_only_the_sign(trial, measure):
    # true of these three and not of the risk ratio
    a, n, c, m = trial
    events = count_effects([a], [n], [c], [m], measure)
    others = count_effects([n - a], [n], [m - c], [m], measure)
    np.testing.assert_allclose(events.estimate, -others.estimate, atol=1e-12)
    np.testing.assert_allclose(events.variance, others.variance, rtol=1e-12)
