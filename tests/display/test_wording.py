"""The grid of certainty, size and design: every sentence written by hand.

Verbs after GRADE guidelines 26 (Santesso et al. 2020, J Clin Epidemiol 119:126): plain for high
certainty, "probably" for moderate, "may" for low; no direction for very low. Sizes by thresholds
of 5 per 100: slight below, plain from 5, large from 10.
"""

import pytest

from ctevidence.display.sentences import sentence
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import SMALL_STUDY, Thresholds, direction, size
from ctevidence.evidence.wording import wording
from ctevidence.language import pick, words

# size -> estimate, limits: as proportions
SIZES = {
    "large": (0.14, 0.08, 0.21),
    "moderate": (0.07, 0.02, 0.12),
    "slight": (0.03, 0.01, 0.06),
    "little": (0.01, -0.02, 0.03),
    "not determined": (0.07, -0.04, 0.18),
}
AMOUNTS = {
    "large": "14 more of every 100 people who respond by week 12 (range 8 more to 21 more; ",
    "moderate": "7 more of every 100 people who respond by week 12 (range 2 more to 12 more; ",
    "slight": "3 more of every 100 people who respond by week 12 (range 1 more to 6 more; ",
    "little": "1 more of every 100 people who respond by week 12 (range 2 fewer to 3 more; ",
}
SURE = {
    "high": "high certainty",
    "moderate": "moderate certainty",
    "low": "low certainty",
    None: "certainty not assessed",
}
# (design, certainty, size) -> what stands between the treatments and the amount
GRID = {
    ("randomised", "high", "large"): "leads to a large difference: ",
    ("randomised", "high", "moderate"): "leads to ",
    ("randomised", "high", "slight"): "leads to a slight difference: ",
    ("randomised", "high", "little"): "leads to little or no difference: ",
    ("randomised", "moderate", "large"): "probably leads to a large difference: ",
    ("randomised", "moderate", "moderate"): "probably leads to ",
    ("randomised", "moderate", "slight"): "probably leads to a slight difference: ",
    ("randomised", "moderate", "little"): "probably leads to little or no difference: ",
    ("randomised", "low", "large"): "may lead to a large difference: ",
    ("randomised", "low", "moderate"): "may lead to ",
    ("randomised", "low", "slight"): "may lead to a slight difference: ",
    ("randomised", "low", "little"): "may lead to little or no difference: ",
    ("randomised", None, "large"): "may lead to a large difference: ",
    ("randomised", None, "moderate"): "may lead to ",
    ("randomised", None, "slight"): "may lead to a slight difference: ",
    ("randomised", None, "little"): "may lead to little or no difference: ",
    ("association", "high", "large"): "is associated with a large difference: ",
    ("association", "high", "moderate"): "is associated with ",
    ("association", "high", "slight"): "is associated with a slight difference: ",
    ("association", "high", "little"): "is associated with little or no difference: ",
    ("association", "moderate", "large"): "is probably associated with a large difference: ",
    ("association", "moderate", "moderate"): "is probably associated with ",
    ("association", "moderate", "slight"): "is probably associated with a slight difference: ",
    ("association", "moderate", "little"): "is probably associated with little or no difference: ",
    ("association", "low", "large"): "may be associated with a large difference: ",
    ("association", "low", "moderate"): "may be associated with ",
    ("association", "low", "slight"): "may be associated with a slight difference: ",
    ("association", "low", "little"): "may be associated with little or no difference: ",
    ("association", None, "large"): "may be associated with a large difference: ",
    ("association", None, "moderate"): "may be associated with ",
    ("association", None, "slight"): "may be associated with a slight difference: ",
    ("association", None, "little"): "may be associated with little or no difference: ",
}
CHANCE = {"randomised": "", "association": "; an association: not randomised"}
CAUSAL = ("lead", "cause", "because of", "results in", "reduces", "improves")
NEVER = ("significant", "trend", "proven", "no effect", "superior")


def row(how_large, design="randomised", **changes):
    estimate, low, high = SIZES[how_large]
    fields = {
        "study": "trials", "outcome": "response", "arm": "combined", "reference": "medication",
        "measure": "risk_difference", "unit": "probability", "week": 12, "estimate": estimate,
        "conf_low": low, "conf_high": high, "randomised": design == "randomised", "n": 300,
        "n_reference": 310,
    }  # fmt: skip
    return Estimate(**fields | changes)


class Simulated:
    """What `sentence` asks of a study."""

    disclosure = "open"
    is_synthetic = True


@pytest.mark.parametrize("cell", GRID, ids=lambda cell: "-".join(map(str, cell)))
def test_every_cell_reads_as_written(cell):
    design, certainty, how_large = cell
    expected = (
        f"Compared with medication, combined treatment {GRID[cell]}{AMOUNTS[how_large]}"
        f"{SURE[certainty]}{CHANCE[design]})."
    )
    told = sentence(row(how_large, design), certainty)
    assert told == expected
    assert sentence(row(how_large, design), certainty, Simulated()) == (
        f"In this simulation: {expected}"
    )
    assert not any(word in told.lower() for word in NEVER)
    if design == "association":
        assert not any(word in told for word in CAUSAL)


def test_the_grid_is_whole():
    sizes = ("large", "moderate", "slight", "little")
    assert len(GRID) == 2 * len(SURE) * len(sizes)


@pytest.mark.parametrize("certainty", SURE)
@pytest.mark.parametrize("design", CHANCE)
def test_what_is_not_determined_reads_so_whatever_the_certainty(design, certainty):
    assert sentence(row("not determined", design), certainty) == (
        "It is not determined whether more people respond by week 12 with combined treatment than "
        "with medication: the best estimate is 7 more of every 100 people, and the data allow "
        f"anything from 4 fewer to 18 more ({SURE[certainty]}{CHANCE[design]})."
    )


@pytest.mark.parametrize("how_large", SIZES)
@pytest.mark.parametrize("design", CHANCE)
def test_of_very_low_certainty_no_direction_is_claimed(design, how_large):
    assert sentence(row(how_large, design), "very low") == (
        "The evidence on response with combined treatment against medication is very uncertain "
        f"(very low certainty{CHANCE[design]})."
    )


def test_whether_chance_assigned_people_must_be_known_for_causal_words():
    assert wording(row("large", randomised=None)).verb == "association-may"


def test_one_small_study_is_guarded_in_every_size():
    for how_large in ("large", "moderate", "slight", "little"):
        told = sentence(row(how_large, n=40, n_reference=40), "high", "open")
        assert told.startswith("Not established: it rests on one study of fewer than 200 people. ")


def test_sizes_follow_the_declared_threshold():
    strict = Thresholds(probability=0.10)
    assert size(row("large"), strict).value == "moderate"  # 14 is from 10, and below 20
    assert size(row("moderate"), strict).value == "slight"
    assert direction(row("moderate"), Thresholds(probability=0.13)).value == (
        "little or no difference"
    )


def test_a_limit_that_reads_as_no_difference_does_not_exclude_it():
    # relapse in the published trials: 0.681 (0.465 to 0.9956), shown as 0.47 to 1.00
    ratio = row("large", outcome="relapse", measure="risk_ratio", unit="ratio", estimate=0.681,
                conf_low=0.465, conf_high=0.9956)  # fmt: skip
    assert direction(ratio).value == "not determined"
    assert "0.47 to 1.00" in sentence(ratio)
    assert "It is not determined" in sentence(ratio)
    # the next digit that would be read as 0.99 excludes it
    clear = row("large", outcome="relapse", measure="risk_ratio", unit="ratio", estimate=0.681,
                conf_low=0.465, conf_high=0.9949)  # fmt: skip
    assert direction(clear).value == "benefit"


@pytest.mark.parametrize(
    ("unit", "limit", "expected"),
    [
        ("probability", 0.0049, "not determined"),  # 0 more of every 100
        ("probability", 0.005, "benefit"),  # 1 more of every 100
        ("BDI points", 0.049, "not determined"),
        ("BDI points", 0.05, "benefit"),
        ("ratio", 1.0049, "not determined"),
        ("ratio", 1.0051, "benefit"),
    ],
)
def test_verdicts_agree_with_the_digits_that_readers_see(unit, limit, expected):
    measure = {"probability": "risk_difference", "ratio": "risk_ratio"}.get(unit, "mean_difference")
    given = row("large", measure=measure, unit=unit, estimate=5.0, conf_low=limit, conf_high=9.0)
    assert direction(given).value == expected


def test_the_glossary_defines_a_verdict_as_the_page_does():
    meanings = words("glossary").items()
    meaning = {k.removesuffix(".meaning"): said for k, said in meanings if k.endswith(".meaning")}
    said = {key: pick("explained", key, small=SMALL_STUDY) for key in words("explained")}
    for key in ("not-determined", "not-established", "no-data", "no-worse"):
        assert meaning[key] == said[key]
    three = (("benefit", "benefit"), ("little or no difference", "little"), ("harm", "harm"))
    assert meaning["benefit"] == "; ".join(f"{name}: {said[key]}" for name, key in three)
