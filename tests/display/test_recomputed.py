"""What readers see of a second computation, and of studies that have nothing to compute."""

from dataclasses import replace

import pytest

from ctevidence.data.study import Rules
from ctevidence.display.dating import dating_sentence, table_dating
from ctevidence.display.event_tests import table_event_tests
from ctevidence.display.illness import plot_illness
from ctevidence.display.recomputed import table_recomputed
from ctevidence.language import say
from ctevidence.models.dating import dating_of_study
from ctevidence.models.over_time import relapse_over_time
from ctevidence.models.whole_illness import illness_over_time
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=200, seed=6)


def test_agreement_and_what_was_allowed(study):
    table = table_recomputed(relapse_over_time(study))
    assert (table.frame["found"] == "the same").all()
    assert table.frame["allowed"].tolist() == ["below 1e-9"] * 3 + ["below 1e-5"]
    assert not any("must not be used" in note for note in table.notes)


def test_a_difference_is_said_in_its_row_and_above_all_notes(study):
    relapse = relapse_over_time(study)
    wrong = relapse.fit.people.assign(time=relapse.fit.people["time"] * 0.9)
    table = table_recomputed(replace(relapse.fit, people=wrong), week=0.9 * relapse.week)
    found = dict(zip(table.frame["numbers"], table.frame["found"], strict=True))
    assert "do not use" in found["weeks without the event, each arm"]
    assert "must not be used" in table.notes[0]


def test_it_needs_a_week(study):
    with pytest.raises(KeyError, match="week="):
        table_recomputed(relapse_over_time(study).fit)


def test_a_study_without_a_rule_keeps_every_table_and_figure(study):
    silent = replace(study, rules=Rules())
    relapse = relapse_over_time(silent)
    assert (
        say("models.study_answers.no_relapse_rule")
        in table_recomputed(relapse).frame.iloc[0].tolist()
    )
    assert (
        say("models.study_answers.no_relapse_rule")
        in table_event_tests(relapse).frame.iloc[0].tolist()
    )
    dating = dating_of_study(silent)
    assert (
        say("models.study_answers.no_relapse_rule")
        in table_dating(dating, silent).frame.iloc[0].tolist()
    )
    assert say("models.study_answers.no_relapse_rule") in dating_sentence(dating, silent)
    assert (
        say("models.study_answers.no_relapse_rule") in plot_illness(illness_over_time(silent)).alt
    )
