"""Held to Newcombe 1998 (Stat Med 17:873, table II, method 6), the same computed anew in R by
finding roots of the likelihood (tests/reference/score_intervals.R), and metafor::rma.mh."""

import math

import numpy as np
import pytest

from ctevidence.models.two_by_two import mantel_haenszel, score_interval, score_p_value

#: Newcombe's examples (a) to (h): counts, then the published Miettinen-Nurminen interval; each is
#: recomputed by score_intervals.R
NEWCOMBE = [
    ((56, 70, 48, 80), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.7156, 1.0)),
    ((10, 10, 0, 10), (0.6636, 1.0)),
]


@pytest.mark.parametrize(("counts", "published"), NEWCOMBE)
def test_score_interval_of_a_difference_as_published(counts, published):
    assert score_interval("risk_difference", *counts) == pytest.approx(published, abs=5.1e-5)


@pytest.mark.parametrize(("counts", "published"), NEWCOMBE)
def test_r_finds_the_published_interval(counts, published, reference):
    found = {tuple(t["counts"]): t for t in reference("score_intervals")["tables"]}
    assert found[counts]["miettinen_nurminen"] == pytest.approx(published, abs=5.1e-5)


def test_score_intervals_equal_those_of_r(reference):
    for table in reference("score_intervals")["tables"]:
        found = score_interval("risk_difference", *table["counts"])
        assert found == pytest.approx(table["miettinen_nurminen"], rel=1e-9, abs=1e-12)
        if table["log_ratio"]:
            found = score_interval("risk_ratio", *table["counts"])
            assert found == pytest.approx(table["log_ratio"], rel=1e-9)


@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio"])
def test_swapping_the_arms_turns_the_interval(measure):
    low, high = score_interval(measure, 12, 40, 5, 33)
    assert score_interval(measure, 5, 33, 12, 40) == pytest.approx((-high, -low), abs=1e-9)


def test_recoding_the_outcome_turns_the_difference():
    low, high = score_interval("risk_difference", 12, 40, 5, 33)
    assert score_interval("risk_difference", 28, 40, 28, 33) == pytest.approx((-high, -low))


@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio"])
def test_p_value_at_a_limit_is_what_the_interval_leaves_out(measure):
    for limit in score_interval(measure, 12, 40, 5, 33, conf_level=0.9):
        assert score_p_value(measure, limit, 12, 40, 5, 33) == pytest.approx(0.1, abs=1e-8)


@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio"])
def test_no_difference_is_pearsons_test_less_one_person(measure):
    # by hand: chi-squared of 12/40 and 5/33, times (N - 1) / N
    p = 17 / 73
    z = (12 / 40 - 5 / 33) / math.sqrt(p * (1 - p) * (1 / 40 + 1 / 33) * 73 / 72)
    expected = math.erfc(z / math.sqrt(2))
    assert score_p_value(measure, 0.0, 12, 40, 5, 33) == pytest.approx(expected, rel=1e-9)


def test_a_ratio_with_nobody_in_an_arm_is_open_on_that_side():
    low, high = score_interval("risk_ratio", 5, 56, 0, 29)
    assert high == math.inf
    assert score_p_value("risk_ratio", low, 5, 56, 0, 29) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio", "odds_ratio"])
def test_mantel_haenszel_as_metafor(measure, reference):
    witness = reference("response_methods")
    counts = [np.array(witness["strata"][k]) for k in ("e1", "n1", "e0", "n0")]
    found = mantel_haenszel(measure, *counts)
    assert found.estimate == pytest.approx(witness[measure]["estimate"], rel=1e-9)
    assert found.std_error == pytest.approx(witness[measure]["se"], rel=1e-9)


def test_a_stratum_without_one_arm_says_nothing():
    counts = [np.array(x) for x in ([8, 3], [20, 9], [5, 0], [22, 0])]
    alone = [x[:1] for x in counts]
    assert mantel_haenszel("risk_difference", *counts) == mantel_haenszel("risk_difference", *alone)
    # one stratum is the plain difference
    assert mantel_haenszel("risk_difference", *alone).estimate == pytest.approx(8 / 20 - 5 / 22)
