import math

import numpy as np
import pytest

from ctevidence.synthesis.count_tables import CountTables
from ctevidence.synthesis.mantel_haenszel import mantel_haenszel, peto_odds_ratio

CLOSED_FORM = 1e-9
DATA = ["bcg", "nielweise2007", "rare"]


def tables(given):
    return CountTables(*(given["counts"][name] for name in ("a", "n1", "c", "n2")))


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("measure", ["risk_ratio", "odds_ratio", "risk_difference"])
def test_mantel_haenszel_equals_metafor(rare, data, measure):
    expected = rare[data][measure]
    found = mantel_haenszel(tables(rare[data]), measure)
    assert found.estimate == pytest.approx(expected["estimate"], rel=CLOSED_FORM)
    assert found.std_error == pytest.approx(expected["std_error"], rel=CLOSED_FORM)


@pytest.mark.parametrize("data", DATA)
def test_peto_equals_metafor(rare, data):
    expected = rare[data]["peto"]
    found = peto_odds_ratio(tables(rare[data]))
    assert found.estimate == pytest.approx(expected["estimate"], rel=CLOSED_FORM)
    assert found.std_error == pytest.approx(expected["std_error"], rel=CLOSED_FORM)


def test_studies_without_events_say_nothing_about_a_ratio(rare):
    counts = tables(rare["rare"])
    without = counts.where(counts.informative)
    assert counts.k - without.k == 2
    for method in (mantel_haenszel, peto_odds_ratio):
        assert method(counts).estimate == pytest.approx(method(without).estimate, rel=1e-12)
        assert method(counts).studies == without.k
    differences = [mantel_haenszel(t, "risk_difference") for t in (counts, without)]
    assert differences[0].studies == counts.k
    assert abs(differences[0].estimate) < abs(differences[1].estimate)


def test_exchanging_the_arms_turns_the_sign(rare):
    counts = tables(rare["nielweise2007"])
    other = CountTables(counts.events2, counts.n2, counts.events1, counts.n1)
    for measure in ("risk_ratio", "odds_ratio", "risk_difference"):
        one, two = mantel_haenszel(counts, measure), mantel_haenszel(other, measure)
        assert one.estimate == pytest.approx(-two.estimate, rel=CLOSED_FORM)
        assert one.std_error == pytest.approx(two.std_error, rel=CLOSED_FORM)
    assert peto_odds_ratio(counts).estimate == pytest.approx(-peto_odds_ratio(other).estimate)


def test_one_study_is_its_own_ratio():
    one = CountTables([10], [50], [20], [50])
    assert math.exp(mantel_haenszel(one).estimate) == pytest.approx(0.5, rel=CLOSED_FORM)
    # 1/a - 1/n1 + 1/c - 1/n2
    assert mantel_haenszel(one).std_error ** 2 == pytest.approx(0.1 - 0.02 + 0.05 - 0.02)


def test_no_event_on_one_side_is_refused_with_words():
    empty = CountTables([0, 0], [50, 40], [3, 1], [50, 40])
    with pytest.raises(ValueError, match="risk ratio is not estimable"):
        mantel_haenszel(empty)
    assert mantel_haenszel(empty, "risk_difference").estimate < 0
    with pytest.raises(ValueError, match="No study has both"):
        peto_odds_ratio(CountTables([0], [5], [0], [5]))
    with pytest.raises(ValueError, match="is unknown"):
        mantel_haenszel(empty, "hazard_ratio")


@pytest.mark.parametrize("events", [-1, 51, 2.5, np.nan])
def test_impossible_counts_are_refused(events):
    with pytest.raises(ValueError, match="study 2, arm 1"):
        CountTables([1, events], [50, 50], [1, 1], [50, 50])
