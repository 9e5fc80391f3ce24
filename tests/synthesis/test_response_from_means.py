"""Response rates from means: against numbers of R, by simulation, and the tail that others miss."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.trials import Trials
from ctevidence.language import say
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.response_from_means import (
    ResponseFromMeans,
    rate_values,
    rates_beside_counts,
)

CLOSED_FORM = 1e-9
HALF = ResponseFromMeans(better="lower", improvement=0.5)
EXACT = ResponseFromMeans(better="lower", improvement=0.5, at_least_counted=False)
#: post-treatment mean, standard deviation, people, baseline mean of two arms
ARMS = {"mean": [11.0, 18.0], "sd": [7.0, 6.0], "n": [100, 120], "mean_baseline": [20.0, 20.0]}


def test_rates_equal_the_normal_tail_of_r(escalc):
    found = HALF.rate(ARMS["mean"], ARMS["sd"], ARMS["mean_baseline"])
    np.testing.assert_allclose(found, escalc["furukawa"]["rate"], rtol=CLOSED_FORM)
    # Phi(-1/7) and Phi(-8/6), as published for this method
    np.testing.assert_allclose(found, [0.443202, 0.091211], atol=5e-7)


def test_where_higher_is_better_the_upper_tail_responds(escalc):
    """20 before, 25 after, sd 7: half more than 20 is 30, which 23.8 % reach.

    Taking the lower tail of twice the baseline, as one package does, gives 98 %.
    """
    rule = ResponseFromMeans(better="higher", improvement=0.5)
    assert rule.threshold(20.0) == 30.0
    rate = float(rule.rate(25.0, 7.0, 20.0))
    assert rate == pytest.approx(escalc["furukawa"]["higher_is_better"], rel=CLOSED_FORM)
    assert rate == pytest.approx(0.238, abs=5e-4)


def test_turning_the_scale_round_changes_nothing():
    lower = ResponseFromMeans(better="lower", cut_off=7.0)
    higher = ResponseFromMeans(better="higher", cut_off=-7.0)
    assert lower.rate(10.0, 4.0) == pytest.approx(float(higher.rate(-10.0, 4.0)), rel=1e-14)


def test_rounded_to_whole_people_it_is_the_published_ratio(escalc):
    """44 of 100 against 11 of 120: log risk ratio 1.568616 with standard error 0.308712."""
    events = np.round(HALF.rate(ARMS["mean"], ARMS["sd"], ARMS["mean_baseline"]) * ARMS["n"])
    assert events.tolist() == [44, 11]
    assert escalc["furukawa"]["counted_log_rr"] == pytest.approx(1.568616, abs=5e-7)
    estimate, cov = rate_values(HALF, **ARMS).contrasts([(0, 1)])
    # not rounded to whole people, and as uncertain as if they had been counted
    rate = np.array(escalc["furukawa"]["rate"])
    assert estimate[0] == pytest.approx(np.log(rate[0] / rate[1]), rel=CLOSED_FORM)
    variance = ((1 - rate) / (rate * ARMS["n"])).sum()
    assert cov[0, 0] == pytest.approx(variance, rel=CLOSED_FORM)
    assert np.sqrt(cov[0, 0]) == pytest.approx(escalc["furukawa"]["counted_se_rr"], rel=0.02)


def test_the_delta_method_equals_r(escalc):
    values = rate_values(EXACT, **ARMS, measure="risk_difference")
    np.testing.assert_allclose(
        values.variance, escalc["furukawa"]["delta_variance"], rtol=CLOSED_FORM
    )


@pytest.mark.parametrize(
    ("measure", "transform"),
    [
        ("risk_difference", lambda p: p),
        ("risk_ratio", np.log),
        ("odds_ratio", lambda p: np.log(p / (1 - p))),
        ("arcsine_difference", lambda p: np.arcsin(np.sqrt(p))),
    ],
)
def test_the_error_is_that_of_repeated_trials(measure, transform):
    """20,000 trials drawn: standard deviation within 4 %, the delta method being approximate."""
    rng = np.random.default_rng(20260101)
    mean, sd, n, before, spread = 12.0, 7.0, 150, 22.0, 5.0
    start = rng.normal(before, spread / np.sqrt(n), 20_000)
    means = rng.normal(mean, sd / np.sqrt(n), 20_000)
    deviations = sd * np.sqrt(rng.chisquare(n - 1, 20_000) / (n - 1))
    drawn = transform(EXACT.rate(means, deviations, start))
    values = rate_values(EXACT, [mean], [sd], [n], [before], [spread], measure)
    assert np.sqrt(values.variance[0]) == pytest.approx(drawn.std(), rel=0.04)
    assert values.value[0] == pytest.approx(float(transform(EXACT.rate(mean, sd, before))))


def test_the_error_of_a_common_cut_off_cancels_between_like_arms():
    rule = ResponseFromMeans(better="lower", cut_off=10.0, cut_off_error=1.5)
    exact = ResponseFromMeans(better="lower", cut_off=10.0)
    alike = {"mean": [11.0, 11.0, 15.0], "sd": [7.0, 7.0, 5.0], "n": [50, 80, 60]}
    pairs = [(0, 1), (0, 2)]
    _, unsure = rate_values(rule, **alike).contrasts(pairs)
    _, sure = rate_values(exact, **alike).contrasts(pairs)
    assert unsure[0, 0] == pytest.approx(sure[0, 0], rel=1e-12)
    assert unsure[1, 1] > sure[1, 1]

    # by numerical differentiation: what a cut-off one standard deviation higher does
    def log_ratio(cut_off):
        rates = ResponseFromMeans(better="lower", cut_off=cut_off).rate(alike["mean"], alike["sd"])
        return np.log(rates[0] / rates[2])

    moved = 1.5 * (log_ratio(10 + 1e-5) - log_ratio(10 - 1e-5)) / 2e-5
    assert unsure[1, 1] - sure[1, 1] == pytest.approx(moved**2, rel=1e-6)


def score_arms(make_arms, **columns):
    arms = make_arms(
        ("counted", "combined", 30, 50), ("counted", "medication", 20, 50),
        ("worked out", "combined", None, 100), ("worked out", "medication", None, 120),
        outcome=["response", "response", "score", "score"],
        mean=[np.nan, np.nan, 11.0, 18.0], sd=[np.nan, np.nan, 7.0, 6.0],
        mean_baseline=[np.nan, np.nan, 20.0, 20.0],
    )  # fmt: skip
    return arms.assign(**columns)


def test_counts_come_first_and_worked_out_rates_say_so(make_arms):
    trials = Trials("demo", "demo", arms=score_arms(make_arms))
    contrast = ("combined", "medication")
    found = effect_sizes(trials, ("response", "score"), contrast, response_from_means=HALF)
    assert found.studies == ("counted", "worked out")
    counted, worked_out = found.frame["caution"]
    assert counted == ""
    assert worked_out.startswith(say("synthesis.response_from_means.worked_out"))
    assert found.frame["outcome"].tolist() == ["response", "response"]
    assert found.frame["events1"].isna().tolist() == [False, True]
    assert found.better == "higher"
    plain = effect_sizes(trials, ("response", "score"), contrast)
    assert plain.studies == ("counted",)


def test_an_arm_without_its_mean_is_left_out_with_the_reason(make_arms):
    arms = score_arms(make_arms, mean_baseline=np.nan)
    found = effect_sizes(
        Trials("demo", "demo", arms=arms), "score", ("combined", "medication"),
        response_from_means=HALF,
    )  # fmt: skip
    assert dict(found.excluded.to_numpy())["worked out"] == say(
        "synthesis.response_from_means.cannot"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"better": "down", "cut_off": 7}, "which scores are good"),
        ({"better": "lower"}, "either an improvement"),
        ({"better": "lower", "cut_off": 7, "improvement": 0.5}, "either an improvement"),
        ({"better": "lower", "improvement": 50}, "0.5 for 50 per cent"),
        ({"better": "lower", "cut_off": 7, "cut_off_error": -1}, "0 or above"),
    ],
)
def test_rules_that_say_too_little_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ResponseFromMeans(**options)


def test_a_rate_is_no_mean_difference():
    with pytest.raises(ValueError, match="not mean_difference"):
        rate_values(HALF, **ARMS, measure="mean_difference")


def test_worked_out_rates_stand_beside_counted_ones(make_arms, published):
    arms = make_arms(("a", "combined", 50, 100), ("a", "combined", None, 100)).assign(
        arm="both", outcome=["response", "score"], mean=[np.nan, 11.0], sd=[np.nan, 7.0],
        mean_baseline=[np.nan, 20.0], phase="acute", weeks=12.0,
    )  # fmt: skip
    (row,) = rates_beside_counts(arms, HALF).itertuples()
    assert (row.counted, row.worked_out) == (0.5, pytest.approx(0.443202, abs=5e-7))
    assert row.difference == pytest.approx(-0.056798, abs=5e-7)
    # none of the shipped trials reports both
    empty = published.arms.assign(mean=np.nan, sd=np.nan)
    assert isinstance(rates_beside_counts(empty, HALF), pd.DataFrame)
    assert rates_beside_counts(empty, HALF).empty
