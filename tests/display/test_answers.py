"""What trials and networks answer in words: every question has one, and no first place is best."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.trials import Trials, read_trials
from ctevidence.display.network_answers import (
    plot_trial_network,
    table_network_answers,
    table_trial_network,
)
from ctevidence.display.sentences import sentence
from ctevidence.display.trial_answers import plot_answer, plot_answer_small_study, table_answers
from ctevidence.display.trial_tables import table_cell_means
from ctevidence.estimates import Estimate
from ctevidence.synthesis.trial_network import trial_network
from ctevidence.synthesis.trial_questions import ask_trials

RAW = Path(__file__).parents[2] / "data" / "raw"
PARTS = ("network", "league", "contributions", "components")
TABLES = ("treatments", "split", "components", "selection")


@pytest.fixture(scope="module")
def linde(tmp_path_factory):
    made = tmp_path_factory.mktemp("processed")
    return trial_network(read_trials(prepare("linde2016", raw=RAW, processed=made)))


@pytest.fixture(scope="module")
def one_trial():
    """One trial of one contrast: nearly nothing can be said."""
    rows = pd.DataFrame({
        "trial_id": "a", "arm": ["CBT + SSRI", "SSRI"], "treatment": ["combined", "medication"],
        "outcome": "response", "events": [30, 20], "n": [50, 50], "condition": "panic",
        "age_group": "adults", "phase": "acute", "flags": ""})  # fmt: skip
    return Trials("demo", "One trial", arms=rows)


def test_first_place_of_linde2016_reads_not_established(linde):
    frame = table_network_answers(linde).frame
    first = frame.loc[frame["question"] == "Which ranks first", "answer"].item()
    assert first == (
        "Not established: Face-to-face CBT + SSRI ranks first by its estimate, and it rests on one "
        "trial of 34 people (study 117). A rank orders estimates: first place does not show that a "
        "treatment is better."
    )
    assert not any("is best" in words or "the best" in words for words in _ranked(frame))
    both = frame[frame["question"] == "Better than both parts?"]["answer"].tolist()
    # by people: 707, 151, 34
    assert both[-1].startswith("Not established: it rests on one study of fewer than 200 people.")
    assert "may be better" in both[-1]
    added = frame[frame["question"] == "What combining adds"]["answer"].tolist()
    assert added[-1].startswith("Not established: ")
    assert added[-1].index("Not established") < added[-1].index("18.00")
    assert "not established: one study of fewer than 200 people" in both[-1]
    assert all("It is not determined" in words for words in both[:-1])


def test_parts_without_a_network_keep_their_place(one_trial):
    apart = trial_network(replace(one_trial, arms=one_trial.arms.assign(age_group="adolescents")))
    assert apart.network is None
    for part in PARTS:
        assert "No figure could be drawn" in plot_trial_network(apart, part).alt
    for part in TABLES:
        assert len(table_trial_network(apart, part).frame) == 1
    assert "None can be made" in table_network_answers(apart).frame["answer"].item()


def test_one_trial_has_every_table_and_figure(one_trial):
    found = trial_network(one_trial)
    for part in PARTS:
        assert plot_trial_network(found, part).png.startswith(b"\x89PNG")
    for part in TABLES:
        assert table_trial_network(found, part).html
    asked = ask_trials(one_trial)
    table = table_answers(asked, "answers").frame
    assert "One trial of 100 people: reported, not pooled" in table["answer"].iloc[0]
    assert table["answer"].iloc[1].startswith("No answer: no trial compares the two")
    for each in asked:
        assert plot_answer(each, "forest").png.startswith(b"\x89PNG")
        assert plot_answer_small_study(each, "small").png.startswith(b"\x89PNG")


def test_answers_say_people_per_100_prediction_and_small_studies():
    asked = ask_trials(read_trials(RAW / "published-trials"))
    table = table_answers(asked, "answers", "depression").frame
    assert len(table) == 19
    first = table["answer"].iloc[0]
    for words in ("of every 100 people", "in a new, similar trial", "small-study effects give",
                  "It rests on 8 trials of 1276 people"):  # fmt: skip
        assert words in first


def test_cell_means_are_shown_without_a_range():
    frame = table_cell_means(read_trials(RAW / "published-trials")).frame
    # COMBINE: 77.1 - 80.6 - 79.2 + 75.1
    assert frame["more than its parts"].item() == "−7.6"
    nobody = Trials("demo", "Nothing", arms=pd.DataFrame({"trial_id": []}))
    assert "No such trial" in table_cell_means(nobody).frame["trial"].item()


BOTH = Estimate("net", "response", "A + B", "odds_ratio", 0.9, reference="best single treatment",
                unit="ratio", conf_low=0.39, alternative="greater", n=300, n_reference=300,
                studies=3)  # fmt: skip


def test_the_min_test_of_a_ratio_is_against_one_and_capped():
    assert "It is not determined whether A + B is better" in sentence(BOTH)
    better = replace(BOTH, id="", estimate=1.7, conf_low=1.2)
    assert "do better with A + B than with each single treatment" in sentence(better)
    randomised = replace(better, id="", randomised=True)
    assert "A + B may be better than each single treatment" in sentence(randomised)
    assert "A + B is better" in sentence(randomised, certainty="high")


def test_predictions_and_ranges_read_as_what_they_are():
    row = replace(BOTH, id="", reference="A", conf_high=2.0, alternative="two-sided")
    new = sentence(replace(row, id="", measure="odds_ratio_prediction"))
    assert new == (
        "In a new, similar trial the odds ratio of response with A + B against A is expected from "
        "0.39 to 2.00."
    )
    small = sentence(replace(row, id="", measure="odds_ratio_small_study_range"))
    assert "a span of methods and not a confidence interval" in small


def _ranked(frame):
    return frame.loc[frame["question"] == "Which ranks first", "answer"]
