"""Truth: contrasts, synergy and the tidy frame."""

import math

import numpy as np
import pytest

from ctevidence.contrasts import synergy
from ctevidence.simulate import Effects, Harms, Relapse, Scenario, Truth, simulate_study
from ctevidence.simulate.population import _follow_everyone
from ctevidence.simulate.truth import COLUMNS

FEW = 5_000


@pytest.fixture(scope="module")
def truth():
    return Truth(Scenario(Effects(-4, -3, -2, -1)), people=FEW)


def test_differences_of_means_are_the_declared_effects(truth):
    value = truth.value
    assert value("mean_difference", "combined", 12, against="control") == pytest.approx(-6)
    assert value("mean_difference", "combined", 12, against="medication") == pytest.approx(-3)
    assert value("mean_difference", "medication", 12, against="combined") == pytest.approx(3)
    assert value("mean_difference", "therapy", 12, against="control") == pytest.approx(-2)


@pytest.mark.parametrize("interaction", [-2.0, 0.0, 1.5])
@pytest.mark.parametrize("week", [2, 4, 8, 12])
def test_synergy_of_means_is_the_declared_interaction(interaction, week):
    """At week 12 in full; before in proportion, with the slower treatment (half-time 4 weeks)."""
    truth = Truth(Scenario(Effects(interaction=interaction)))
    found = truth.value("interaction_difference", "combined", week, outcome="course")
    reached = (1 - 2 ** (-week / 4)) / (1 - 2**-3)
    assert found == pytest.approx(interaction * reached, abs=1e-12)


def test_without_relapse_means_stay_additive_to_the_end():
    truth = Truth(Scenario(Effects(interaction=0), relapse=Relapse(rate_per_year=0)))
    found = truth.value("interaction_difference", "combined", 52, outcome="course")
    assert found == pytest.approx(0, abs=1e-12)


def test_interactions_of_harm_by_hand():
    """Risks .1, .3, .2, .5: difference .1, ratio (.5 x .1)/(.3 x .2), RERI .1/.1, Bliss
    .5 - (1 - .7 x .8 / .9)."""
    truth = Truth(Scenario(harms=Harms(0.1, 0.2, 0.1, 0.1)))
    found = {
        measure: truth.value(measure, "combined", outcome="any harm")
        for measure in ("interaction_difference", "interaction_ratio", "reri", "bliss_excess")
    }
    assert found == pytest.approx(
        {
            "interaction_difference": 0.1,
            "interaction_ratio": 5 / 6,
            "reri": 1.0,
            "bliss_excess": 0.5 - (1 - 0.56 / 0.9),
        }
    )


def test_hazard_ratios_and_their_interaction():
    relapse = Relapse(medication=0.5, therapy=0.8, interaction=0.75)
    truth = Truth(Scenario(relapse=relapse))
    found = truth.value("hazard_ratio", "combined", against="control", outcome="relapse")
    assert found == pytest.approx(0.3)
    chosen = {"outcome": "relapse", "of": "log_hazard"}
    assert truth.value("interaction_ratio", "combined", **chosen) == pytest.approx(0.75)


def test_levels_take_part_in_contrasts_like_those_of_a_fit(truth):
    levels = truth.levels("risk", 12, outcome="response")
    rows = synergy(levels).frame.set_index("measure")
    chosen = {"outcome": "response", "of": "risk"}
    found = truth.row("interaction_difference", "combined", 12, **chosen)
    assert found["truth"] == rows.loc["interaction_difference", "estimate"]
    assert found["monte_carlo_error"] == rows.loc["interaction_difference", "std_error"]


def test_error_of_a_ratio_is_on_the_scale_of_the_ratio(truth):
    """By the delta method: RR times the error of log RR."""
    levels = truth.levels("risk", 12, outcome="response")
    control, combined = levels.values[0], levels.values[3]
    slope = np.array([-combined / control**2, 0, 0, 1 / control])
    row = truth.row("risk_ratio", "combined", 12, against="control", outcome="response")
    assert row["truth"] == pytest.approx(combined / control)
    assert row["monte_carlo_error"] == pytest.approx(math.sqrt(slope @ levels.cov @ slope))


def test_the_frame_is_tidy_and_agrees_with_values(truth):
    frame = truth.frame
    assert tuple(frame.columns) == COLUMNS
    assert not frame.duplicated(["outcome", "of", "arm", "reference", "measure", "week"]).any()
    assert set(frame["outcome"]) == set(truth.outcomes)
    for _, row in frame.sample(20, random_state=1).iterrows():
        week = None if math.isnan(row["week"]) else row["week"]
        pair = row["measure"] not in ("risk", "mean", "survival", "rmst")
        treatments = ("control", "medication", "therapy", "combined")
        against = row["reference"] if pair and row["reference"] in treatments else ""
        chosen = {"against": against, "outcome": row["outcome"], "of": row["of"]}
        assert truth.value(row["measure"], row["arm"], week, **chosen) == row["truth"]


def test_the_frame_cannot_be_spoilt(truth):
    frame = truth.frame
    frame["truth"] = 0.0
    assert truth.frame["truth"].abs().sum() > 0


def test_truth_is_the_same_every_time():
    truth = Truth(Scenario(Effects(interaction=-0.7)), people=500)
    first = truth.levels("risk", 52, outcome="staying well")
    _follow_everyone.cache_clear()
    again = truth.levels("risk", 52, outcome="staying well")
    np.testing.assert_array_equal(again.estimate, first.estimate)
    np.testing.assert_array_equal(again.cov, first.cov)


def test_a_study_carries_the_truth_of_its_effects():
    study = simulate_study(n=40, effects=Effects(medication=-1))
    found = study.truth.value("mean_difference", "medication", 12, against="control")
    assert found == pytest.approx(-1)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda t: t.value("risk", "combined", 12), "risk of response, .*risk of remission"),
        (lambda t: t.value("rismt", "combined", 12), "unknown"),
        (lambda t: t.value("mean", "combined", 13), "weeks 2, 4, 8, 12, 26, 52; found 13"),
        (lambda t: t.value("mean", "both", 12), '"both"'),
        (lambda t: t.value("mean_difference", "combined", 12), "against"),
        (lambda t: t.value("risk", "combined", 12, outcome="remision"), 'mean "remission"'),
        (lambda t: t.levels("rmst", 80, outcome="retention"), "any week up to 54"),
        (lambda t: t.levels("risk", 12, outcome="any harm"), "leave it out"),
    ],
)
def test_what_is_not_known_is_refused(truth, ask, said):
    with pytest.raises(KeyError, match=said):
        ask(truth)
