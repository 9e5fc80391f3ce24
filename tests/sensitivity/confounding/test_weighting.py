from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.sensitivity.balance import TARGET
from ctevidence.sensitivity.weighting import weigh


@pytest.fixture(scope="module")
def two_arms(make_registry):
    rng = np.random.default_rng(5)
    people = pd.DataFrame({"participant_id": [f"P{i}" for i in range(200)]})
    people["baseline"] = rng.normal(22, 5, 200)
    people["site"] = rng.choice(["a", "b", "c"], 200)
    chance = 1 / (1 + np.exp(-(people["baseline"] - 22) / 4))
    people["arm"] = np.where(rng.random(200) < chance, "combined", "medication")
    return make_registry(people, ("baseline", "site"))


def test_overlap_weights_of_two_arms_balance_means_exactly(two_arms):
    """Li, Morgan and Zaslavsky 2018, JASA 113:390, theorem 3."""
    weights = weigh(two_arms, "overlap")
    between = weights.balance().query(f"reference != '{TARGET}'")
    assert between["before"].abs().max() > 0.5
    assert between["after"].abs().max() < 1e-9
    # the weight is the chance of the other arm
    other = 1 - weights.propensity.probability[np.arange(200), weights.arm_number]
    np.testing.assert_allclose(weights.value / other, weights.value[0] / other[0], rtol=1e-9)


@pytest.mark.parametrize("how", ["inverse-probability", "overlap", "matching"])
def test_balance_as_in_r(r, registry, how):
    table = weigh(registry, how).balance().query(f"reference != '{TARGET}'")
    for column, name in (("baseline", "baseline"), ("age", "age"), ("sex: m", "sex")):
        largest = table[table["covariate"] == column][["before", "after"]].abs().max()
        np.testing.assert_allclose(largest, r["smd"][how][name], rtol=1e-7)


def test_inverse_probability_weights_have_a_mean_near_one_and_sum_to_the_arms(registry):
    weights = weigh(registry, "inverse-probability")
    sums = pd.Series(weights.value).groupby(weights.arm).sum()
    sizes = pd.Series(weights.arm).value_counts()
    np.testing.assert_allclose(sums / sizes[sums.index], 1, atol=0.1)
    assert (weights.tilt == 1).all()
    assert weights.population == "everyone who started"


def with_gaps(registry):
    people = registry.tables["participants"].copy()
    people["age"] = people["age"].astype(float)
    people.loc[[0, 5, 9], "age"] = np.nan
    people.loc[[7], "sex"] = None
    return replace(registry, tables=dict(registry.tables) | {"participants": people})


def test_people_with_missing_covariates_are_left_out_and_said(registry):
    weights = weigh(with_gaps(registry))
    assert len(weights.people) == 416
    assert weights.positivity()["without_covariates"].sum() == 4
    assert "people with missing age, sex are left out" in weights.cautions
    assert np.isfinite(weights.value).all()


def test_missing_may_count_as_a_value(registry):
    weights = weigh(with_gaps(registry), missing="own-value")
    assert len(weights.people) == 420
    assert {"age: missing", "sex: missing"} <= set(weights.balance_columns)
    assert not any("left out" in c for c in weights.cautions)


def test_trimming_leaves_out_whom_it_names_and_fits_again(registry):
    all_of_them = weigh(registry)
    low = (all_of_them.propensity.probability < 0.1).any(axis=1)
    trimmed = weigh(registry, trim=0.1)
    assert set(trimmed.people) == set(all_of_them.people[~low])
    found = trimmed.positivity()
    assert found["trimmed"].sum() == low.sum() > 0
    assert (found["entered"] == found["trimmed"] + found["people"]).all()
    assert trimmed.population.endswith("without those with a chance below 0.1 of some arm")
    assert "people with a chance below 0.1 of some arm were trimmed" in trimmed.cautions


def test_people_without_a_chance_are_counted_by_arm(registry):
    weights = weigh(registry)
    chance = weights.propensity.probability
    found = weights.positivity(least=0.08)
    assert found["no_chance"].tolist() == (chance < 0.08).sum(axis=0).tolist()
    assert found["smallest"].tolist() == chance.min(axis=0).tolist()
    assert found["no_chance"].sum() > 0


def test_an_arm_of_one_site_is_said_to_be_separated(make_registry):
    people = pd.DataFrame({"participant_id": [f"P{i}" for i in range(60)]})
    people["arm"] = np.repeat(["medication", "therapy", "combined"], 20)
    people["site"] = np.where(people["arm"] == "combined", "clinic", "practice")
    weights = weigh(make_registry(people, ("site",)))
    assert any("covariates separate some arms" in c for c in weights.cautions)


def test_the_same_call_gives_the_same_weights(registry):
    np.testing.assert_array_equal(weigh(registry).value, weigh(registry).value)
    again = weigh(registry, "matching", trim=0.05).again(registry)
    np.testing.assert_array_equal(again.value, weigh(registry, "matching", trim=0.05).value)


def test_printing_holds_no_counts(registry):
    assert repr(weigh(registry)) == (
        'Weights of "registry" for people with a fair chance of every arm: generalised overlap '
        "weights by baseline, age, sex"
    )


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"method": "overlp"}, KeyError, 'No weights "overlp"; did you mean "overlap"'),
        ({"adjust": []}, ValueError, "declares no covariates to weigh by"),
        ({"adjust": ["aeg"]}, KeyError, 'did you mean "age"'),
        ({"missing": "guess"}, ValueError, "Known: leave-out, own-value"),
        ({"trim": 0.7}, ValueError, "from 0 to below a half"),
        ({"trim": 0.24}, ValueError, "Nobody is left to weigh in"),
    ],
)
def test_what_cannot_be_done_is_said(registry, options, error, words):
    if options.get("adjust") == []:
        registry = replace(registry, adjust=())
        options = {}
    with pytest.raises(error, match=words):
        weigh(registry, **options)
