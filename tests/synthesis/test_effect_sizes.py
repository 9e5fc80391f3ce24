import numpy as np
import pandas as pd
import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.data.trials import Trials
from ctevidence.synthesis.effect_sizes import COLUMNS, EffectSizes, effect_sizes

CLOSED_FORM = 1e-9


def of(arms, *args, **question):
    return effect_sizes(Trials("demo", "demo", arms=arms), *args, **question)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        (
            "response_risk_ratio",
            {"outcome": "response", "contrast": ("combined", "medication"), "phase": "acute"},
        ),
        (
            "response_odds_ratio",
            {
                "outcome": "response",
                "contrast": ("combined", "medication"),
                "phase": "acute",
                "measure": "odds_ratio",
            },
        ),
        (
            "relapse_risk_ratio",
            {
                "outcome": ("relapse", "recurrence"),
                "contrast": ("combined", "medication"),
                "phase": ("continuation", "maintenance"),
            },
        ),
        (
            "therapy_risk_ratio",
            {
                "outcome": "response",
                "contrast": ("combined", "therapy"),
                "phase": "acute",
                "arms": {"davidson2004": "group CBT + placebo"},
            },
        ),
    ],
)
def test_published_trials_equal_metafor(published, metafor_trials, name, question):
    """Selection and effects against trials, weeks and arms named one by one in R."""
    expected, found = metafor_trials[name], effect_sizes(published, **question).frame
    assert found["study"].tolist() == expected["study"]
    assert found["estimate"].to_numpy() == pytest.approx(np.array(expected["yi"]), rel=CLOSED_FORM)
    assert found["std_error"].to_numpy() ** 2 == pytest.approx(
        np.array(expected["vi"]), rel=CLOSED_FORM
    )
    for ours, theirs in (
        ("n1", "n1"),
        ("events1", "events1"),
        ("n2", "n2"),
        ("events2", "events2"),
    ):
        assert found[ours].sum() == expected[theirs]


def test_every_trial_asked_for_is_used_or_left_out_with_a_reason(published):
    effects = effect_sizes(published, "response", ("combined", "medication"), phase="acute")
    acute = published.arms.loc[published.arms["phase"] == "acute", "trial_id"].unique()
    assert sorted([*effects.studies, *effects.excluded["study"]]) == sorted(acute)
    assert (effects.excluded["reason"] != "").all()
    assert list(effects.frame) == list(COLUMNS)


def test_prior_nonresponders_are_a_stratum_of_their_own(published):
    question = {"outcome": "response", "contrast": ("combined", "medication"), "phase": "acute"}
    main = effect_sizes(published, **question)
    prior = effect_sizes(published, **question, stratum="prior_nonresponse", several_arms="combine")
    assert prior.studies == ("wiles2013", "nakagawa2017", "brent2008", "simpson2013")
    assert not set(main.studies) & set(prior.studies)
    assert prior.population == "several conditions; acute phase; stratum prior_nonresponse"


def test_tapering_is_never_a_plain_contrast_with_therapy(published):
    question = {"outcome": "relapse", "contrast": ("therapy", "medication")}
    assert effect_sizes(published, **question).studies == ("jarrett2013",)
    taper = effect_sizes(published, **question, stratum="taper")
    assert taper.studies == ("bockting2018", "kuyken2008", "kuyken2015")


def test_three_arms_have_their_covariance(make_arms):
    # arm variances of the log odds: 1/10+1/30, 1/20+1/30, 1/30+1/30
    arms = make_arms(
        ("a", "combined", 10, 40), ("a", "medication", 20, 50), ("a", "therapy", 30, 60)
    )
    effects = of(arms, "response", measure="odds_ratio")
    pairs = list(zip(effects.frame["treat1"], effects.frame["treat2"], strict=True))
    assert pairs == [("combined", "medication"), ("combined", "therapy"), ("medication", "therapy")]
    c, m, t = 1 / 10 + 1 / 30, 1 / 20 + 1 / 30, 1 / 30 + 1 / 30
    expected = [[c + m, c, -m], [c, c + t, t], [-m, t, m + t]]
    np.testing.assert_allclose(effects.covariance["a"], expected, rtol=CLOSED_FORM)
    two = effects.where(treat1="combined")
    np.testing.assert_allclose(two.covariance["a"], np.array(expected)[:2, :2], rtol=CLOSED_FORM)
    assert effects.where(treat2="medication").covariance == {}


def test_zero_cells_are_corrected_or_left_out_as_declared(make_arms):
    arms = make_arms(
        ("zero", "combined", 3, 20), ("zero", "medication", 0, 20),
        ("none", "combined", 0, 20), ("none", "medication", 0, 20),
        ("fine", "combined", 5, 20), ("fine", "medication", 4, 20),
    )  # fmt: skip
    contrast = ("combined", "medication")
    half = of(arms, "response", contrast)
    assert half.studies == ("zero", "fine")
    assert half.frame["caution"].tolist() == ["a zero cell was corrected", ""]
    # (3.5/21) / (0.5/21)
    assert half.frame["estimate"][0] == pytest.approx(np.log(7), rel=CLOSED_FORM)
    assert dict(half.excluded.to_numpy())["none"].startswith("no event in any arm")
    assert of(arms, "response", contrast, zero_cells="none").studies == ("fine",)
    both = of(arms, "response", contrast, double_zero="correct")
    assert both.studies == ("zero", "none", "fine")


def test_means_and_deviations(make_arms):
    # 3 points lower with s.e. sqrt(49/50 + 64/48)
    arms = make_arms(
        ("a", "combined", None, 50), ("a", "medication", None, 48),
        mean=[11.0, 14.0], sd=[7.0, 8.0], outcome="score",
    )  # fmt: skip
    effects = of(arms, "score", ("combined", "medication"), measure="mean_difference")
    row = effects.frame.iloc[0]
    assert row["estimate"] == pytest.approx(-3.0, rel=CLOSED_FORM)
    assert row["std_error"] == pytest.approx(np.sqrt(0.98 + 64 / 48), rel=CLOSED_FORM)
    assert effects.better is None


def test_impossible_counts_name_the_trial(make_arms):
    arms = make_arms(("a", "combined", 21, 20), ("a", "medication", 3, 20))
    with pytest.raises(DataProblems) as caught:
        of(arms, "response", ("combined", "medication"))
    (problem,) = caught.value.problems
    assert problem.value == "a, response"
    assert "more events than people (21 events among 20" in problem.why
    arms = make_arms(("a", "combined", 2.5, 20), ("a", "medication", 3, 20))
    with pytest.raises(DataProblems, match="not a whole number"):
        of(arms, "response", ("combined", "medication"))


def test_a_condition_in_no_group_is_kept_and_said(make_arms):
    arms = make_arms(("a", "combined", 2, 20), ("a", "medication", 3, 20), condition="insomnia")
    row = of(arms, "response", ("combined", "medication")).frame.iloc[0]
    assert row["condition_group"] == "not classified"
    assert row["caution"] == "condition insomnia is in no group"


def test_weeks_may_be_missing(published):
    frame = effect_sizes(published, "response", ("combined", "medication"), phase="acute").frame
    assert frame.set_index("study")["weeks"].isna()["naeem2010"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("a", "x", "y", 0.1, 0.2), ("a", "x", "y", 0.2, 0.2)],
            "a has the contrast x against y twice",
        ),
        ([("a", "x", "y", 0.1, 0.2), ("a", "y", "x", 0.2, 0.2)], "y against x twice"),
        ([("a", "x", "x", 0.1, 0.2)], "a compares x with itself"),
        ([("a", "x", "y", np.nan, 0.2)], "a has estimate nan"),
        ([("a", "x", "y", 0.1, 0.0)], "standard error 0"),
        ([("a", "x", "y", 0.1, -0.2)], "standard error -0.2"),
        ([(None, "x", "y", 0.1, 0.2)], "row 1 names no study"),
    ],
)
def test_effects_that_cannot_be_used_are_named(rows, message):
    frame = pd.DataFrame(rows, columns=["study", "treat1", "treat2", "estimate", "std_error"])
    with pytest.raises(ValueError, match=message):
        EffectSizes(frame, "risk_ratio")


def test_measures_columns_and_covariances_are_checked():
    frame = pd.DataFrame({"study": ["a"], "estimate": [0.1], "std_error": [0.2]})
    with pytest.raises(
        ValueError, match='"risk ratio" is not a measure; did you mean "risk_ratio"'
    ):
        EffectSizes(frame, "risk ratio")
    with pytest.raises(ValueError, match="no column std_error"):
        EffectSizes(frame.drop(columns="std_error"), "risk_ratio")
    with pytest.raises(ValueError, match="covariance of a"):
        EffectSizes(frame, "risk_ratio", covariance={"a": np.eye(2)})
    with pytest.raises(KeyError, match='No column "conditon"'):
        EffectSizes(frame, "risk_ratio").where(conditon="ptsd")


def test_the_given_table_is_not_changed():
    frame = pd.DataFrame({"study": ["a"], "estimate": [0.1], "std_error": [0.2]})
    before = frame.copy()
    effects = EffectSizes(frame, "risk_ratio")
    frame.loc[0, "estimate"] = 9.0
    assert effects.frame["estimate"][0] == 0.1
    assert list(before) == list(frame)


def three(*estimates, covariance=None, **columns):
    frame = pd.DataFrame(
        {
            "study": "a",
            "treat1": ["x", "y", "x"],
            "treat2": ["z", "z", "y"],
            "estimate": estimates,
            "std_error": np.sqrt([3.0, 5.0, 4.0]),
        }
    ).assign(**columns)
    return EffectSizes(frame, "risk_ratio", covariance=covariance or {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # shared arms by hand: var x = 1, y = 3, z = 2; the diagonal is 3, 5, 4
        ((0, 0, 3.0), None),
        ((0, 1, 2.5), "not a symmetric table"),
        ((0, 0, 3.5), "contradicts its standard errors"),
        ((1, 2, np.nan), "not a symmetric table"),
    ],
)
def test_covariances_must_be_possible(change, message):
    cov = np.array([[3.0, 2.0, 1.0], [2.0, 5.0, -3.0], [1.0, -3.0, 4.0]])
    cov[change[0], change[1]] = change[2]
    if message is None:
        assert three(0.5, 0.2, 0.3, covariance={"a": cov}).covariance
    else:
        with pytest.raises(ValueError, match=message):
            three(0.5, 0.2, 0.3, covariance={"a": cov})


def test_a_covariance_of_no_three_arms_is_refused():
    # correlations of -0.9 between all three
    errors = np.sqrt([3.0, 5.0, 4.0])
    cov = np.outer(errors, errors) * (np.full((3, 3), -0.9) + 1.9 * np.eye(3))
    with pytest.raises(ValueError, match="belongs to no three estimates"):
        three(0.5, 0.2, 0.3, covariance={"a": cov})


def test_all_problems_of_a_table_are_said_at_once():
    with pytest.raises(ValueError, match="has estimate inf") as caught:
        three(0.5, 0.2, np.inf, covariance={"a": np.eye(2)}, events1=12, n1=10)
    for words in ("12 events among 10", "covariance of a does not have one row"):
        assert words in str(caught.value)


def test_the_network_of_linde_2016_arrives_whole(linde):
    """124 contrasts of 93 studies; those of several arms with their covariance, counts if any."""
    effects = effect_sizes(linde, "response")
    assert (len(effects.frame), len(effects.studies)) == (124, 93)
    several = effects.frame["study"].value_counts()
    assert set(effects.covariance) == set(several[several > 1].index)
    assert effects.frame[["n1", "n2", "events1", "events2"]].isna().all(axis=None)
    counted = linde.contrasts.assign(n1=20, n2=30, events1=5, events2=6)
    found = effect_sizes(Trials("x", "x", contrasts=counted), "response", ("Placebo", "SSRI")).frame
    turned = linde.contrasts["treat1"].eq("SSRI") & linde.contrasts["treat2"].eq("Placebo")
    assert turned.sum() > 0
    assert set(zip(found["n1"], found["events1"], strict=True)) == {(30.0, 6.0)}
    # Naeem 2010 from its counts, SSRI first: 2 of 17 against 12 of 17
    row = effects.frame.set_index("study").loc["117"]
    assert row["estimate"] == pytest.approx(np.log((2 / 15) / (12 / 5)), abs=1e-6)
    assert row["std_error"] ** 2 == pytest.approx(1 / 12 + 1 / 5 + 1 / 2 + 1 / 15, abs=1e-5)
