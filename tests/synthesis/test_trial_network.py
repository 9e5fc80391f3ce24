"""The network of a source: linde2016 as published, trials by arm, and why there is none."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.trials import Trials, read_trials
from ctevidence.language import say
from ctevidence.synthesis.component_matrix import possible_interactions
from ctevidence.synthesis.components import pool_components
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.network import pool_network
from ctevidence.synthesis.trial_network import trial_network

RAW = Path(__file__).parents[2] / "data" / "raw"
CBT = "Face-to-face CBT + SSRI"


@pytest.fixture(scope="module")
def published():
    return read_trials(RAW / "published-trials")


@pytest.fixture(scope="module")
def linde(tmp_path_factory):
    made = tmp_path_factory.mktemp("processed")
    return read_trials(prepare("linde2016", raw=RAW, processed=made))


@pytest.fixture(scope="module")
def found(linde, published):
    return trial_network(linde, published, "beat-the-blues")


def arms(*rows):
    columns = ["trial_id", "treatment", "events", "n"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(arm=frame["treatment"], outcome="response", condition="panic",
                        age_group="adults", phase="acute", flags="")  # fmt: skip


def test_linde2016_comes_out_as_its_own_calls(found, linde):
    assert found.network.data.reference == "Placebo"
    network = pool_network(effect_sizes(linde, "response"), "Placebo")
    row = found.network.compare(CBT, against="SSRI").one()
    assert row.estimate == pytest.approx(network.compare(CBT, against="SSRI").one().estimate)
    additive = pool_components(network, "Placebo")
    # additive components of linde2016 in netmeta: Q difference 6.67 on 3, see test_components
    assert found.additive.additivity.difference.q == pytest.approx(
        additive.additivity.difference.q, rel=1e-9
    )
    assert len(possible_interactions(additive.matrix)) == len(found.components.matrix.interactions)


def test_combinations_are_ordered_by_rank_and_know_their_parts(found):
    assert [c.combined for c in found.combinations][0] == CBT == found.network.ranking[0]
    assert len(found.combinations) == 3
    for each in found.combinations:
        assert {each.medication, each.therapy} == set(each.combined.split(" + "))
        assert found.interaction(each).measure == "interaction_ratio"
        assert found.better_than_both(each).reference == "best single treatment"


def test_what_rests_on_one_small_trial_is_counted(found):
    row = found.better_than_both(found.combinations[0])
    assert (row.studies, row.n) == (1, 17)
    assert "one trial of 34 people (study 117)" in row.caution


def test_trials_of_other_sources_are_counted_not_removed(found, published):
    assert found.shared == {"published-trials": 9, "beat-the-blues": 1}
    assert len(found.network.data.trials.trials) == 93
    assert trial_network(published, published, "published-trials").shared == {}


def test_estimates_have_one_row_each(found):
    rows = found.estimates
    assert len({row.id for row in rows}) == len(rows)
    own = rows.where(arm=CBT, reference="SSRI", measure="odds_ratio")
    assert len(own) == 1


def test_trials_by_arm_make_a_network_of_one_condition_and_of_adults(published):
    found = trial_network(published)
    assert set(found.network.treatments) == {
        "control", "medication", "therapy", "medication + therapy",
    }  # fmt: skip
    assert found.network.data.population.startswith("depression")
    ages = set(found.network.effects.frame["age_group"])
    assert ages <= {"adults", "older adults"}
    assert found.interaction(found.combinations[0]).is_estimable
    anxiety = trial_network(published, condition="panic")
    assert anxiety.network.data.population.startswith("anxiety")


def test_a_single_trial_of_one_contrast():
    rows = arms(("a", "combined", 30, 50), ("a", "medication", 20, 50))
    found = trial_network(Trials("demo", "One", arms=rows))
    row = found.network.compare("medication + therapy", against="medication").one()
    # odds ratio by hand: 30 of 50 against 20 of 50
    assert row.estimate == pytest.approx((30 / 20) / (20 / 30), rel=1e-9)
    assert found.component_reason == say("synthesis.trial_network.no_control")
    assert found.combinations == ()
    assert len(found.estimates) > 0


def test_a_network_that_falls_into_parts_says_so():
    rows = arms(("a", "combined", 30, 50), ("a", "medication", 20, 50),
                ("b", "therapy", 30, 50), ("b", "control", 20, 50))  # fmt: skip
    found = trial_network(Trials("demo", "Two", arms=rows))
    assert found.network is None
    assert "falls into 2 parts" in found.reason
    assert (len(found.estimates), found.combinations) == (0, ())


def test_no_trial_no_combination_and_no_known_direction_have_their_reason(linde):
    young = arms(("a", "combined", 30, 50), ("a", "medication", 20, 50))
    young = young.assign(age_group="adolescents")
    assert "no trial reports" in trial_network(Trials("demo", "One", arms=young)).reason
    single = arms(("a", "medication", 30, 50), ("a", "control", 20, 50))
    found = trial_network(Trials("demo", "One", arms=single))
    assert found.component_reason == say("synthesis.trial_network.no_combination")
    other = replace(linde, contrasts=linde.contrasts.assign(outcome="score"))
    assert "is not known" in trial_network(other).reason
