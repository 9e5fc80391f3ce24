"""Judgements of the risk of bias are carried along, and `not assessed` without them."""

import pytest

from ctevidence.data.trials import Trials
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.pool import pool

CONTRAST = ("combined", "medication")


@pytest.fixture
def judged(make_arms):
    arms = make_arms(
        ("a", "combined", 10, 40), ("a", "medication", 20, 50),
        ("b", "combined", 10, 40), ("b", "medication", 20, 50),
        rob_randomisation="low", rob_missing_data=["high", "high", "", ""],
    )  # fmt: skip
    return effect_sizes(Trials("demo", "demo", arms=arms), "response", CONTRAST)


def test_judgements_reach_the_study_rows(judged):
    assert judged.frame["risk_of_bias"].tolist() == [
        "randomisation: low; missing data: high",
        "randomisation: low",
    ]
    rows = {row.study: row.caution for row in pool(judged).studies}
    assert rows == {"a": "high risk of bias: missing data", "b": ""}
    assert "cautions of their own: a" in pool(judged).pooled.caution


def test_without_judgements_it_is_not_assessed(published, linde):
    arms = effect_sizes(published, "response", CONTRAST)
    assert set(arms.frame["risk_of_bias"]) == {"not assessed"}
    contrasts = effect_sizes(linde, "response")
    assert set(contrasts.frame["risk_of_bias"]) == {"not assessed"}


def test_judgements_of_contrasts(linde):
    table = linde.contrasts.assign(rob_overall="high")
    found = effect_sizes(Trials("x", "x", contrasts=table), "response", ("SSRI", "Placebo"))
    assert set(found.frame["risk_of_bias"]) == {"overall: high"}
    assert found.frame["caution"].str.startswith("high risk of bias: overall").all()
