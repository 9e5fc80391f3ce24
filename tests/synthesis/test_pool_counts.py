import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.language import say
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.pool_counts import COUNT_METHODS, pool_counts


def table(given):
    counts = given["counts"]
    return pd.DataFrame({
        "study": [f"trial {i}" for i in range(len(counts["a"]))], "events1": counts["a"],
        "n1": counts["n1"], "events2": counts["c"], "n2": counts["n2"],
    })  # fmt: skip


@pytest.mark.parametrize("method", list(COUNT_METHODS))
def test_every_method_and_measure_gives_its_row(rare, method):
    for measure in COUNT_METHODS[method]:
        found = pool_counts(table(rare["nielweise2007"]), method, measure=measure)
        row = found.pooled
        assert row.measure == measure
        assert row.conf_low < row.estimate < row.conf_high
        assert row.error_scale == ("identity" if measure == "risk_difference" else "log")
        assert row.events == sum(rare["nielweise2007"]["counts"]["a"])


def test_interval_is_normal_on_the_log_scale(rare):
    expected = rare["nielweise2007"]["odds_ratio"]
    row = pool_counts(table(rare["nielweise2007"]), "mantel-haenszel").pooled
    low = expected["estimate"] - 1.959963984540054 * expected["std_error"]
    assert math.log(row.conf_low) == pytest.approx(low, rel=1e-9)


def test_silent_studies_are_named_for_ratios_and_kept_for_differences(rare):
    ratio = pool_counts(table(rare["rare"]), "mantel-haenszel", measure="risk_ratio")
    assert ratio.pooled.studies == 5
    assert "trial 0, trial 4 say nothing about a ratio" in ratio.pooled.caution
    difference = pool_counts(table(rare["rare"]), "mantel-haenszel", measure="risk_difference")
    assert difference.pooled.studies == 7
    assert "say nothing" not in difference.pooled.caution


def test_cautions_say_what_each_method_assumes(rare):
    found = {m: pool_counts(table(rare["rare"]), m).pooled.caution for m in COUNT_METHODS}
    assert say("synthesis.pool_counts.one_effect") in found["mantel-haenszel"]
    assert say("synthesis.pool_counts.peto_biased") in found["peto"]
    assert say("synthesis.pool_counts.too_small") in found["binomial-normal"]


def test_binomial_normal_shows_its_variance(rare):
    rows = pool_counts(table(rare["nielweise2007"]), "binomial-normal").estimates
    tau2 = rows.where(measure="tau2").one()
    expected = rare["nielweise2007"]["exact_conditional_by_definition"]["tau2"]
    assert tau2.estimate == pytest.approx(expected, rel=1e-4)


def test_effects_of_trials_are_pooled_from_their_counts(published):
    effects = effect_sizes(
        published, "dropout", ("combined", "medication"), phase="acute", several_arms="combine"
    )
    found = pool_counts(effects, "mantel-haenszel")
    assert found.pooled.measure == "risk_ratio"
    assert found.pooled.n == int(effects.frame["n1"].sum())
    assert found.pooled.randomised
    frame = effects.frame
    total = frame["n1"] + frame["n2"]
    ratio = (frame["events1"] * frame["n2"] / total).sum()
    ratio /= (frame["events2"] * frame["n1"] / total).sum()
    assert found.pooled.estimate == pytest.approx(ratio, rel=1e-9)


def test_what_cannot_be_answered_is_refused(rare):
    counts = table(rare["rare"])
    with pytest.raises(ValueError, match="gives odds_ratio, not risk_ratio"):
        pool_counts(counts, "peto", measure="risk_ratio")
    with pytest.raises(ValueError, match="is unknown"):
        pool_counts(counts, "inverse-variance")
    with pytest.raises(ValueError, match="missing in events2"):
        pool_counts(counts.assign(events2=np.nan), "peto")
