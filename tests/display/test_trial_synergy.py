"""One line a trial: four cells, what additivity predicts, what was seen, the ratio beside."""

import pandas as pd
import pytest

from ctevidence.data.trials import Trials
from ctevidence.display.trial_synergy import plot_trials_synergy, table_trials_synergy
from ctevidence.synthesis.trial_synergy import trials_synergy

ROLES = ["combined", "medication", "therapy", "control"]


@pytest.fixture(scope="module")
def tads() -> Trials:
    # March 2004, JAMA 292:807
    table = pd.DataFrame({
        "trial_id": "tads", "citation": "March (TADS) 2004 JAMA 292:807", "arm": ROLES,
        "treatment": ROLES, "outcome": "response", "weeks": 12.0, "events": [76, 66, 48, 39],
        "n": [107, 109, 111, 112], "condition": "depression", "age_group": "adolescents",
        "caution": "one arm size by subtraction",
    })  # fmt: skip
    return Trials("demo", "One", arms=table)


def test_the_line_of_tads_by_hand(tads):
    table = table_trials_synergy(trials_synergy(tads), tads)
    (line,) = table.frame.to_dict("records")
    assert line["trial"] == "March (TADS) 2004 (depression, adolescents) [a]"
    assert (line["outcome"], line["people"]) == ("response, week 12", "439")
    # .3482, .6055, .4324, .7103
    assert line["neither / medication / therapy / both"] == "35 / 61 / 43 / 71"
    # .6055 + .4324 - .3482 = .6897; Newcombe's interval of the synergy as in the four-cell table
    assert line["parts add up to"] == "69"
    assert line["synergy"] == "+2 (−16 to 20)"
    assert line["ratio scale"].startswith("0.94 (")
    # .7103 - .6055; Newcombe 97.5 % limit as in the two-sided difference
    assert line["over the better single"] == "+10 (≥ −2)"
    notes = " ".join(table.notes)
    assert "a: one arm size by subtraction." in notes
    assert "No synergy does not mean no benefit" in notes


def test_the_figure_tells_each_trial_and_who_was_studied(tads):
    figure = plot_trials_synergy(trials_synergy(tads), tads)
    assert "March (TADS) 2004 +2 (−16 to 20)" in figure.alt
    assert figure.data.frame["trial"].str.contains("adolescents").all()


def test_without_such_a_trial_both_say_so(tads):
    nothing = trials_synergy(tads, "remission")
    assert "no trial counted all four cells" in table_trials_synergy(nothing, tads).frame.iloc[0, 0]
    assert "no trial counted all four cells" in plot_trials_synergy(nothing, tads).alt
