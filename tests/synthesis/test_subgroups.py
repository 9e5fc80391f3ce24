import numpy as np
import pytest

from ctevidence.language import say
from ctevidence.synthesis.pairwise import PoolOptions
from ctevidence.synthesis.subgroups import subgroup_test


@pytest.mark.parametrize("hartung_knapp", ["none", "plain", "guarded"])
def test_equals_metafor(metafor, hartung_knapp):
    # rma(yi, vi, mods = ~ alloc): chi-squared without Hartung-Knapp, F with it
    bcg, regression = metafor["pooled"]["bcg"], metafor["regression"]
    expected = regression["fits"][f"REML {hartung_knapp}"]
    options = PoolOptions(hartung_knapp=hartung_knapp)
    test = subgroup_test(bcg["yi"], bcg["vi"], regression["alloc"], options)
    assert test.p_value == pytest.approx(expected["groups_p"], rel=1e-6)
    assert test.df1 == 2
    assert test.assessable
    assert test.caution == ""


def test_groups_of_one_study_do_not_enter():
    y, v = np.array([0.1, 0.3, 0.9, 0.7, 5.0]), np.full(5, 0.1)
    test = subgroup_test(y, v, ["a", "a", "b", "b", "c"], PoolOptions())
    assert test.groups == ("a", "b")
    assert test.caution == say("synthesis.subgroups.few")
    same = subgroup_test(y[:4], v[:4], ["a", "a", "b", "b"], PoolOptions())
    assert test.p_value == same.p_value


def test_two_equal_groups_by_hand():
    # means 0.2 and 0.8, each of two studies with v 0.1 and no heterogeneity: residual mean square
    # (4 * 0.01 / 0.1) / 2 = 0.2 is guarded at 1, so F = 0.6^2 / 0.1
    test = subgroup_test([0.1, 0.3, 0.7, 0.9], [0.1] * 4, list("aabb"), PoolOptions())
    assert test.statistic == pytest.approx(3.6, rel=1e-9)
    assert (test.df1, test.df2) == (1, 2)


@pytest.mark.parametrize("groups", [list("aaab"), list("aaaa"), list("abcd")])
def test_sparse_groups_are_not_assessable(groups):
    test = subgroup_test([0.1, 0.2, 0.3, 0.4], [0.1] * 4, groups, PoolOptions())
    assert not test.assessable
    assert test.reason.startswith("not assessable")
    assert np.isnan(test.p_value)
