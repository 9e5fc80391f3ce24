"""Definitions side by side and for whom: what is drawn, ordered, hidden and said."""

from dataclasses import replace

import pytest

from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.modifiers import Modifier
from ctevidence.data.rules import ResponseRule
from ctevidence.display.definitions import plot_definitions
from ctevidence.display.for_whom import plot_for_whom
from ctevidence.estimates import Estimates
from ctevidence.models.for_whom import for_whom
from ctevidence.models.response_definitions import response_definitions
from ctevidence.outcomes.response import derive_response
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    study = simulate_study(n=240, seed=11)
    definitions = tuple(
        ResponseDefinition(
            f"p{p}",
            f"{p} % fall",
            ResponseRule("percent_fall", "observed", percent=p),
            ("observed", "last-observation"),
        )
        for p in (30, 50)
    )
    modifiers = (Modifier("sex", "groups"), Modifier("baseline", "continuous", per=5))
    rules = replace(study.rules, definitions=definitions, modifiers=modifiers)
    return replace(study, rules=rules)


@pytest.fixture(scope="module")
def definitions(study):
    return response_definitions(study)


@pytest.fixture(scope="module")
def groups(study):
    return for_whom(derive_response(study))


def test_definitions_stand_from_the_largest_difference_to_the_smallest(study, definitions):
    figure = plot_definitions(definitions, study)
    rows = definitions.where(measure="risk_difference", arm="combined", reference="medication")
    shown = [f"{r['definition']} {r['missing scores']}" for _, r in figure.data.frame.iterrows()]
    expected = sorted(rows, key=lambda r: -r.estimate)
    names = [r.outcome.removeprefix("response, ").replace(" (", " ").rstrip(")") for r in expected]
    assert shown == names
    assert "last score carried forward" in shown[0] + shown[1] + shown[2] + shown[3]
    assert figure.png == plot_definitions(definitions, study).png


def test_the_table_behind_it_holds_arms_and_differences(study, definitions):
    frame = plot_definitions(definitions, study).data.frame
    assert {"control", "combined", "against medication", "against therapy"} <= set(frame)
    row = definitions.where(measure="risk", arm="combined", outcome=definitions.rows[0].outcome)
    words = definitions.rows[0].outcome.removeprefix("response, ").partition(" (")[0]
    cell = frame[(frame["definition"] == words) & (frame["missing scores"] == "observed")]
    assert float(cell["combined"].iloc[0]) == pytest.approx(100 * row.one().estimate, abs=0.51)


def test_nothing_to_compare_is_said_in_a_figure(study, definitions):
    figure = plot_definitions(definitions.where(measure="risk"), study)
    assert "No figure could be drawn" in figure.alt


def test_forest_of_groups_shows_people_effects_and_both_scales(study, groups):
    figure = plot_for_whom(groups, study)
    frame = figure.data.frame
    assert frame["who"].str.contains("exploratory").all()
    women = groups.where(measure="risk_difference", population="sex: female").one()
    row = frame[frame["group"] == "female"].iloc[0]
    assert row["people"] == f"{women.n} / {women.n_reference}"
    between = frame[frame["group"] == "male against female"].iloc[0]
    assert between["difference (range)"]
    assert between["ratio of ratios"]
    assert (frame["group"] == "for each 5 more").sum() == 1


def test_a_small_group_hides_all_that_would_give_it_away(groups):
    # opensafely hides counts up to 7: make the men few
    small = Estimates(
        replace(row, n=5, events=2) if row.population == "sex: male" else row for row in groups
    )
    frame = plot_for_whom(small, "opensafely").data.frame.set_index("group")
    assert frame.loc["male", "difference (range)"] == "not shown"
    assert frame.loc["male against female", "difference (range)"] == "not shown"
    assert frame.loc["female", "drawn together"] == "not shown"
    assert frame.loc["male", "people"].startswith("1–7")
