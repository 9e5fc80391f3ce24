"""Hartung-Knapp intervals of networks and components, and additivity with heterogeneity, against R.

`tests/reference/network_intervals.R`: metafor's rma (knha, adhoc) or lm on the trials of two arms,
and quadratic forms written out for trials of several.
"""

import json
import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.synthesis.components import pool_components
from ctevidence.synthesis.network import pool_network
from ctevidence.synthesis.pool import pool

MEASURE = {"baker2009": "odds_ratio", "stowe2010": "mean_difference"}
SEP = {"baker2009": "+", "stowe2010": " + "}
KINDS = ("plain", "guarded", "none")


@pytest.fixture(scope="module")
def intervals(request):
    file = request.config.rootpath / "tests" / "reference" / "network_intervals.json"
    return json.loads(file.read_text(encoding="utf-8"))


def on_log_scale(row):
    """Estimate, error and limits on the scale of analysis."""
    numbers = (row.estimate, row.conf_low, row.conf_high)
    estimate, low, high = map(math.log, numbers) if row.error_scale == "log" else numbers
    return np.array([estimate, row.std_error, low, high, row.p_value])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(MEASURE))
def test_trials_of_two_arms_equal_metafor_and_lm(intervals, name, kind):
    expected = intervals[name]["two_arms"]
    frame = pd.DataFrame(expected["contrasts"]).assign(outcome="o")
    network = pool_network(frame, "Placebo", measure=MEASURE[name], better="lower",
                           tau2_method="DL", hartung_knapp=kind)  # fmt: skip
    rows = {row.arm: row for row in network.estimates}
    wanted = zip(*(expected[kind][part] for part in ("b", "se", "low", "high", "p")), strict=True)
    for arm, numbers in zip(expected["names"], wanted, strict=True):
        assert on_log_scale(rows[arm]) == pytest.approx(np.array(numbers), rel=1e-8, abs=1e-9)
        assert ("Hartung-Knapp" in rows[arm].method) == (kind != "none")
        assert rows[arm].df == (math.inf if kind == "none" else network.random.df)


@pytest.mark.parametrize("kind", ["plain", "guarded"])
@pytest.mark.parametrize("name", sorted(MEASURE))
def test_trials_of_several_arms_equal_r(network_of, intervals, name, kind):
    network = network_of(name, tau2_method="DL", hartung_knapp=kind)
    components = pool_components(network, "Placebo", sep=SEP[name])
    for fit, rows, part in ((network.random, network.estimates, "network"),
                            (components.random, components.estimates, "additive")):  # fmt: skip
        expected = intervals[name][part]
        assert (fit.q, fit.df) == (pytest.approx(expected["q"], rel=1e-9), expected["df"])
        found = {row.arm: on_log_scale(row) for row in rows}
        names, numbers = expected["names"], (expected["b"], expected[f"se_{kind}"])
        for arm, estimate, error in zip(names, *numbers, strict=True):
            reach = expected["t975"] * error
            wanted = [estimate, error, estimate - reach, estimate + reach]
            assert found[arm][:4] == pytest.approx(np.array(wanted), rel=1e-8, abs=1e-9)


def test_additivity_with_heterogeneity_allowed_for_equals_r(network_of, intervals):
    found = pool_components(network_of("baker2009", tau2_method="DL"), "Placebo", sep="+")
    expected, test = intervals["baker2009"]["difference_random"], found.additivity.difference_random
    assert (test.q, test.df) == (pytest.approx(expected["q"], rel=1e-8), expected["df"])
    assert test.p_value == pytest.approx(expected["p"], rel=1e-8)


def factorial(effects, error=0.1):
    """Trials of medication, therapy and both against control; several of one comparison."""
    rows = [(f"{arm} {i}", arm, "c", value) for arm, values in effects.items()
            for i, value in enumerate(values)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["study", "treat1", "treat2", "estimate"])
    return frame.assign(std_error=error)


SCATTERED = {"m": [0.0, 1.0], "t": [0.0, 1.0], "m + t": [1.2, 2.2]}


def test_heterogeneity_is_not_taken_for_a_failure_of_additivity():
    # 0.5 + 0.5 against 1.7 +- 0.5: Q of the difference is 0.7^2 / (3 x 0.01 / 2) at common-effect
    # weights; the variance between trials of one comparison is 0.5, and 0.7^2 / (3 x 0.5 / 2)
    common, random = (pool_components(factorial(SCATTERED), "c", better="higher", model=model)
                      for model in ("common", "random"))  # fmt: skip
    assert common.additivity.difference.q == pytest.approx(0.49 / 0.015, rel=1e-9)
    assert common.additivity.difference_random.q == pytest.approx(0.49 / 0.75, rel=1e-9)
    assert any("do not add up" in caution for caution in common.cautions)
    assert not any("do not add up" in caution for caution in random.cautions)


def test_two_treatments_are_the_pairwise_analysis_by_default():
    frame = pd.DataFrame({"study": list("abcd"), "treat1": "x", "treat2": "y",
                          "estimate": [0.1, 0.9, 0.4, 1.3], "std_error": [0.3, 0.4, 0.2, 0.5],
                          "outcome": "response"})  # fmt: skip
    for kind in KINDS:
        row = pool_network(frame, "y", measure="odds_ratio", hartung_knapp=kind).estimates.one()
        pairwise = pool(frame, measure="odds_ratio", hartung_knapp=kind).pooled
        for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
            assert getattr(row, name) == pytest.approx(getattr(pairwise, name), rel=1e-9)


def test_every_contrast_has_the_interval_that_was_declared():
    names = {"combined": "m + t", "medication": "m", "therapy": "t"}
    network = pool_network(factorial(SCATTERED), "c", better="higher", hartung_knapp="guarded")
    found = [*better_than_both(network, **names).rows[:2], *synergy(network, **names, control="c"),
             *network.league()]  # fmt: skip
    for row in found:
        assert row.df == 3  # six trials, three effects
        assert row.conf_high - row.conf_low > 0 or math.isnan(row.conf_high)
    classic = pool_network(factorial(SCATTERED), "c", better="higher")
    assert network.random.mean_square("guarded") == (pytest.approx(1.0, rel=1e-6), 3.0)
    wide, narrow = (n.compare("m", against="c").one() for n in (network, classic))
    # quantiles of t on 3 degrees of freedom and of the normal distribution, from a table
    ratio = (wide.conf_high - wide.conf_low) / (narrow.conf_high - narrow.conf_low)
    assert ratio == pytest.approx(3.18245 / 1.95996, rel=1e-5)


def test_common_effects_and_node_splits_stay_normal():
    loop = [("1", "a", "b", 0.0), ("2", "a", "b", 0.9), ("3", "b", "c", 0.0), ("4", "a", "c", 1.0)]
    frame = pd.DataFrame(loop, columns=["study", "treat1", "treat2", "estimate"])
    frame = frame.assign(std_error=0.1)
    network = pool_network(frame, "a", better="higher", hartung_knapp="plain")
    for row in (*network.split(), *network.with_model("common").estimates):
        assert row.df == math.inf
        assert "Hartung-Knapp" not in row.method
    assert network.estimates.rows[0].df == 2


def test_without_a_repeated_comparison_there_is_nothing_to_widen():
    one = pd.DataFrame({"study": ["1"], "treat1": ["a"], "treat2": ["b"], "estimate": [0.1],
                        "std_error": [0.2]})  # fmt: skip
    row = pool_network(one, "b", better="higher", hartung_knapp="guarded").estimates.one()
    assert (row.std_error, row.df) == (pytest.approx(0.2), math.inf)
    with pytest.raises(ValueError, match='hartung_knapp="yes" is unknown; say one of none, plain'):
        pool_network(one, "b", better="higher", hartung_knapp="yes")
