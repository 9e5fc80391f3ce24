"""The question in full says what the analysis does."""

from dataclasses import replace

import pytest

from ctevidence.data.intercurrent_events import IntercurrentEvent
from ctevidence.display.estimand import LEADS_WITH, estimand, estimand_sentence, table_estimand
from ctevidence.language import words
from ctevidence.outcomes import derive_course, derive_harms, derive_response
from ctevidence.outcomes.outcome import FRAME_COLUMNS
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=40, seed=2)


@pytest.fixture(scope="module")
def declared(study):
    left = IntercurrentEvent("dropout", "composite")
    switched = IntercurrentEvent("switch", "hypothetical")
    return replace(study, rules=replace(study.rules, intercurrent=(left, switched)))


def test_every_kind_of_outcome_has_a_question():
    assert set(LEADS_WITH) == set(FRAME_COLUMNS) == set(words("estimand_default"))


def test_without_a_declaration_it_says_what_holds(study):
    asked = estimand(derive_response(study))
    assert asked.intercurrent_events.startswith("no strategy is declared: scores count whatever")
    assert asked.measure == "difference per 100 people"
    assert asked.time == "week 12"


def test_the_declared_strategies_are_those_of_the_analysis(declared):
    outcome = derive_course(declared)
    asked = estimand(outcome, "combined", against="therapy", week=26)
    for event in declared.rules.intercurrent:
        assert event.describe() in asked.intercurrent_events
        assert event.describe() in outcome.cautions[0]
    assert asked.contrast == "combined treatment against therapy"


def test_an_outcome_without_strategies_does_not_claim_them(declared):
    asked = estimand(derive_harms(declared))
    assert "do not apply" in asked.intercurrent_events
    assert "composite" not in asked.intercurrent_events


def test_sentence_and_table_hold_the_same_five_attributes(declared):
    asked = estimand(derive_response(declared))
    sentence, table = estimand_sentence(asked), table_estimand(asked)
    assert len(table.frame) == 5
    for words_of in (asked.population, asked.contrast, asked.measure, asked.intercurrent_events):
        assert words_of in sentence
        assert table.frame.iloc[:, 1].eq(words_of).any()


def test_another_measure_must_exist(study):
    with pytest.raises(KeyError, match="no contrast measure"):
        estimand(derive_response(study), measure="risk_diff")
