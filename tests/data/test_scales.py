"""Scales: numbers as published, names, words, declarations, and the page about them."""

from __future__ import annotations

import pickle
import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import numpy as np
import pytest

from ctevidence.data.scales import (
    TOPICS,
    Band,
    Scale,
    declare_scale,
    get_scale,
    scales,
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
