"""Effects from arms, with every choice that goes into them, against metafor's `escalc`."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.data.trials import Trials
from ctevidence.language import say, words
from ctevidence.synthesis.arm_measure import ArmMeasure
from ctevidence.synthesis.change_scores import change_sd
from ctevidence.synthesis.effect_measures import count_effects, mean_effects, mean_values
from ctevidence.synthesis.effect_sizes import MEASURES, effect_sizes

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision
CONTRAST = ("combined", "medication")


def equal(effect, expected):
    np.testing.assert_allclose(effect.estimate, expected["yi"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(effect.variance, expected["vi"], rtol=CLOSED_FORM)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_measure_has_its_words(measure):
    assert words("measures")[measure]


@pytest.mark.parametrize(
    "measure", ["risk_ratio", "odds_ratio", "risk_difference", "arcsine_difference"]
)
def test_counts_equal_escalc(escalc, measure):
    equal(count_effects(*escalc["counts"].values(), measure), escalc[measure])


@pytest.mark.parametrize(
    ("measure", "variance"),
    [
        ("mean_difference", "separate"),
        ("mean_difference", "pooled"),
        ("std_mean_difference", "large-sample"),
        ("std_mean_difference", "scaled"),
        ("std_mean_difference", "unbiased"),
    ],
)
def test_every_variance_convention_equals_escalc(escalc, measure, variance):
    effect = mean_effects(*escalc["means"].values(), measure, variance=variance)
    equal(effect, escalc[measure][variance])


@pytest.mark.parametrize("variance", ["large-sample", "scaled", "unbiased"])
def test_three_arms_have_one_covariance_under_every_convention(variance):
    """By hand: arms of 10 with mean 1, 2, 0 and standard deviation 2, so m = 27, g = J (1/2, 1)."""
    arms = mean_values(
        [1.0, 2.0, 0.0], [2.0] * 3, [10] * 3, "std_mean_difference", variance=variance
    )
    estimate, cov = arms.contrasts([(0, 2), (1, 2), (1, 0)])
    j = 0.971918639601  # gamma(13.5) / (sqrt(13.5) gamma(13)), by R
    g = j * np.array([0.5, 1.0, 0.5])
    own = {"large-sample": 0.1, "scaled": 0.1 * j**2, "unbiased": 0.1}[variance]
    last = 1 - 25 / (27 * j**2) if variance == "unbiased" else 1 / 60
    plain = own * np.array([[2.0, 1.0, -1.0], [1.0, 2.0, 1.0], [-1.0, 1.0, 2.0]])
    np.testing.assert_allclose(estimate, g, rtol=CLOSED_FORM)
    np.testing.assert_allclose(cov, plain + last * np.outer(g, g), rtol=CLOSED_FORM)


def change_trials(escalc, **columns):
    table, rows = escalc["change"], []
    for i in range(3):
        for side, treatment in enumerate(CONTRAST, start=1):
            before, after = table[f"b{side}"][i], table[f"a{side}"][i]
            rows.append(
                {
                    "trial_id": f"trial {i}", "arm": treatment, "treatment": treatment,
                    "outcome": "score", "n": table[f"n{side}"][i], "events": np.nan,
                    "mean_baseline": before, "sd_baseline": table[f"sb{side}"][i],
                    "mean": after, "sd": table[f"sa{side}"][i],
                }
            )  # fmt: skip
    return Trials("demo", "Demo", arms=pd.DataFrame(rows).assign(**columns))


@pytest.mark.parametrize("measure", ["mean_difference", "std_mean_difference"])
def test_change_scores_equal_escalc(escalc, measure):
    question = {"measure": measure, "scores": "change"}
    trials = change_trials(escalc)
    found = effect_sizes(
        trials, "score", CONTRAST, **question, pre_post_correlation=escalc["correlation"]
    )
    expected = escalc[f"change_{measure}"]
    np.testing.assert_allclose(found.frame["estimate"], expected["yi"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(found.frame["std_error"] ** 2, expected["vi"], rtol=CLOSED_FORM)
    assert found.frame["caution"].str.contains("correlation 0.6").all()
    assert "change scores" in found.method

    undeclared = effect_sizes(trials, "score", CONTRAST, **question)
    assert undeclared.frame.empty
    assert set(undeclared.excluded["reason"]) == {say("synthesis.change_scores.no_spread")}


def test_reported_changes_come_first(escalc):
    trials = change_trials(escalc, mean_change=-7.0, sd_change=4.0)
    found = effect_sizes(trials, "score", CONTRAST, measure="mean_difference", scores="change")
    assert found.frame["estimate"].tolist() == [0.0, 0.0, 0.0]
    # 4 squared times 1/40 + 1/38
    assert found.frame["std_error"][0] == pytest.approx(4 * np.sqrt(1 / 40 + 1 / 38), rel=1e-12)
    assert found.frame["caution"].tolist() == ["", "", ""]


def test_without_a_baseline_there_is_no_change(make_arms):
    arms = make_arms(
        ("a", "combined", None, 50), ("a", "medication", None, 48),
        mean=[11.0, 14.0], sd=[7.0, 8.0], outcome="score",
    )  # fmt: skip
    found = effect_sizes(
        Trials("demo", "demo", arms=arms), "score", CONTRAST, measure="mean_difference",
        scores="change", pre_post_correlation=0.5,
    )  # fmt: skip
    assert found.excluded["reason"].tolist() == [say("synthesis.change_scores.no_change")]


def test_a_change_of_scores_that_hardly_move_together_spreads_more():
    # r = 0: 3, 4, 5; r = 1/2: 9 + 16 - 12
    assert change_sd(3.0, 4.0, 0.0) == 5.0
    assert change_sd(3.0, 4.0, 0.5) == pytest.approx(np.sqrt(13), rel=1e-12)
    with pytest.raises(ValueError, match="not between -1 and 1"):
        change_sd(3.0, 4.0, 1.0)


def test_means_are_not_taken_for_counts(make_arms):
    arms = make_arms(
        ("a", "combined", None, 50), ("a", "medication", None, 48),
        mean=[11.0, 14.0], sd=[7.0, 8.0],
    )  # fmt: skip
    found = effect_sizes(Trials("demo", "demo", arms=arms), "response", CONTRAST)
    assert found.excluded["reason"].tolist() == [say("synthesis.arm_measure.not_counted")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "risk_rate"}, 'did you mean "risk_ratio"'),
        ({"measure": "risk_ratio", "variance": "pooled"}, "it has only one"),
        ({"measure": "mean_difference", "variance": "unbiased"}, "separate, pooled"),
        ({"scores": "changes"}, "final, change"),
    ],
)
def test_choices_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ArmMeasure(**options)


def test_all_that_is_wrong_is_said_at_once(make_arms):
    arms = make_arms(
        ("more", "combined", 21, 20), ("more", "medication", 3, 20),
        ("half", "combined", 2.5, 20), ("half", "medication", 3, 20),
        ("two", "combined", 5, 20), ("two", "medication", 3, 20), ("two", "medication", 4, 20),
        ("twice", "combined", 5, 20), ("twice", "medication", 3, 20),
        ("twice", "medication", 3, 20), ("fine", "combined", 5, 20), ("fine", "medication", 3, 20),
    )  # fmt: skip
    arms.loc[arms["trial_id"] == "twice", "arm"] = ["x", "y", "y"]
    with pytest.raises(DataProblems) as caught:
        effect_sizes(Trials("demo", "demo", arms=arms), "response", CONTRAST)
    found = {problem.value.split(",")[0]: problem for problem in caught.value.problems}
    assert set(found) == {"more", "half", "two", "twice"}
    assert "more events than people" in found["more"].why
    assert "not a whole number" in found["half"].why
    assert "several medication arms" in found["two"].why
    assert "more than one row" in found["twice"].why
    assert str(caught.value).startswith("demo cannot be used: 4 problems")


def test_changes_in_units_of_change_say_so(escalc):
    trials = change_trials(escalc, mean_change=-7.0, sd_change=4.0)
    found = effect_sizes(trials, "score", CONTRAST, measure="std_mean_difference", scores="change")
    assert set(found.frame["caution"]) == {say("synthesis.arm_measure.of_changes")}
