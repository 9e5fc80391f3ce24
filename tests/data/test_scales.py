"""Scales: numbers as published, totals from items, names, declarations, and the page about them."""

from __future__ import annotations

import pickle
import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctevidence.data.scales import (
    TOPICS,
    Band,
    Reliability,
    Scale,
    declare_scale,
    get_scale,
    scales,
    total_score,
)

PAGE = Path(__file__).parents[2] / "docs" / "scales.md"

# Range of the total, number of items and good direction, read from the scales' own publications
# (the sources in docs/scales.md), not from scales.toml.
PUBLISHED = {
    "PHQ-9": (0, 27, 9, "lower"),
    "HAM-D17": (0, 52, 17, "lower"),
    "MADRS": (0, 60, 10, "lower"),
    "BDI": (0, 63, 21, "lower"),
    "BDI-II": (0, 63, 21, "lower"),
    "QIDS-SR16": (0, 27, 16, "lower"),
    "CES-D": (0, 60, 20, "lower"),
    "GAD-7": (0, 21, 7, "lower"),
    "HAM-A": (0, 56, 14, "lower"),
    "PDSS": (0, 28, 7, "lower"),
    "LSAS": (0, 144, 48, "lower"),
    "Y-BOCS": (0, 40, 10, "lower"),
    "PCL-5": (0, 80, 20, "lower"),
    "CAPS-5": (0, 80, 20, "lower"),
    "YMRS": (0, 60, 11, "lower"),
    "WHO-5": (0, 100, 5, "higher"),
    "WSAS": (0, 40, 5, "lower"),
    "Q-LES-Q-SF": (14, 70, 14, "higher"),
    "EQ-5D index (3L, UK)": (-0.594, 1, 5, "higher"),
    "SDS": (0, 30, 3, "lower"),
}

# Both sides of published edges: Kroenke 2001; Zimmerman 2013 (8-16, 17-23, 24 and more);
# Snaith 1986; Beck 1988; Beck 1996; Rush 2003; Spitzer 2006; Matza 2010 (8-14, 15-23, 24 and more);
# Mennin 2002 (30, 60); Storch 2015 (0-13, 14-25, 26-34, 35-40); Topp 2015 (50 or less);
# Mundt 2002 (below 10, 10 to 20, above 20); Radloff 1977 (16).
EDGES = [
    ("PHQ-9", 14, "moderate", 15, "moderately severe"),
    ("PHQ-9", 19, "moderately severe", 20, "severe"),
    ("HAM-D17", 7, "no depression", 8, "mild"),
    ("HAM-D17", 23, "moderate", 24, "severe"),
    ("MADRS", 19, "mild", 20, "moderate"),
    ("BDI", 9, "minimal", 10, "mild to moderate"),
    ("BDI-II", 28, "moderate", 29, "severe"),
    ("QIDS-SR16", 20, "severe", 21, "very severe"),
    ("CES-D", 15, "below the cut-off", 16, "at or above the cut-off"),
    ("GAD-7", 9, "mild", 10, "moderate"),
    ("HAM-A", 14, "mild", 15, "moderate"),
    ("LSAS", 59, "social anxiety disorder", 60, "generalised social anxiety disorder"),
    ("Y-BOCS", 13, "mild", 14, "moderate"),
    ("WHO-5", 48, "poor well-being", 52, "no sign of poor well-being"),
    ("WSAS", 20, "significant impairment", 21, "moderately severe or worse"),
]

MINIMAL = {"label": "My scale", "low": 0, "high": 40, "better": "lower"}


def labels() -> list[str]:
    return [s.label for s in scales()]


# -- the registry ---------------------------------------------------------------------------------


def test_the_registry_holds_the_published_ranges_in_order() -> None:
    found = {s.label: (s.low, s.high, s.items, s.better) for s in scales()}
    assert found == PUBLISHED
    assert list(found) == list(PUBLISHED)


@pytest.mark.parametrize(("label", "below", "lower_band", "above", "upper_band"), EDGES)
def test_bands_change_at_the_published_edges(label, below, lower_band, above, upper_band) -> None:
    scale = get_scale(label)
    assert (scale.severity(below), scale.severity(above)) == (lower_band, upper_band)


# Abstracts of Trivedi 2006, Furukawa 2009, von Glischinski 2018, Khan 2016, Wiles 2013, Sheehan
# 2011, Coley 2020; Mataix-Cols 2016 for Y-BOCS; Psychopharmacol Bull 2008;41(2):12 for YMRS.
@pytest.mark.parametrize(
    ("label", "response", "remission"),
    [
        ("PHQ-9", 50, 4),
        ("HAM-D17", 50, 7),
        ("MADRS", 50, 10),
        ("BDI-II", 50, 9),
        ("QIDS-SR16", 50, 5),
        ("HAM-A", 50, 7),
        ("PDSS", 40, 5),
        ("LSAS", 29, 30),
        ("Y-BOCS", 35, 12),
        ("YMRS", 50, 12),
        ("SDS", None, 6),
    ],
)
def test_conventions_of_response_and_remission(label, response, remission) -> None:
    scale = get_scale(label)
    assert (scale.response_percent, scale.remission_at_or_below) == (response, remission)


# Abstracts of Löwe 2004, Hiroe 2005, Toussaint 2020, Cohen 2024, Lukasiewicz 2013, Blanchard 2023
# (9-12), Hengartner 2021 (3-5 and 3-6), Walters 2005; Topp 2015.
def test_minimal_important_differences() -> None:
    published = {
        "PHQ-9": 5,
        "HAM-D17": 3,
        "MADRS": 3,
        "BDI-II": 5,
        "GAD-7": 4,
        "Y-BOCS": 4.9,
        "PCL-5": 9,
        "YMRS": 6.6,
        "WHO-5": 10,
        "EQ-5D index (3L, UK)": 0.074,
    }
    found = {s.label: s.minimal_important_difference for s in scales()}
    assert {k: v for k, v in found.items() if v is not None} == published


# Abstracts of Trajković 2011, Williams and Kobak 2008, Beck 1996 (J Pers Assess), Rush 2003,
# Blevins 2015, Weathers 2018, Mundt 2002, Stevanovic 2011, Leon 1997.
@pytest.mark.parametrize(
    ("label", "coefficient", "kind"),
    [
        ("HAM-D17", 0.789, "alpha"),
        ("MADRS", 0.93, "test-retest"),
        ("BDI", 0.89, "alpha"),
        ("QIDS-SR16", 0.86, "alpha"),
        ("PCL-5", 0.82, "test-retest"),
        ("CAPS-5", 0.78, "test-retest"),
        ("WSAS", 0.73, "test-retest"),
        ("Q-LES-Q-SF", 0.93, "test-retest"),
        ("SDS", 0.89, "alpha"),
    ],
)
def test_reliabilities(label, coefficient, kind) -> None:
    reliability = get_scale(label).reliability
    assert (reliability.coefficient, reliability.kind) == (coefficient, kind)


def test_every_topic_has_a_source_or_a_note() -> None:
    for scale in scales():
        for topic in TOPICS:
            assert topic in scale.sources or topic in scale.notes, (scale.label, topic)


def test_uk_value_set_gives_the_lowest_index() -> None:
    # Dolan (1997), state 33333: constant, N3 term, then level 3 of the five dimensions.
    worst = 1 - 0.081 - 0.269 - 0.314 - 0.214 - 0.094 - 0.386 - 0.236
    assert get_scale("eq-5d").low == pytest.approx(worst, abs=1e-12)


def test_standard_deviation_belongs_to_the_reliability() -> None:
    declared = declare_scale(
        {
            **MINIMAL,
            "reliability": {
                "coefficient": 0.8,
                "kind": "alpha",
                "population": "outpatients",
                "standard_deviation": 7.5,
            },
        }
    )
    assert declared.standard_deviation == 7.5
    assert get_scale("who-5").standard_deviation is None


def test_scales_travel_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(scales())) == scales()


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("PHQ9", "PHQ-9"),
        ("phq 9", "PHQ-9"),
        ("HAMD17", "HAM-D17"),
        ("HRSD-17", "HAM-D17"),
        ("BDI", "BDI"),
        ("BDI2", "BDI-II"),
        ("bdi_ii", "BDI-II"),
        ("Montgomery-Åsberg Depression Rating Scale", "MADRS"),
        ("YBOCS", "Y-BOCS"),
        ("EQ-5D index", "EQ-5D index (3L, UK)"),
        ("Sheehan Disability Scale", "SDS"),
    ],
)
def test_names_ignore_case_and_punctuation(word, label) -> None:
    assert get_scale(word).label == label


def test_every_scale_is_found_by_key_label_and_aliases() -> None:
    for scale in scales():
        for word in (scale.name, scale.label, *scale.aliases):
            assert get_scale(word) is scale, word


@pytest.mark.parametrize(
    ("word", "suggestion"), [("PHQ-8", "PHQ-9"), ("HAM-D", "HAM-D17"), ("MADSR", "MADRS")]
)
def test_unknown_names_are_refused_with_a_suggestion(word, suggestion) -> None:
    with pytest.raises(ValueError, match="not known") as error:
        get_scale(word)
    assert f"Did you mean {suggestion}" in str(error.value)
    assert "declared in study.toml with label, low, high, better" in str(error.value)


def test_another_value_set_is_not_taken_for_the_british_one() -> None:
    with pytest.raises(ValueError, match="not known"):
        get_scale("EQ-5D-5L")


# -- totals from items ----------------------------------------------------------------------------


@pytest.mark.parametrize("label", [label for label in PUBLISHED if label[:2] != "EQ"])
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


# -- severity, direction, words -------------------------------------------------------------------


def test_a_fractional_total_has_the_band_it_has_reached() -> None:
    phq = get_scale("phq-9")
    assert [phq.severity(x) for x in (4.99, 5, 27)] == ["minimal", "mild", "severe"]


@pytest.mark.parametrize("score", [-1, 27.5, float("nan")])
def test_severity_refuses_impossible_scores(score) -> None:
    with pytest.raises(ValueError, match="PHQ-9 runs from 0 to 27"):
        get_scale("phq-9").severity(score)


def test_severity_without_bands_says_why() -> None:
    with pytest.raises(ValueError, match=r"PDSS has no severity bands.*agoraphobia"):
        get_scale("pdss").severity(12)


def test_bad_direction() -> None:
    assert (get_scale("phq-9").bad_direction, get_scale("who-5").bad_direction) == (1, -1)


def test_describe_is_one_sentence() -> None:
    assert get_scale("ham-d17").describe() == (
        "HAM-D17 (severity of depressive symptoms): 0 to 52, lower is better, 17 items, "
        "clinician-rated, past 7 days."
    )


# -- declared scales ------------------------------------------------------------------------------


def test_a_declared_scale_needs_four_keys_and_names_the_study_as_source() -> None:
    scale = declare_scale({**MINIMAL, "bands": [["low", 0, 19], ["high", 20, 40]]})
    assert (scale.name, scale.severity(20)) == ("my scale", "high")
    assert scale.sources == dict.fromkeys(["range", "bands"], "declared in study.toml")
    assert scale.notes["reliability"] == "Not declared."


def test_the_same_keys_as_the_registry_score_items() -> None:
    scale = declare_scale(
        {**MINIMAL, "items": 10, "item_low": 0, "item_high": 4, "max_missing_items": 1}
    )
    answers = np.full((1, 10), 2.0)
    answers[0, 0] = np.nan
    assert scale.total(answers).tolist() == [20]


def test_all_typos_and_missing_keys_come_at_once() -> None:
    with pytest.raises(ValueError, match="cannot be used") as error:
        declare_scale({"label": "X", "lo": 0, "high": 5, "remision_at_or_below": 1})
    for part in (
        '"lo" is not a key; did you mean "low"?',
        'did you mean "remission_at_or_below"?',
        '"low" is missing',
        '"better" is missing',
    ):
        assert part in str(error.value)


def test_a_known_name_cannot_be_declared_anew() -> None:
    with pytest.raises(ValueError, match='"phq9" already means PHQ-9'):
        declare_scale({**MINIMAL, "label": "PHQ9"})


ITEMS = {"items": 10, "item_low": 0, "item_high": 4}
IMPOSSIBLE = [
    ({"high": 0}, "high must be above low"),
    ({"low": "0"}, "low is '0'; it must be a number"),
    ({"high": float("nan")}, "high is nan"),
    ({"better": "up"}, 'better is "up"; say lower or higher'),
    ({"rater": "nurse"}, 'rater is "nurse"'),
    ({"label": "", "name": "x"}, "name and a label"),
    ({"step": 7}, "no multiple of its step"),
    ({"bands": [["a", 0, 10], ["b", 12, 40]]}, "a band starts at 12 where 11 is next"),
    ({"bands": [["a", 0, 10], ["b", 10, 40]]}, "a band starts at 10 where 11 is next"),
    ({"bands": [["a", 1, 40]]}, "a band starts at 1 where 0 is next"),
    ({"bands": [["a", 0, 39]]}, "bands end at 39, not at 40"),
    ({"bands": [["a", 9, 0]]}, "runs from 9 to 0"),
    ({"bands": [["a", 9]]}, r"A band is \[label, low, high\]"),
    ({"response_percent": 0}, "response_percent is 0; it must be above 0"),
    ({"minimal_important_difference": -1}, "must be above 0"),
    ({"remission_at_or_above": 30}, "remission is given in the bad direction"),
    ({"better": "higher", "remission_at_or_below": 30}, "remission is given in the bad direction"),
    ({"remission_at_or_below": 41}, "remission at 41 lies outside"),
    ({"reliability": {"coefficient": 0.9}}, "reliability takes coefficient, kind and population"),
    ({"reliability": 0.9}, "reliability takes coefficient, kind and population"),
    ({"max_missing_items": 2}, "not how many there are"),
    ({"items": 10}, "items need item_low and item_high"),
    ({**ITEMS, "items": 10.0}, "items is 10.0; it must be a whole number"),
    ({**ITEMS, "items": 9}, "totals of 0 to 36, not 0 to 40"),
    ({**ITEMS, "item_high": [4, 4]}, "item_high has 2 numbers for 10 items"),
    ({**ITEMS, "item_high": "4"}, "item_high is '4'"),
    ({**ITEMS, "max_missing_items": 10}, "lies between 0 and 9"),
    ({**ITEMS, "item_high": [8, 0, *[4] * 8], "max_missing_items": 1}, "do not weigh the same"),
    ({**ITEMS, "reversed_items": [0]}, r"items \[0\] stand twice"),
    ({**ITEMS, "reversed_items": [2, 2]}, r"items \[2\] stand twice"),
    ({**ITEMS, "highest_of": [1, 2]}, "must hold groups of items"),
    ({**ITEMS, "highest_of": [[1, 2]]}, "totals of 0 to 36"),
    ({"sources": {"rnage": "x"}}, '"rnage" in sources or notes is no topic; did you mean "range"'),
]


@pytest.mark.parametrize(("change", "message"), IMPOSSIBLE)
def test_impossible_scales_cannot_exist(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        declare_scale({**MINIMAL, **change})


def test_a_number_without_a_source_cannot_exist() -> None:
    with pytest.raises(ValueError, match="range has no source"):
        Scale(name="x", label="X", low=0, high=1, better="lower")


@pytest.mark.parametrize(
    ("coefficient", "kind", "population"),
    [(1.0, "alpha", "all"), (0.9, "retest", "all"), (0.9, "alpha", "")],
)
def test_impossible_reliabilities_cannot_exist(coefficient, kind, population) -> None:
    with pytest.raises(ValueError, match="reliability"):
        Reliability(coefficient, kind, population)


def test_scales_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        get_scale("phq-9").high = 30
    with pytest.raises(FrozenInstanceError):
        Band("a", 0, 1).low = 1


# -- the page -------------------------------------------------------------------------------------


def sections() -> dict[str, str]:
    """The page by second-level heading."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(section: str) -> dict[str, tuple[str, str, str]]:
    """Key, then value, source and note, of the table of one scale."""
    return {
        k: tuple(v)
        for k, *v in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", section, re.M)
    }


def test_the_page_lists_every_scale_and_no_other() -> None:
    assert [title for title in sections() if title in labels()] == labels()
    assert set(sections()) - set(labels()) == {"Declaring a scale", "At a glance"}
    for scale in scales():
        line = [scale.label, scale.construct, f"{scale.low:g} to {scale.high:g}", scale.better]
        assert f"| {' | '.join(line)} |" in sections()["At a glance"]


def written(scale: Scale, topic: str) -> list[str]:
    """What the page must say about a topic; nothing when it is empty."""
    if topic == "range":
        return [f"{scale.low:g} to {scale.high:g}, {scale.better} is better"]
    if topic == "items":
        tops = scale.item_high if isinstance(scale.item_high, tuple) else (scale.item_high,)
        return [f"{scale.items}, each {scale.item_low:g} to " + ", ".join(f"{t:g}" for t in tops)]
    if topic == "bands":
        return [f"{band.label} {band.low:g}-{band.high:g}" for band in scale.bands]
    if topic == "reliability":
        r = scale.reliability
        return [f"{r.coefficient:g} ({r.kind}; {r.population})"] if r else []
    if topic == "remission":
        cut_offs = {"below": scale.remission_at_or_below, "above": scale.remission_at_or_above}
        return [f"{value:g} or {side}" for side, value in cut_offs.items() if value is not None]
    value = getattr(scale, topic)
    return [] if value is None else [f"{value:g}"]


@pytest.mark.parametrize("scale", scales(), ids=lambda s: s.label)
def test_the_page_agrees_with_the_registry(scale) -> None:
    table = rows(sections()[scale.label])
    assert list(table) == list(TOPICS)
    for topic, (value, source, note) in table.items():
        expected = "; ".join(written(scale, topic))
        assert value == expected or (topic in ("range", "items") and value.startswith(expected))
        assert (source, note) == (scale.sources.get(topic, ""), scale.notes.get(topic, "")), topic


def test_the_page_explains_every_key() -> None:
    explained = set(re.findall(r"`(\w+)`", sections()["Declaring a scale"]))
    assert {f.name for f in fields(Scale)} <= explained


def test_the_example_on_the_page_can_be_declared() -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1]
    # Furukawa (2009), with agoraphobia: 11-15 moderately ill, 16 and above markedly ill.
    scale = declare_scale(tomllib.loads(example))
    assert [scale.severity(x) for x in (10, 11, 16)] == [
        "slightly ill",
        "moderately ill",
        "markedly ill",
    ]
