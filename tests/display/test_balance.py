"""What readers see of weights: gated tables, the Love plot, E-values in words."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ctevidence.contrasts import compare, counted_levels
from ctevidence.display.balance import plot_balance, table_balance, table_weights
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.survival import plot_survival
from ctevidence.display.unmeasured import sentence_e_value, table_e_values
from ctevidence.display.weighted_survival import _points, plot_weighted_survival
from ctevidence.estimates import Estimate
from ctevidence.models.retention import fit_retention
from ctevidence.outcomes.retention import derive_retention
from ctevidence.sensitivity.e_values import e_values
from ctevidence.sensitivity.interaction_bounds import interaction_bounds
from ctevidence.sensitivity.weighting import weigh
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=300, seed=5, design="registry")


@pytest.fixture(scope="module")
def gated(study):
    return replace(study, disclosure="opensafely")


def test_the_table_of_weights_counts_people_and_what_they_tell(study):
    weights = weigh(study)
    table = table_weights(weights)
    found = weights.positivity()
    assert table.frame["weighed"].tolist() == [str(k) for k in found["people"]]
    assert table.frame["as informative as"].tolist() == [f"{k:.0f}" for k in found["effective"]]
    assert "trimmed" not in table.frame
    assert "people with a fair chance of every arm" in table.notes[0]


def test_small_counts_of_weights_are_hidden(gated):
    weights = weigh(gated, trim=0.05)
    few = weights.positivity()["trimmed"]
    assert few.between(1, 7).any()
    shown = table_weights(weights).frame["trimmed"]
    assert {shown[i] for i in few.index[few.between(1, 7)]} == {"1–7"}
    assert all(int(k) % 5 == 0 for k in shown if "–" not in k)


def test_balance_of_a_small_group_is_hidden_from_table_and_figure(study, gated):
    people = study.tables["participants"].copy()
    people["rare"] = "no"
    people.loc[people.groupby("arm").head(3).index, "rare"] = "yes"  # three in each arm
    tables = dict(study.tables) | {"participants": people}
    open_study = replace(study, tables=tables, adjust=("baseline", "rare"))
    shown = table_balance(weigh(open_study)).frame.set_index("covariate")
    assert "not shown" not in shown.loc["rare: yes"].tolist()
    hidden = replace(gated, tables=tables, adjust=("baseline", "rare"))
    table = table_balance(weigh(hidden)).frame.set_index("covariate")
    assert table.loc["rare: yes", ["before", "after", "from the target"]].eq("not shown").all()
    assert table.loc["baseline", "before"] != "not shown"
    figure = plot_balance(weigh(hidden))
    assert "Love plot of 1 covariate." in figure.alt


def test_the_love_plot_says_its_numbers_and_is_the_same_each_time(study):
    weights = weigh(study)
    figure = plot_balance(weights)
    between = weights.balance().query("reference != 'target population'")
    assert f"{between['before'].abs().max():.2f} standard deviations" in figure.alt
    assert f"largest difference is {between['after'].abs().max():.2f}" in figure.alt
    assert figure.png == plot_balance(weights).png
    assert figure.png.startswith(b"\x89PNG")


def test_nothing_to_draw_is_said(gated):
    people = gated.tables["participants"].groupby("arm").head(6)
    visits = gated.tables["visits"]
    tables = dict(gated.tables) | {
        "participants": people,
        "visits": visits[visits["participant_id"].isin(people["participant_id"])],
    }
    figure = plot_balance(weigh(replace(gated, tables=tables, adjust=("age",))))
    assert "too few people in a group" in figure.alt


def test_e_values_in_words():
    levels = counted_levels([60, 40, 30, 20], [100] * 4, randomised=frozenset())
    ratio = compare(levels, "combined", against="control", measure="risk_ratio")
    text = sentence_e_value(e_values(ratio))
    assert "5.45 times as likely could explain the whole association" in text  # 3 + sqrt(6)
    weak = compare(levels, "therapy", against="control", measure="risk_ratio")
    assert "the range includes no difference without any" in sentence_e_value(e_values(weak))
    rows = interaction_bounds(levels)
    text = sentence_e_value(rows.where(measure="interaction_difference_e_value"))
    assert text.startswith("Synergy on the difference scale, response: something unmeasured")
    table = table_e_values((*e_values(ratio), *rows))
    assert table.frame["to explain it away"].tolist()[0] == "5.45"
    assert len(table.frame) == 3  # bounds are no E-values


def test_e_values_pass_the_gate():
    levels = counted_levels([3, 40, 30, 20], [100] * 4, randomised=frozenset())
    ratio = compare(levels, "combined", against="control", measure="risk_ratio")
    hidden = sentence_e_value(e_values(ratio), source="opensafely")
    assert "no E-value; not shown" in hidden
    rows = interaction_bounds(levels)
    for row in rows.where(measure="interaction_ratio_e_value"):
        assert "not shown" in sentence_e_value(row, source="opensafely")


def test_other_rows_are_no_e_values():
    with pytest.raises(ValueError, match="is no E-value"):
        sentence_e_value(Estimate("demo", "response", "combined", "risk", 0.5))


def test_curves_of_weighted_people(study, gated):
    fit = fit_retention(derive_retention(study).weighted(weigh(study)))
    figure = plot_weighted_survival(fit)
    levels = fit.levels("survival", math.floor(100 * fit.largest_week) / 100)
    for arm, value in zip(study.arms, levels.values, strict=True):
        assert f"{arm.label} {100 * value:.0f}" in figure.alt
    with pytest.raises(TypeError, match="plot_weighted_survival"):
        plot_survival(fit)
    with pytest.raises(TypeError, match="use plot_survival"):
        plot_weighted_survival(fit_retention(derive_retention(study)))
    hidden = plot_weighted_survival(fit_retention(derive_retention(gated).weighted(weigh(gated))))
    assert len(hidden.data.frame) < len(figure.data.frame)  # the first events are too few to show


def test_few_events_are_left_out_of_weighted_curves(gated):
    fit = fit_retention(derive_retention(gated).weighted(weigh(gated)))
    points = _points(fit, np.array([2.0, 5.0, 20.0, 50.0]), disclosure_of(gated))
    labels = {arm.label: arm.name for arm in gated.arms}
    for arm, week in zip(points["arm"], points["week"], strict=True):
        own = fit.people[fit.people["arm"] == labels[arm]]
        events = int((own["event"] & (own["time"] <= week)).sum())
        assert not 1 <= events <= 7
    assert np.allclose(points["value"], points["value"].round(2))
