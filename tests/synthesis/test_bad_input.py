"""What pooling does with effects that cannot be right, or that say almost nothing."""

import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.language import say
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.pool_dependent import pool_dependent
from ctevidence.synthesis.pool_regression import pool_regression
from ctevidence.synthesis.small_study import small_study_range
from ctevidence.synthesis.study_effects import StudyEffects


def effects(estimate, std_error):
    k = len(estimate)
    return pd.DataFrame({"study": [f"trial {i}" for i in range(k)], "estimate": estimate,
                         "std_error": std_error, "year": np.arange(k) + 2000.0})  # fmt: skip


METHODS = [
    pool,
    lambda t: pool_regression(t, "year"),
    lambda t: pool_dependent(t, within_correlation=0.5),
    lambda t: small_study_range(t, "greater"),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan, math.inf])
def test_impossible_standard_errors_are_refused_by_name(method, bad):
    with pytest.raises(ValueError, match=r"trial 1"):
        method(effects([0.1, 0.2, 0.3, 0.4], [0.1, bad, 0.1, 0.2]))


@pytest.mark.parametrize("method", METHODS)
def test_impossible_estimates_are_refused_by_name(method):
    with pytest.raises(ValueError, match=r"trial 2"):
        method(effects([0.1, 0.2, math.inf, 0.4], [0.1, 0.1, 0.1, 0.2]))


def test_a_weight_too_large_for_a_number_is_refused():
    # a standard error of 1e-170 would square to a variance whose weight is infinite
    with pytest.raises(ValueError, match="trial 0 .*check its standard error"):
        pool(effects([0.1, 0.2, 0.3], [1e-170, 0.1, 0.1]))
    with pytest.raises(ValueError, match="study 1 .*check its standard error"):
        StudyEffects([0.1, 0.2], [1e-310, 0.1])


def test_extreme_but_possible_weights_are_pooled_and_named():
    found = pool(effects([0.1, 0.2, 0.3], [1e-6, 0.1, 0.1]), tau2_method="DL")
    assert math.isfinite(found.pooled.estimate)
    assert any("more than half of the weight" in c for c in found.cautions)


def test_one_two_and_identical_studies_carry_their_caution():
    assert say("synthesis.pairwise.one_study") in pool(effects([0.3], [0.1])).pooled.caution
    two = pool(effects([0.1, 0.9], [0.2, 0.3]))
    assert say("synthesis.pairwise.two_studies") in two.pooled.caution
    assert math.isnan(two.prediction.conf_low)
    same = pool(effects([0.3] * 4, [0.1, 0.2, 0.1, 0.3]))
    assert say("synthesis.pairwise.identical") in same.pooled.caution
    assert same.heterogeneity.tau2 == 0.0


def test_identical_studies_in_other_methods():
    same = effects([0.3] * 12, np.linspace(0.1, 0.4, 12))
    found = pool_dependent(same.assign(study=list("aabbccddeeff")), within_correlation=0.5)
    assert (found.fit.between, found.fit.within) == (0.0, 0.0)
    assert found.pooled.estimate == pytest.approx(0.3, rel=1e-12)
    rows = {row.id.rsplit("/", 1)[1]: row for row in small_study_range(same, "greater").adjusted}
    for key in ("unadjusted", "common-effect", "trim-and-fill", "pet", "peese", "limit"):
        assert rows[key].estimate == pytest.approx(0.3, rel=1e-9)


def test_one_study_cannot_carry_more_than_its_report():
    one = effects([0.3], [0.1])
    with pytest.raises(ValueError, match="does not differ"):
        pool_regression(one, "year")
    with pytest.raises(ValueError, match="1 studies cannot carry"):
        pool_dependent(one, within_correlation=0.5)
    with pytest.raises(ValueError, match="There are 1 studies"):
        small_study_range(one, "greater")
