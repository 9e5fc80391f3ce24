"""Totals from items: by hand, with gaps, and refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctevidence.data.item_totals import total_score
from ctevidence.data.scales import get_scale, scales


@pytest.mark.parametrize("label", [s.label for s in scales() if s.scoring == "sum"])
def test_lowest_and_highest_answers_give_the_range(label) -> None:
    scale = get_scale(label)
    answers = np.array([np.full(scale.items, scale.item_low), np.zeros(scale.items)])
    answers[1] = scale.item_high
    turned = [i - 1 for i in scale.reversed_items]
    answers[:, turned] = answers[::-1, turned]
    assert total_score(answers, scale).tolist() == [scale.low, scale.high]


def test_prorated_total_by_hand() -> None:
    # Seven of nine answered, sum 10: the person's mean 10/7 stands in for both gaps, 90/7.
    answers = [[1, 2, 1, np.nan, 3, 0, 2, np.nan, 1]]
    assert get_scale("phq-9").total(answers)[0] == pytest.approx(90 / 7, abs=1e-12)


def test_too_many_gaps_give_no_total() -> None:
    answers = np.ones((3, 9))
    answers[1, :2] = np.nan
    answers[2, :3] = np.nan
    np.testing.assert_array_equal(total_score(answers, get_scale("phq-9")), [9, 9, np.nan])


def test_nobody_answering_anything_gives_no_total() -> None:
    assert np.isnan(total_score(np.full((1, 9), np.nan), get_scale("phq-9"), 8)).all()


def test_the_rule_can_be_declared_for_the_call() -> None:
    answers = np.ones((1, 9))
    answers[0, 0] = np.nan
    assert np.isnan(total_score(answers, get_scale("phq-9"), max_missing_items=0)).all()
    answers = np.ones((1, 7))
    answers[0, 0] = np.nan
    assert total_score(answers, get_scale("gad-7"), max_missing_items=1).tolist() == [7]


def test_gaps_without_a_published_rule_are_an_error() -> None:
    answers = np.ones((4, 7))
    answers[2, 0] = np.nan
    with pytest.raises(ValueError, match=r"missing in 1 of 4 rows.*max_missing_items"):
        total_score(answers, get_scale("gad-7"))
    assert total_score(answers[:2], get_scale("gad-7")).tolist() == [7, 7]


@pytest.mark.parametrize("label", ["HAM-D17", "YMRS", "QIDS-SR16"])
def test_items_of_unequal_weight_are_not_prorated(label) -> None:
    scale = get_scale(label)
    answers = np.zeros((1, scale.items))
    with pytest.raises(ValueError, match="do not weigh the same"):
        total_score(answers, scale, max_missing_items=1)
    answers[0, 4] = np.nan
    assert np.isnan(total_score(answers, scale, max_missing_items=0)).all()


# The trap: summing with gaps as zero makes a patient look better.
@given(
    arrays(float, (5, 9), elements=st.integers(0, 3).map(float)),
    arrays(bool, (5, 9), elements=st.booleans()),
)
def test_a_gap_never_counts_as_zero(answers, gaps) -> None:
    answers[gaps] = np.nan
    totals = total_score(answers, get_scale("phq-9"), max_missing_items=8)
    answered = ~gaps.all(axis=1)
    assert np.array_equal(~np.isnan(totals), answered)
    own_mean = np.array([np.mean(row[~np.isnan(row)]) for row in answers[answered]])
    filled = np.where(gaps[answered], own_mean.reshape(-1, 1), answers[answered])
    np.testing.assert_allclose(totals[answered], filled.sum(axis=1), rtol=1e-12)
    assert ((totals[answered] >= 0) & (totals[answered] <= 27)).all()


def test_reversed_items_count_from_the_other_end() -> None:
    # CES-D: 3 on each of the four positive items and 0 elsewhere is nobody's depression: 0.
    happy = np.zeros((1, 20))
    happy[0, [3, 7, 11, 15]] = 3
    ces_d = get_scale("ces-d")
    assert total_score(happy, ces_d).tolist() == [0]
    assert total_score(np.zeros((1, 20)), ces_d).tolist() == [12]
    frame = pd.DataFrame(happy)
    assert total_score(frame, ces_d).tolist() == [0]
    assert happy[0, 3] == frame.iloc[0, 3] == 3, "the input is left as it was"


def test_reversed_items_are_turned_before_prorating() -> None:
    # 19 answered items that each count 1 (a positive item answered 2 counts 1); the gap is item 4.
    answers = np.ones((1, 20))
    answers[0, [7, 11, 15]] = 2
    answers[0, 3] = np.nan
    assert total_score(answers, get_scale("ces-d"), 1)[0] == pytest.approx(20, abs=1e-12)


def test_who_5_is_a_percentage() -> None:
    # Topp (2015): raw total times four; 3 + 2 + 4 + 1 + 2 = 12 gives 48.
    who = get_scale("who-5")
    assert who.total([[3, 2, 4, 1, 2]]).tolist() == [48]
    assert who.severity(48) == "poor well-being"


NAN = np.nan
QIDS_CASES = [
    # sleep 3 (of 1-4), mood 2, weight 1 (of 7 and 8), then 1, 0, 2, 1, 0, psychomotor 2: 12
    ([1, 3, 0, 2, 2, NAN, 1, 0, NAN, 1, 0, 2, 1, 0, 2, 1], 12),
    # all items answered, every one 1: nine domains
    ([1] * 16, 9),
    # a sleep item is missing but another has the top rating: the domain is 3 whatever it was
    ([3, NAN, 0, 0, 0, NAN, 0, 0, NAN, 0, 0, 0, 0, 0, 0, 0], 3),
    # a sleep item is missing and could be higher than 1: no total
    ([1, NAN, 0, 0, 0, NAN, 0, 0, NAN, 0, 0, 0, 0, 0, 0, 0], NAN),
    # neither of the appetite items is answered, and weight is 2: appetite could be 3
    ([0, 0, 0, 0, 0, NAN, NAN, 2, NAN, 0, 0, 0, 0, 0, 0, 0], NAN),
    # mood is missing
    ([0, 0, 0, 0, NAN, NAN, 0, 0, NAN, 0, 0, 0, 0, 0, 0, 0], NAN),
]


@pytest.mark.parametrize(("answers", "total"), QIDS_CASES)
def test_qids_takes_the_highest_of_each_domain(answers, total) -> None:
    # Rush (2003): nine domains, worked by hand beside each case.
    found = total_score([answers], get_scale("qids-sr16"), max_missing_items=0)
    np.testing.assert_array_equal(found, [total])


def test_qids_is_not_the_sum_of_its_items() -> None:
    answers = np.ones((1, 16))
    assert total_score(answers, get_scale("qids-sr16"))[0] < answers.sum()


def test_a_value_set_is_refused() -> None:
    with pytest.raises(ValueError, match=r"does not add up its items.*value set"):
        total_score(np.ones((1, 5)), get_scale("eq-5d"))


def test_out_of_range_answers_name_row_and_column() -> None:
    items = pd.DataFrame(
        np.ones((3, 9)), columns=[f"q{i}" for i in range(1, 10)], index=list("abc")
    )
    items.loc["b", "q4"] = 4
    items.loc["c", "q9"] = -1
    with pytest.raises(ValueError, match="2 answers out of range") as error:
        total_score(items, get_scale("phq-9"))
    assert "row b, column q4 (item 4) is 4, 0 to 3 is possible" in str(error.value)
    assert "row c, column q9 (item 9) is -1" in str(error.value)


def test_each_item_has_its_own_range() -> None:
    # Early insomnia in HAM-D17 runs to 2; depressed mood, rated the same, to 4.
    answers = np.zeros((1, 17))
    answers[0, 0] = 4
    assert total_score(answers, get_scale("ham-d17")).tolist() == [4]
    answers[0, 3] = 4
    with pytest.raises(ValueError, match=r"row 0, column 3 \(item 4\) is 4, 0 to 2"):
        total_score(answers, get_scale("ham-d17"))


def test_infinite_answers_are_out_of_range() -> None:
    with pytest.raises(ValueError, match="out of range"):
        total_score([[np.inf] * 7], get_scale("gad-7"))


@pytest.mark.parametrize("shape", [(9,), (2, 8), (2, 10)])
def test_wrong_shapes_are_refused(shape) -> None:
    with pytest.raises(ValueError, match="9 items that count"):
        total_score(np.ones(shape), get_scale("phq-9"))


def test_text_is_refused_and_missing_integers_are_read() -> None:
    with pytest.raises(ValueError, match=r"GAD-7: an answer is no number .*often"):
        total_score([[1, 1, 1, 1, 1, 1, "often"]], get_scale("gad-7"))
    items = pd.DataFrame({f"q{i}": pd.array([1, None], dtype="Int64") for i in range(7)})
    np.testing.assert_array_equal(total_score(items, get_scale("gad-7"), 0), [7, np.nan])
