"""The standing questions: never averaged over ages, and every one keeps its place."""

from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.trials import Trials, read_trials
from ctevidence.language import say
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.trial_overview import YOUNG
from ctevidence.synthesis.trial_questions import QUESTIONS, ask_trials

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def asked():
    return ask_trials(read_trials(RAW / "published-trials"))


def arms(**changes):
    """Two trials of two arms each, made up."""
    return pd.DataFrame({
        "trial_id": ["a", "a", "b", "b"], "arm": ["CBT + SSRI", "SSRI"] * 2,
        "treatment": ["combined", "medication"] * 2, "outcome": "response", "n": 50,
        "events": [30, 20, 25, 22], "condition": "panic", "age_group": "adults",
        "phase": "acute", "flags": ""} | changes)  # fmt: skip


def test_every_question_has_its_place(asked):
    assert [each.question.key for each in asked] == [q.key for q in QUESTIONS]
    assert len({q.key for q in QUESTIONS}) == len(QUESTIONS) == 19
    for each in asked:
        assert (each.pooled is None) == bool(each.reason)
    with pytest.raises(KeyError, match="better-medication"):
        asked["beter-medication"]


def test_adults_and_adolescents_are_never_averaged(asked):
    for each in asked:
        ages = set(each.effects.frame["age_group"])
        assert not ages or (ages <= set(YOUNG)) is each.question.young
        assert not ages & set(YOUNG) or each.question.young


def test_who_does_not_say_an_age_is_not_pooled_with_the_young():
    ages = ["", "", "adolescents", "adolescents"]
    found = ask_trials(Trials("demo", "Two", arms=arms(age_group=ages)))
    assert found["better-medication"].effects.studies == ("a",)
    assert found["better-medication-young"].effects.studies == ("b",)


def test_the_numbers_are_those_of_the_pool(asked):
    # the same question by hand: depression, adults, response before remission
    trials = read_trials(RAW / "published-trials")
    effects = effect_sizes(trials, ("response", "remission"), ("combined", "medication"),
                           phase="acute", age_group=("adults", "older adults"))  # fmt: skip
    pooled = pool(effects.where(condition_group="depression")).pooled
    found = asked["better-medication"].groups["depression"].pooled
    assert found.estimate == pytest.approx(pooled.estimate, rel=1e-12)
    assert (found.studies, found.n) == (pooled.studies, pooled.n)


def test_small_studies_are_asked_from_three_trials_on(asked):
    for each in asked:
        sizes = {g: p.result.k for g, p in each.groups.items() if p is not None}
        assert set(each.small_studies) == {g for g, k in sizes.items() if k >= 3}
    rows = asked.estimates.where(measure="risk_ratio_small_study_range")
    assert len(rows) == sum(len(each.small_studies) for each in asked) >= 3


def test_the_group_that_leads(asked):
    each = asked["better-medication"]
    assert (each.group("panic"), each.group("ptsd")) == ("anxiety", "ptsd")
    assert each.group() == each.group("insomnia") == "depression"


def test_one_contrast_alone_leaves_the_other_unanswered():
    found = ask_trials(Trials("demo", "Two", arms=arms()))
    assert found["better-medication"].groups["anxiety"].result.k == 2
    assert found["better-therapy"].reason == say("synthesis.trial_questions.no_comparison")
    assert found["better-therapy"].group() is None
    assert "reports relapse or recurrence" in found["relapse-medication"].reason
    assert len(found["better-therapy"].estimates) == 0


def test_contrasts_of_named_treatments_answer_none_and_say_so(tmp_path):
    found = ask_trials(read_trials(prepare("linde2016", raw=RAW, processed=tmp_path)))
    assert {each.reason for each in found} == {say("synthesis.trial_questions.named_contrasts")}
    assert len(found.estimates) == 0


def test_without_events_with_the_reference_nothing_is_said_per_100():
    found = ask_trials(Trials("demo", "Two", arms=arms(events=[1, 0, 2, 0])))["better-medication"]
    assert {row.measure for row in found.estimates} == {
        "risk_ratio", "risk_ratio_prediction", "weight", "risk_ratio_without_one"
    }  # fmt: skip


def test_harms_of_adolescents_are_those_that_tads_printed(asked):
    """Emslie 2006, abstract: 5 (4.7 %) with both, 10 (9.2 %) with fluoxetine."""
    found = asked["harm-medication-young"]
    trial = found.effects.frame.iloc[0]
    assert (trial["events1"], trial["n1"], trial["events2"], trial["n2"]) == (5, 107, 10, 109)
    assert (round(100 * 5 / 107, 1), round(100 * 10 / 109, 1)) == (4.7, 9.2)
    ratio = found.groups["depression"].pooled
    assert (ratio.outcome, ratio.studies) == ("any self harm", 1)
    assert ratio.estimate == pytest.approx((5 / 107) / (10 / 109), rel=1e-12)
    assert found.effects.better == "lower"
    assert asked["harm-therapy-young"].pooled is not None
    assert (
        asked["harm-medication"].reason
        == "no trial reports self harm of these people in this phase"
    )


def test_the_placebo_odds_ratio_of_tads_is_the_printed_one():
    """Emslie 2006, abstract: fluoxetine against placebo 3.7 by odds."""
    counts = pd.read_csv(RAW / "published-trials" / "arms.csv")
    harm = counts[counts["outcome"] == "self_harm"].set_index("treatment")
    odds = harm["events"] / (harm["n"] - harm["events"])
    assert round(odds["medication"] / odds["control"], 1) == 3.7


def test_whether_conditions_differ_is_a_row_with_the_p_value_of_the_test(asked):
    each = asked["better-medication"]
    row = next(r for r in each.estimates if r.measure == "heterogeneity_ratio")
    test = each.pooled.test
    assert (row.estimate, row.df, row.p_value) == (test.statistic, test.df2, test.p_value)
    # 8 trials of depression and 2 of anxiety; bipolar and PTSD have one each
    assert (row.studies, row.method.endswith("anxiety, depression")) == (10, True)
    one = ask_trials(Trials("demo", "Two", arms=arms()))["better-medication"]
    assert not any(r.measure == "heterogeneity_ratio" for r in one.estimates)
