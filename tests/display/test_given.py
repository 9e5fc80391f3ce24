"""Which drugs and therapies stand behind a pooled number, counted by hand in the table."""

from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.trials import Trials, read_trials
from ctevidence.display.given import table_given
from ctevidence.synthesis.trial_questions import ask_trials

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processed")
    trials = read_trials(prepare("published-trials", raw=RAW, processed=folder))
    return table_given(ask_trials(trials), trials).frame


def test_what_was_pooled_against_therapy_in_depression(given):
    """Mynors-Wallis 2000, Browne 2002, Reynolds 1999, Zu 2014, Keller 2000, as received."""
    (row,) = given[
        (given["question"] == "Getting better: combined treatment against therapy")
        & (given["people with"] == "depression")
    ].itertuples(index=False)
    drugs = {name.rpartition(" (")[0] for name in row[2].split(", ")}
    assert drugs == {"SSRI", "sertraline", "nortriptyline", "antidepressant", "nefazodone"}
    assert "interpersonal psychotherapy (2)" in row[3]
    assert "problem-solving therapy (1)" in row[3]
    assert "clinical management" not in row[3]


def test_placebo_is_no_drug_and_unknown_words_stay():
    arms = pd.DataFrame({
        "trial_id": ["a"] * 3, "arm": ["both", "pill", "talk"],
        "treatment": ["combined", "medication", "therapy"], "outcome": "response", "n": 50,
        "events": [30, 20, 22], "condition": "panic", "age_group": "adults", "phase": "acute",
        "flags": "", "medication": ["new_drug", "new_drug", "placebo"],
        "therapy": ["cbt", "clinical_management", "cbt"]})  # fmt: skip
    trials = Trials("demo", "One", arms=arms)
    frame = table_given(ask_trials(trials), trials).frame
    assert set(frame["medication (trials)"]) == {"new drug (1)"}
    assert set(frame["therapy (trials)"]) == {"cognitive behavioural therapy (1)"}
