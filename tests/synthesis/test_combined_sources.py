"""No trial counts twice, whichever sources are put together and in whatever order."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.trial_registry import TrialRegistry
from ctevidence.data.trials import read_trials
from ctevidence.synthesis.combined_sources import combine_sources
from ctevidence.synthesis.effect_sizes import EffectSizes, effect_sizes, excluded_table

RAW = Path(__file__).parents[2] / "data" / "raw"
CBT, SSRI = "Face-to-face CBT + SSRI", "SSRI"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processed")
    return tuple(
        read_trials(prepare(name, raw=RAW, processed=folder))
        for name in ("published-trials", "linde2016")
    )


@pytest.fixture(scope="module")
def against_medication(shipped):
    """Combined against medication from both: log odds ratios of response."""
    published, linde = shipped
    return (
        effect_sizes(
            published, "response", ("combined", "medication"), phase="acute", measure="odds_ratio"
        ),
        effect_sizes(linde, "response", (CBT, SSRI)).named({CBT: "combined", SSRI: "medication"}),
    )


def test_naeem_2010_counts_once(against_medication):
    """Study 117 of the network is Naeem 2010 of the table: one trial of 34 people."""
    published, network = against_medication
    assert network.studies == ("117",)
    both = combine_sources(published, network)
    assert both.studies == published.studies
    reasons = dict(both.excluded.to_numpy())
    assert reasons["117"] == "the same trial as naeem2010 of published-trials, which counts already"
    other_way = combine_sources(network, published)
    assert set(other_way.studies) == {"117", *published.studies} - {"naeem2010"}
    assert len(other_way.studies) == len(published.studies)
    reasons = dict(other_way.excluded.to_numpy())
    assert reasons["naeem2010"] == "the same trial as 117 of linde2016, which counts already"


def test_all_declared_twins_are_found_in_the_network(shipped):
    published, linde = shipped
    whole = effect_sizes(linde, "response")
    arms = effect_sizes(published, ("response", "remission"), measure="odds_ratio", stratum="any")
    both = combine_sources(arms, whole)
    lost = set(whole.studies) - set(both.studies)
    assert lost == {"5", "16", "24", "43", "49", "58", "82", "117", "124"}
    assert set(both.covariance) <= set(both.studies)


def test_participants_of_beat_the_blues_count_once(shipped):
    whole = effect_sizes(shipped[1], "response")
    rest = combine_sources(whole, held_by="beat-the-blues")
    assert set(whole.studies) - set(rest.studies) == {"6"}
    assert dict(rest.excluded.to_numpy())["6"] == (
        "the same trial as beat-the-blues of beat-the-blues, which the analysis uses by itself"
    )


def made(source, studies, excluded=(), same_trials=None, measure="risk_ratio"):
    frame = pd.DataFrame({"study": studies, "estimate": 0.1, "std_error": 0.2})
    return EffectSizes(
        frame,
        measure,
        source=source,
        excluded=excluded_table(excluded),
        same_trials=same_trials or {},
    )


@pytest.mark.parametrize(
    ("reason", "taken"),
    [
        ("stratum prior_nonresponse: had not responded", False),
        ("left out on request", False),
        ("no numbers of response with combined here", True),
        ("not reported at week 12; reported at week 24", True),
    ],
)
def test_a_trial_left_out_does_not_come_back_by_another_door(reason, taken):
    first = made("one", ["a"], [("b", reason)])
    second = made("two", ["b2"], same_trials={"one": {"b2": "b"}})
    both = combine_sources(first, second)
    assert ("b2" in both.studies) == taken
    if not taken:
        assert dict(both.excluded.to_numpy())["b2"].endswith(f"left out there ({reason})")


def test_twins_are_found_through_a_third_source():
    sources = [
        made("one", ["a"]),
        made("two", ["b"], same_trials={"three": {"b": "c"}}),
        made("three", ["c"], same_trials={"one": {"c": "a"}}),
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        assert len(combine_sources(*(sources[i] for i in order)).studies) == 1


def test_covariances_go_with_their_studies():
    frame = pd.DataFrame({
        "study": ["m"] * 3, "treat1": ["a", "b", "a"], "treat2": ["c", "c", "b"],
        "estimate": [0.5, 0.2, 0.3], "std_error": np.sqrt([3.0, 5.0, 4.0]),
    })  # fmt: skip
    cov = np.array([[3.0, 2.0, 1.0], [2.0, 5.0, -3.0], [1.0, -3.0, 4.0]])
    first = EffectSizes(frame, "risk_ratio", covariance={"m": cov}, source="one")
    both = combine_sources(first, made("two", ["n"]))
    np.testing.assert_array_equal(both.covariance["m"], cov)
    gone = combine_sources(made("two", ["n"], same_trials={"one": {"n": "m"}}), first)
    assert gone.covariance == {}


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ((), "at least one source"),
        ((made("one", ["a"]), made("one", ["b"])), "stands twice"),
        ((made("one", ["a"]), made("two", ["b"], measure="odds_ratio")), "different measures"),
        ((made("one", ["a"]), made("two", ["a"])), "both hold a study a"),
    ],
)
def test_sources_that_do_not_go_together_are_refused(sources, message):
    with pytest.raises(ValueError, match=message):
        combine_sources(*sources)


def test_two_studies_of_one_source_cannot_be_one_trial():
    with pytest.raises(ValueError, match='a and b of "one" are one trial'):
        TrialRegistry({"two": {"one": {"x": "a"}}, "one": {"two": {"b": "x"}}})


def test_names_that_are_not_there_are_refused(against_medication):
    with pytest.raises(KeyError, match='No treatment "SSRi"'):
        against_medication[1].named({"SSRi": "medication"})
    with pytest.raises(ValueError, match="with itself"):
        against_medication[1].named({"combined": "medication"})
