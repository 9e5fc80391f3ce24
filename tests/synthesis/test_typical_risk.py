"""Pooled ratios as people per 100, worked by hand."""

import pandas as pd
import pytest

from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.pool import pool, pool_by
from ctevidence.synthesis.typical_risk import absolute_effects, typical_risk


@pytest.fixture
def effects():
    """Three trials in which the ratio is exactly 1.5, with risks of 20, 40 and 50 in 100."""
    frame = pd.DataFrame({
        "study": ["a", "b", "c"], "treat1": "combined", "treat2": "medication",
        "estimate": [0.4054651081081644] * 3, "std_error": 0.1, "outcome": "response",
        "events1": [30, 60, 75], "n1": 100, "events2": [20, 40, 50], "n2": 100,
        "condition_group": "depression",
    })  # fmt: skip
    return EffectSizes(frame, "risk_ratio")


def test_the_typical_risk_is_the_median_of_the_trials(effects):
    assert typical_risk(pool(effects)) == 0.4


def test_a_ratio_of_three_halves_at_forty_in_100_is_twenty_more(effects):
    rows = absolute_effects(pool_by(effects))
    difference = rows.where(measure="risk_difference").one()
    assert difference.estimate == pytest.approx(0.20, abs=1e-12)
    assert (difference.n, difference.n_reference, difference.studies) == (300, 300, 3)
    assert rows.where(measure="nnt").one().estimate == pytest.approx(5.0, abs=1e-9)


def test_groups_without_a_trial_have_no_row(effects):
    populations = {row.population for row in absolute_effects(pool_by(effects))}
    assert all(text.startswith("depression") for text in populations)


def test_differences_cannot_be_turned_into_people(effects):
    frame = effects.frame.drop(columns="measure")
    groups = pool_by(EffectSizes(frame, "risk_difference"))
    with pytest.raises(ValueError, match="risk_ratio, odds_ratio"):
        absolute_effects(groups)
