import numpy as np
import pandas as pd
import pytest

from ctevidence.data.trials import Trials
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.reported_contrasts import reported_covariance


def table(*rows, **columns):
    frame = pd.DataFrame(rows, columns=["study", "treat1", "treat2", "estimate", "std_error"])
    return Trials("t", "t", contrasts=frame.assign(**({"measure": "odds_ratio"} | columns)))


def test_linde2016_has_one_trial_of_cbt_with_ssri(linde):
    # study 117 (Naeem 2010): 12 of 17 against 2 of 17, log odds ratio ln(12*15 / (5*2)) and its
    # standard error sqrt(1/12 + 1/5 + 1/2 + 1/15); reported there as SSRI against the combination
    effects = effect_sizes(linde, "response", ("Face-to-face CBT + SSRI", "SSRI"))
    row = effects.frame.iloc[0]
    assert effects.studies == ("117",)
    assert row["estimate"] == pytest.approx(np.log(18), abs=5e-7)  # six digits in the file
    assert row["std_error"] == pytest.approx(np.sqrt(0.85), abs=5e-7)
    assert row["condition_group"] == "depression"
    assert len(effects.excluded) == 92


def test_a_contrast_is_turned_round_with_its_counts():
    trials = table(("a", "x", "y", 0.5, 0.2), n1=10, n2=20, events1=3, events2=4)
    row = effect_sizes(trials, "response", ("y", "x")).frame.iloc[0]
    assert (row["treat1"], row["estimate"], row["n1"], row["events1"]) == ("y", -0.5, 20, 4)


def test_covariance_of_three_arms_equals_that_from_counts(linde, published):
    # Mynors-Wallis 1995 stands in both tables: PST 19/30, amitriptyline 16/31, placebo 9/30
    ours = effect_sizes(published, "response", measure="odds_ratio", exclude_flags="group_therapy",
                        several_arms="first").covariance["mynorswallis1995"]  # fmt: skip
    frame = effect_sizes(linde, "response").frame
    pairs = list(zip(frame["treat1"], frame["treat2"], strict=True))
    own = frame["study"] == "24"
    theirs = effect_sizes(linde, "response").covariance["24"]
    pairs = [pair for pair, is_own in zip(pairs, own, strict=True) if is_own]
    # rows of ours: medication-therapy, medication-control, therapy-control
    wanted = [("TCA", "Face-to-face PST"), ("TCA", "Placebo"), ("Face-to-face PST", "Placebo")]
    signs = np.array([1 if pair in pairs else -1 for pair in wanted])
    order = [pairs.index(p if s == 1 else p[::-1]) for p, s in zip(wanted, signs, strict=True)]
    turned = theirs[np.ix_(order, order)] * np.outer(signs, signs)
    # the file gives standard errors to six digits
    np.testing.assert_allclose(turned, ours, atol=5e-6)


def test_covariance_needs_every_pair():
    with pytest.raises(ValueError, match="b compares x and z with others but not with each other"):
        reported_covariance([("x", "y"), ("z", "y")], [1.0, 2.0], "b")


def test_one_outcome_in_order_of_preference():
    trials = table(
        ("a", "x", "y", 0.5, 0.2), ("a", "x", "y", 0.1, 0.2), ("b", "x", "y", 0.3, 0.2),
        outcome=["remission", "response", "remission"],
    )  # fmt: skip
    effects = effect_sizes(trials, ("response", "remission"), ("x", "y"))
    assert effects.frame["estimate"].tolist() == [0.1, 0.3]
    assert effects.frame["outcome"].tolist() == ["response", "remission"]


def test_flags_of_contrasts_act_too():
    trials = table(
        ("a", "therapy", "control", 0.5, 0.2), ("b", "therapy", "control", 0.1, 0.2),
        ("c", "therapy", "control", 0.1, 0.2),
        flags=["taper_both_arms", "completers", ""],
    )  # fmt: skip
    effects = effect_sizes(trials, "relapse", exclude_flags="completers")
    assert effects.studies == ("c",)
    assert dict(effects.excluded.to_numpy()) == {
        "a": "stratum taper",
        "b": "completers: completers only, not everyone randomised",
    }


def test_flags_about_one_arm_act_where_names_do_not_tell_the_arm():
    trials = table(("a", "MBCT", "SSRI", 0.5, 0.2), flags="taper_in_therapy_arm")
    assert effect_sizes(trials, "relapse").excluded["reason"].tolist() == ["stratum taper"]
    known = table(("a", "combined", "medication", 0.5, 0.2), flags="taper_in_therapy_arm")
    assert effect_sizes(known, "relapse").studies == ("a",)


def test_a_week_may_be_asked_for_and_a_study_without_name_is_not_lost():
    trials = table(("a", "x", "y", 0.5, 0.2), ("b", "x", "y", 0.1, 0.2), weeks=[12, 24])
    effects = effect_sizes(trials, "response", ("x", "y"), week=12)
    assert effects.studies == ("a",)
    assert effects.excluded["reason"].tolist() == ["reports no response of x against y at week 12"]
    with pytest.raises(ValueError, match="row 1 names no study"):
        effect_sizes(table((None, "x", "y", 0.5, 0.2)), "response")


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"measure": "risk_ratio"}, "reports odds_ratio and not risk_ratio"),
        ({"contrast": ("x", "zz")}, 'No row has treatment "zz"'),
        ({"exclude_studies": "b"}, 'No row has study "b"'),
        ({"phase": "acute"}, "does not say phase"),
        ({"week": 12}, "does not say weeks"),
    ],
)
def test_questions_that_the_table_cannot_answer(question, message):
    trials = table(("a", "x", "y", 0.5, 0.2))
    with pytest.raises(ValueError, match=message):
        effect_sizes(trials, "response", **question)


def test_several_measures_need_one_named():
    trials = table(("a", "x", "y", 0.5, 0.2), ("b", "x", "y", 0.5, 0.2),
                   measure=["odds_ratio", "hazard_ratio"])  # fmt: skip
    with pytest.raises(ValueError, match="several measures"):
        effect_sizes(trials, "response")
    assert effect_sizes(trials, "response", measure="hazard_ratio").studies == ("b",)
