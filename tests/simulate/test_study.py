"""Simulated studies: the declared study, reproducibility, confounding."""

import dataclasses
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.data.readers import read_study
from ctevidence.data.study import TABLES, Study
from ctevidence.data.writers import write_study
from ctevidence.simulate import Clusters, Effects, Scenario, simulate_study
from ctevidence.simulate.generate import baseline_scores
from ctevidence.simulate.people import draw_people
from ctevidence.simulate.population import _follow_everyone
from ctevidence.simulate.study import _chosen_arm


@pytest.fixture(scope="module")
def trial(unclustered, complete):
    return simulate_study(n=20_000, seed=3, clusters=unclustered, dropout=complete)


@pytest.fixture(scope="module")
def registry(unclustered, complete):
    return simulate_study(20_000, 3, "registry", clusters=unclustered, dropout=complete)


def bytes_of(study: Study) -> bytes:
    return pickle.dumps({name: study.tables[name].to_csv() for name in TABLES})


def test_it_is_a_synthetic_study():
    study = simulate_study()
    assert isinstance(study, Study)
    assert study.is_synthetic
    assert study.title.startswith("Simulated")
    assert study.weeks == (2, 4, 8, 12, 26, 52)
    assert len(study.participants) == len(study.entering()) == 400
    assert not any(arm.contradictions() for arm in study.arms)


@pytest.mark.parametrize("design", ["trial", "registry"])
def test_the_same_seed_gives_the_same_bytes(design):
    assert bytes_of(simulate_study(60, 9, design)) == bytes_of(simulate_study(60, 9, design))
    assert bytes_of(simulate_study(60, 9, design)) != bytes_of(simulate_study(60, 10, design))


@pytest.mark.parametrize("design", ["trial", "registry"])
def test_writing_and_reading_gives_the_same_study(design, tmp_path):
    study = simulate_study(100, 6, design)
    write_study(study, tmp_path)
    again = read_study(tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(again.tables[name], study.tables[name])
    for declared in dataclasses.fields(Study):
        if declared.name != "tables":
            # numpy's comparison takes a number that is not declared (nan) for the same
            np.testing.assert_equal(getattr(again, declared.name), getattr(study, declared.name))


def test_both_treatments_are_randomised_in_a_trial_none_in_a_registry(trial, registry):
    assert trial.randomised == {"medication", "therapy"}
    assert registry.randomised == frozenset()
    assert (trial.design, registry.design) == ("trial", "registry")


def test_arms_of_a_trial_are_of_equal_size():
    counts = simulate_study(n=403).participants["arm"].value_counts()
    assert sorted(counts) == [100, 101, 101, 101]


def baseline_by_arm(study):
    people = study.entering()
    grouped = people.groupby("arm")
    error = people["baseline"].std() * np.sqrt(2 / grouped.size().min())
    return grouped["baseline"].mean(), error


def test_baseline_is_alike_in_a_trial(trial):
    means, error = baseline_by_arm(trial)
    assert means.max() - means.min() < 4 * error


def test_severe_people_choose_treatment_in_a_registry(registry):
    means, error = baseline_by_arm(registry)
    assert means["combined"] - means["control"] > 20 * error


def test_confounding_biases_a_registry_but_not_a_trial(trial, registry):
    """Unadjusted week-12 means: combined looks worse than it is where the severe choose it."""
    for study, biased in ((trial, False), (registry, True)):
        scores = study.scores().merge(study.participants[["participant_id", "arm"]])
        at_12 = scores[scores["week"] == 12].groupby("arm")["score"].agg(["mean", "var", "size"])
        a, b = at_12.loc["combined"], at_12.loc["control"]
        error = math.sqrt(a["var"] / a["size"] + b["var"] / b["size"])
        truth = study.truth.value("mean_difference", "combined", 12, against="control")
        z = (a["mean"] - b["mean"] - truth) / error
        assert z > 10 if biased else abs(z) < 4


def test_treatment_is_chosen_by_what_is_recorded_only():
    """Adjusting for baseline and covariates is then enough: nothing else moves the choice."""
    people = draw_people(Scenario(), 500, np.random.default_rng(8))
    unseen = {"severity": people.severity + 9, "therapist_effect": people.therapist_effect + 9}
    baseline = baseline_scores(Scenario(), people)
    arms = [
        _chosen_arm(who, baseline, 1.0, np.random.default_rng(9))
        for who in (people, dataclasses.replace(people, **unseen))
    ]
    np.testing.assert_array_equal(*arms)
    worse = _chosen_arm(people, baseline + 5, 1.0, np.random.default_rng(9))
    assert (worse == 3).sum() > (arms[0] == 3).sum()


def test_adjusting_for_what_is_recorded_removes_the_confounding(registry):
    """A regression on arm and what is recorded; the crude difference is off by points."""
    people = registry.entering().merge(registry.scores().query("week == 12"), on="participant_id")
    covariates = people[["baseline", "earlier_episodes", "age"]].assign(
        square=people["baseline"] ** 2, woman=people["sex"] == "female"
    )
    arms = pd.get_dummies(people["arm"])[["combined", "medication", "therapy"]]
    fitted = sm.OLS(people["score"], sm.add_constant(arms.join(covariates).astype(float))).fit()
    truth = registry.truth.value("mean_difference", "combined", 12, against="control")
    crude = people.groupby("arm")["score"].mean()
    bias = crude["combined"] - crude["control"] - truth
    left = fitted.params["combined"] - truth
    # the regression takes effects as alike for all, which they are not quite: a tenth may remain
    assert abs(left) < 0.1 * bias + 4 * fitted.bse["combined"]
    assert bias > 20 * fitted.bse["combined"]


def test_without_confounding_treatment_is_chosen_blindly(unclustered):
    study = simulate_study(20_000, 4, "registry", clusters=unclustered, confounding=0)
    means, error = baseline_by_arm(study)
    assert means.max() - means.min() < 4 * error


def test_truth_does_not_depend_on_the_design():
    assert simulate_study(40, 1).truth == simulate_study(80, 2, "registry").truth


def test_truth_is_not_calculated_before_it_is_asked_for():
    before = _follow_everyone.cache_info().misses
    study = simulate_study(40, effects=Effects(interaction=-0.123))
    assert _follow_everyone.cache_info().misses == before
    study.truth.value("mean", "combined", 52)
    assert _follow_everyone.cache_info().misses == before + 1


def test_a_changed_study_keeps_its_truth():
    study = simulate_study(40)
    assert dataclasses.replace(study, primary_week=8).truth is study.truth


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(40, 200),
    seed=st.integers(0, 2**32),
    sites=st.integers(1, 12),
    interaction=st.floats(-4, 4),
)
def test_every_study_has_all_arms_and_people(n, seed, sites, interaction):
    study = simulate_study(
        n, seed, effects=Effects(interaction=interaction), clusters=Clusters(sites=sites)
    )
    assert study.participants["participant_id"].nunique() == n
    assert set(study.participants["arm"]) == {arm.name for arm in study.arms}
    assert study.visits["score"].between(0, 27).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"design": "registri"}, 'did you mean "registry"'),
        ({"n": 3}, "at least 4"),
        ({"n": 4, "design": "registry", "confounding": 50}, "nobody"),
    ],
)
def test_impossible_studies_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        simulate_study(**arguments)
