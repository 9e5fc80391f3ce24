"""The table of tests as readers see it."""

from dataclasses import replace

import pytest

from ctevidence import derive_relapse, fit_relapse, simulate_study
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.event_tests import table_event_tests
from ctevidence.display.format import number, p_value


@pytest.fixture(scope="module")
def fit():
    return fit_relapse(derive_relapse(simulate_study(n=800, seed=3)))


def test_numbers_are_those_of_the_fit(fit):
    table, tests = table_event_tests(fit), fit.tests()
    first, exact = table.frame.iloc[0], tests.iloc[0]
    assert first["test"] == "log-rank"
    assert first["compared"] == "All arms"
    assert first["statistic"] == number(exact["statistic"], 2)
    assert (first["df"], first["p"]) == (str(exact["df"]), p_value(exact["p_value"]))
    pairs = table.frame[table.frame["compared"] != "All arms"]
    assert set(pairs["test"]) >= {"log-rank", "MaxCombo"}
    assert not pairs["test"].str.startswith("Fleming").any()
    assert "Combined treatment against medication" in set(pairs["compared"])
    assert any("the choice paid for" in note for note in table.notes)
    # counted from remission: treatment has chosen who is compared
    assert any("Descriptive only" in note for note in table.notes)


def test_a_group_that_is_hidden_hides_every_row_that_holds_it(fit):
    guarded = replace(fit, outcome=replace(fit.outcome, study=replace(
        fit.study, disclosure="opensafely")))  # fmt: skip
    people = fit.people[~((fit.people["arm"] == "therapy") & fit.people["event"])]
    guarded = replace(guarded, people=people)
    assert disclosure_of(guarded.study).hides(0, 3)
    few = people.drop(people.index[(people["arm"] == "therapy")][3:])
    frame = table_event_tests(replace(guarded, people=few)).frame
    holds = frame["compared"].str.contains("herapy") | (frame["compared"] == "All arms")
    assert (frame.loc[holds, "statistic"] == "not shown").all()
    assert (frame.loc[holds, ["p", "p by Holm"]] == "").all(axis=None)
    assert (frame.loc[~holds, "statistic"] != "not shown").any()


def test_nothing_to_compare_is_said(fit):
    nobody = replace(fit, people=fit.people.assign(event=False))
    frame = table_event_tests(nobody).frame
    assert set(frame["statistic"]) == {"not estimable"}
