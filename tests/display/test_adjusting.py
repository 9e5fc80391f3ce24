"""Adjusted shares and plain counts say which they are, wherever both appear."""

import pandas as pd
import pytest

from ctevidence.display.adjusting import adjusted_for, adjusting_note, how_made
from ctevidence.display.arm_sentences import sentence_of_arms
from ctevidence.display.definitions import plot_definitions
from ctevidence.display.findings import table_findings
from ctevidence.display.per_100 import plot_per_100
from ctevidence.display.tables import table_estimates
from ctevidence.models.response import fit_response
from ctevidence.models.response_definitions import response_definitions
from ctevidence.outcomes.response import derive_response
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=120, seed=2)


@pytest.fixture(scope="module")
def adjusted(study):
    return fit_response(derive_response(study))


@pytest.fixture(scope="module")
def counted(study):
    return fit_response(derive_response(study), adjust=[])


def test_rows_say_what_they_are_adjusted_for(adjusted, counted):
    assert {adjusted_for(row) for row in adjusted.per_arm("risk")} == {"baseline"}
    assert {how_made(row) for row in counted.per_arm("risk")} == {"as counted"}


def test_icons_name_the_adjusted_share_and_the_counts_beside_it(adjusted, counted):
    figure = plot_per_100(adjusted)
    assert "adjusted for baseline" in figure.title
    columns = list(figure.data.frame)
    assert columns[1] == "per 100, adjusted"
    assert columns[3] == "people with it, as counted"
    assert list(plot_per_100(counted).data.frame)[1] == "per 100"
    assert "as counted" in plot_per_100(counted).title


def test_tables_and_sentences_say_so_too(adjusted, counted, study):
    rows = adjusted.compare("combined", against="medication")
    assert any("adjusted for baseline" in note for note in table_estimates(rows, study).notes)
    assert "adjusted for baseline" in sentence_of_arms(adjusted.per_arm("risk"), study)
    plain = counted.compare("combined", against="medication")
    assert not any("adjusted" in note for note in table_estimates(plain, study).notes)
    every = adjusted.per_arm("risk") + rows
    notes = table_findings(every, "combined", "medication", study).notes
    assert any(note == adjusting_note(every) for note in notes)


def test_definitions_are_counted_and_say_so(study):
    figure = plot_definitions(response_definitions(study), study)
    assert "as counted" in figure.title
    assert isinstance(figure.data.frame, pd.DataFrame)
