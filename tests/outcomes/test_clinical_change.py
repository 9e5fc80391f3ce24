"""Reliable and clinically significant change. Numbers of the index and cut-off are published or
run elsewhere; categories are worked by hand."""

import dataclasses
import math

import numpy as np
import pytest

from ctevidence.data.clinical_change_rule import ClinicalChangeRule
from ctevidence.data.scales import declare_scale
from ctevidence.outcomes.clinical_change import derive_clinical_change
from ctevidence.outcomes.reliable_change import (
    Moments,
    categories,
    change_index,
    cut_off,
    difference_reliability,
)

# SD 5, reliability 0.8, cut-off 15: RC = 1.96 * 3.162278 = 6.198 points
RULE = ClinicalChangeRule(
    "jacobson-truax", 0.8, "declared", mean=25, standard_deviation=5, threshold=15
)
PEOPLE = """
who | arm      | baseline | 4
ann | control  | 25       | 14
bob | control  | 25       | 18
cat | control  | 25       | 19
dan | control  | 25       | 32
eve | combined | 12       | 22
fay | combined | 14       | 7
gus | combined | 21       | 15
hal | combined | 25       | .
"""


def test_index_and_error_of_a_difference():
    # clinicalsignificance 3.0.0: SD 5, r 0.8 give S_diff 3.162278 and RC95 6.198064
    index = change_index(
        "jacobson-truax", np.array([0.0]), np.array([6.198064]), Moments(0, 5), 0.8
    )
    assert index[0] == pytest.approx(1.96, abs=1e-6)


def test_cut_off_of_jacobson_and_truax():
    # Jacobson and Truax (1991): 40 and 60, both SD 7.5
    assert cut_off("c", (40, 7.5), (60, 7.5), -1) == 50
    # unequal spreads by hand: (4 * 30 + 8 * 12) / 12, nearer to the narrower group
    assert cut_off("c", (30, 8), (12, 4), 1) == pytest.approx((4 * 30 + 8 * 12) / 12)
    assert cut_off("a", (30, 8), (12, 4), 1) == 14
    assert cut_off("b", (30, 8), (12, 4), 1) == 20


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # from 30 to 20, M 26, S 8, r 0.75: E = 4, r (x - M) = 3
        ("jacobson-truax", -10 / (4 * math.sqrt(2))),
        ("gulliksen-lord-novick", (20 - 26 - 3) / (8 * math.sqrt(1 - 0.75**2))),
        ("hsu-linn-lord", (20 - 18 - 3) / (8 * math.sqrt(1 - 0.75**2))),
        ("edwards-nunnally", (20 - 26 - 3) / 4),
        ("nunnally-kotsch", -9 / (8 * math.sqrt(0.75**2 * 0.25 + 0.4))),
    ],
)
def test_indices_by_hand(method, expected):
    of = Moments(26, 8, 18, 9, 0.5)
    index = change_index(method, np.array([30.0]), np.array([20.0]), of, 0.75, 0.6)
    assert index[0] == pytest.approx(expected, rel=1e-12)


def test_index_of_hageman_and_arrindell_by_hand():
    # variance of differences 64 + 81 - 2 * 8 * 9 * 0.5 = 73, of which 2 * 16 are error
    of = Moments(26, 8, 18, 9, 0.5)
    d = 41 / 73
    assert difference_reliability(of, 4.0) == pytest.approx(d)
    index = change_index("hageman-arrindell", np.array([30.0]), np.array([20.0]), of, 0.75)
    expected = (d * -10 + (1 - d) * -8) / (4 * math.sqrt(2 * d))
    assert index[0] == pytest.approx(expected, rel=1e-12)


def test_categories_by_hand(draw, expect):
    change = derive_clinical_change(draw(PEOPLE, clinical_change=RULE))
    expect(
        change.frame,
        """
        who | arm      | category
        ann | control  | recovered
        bob | control  | improved
        cat | control  | unchanged
        dan | control  | deteriorated
        eve | combined | harmed
        fay | combined | improved
        gus | combined | unchanged
        hal | combined |
        """,
    )
    # ann: 11 points in standard errors of a difference
    assert change.frame["index"].iloc[0] == pytest.approx(11 / math.sqrt(10))
    counts = change.counts().set_index("arm")
    assert counts.loc["control", ["recovered", "improved", "unchanged"]].tolist() == [1, 1, 1]
    assert counts.loc["combined", ["harmed", "unknown"]].tolist() == [1, 1]
    assert counts.drop(columns="week").to_numpy().sum() == 8


def test_the_cut_off_itself_is_on_neither_side():
    clinical, well = np.array([False]), np.array([False])
    assert categories(np.array([-3.0]), clinical, well, 1.96, 1).tolist() == ["improved"]


def test_outcomes_count_improvement_and_deterioration(draw):
    change = derive_clinical_change(draw(PEOPLE, clinical_change=RULE))
    value = lambda what, **k: change.outcome(what, **k).frame["value"].tolist()  # noqa: E731
    assert value("reliable recovery")[:7] == [1, 0, 0, 0, 0, 0, 0]
    assert value("reliable improvement")[:7] == [1, 1, 0, 0, 0, 1, 0]
    assert value("deterioration")[:7] == [0, 0, 0, 1, 1, 0, 0]
    assert math.isnan(value("reliable recovery")[7])
    assert value("reliable recovery", missing="non-response")[7] == 0
    assert change.outcome("deterioration").better == "lower"
    with pytest.raises(ValueError, match="whoever is lost may be worse"):
        change.outcome("deterioration", missing="non-response")
    with pytest.raises(KeyError, match='No clinical change "recovery"'):
        change.outcome("recovery")


def test_scales_where_higher_is_better_turn_everything(draw):
    # the same people on the scale 60 - score
    mirrored = declare_scale({"label": "M", "low": 0, "high": 60, "better": "higher"})
    rows = [line.split("|") for line in PEOPLE.strip().splitlines()]
    flip = lambda cell: cell if cell.strip() == "." else f" {60 - float(cell):g} "  # noqa: E731
    text = "\n".join(
        "|".join(row if i == 0 else [*row[:2], flip(row[2]), flip(row[3])])
        for i, row in enumerate(rows)
    )
    rule = dataclasses.replace(RULE, mean=35, threshold=45)
    one = derive_clinical_change(draw(PEOPLE, clinical_change=RULE))
    other = derive_clinical_change(draw(text, scale=mirrored, clinical_change=rule))
    assert other.frame["category"].tolist() == one.frame["category"].tolist()
    np.testing.assert_allclose(other.frame["index"], one.frame["index"])


def test_norms_of_the_sample_are_those_of_everyone_who_enters(draw):
    rule = ClinicalChangeRule("edwards-nunnally", 0.8, "sample", threshold=15)
    change = derive_clinical_change(draw(PEOPLE, clinical_change=rule))
    before = np.array([25, 25, 25, 25, 12, 14, 21, 25.0])
    error = before.std(ddof=1) * math.sqrt(0.2)
    by_hand = -(14 - before.mean() - 0.8 * (25 - before.mean())) / error
    assert change.frame["index"].iloc[0] == pytest.approx(by_hand)


def test_hageman_and_arrindell_tests_true_scores_by_hand(draw):
    people = PEOPLE.replace("hal | combined | 25       | .", "hal | combined | 25       | 25")
    rule = ClinicalChangeRule("hageman-arrindell", 0.8, "sample", cut_off="c",
                              functional_mean=8, functional_standard_deviation=6)  # fmt: skip
    change = derive_clinical_change(draw(people, clinical_change=rule))
    before, after = (change.frame[c].to_numpy() for c in ("baseline", "score"))
    s2 = before.var(ddof=1)
    error2 = s2 * 0.2
    true, true_functional = math.sqrt(s2 - error2), math.sqrt(36 - error2)
    at = (true_functional * before.mean() + true * 8) / (true + true_functional)
    assert change.cut_offs[4.0] == pytest.approx(at)
    assert "harmed" not in set(change.frame["category"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "jacobsen"}, "did you mean"),
        ({"reliability": 1.2}, "lies between 0 and 1"),
        ({"mean": math.nan}, "Declared norms need mean"),
        ({"cut_off": "c"}, "either cut_off"),
        ({"threshold": math.nan}, "either cut_off"),
        ({"threshold": math.nan, "cut_off": "b"}, "needs functional_mean"),
        ({"method": "nunnally-kotsch"}, "needs reliability_after"),
        ({"norms": "sample"}, "not used with norms"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(RULE, **change)
