import numpy as np
import pandas as pd
import pytest

from ctevidence.synthesis.question import Question
from ctevidence.synthesis.trial_selection import select_trials

COMBINED = ("combined", "medication")


def chosen(table, outcome="response", contrast=COMBINED, **question):
    trials, left_out = select_trials(table, Question(outcome, contrast, **question))
    return {trial.study: trial for trial in trials}, dict(left_out)


def test_the_first_reported_of_several_outcomes_is_taken(make_arms):
    arms = make_arms(
        ("both", "combined", 5, 10), ("both", "medication", 3, 10),
        ("both", "combined", 4, 10), ("both", "medication", 2, 10),
        ("second", "combined", 4, 10), ("second", "medication", 2, 10),
        outcome=["response", "response", "remission", "remission", "remission", "remission"],
    )  # fmt: skip
    trials, _ = chosen(arms, ("response", "remission"))
    assert {s: t.outcome for s, t in trials.items()} == {"both": "response", "second": "remission"}
    trials, left_out = chosen(arms, "response")
    assert list(trials) == ["both"]
    assert left_out == {"second": "no numbers of response here"}


def test_an_outcome_counts_only_where_the_contrast_has_it(make_arms):
    # response of one arm only: the next outcome is taken
    arms = make_arms(
        ("a", "combined", 5, 10), ("a", "combined", 4, 10), ("a", "medication", 2, 10),
        outcome=["response", "remission", "remission"],
    )  # fmt: skip
    assert chosen(arms, ("response", "remission"))[0]["a"].outcome == "remission"
    assert chosen(arms, "response")[1] == {"a": "no numbers of response with medication here"}


two_times = [("a", t, e, 20) for e, t in ((9, "combined"), (4, "medication")) * 2]


@pytest.mark.parametrize(
    ("week", "expected"), [("first", 12), ("latest", 24), (24, 24), (12.0, 12)]
)
def test_one_time_by_rule(make_arms, week, expected):
    arms = make_arms(*two_times, weeks=[12, 12, 24, 24]).assign(arm=["x", "y"] * 2)
    trial = chosen(arms, week=week)[0]["a"]
    assert trial.cells["weeks"].tolist() == [expected, expected]
    remark = [c for c in trial.cautions if "reported at weeks 12, 24" in c]
    assert len(remark) == isinstance(week, str)


def test_a_week_that_is_not_reported_leaves_the_trial_out(make_arms):
    arms = make_arms(*two_times, weeks=[12, 12, 24, 24]).assign(arm=["x", "y"] * 2)
    assert chosen(arms, week=16)[1] == {"a": "not reported at week 16; reported at week 12, 24"}


def test_a_missing_week_is_a_time_of_its_own_and_is_not_lost(make_arms):
    arms = make_arms(*two_times[:2], weeks=[np.nan, np.nan])
    for week in ("first", "latest"):
        assert chosen(arms, week=week)[0]["a"].cells["weeks"].isna().all()
    assert chosen(arms, week=12)[1] == {"a": "not reported at week 12; reported at week not stated"}
    # beside stated weeks it comes last, under either rule
    arms = make_arms(*two_times, weeks=[np.nan, np.nan, 24, 24]).assign(arm=["x", "y"] * 2)
    for week in ("first", "latest"):
        assert chosen(arms, week=week)[0]["a"].cells["weeks"].tolist() == [24, 24]


def test_arms_of_different_times_are_never_compared(make_arms):
    arms = make_arms(*two_times[:2], weeks=[12, 24])
    reason = "reports response of no two treatments at the same time"
    assert chosen(arms)[1] == {"a": reason}


def test_strata_are_left_out_unless_asked_for(make_arms):
    arms = make_arms(
        ("plain", "combined", 5, 10), ("plain", "medication", 3, 10),
        ("resistant", "combined", 5, 10), ("resistant", "medication", 3, 10),
        flags=["", "", "prior_nonresponse", "prior_nonresponse"],
    )  # fmt: skip
    trials, left_out = chosen(arms)
    assert list(trials) == ["plain"]
    assert left_out["resistant"] == "people who had not responded to a first treatment"
    trials, left_out = chosen(arms, stratum="prior_nonresponse")
    assert list(trials) == ["resistant"]
    assert left_out == {"plain": "stratum main"}
    trials, _ = chosen(arms, stratum="any")
    assert {s: t.stratum for s, t in trials.items()} == {
        "plain": "main",
        "resistant": "prior_nonresponse",
    }


def test_flags_and_studies_can_be_left_out_by_name(make_arms):
    arms = make_arms(
        ("a", "combined", 5, 10), ("a", "medication", 3, 10),
        ("b", "combined", 5, 10), ("b", "medication", 3, 10),
        flags=["completers", "completers", "", ""],
    )  # fmt: skip
    assert "completers only, not everyone randomised" in chosen(arms)[0]["a"].cautions
    _, left_out = chosen(arms, exclude_flags="completers", exclude_studies="b")
    assert left_out == {
        "a": "completers only, not everyone randomised",
        "b": "left out on request",
    }


several = [("a", "combined", 9, 20), ("a", "medication", 4, 10), ("a", "medication", 5, 30)]


def test_several_arms_are_refused_combined_or_the_first(make_arms):
    arms = make_arms(*several)
    with pytest.raises(ValueError, match='several medication arms: "medication 1", "medic'):
        chosen(arms)
    cells = chosen(arms, several_arms="combine")[0]["a"].cells
    assert cells[["treatment", "events", "n"]].to_numpy().tolist() == [
        ["combined", 9, 20],
        ["medication", 9, 40],
    ]
    cells = chosen(arms, several_arms="first")[0]["a"].cells
    assert cells["n"].tolist() == [20, 10]
    cells = chosen(arms, arms={"a": "medication 2"})[0]["a"].cells
    assert cells["n"].tolist() == [20, 30]
    with pytest.raises(ValueError, match='No row has arm "drug"'):
        chosen(arms, arms={"a": "drug"})


def test_combined_means_and_deviations(make_arms):
    # Cochrane Handbook table 6.5.a: the combined sample of 1, 3, 5 and 2, 4, 6, 8 has
    # mean 29/7 and variance of the seven numbers
    first, second = [1, 3, 5], [2, 4, 6, 8]
    arms = make_arms(
        ("a", "combined", 0, 9), ("a", "medication", 0, 3), ("a", "medication", 0, 4),
        mean=[3.0, np.mean(first), np.mean(second)],
        sd=[1.0, np.std(first, ddof=1), np.std(second, ddof=1)],
    )  # fmt: skip
    cell = chosen(arms, several_arms="combine")[0]["a"].cells.iloc[1]
    assert cell["mean"] == pytest.approx(29 / 7, rel=1e-9)
    assert cell["sd"] == pytest.approx(np.std(first + second, ddof=1), rel=1e-9)


def test_arms_with_and_without_pill_are_never_combined(published):
    for rule, message in (("error", "has several therapy arms"), ("combine", "differ in whether")):
        with pytest.raises(ValueError, match=f"davidson2004[^?]*{message}"):
            chosen(published.arms, contrast=("combined", "therapy"), several_arms=rule)
    named = {"davidson2004": "group CBT + placebo"}
    trials, _ = chosen(published.arms, contrast=("combined", "therapy"), arms=named)
    assert trials["davidson2004"].cells["arm"].tolist()[1] == "group CBT + placebo"
    # the same choice may be declared for a contrast without that treatment
    assert "davidson2004" in chosen(published.arms, arms=named)[0]


def test_an_arm_that_stands_twice_is_refused(make_arms):
    arms = make_arms(*several).assign(arm=["x", "y", "y"])
    with pytest.raises(ValueError, match='Arm "y" has more than one row of response'):
        chosen(arms, several_arms="combine")


def test_all_treatments_of_a_trial_without_a_contrast(published):
    trials, _ = chosen(published.arms, contrast=None, phase="acute", several_arms="first")
    assert trials["tads2004"].cells["treatment"].tolist() == [
        "combined",
        "medication",
        "therapy",
        "control",
    ]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"outcome": "respons"}, 'outcome "respons"; did you mean "response"'),
        ({"phase": "chronic"}, 'phase "chronic"'),
        ({"condition": "gad"}, 'condition "gad"'),
        ({"contrast": ("combined", "drug")}, 'treatment "drug"'),
        ({"exclude_studies": "tads"}, 'trial_id "tads"'),
        ({"arms": {"davidson": "x"}}, 'trial_id "davidson"'),
    ],
)
def test_words_of_the_question_are_checked(published, question, message):
    with pytest.raises(ValueError, match=message):
        chosen(published.arms, **({"outcome": "response"} | question))


def test_columns_and_treatments_are_checked(make_arms):
    arms = make_arms(*several)
    with pytest.raises(ValueError, match="no column outcome"):
        chosen(arms.drop(columns="outcome"))
    with pytest.raises(ValueError, match=r"treatment \['drug'\] is none of"):
        chosen(pd.concat([arms, arms.assign(treatment="drug")]))


def test_flags_of_an_arm_passed_over_do_not_act(make_arms):
    arms = make_arms(
        ("a", "combined", 5, 10), ("a", "therapy", 3, 10), ("a", "therapy", 4, 10),
        flags=["", "therapy_arm_without_pill", ""],
    )  # fmt: skip
    contrast = ("combined", "therapy")
    used = chosen(arms, contrast=contrast, arms={"a": "therapy 2"})[0]["a"]
    assert (used.flags, used.cautions) == ((), ())
    used = chosen(arms, contrast=contrast, arms={"a": "therapy 1"})[0]["a"]
    assert used.cautions == ("the therapy arm took no pill: not blinded to the drug",)
