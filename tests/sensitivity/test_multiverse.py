"""The multiverse against single fits, counts by hand and complete data."""

from dataclasses import replace

import pandas as pd
import pytest

import ctevidence as ct
from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.multiverse_rule import MultiverseRule
from ctevidence.data.rules import ResponseRule
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.evidence.hearing import speaks_to
from ctevidence.sensitivity.multiverse import choices_of, multiverse
from ctevidence.sensitivity.specifications import specifications

HALF = ResponseRule("percent_fall", "observed", percent=50)
MINIMAL = ResponseRule("cut_off", "observed", threshold=9)
DEFINITIONS = (
    ResponseDefinition("half", "50 % fall", HALF, ("observed", "non-response", "last-observation")),
    ResponseDefinition("minimal", "9 or less", MINIMAL, ("observed", "non-response")),
)


def declaring(study, **fields):
    return replace(study, rules=replace(study.rules, definitions=DEFINITIONS), **fields)


@pytest.fixture(scope="module")
def trial(beat_the_blues):
    therapy_only = {"randomised": frozenset({"therapy"}), "primary_week": 35.0}
    return declaring(beat_the_blues, **therapy_only)


@pytest.fixture(scope="module")
def found(trial):
    return multiverse(trial, imputations=10, seed=1)


def row_of(found, *choices, question=("combined", "medication")):
    rows = found.of(*question)
    return next(row for row in rows if choices_of(row) == choices)


# -- the grid -------------------------------------------------------------------------------------


def test_all_ways_that_go_together_and_no_others(trial):
    grid = specifications(trial)
    # by hand: 5 countings x (counts + 3 adjusted models) + 2 definitions x 2 imputations x 2
    assert len(grid) == 5 * 4 + 2 * 2 * 2
    assert len({way.choices for way in grid}) == len(grid)
    assert all((way.model == "counts") == (not way.adjust) for way in grid)
    assert not any(way.choices[:2] == ("minimal", "last-observation") for way in grid)


def test_the_declared_main_analysis_comes_first(trial):
    assert specifications(trial)[0].choices == ("half", "observed", "baseline", "standardised")
    rules = replace(trial.rules, response=replace(HALF, missing="non-response"))
    first = specifications(replace(trial, rules=rules))[0]
    assert first.choices[1] == "non-response"


def test_where_all_was_randomised_no_weights_are_needed(trial):
    both = replace(trial, randomised=frozenset({"medication", "therapy"}))
    assert {way.model for way in specifications(both)} == {"counts", "standardised"}


def test_what_is_asked_for_and_cannot_be_is_said(trial):
    with pytest.raises(ValueError, match="No choices of the multiverse"):
        specifications(trial, MultiverseRule(adjust=("none",), models=("standardised",)))
    with pytest.raises(KeyError, match='definition "haf"'):
        specifications(trial, MultiverseRule(definitions=("haf",)))
    with pytest.raises(KeyError, match="agee"):
        specifications(trial, MultiverseRule(adjust=("agee",)))


# -- the answers ----------------------------------------------------------------------------------


def test_counts_are_those_of_the_published_table(found):
    """Counted from the published table here, with nothing of the package."""
    raw = pd.read_csv("data/raw/beat-the-blues/BtheB.csv")
    drug = raw[raw["drug"] == "Yes"]
    responded = drug["bdi.8m"] <= drug["bdi.pre"] / 2
    known = drug["bdi.8m"].notna()
    both = drug["treatment"] == "BtheB"
    seen = responded[both & known].mean() - responded[~both & known].mean()
    everyone = responded[both].mean() - responded[~both].mean()
    observed = row_of(found, "half", "observed", "none", "counts")
    counted = row_of(found, "half", "non-response", "none", "counts")
    assert observed.estimate == pytest.approx(seen, abs=1e-12)
    assert counted.estimate == pytest.approx(everyone, abs=1e-12)


def test_each_way_is_the_single_analysis(trial, found):
    outcome = ct.derive_response(trial, missing="non-response")
    weights = ct.weigh(trial)
    fits = {
        "standardised": ct.fit_response(outcome, model="standardised"),
        "weighted": ct.fit_response(outcome.weighted(weights), model="weighted"),
        "doubly-robust": ct.fit_response(outcome.weighted(weights), model="doubly-robust"),
    }
    for model, fit in fits.items():
        one = fit.compare("combined", against="medication", measure="risk_difference").one()
        row = row_of(found, "half", "non-response", "baseline", model)
        numbers = [(r.estimate, r.conf_low, r.conf_high, r.n) for r in (row, one)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-12)
        asked = ("combined", "additivity", "interaction_difference")
        row = row_of(found, "half", "non-response", "baseline", model, question=asked)
        one = ct.synergy(fit).where(measure="interaction_difference").one()
        assert (row.estimate, row.conf_low) == pytest.approx((one.estimate, one.conf_low))


def test_an_imputing_way_is_the_single_imputation(trial, found):
    seen = ct.derive_response(trial, missing="observed")
    made = ct.impute(seen, "jump to reference", reference="control", imputations=10, seed=1)
    one = made.compare("combined", against="medication").one()
    row = row_of(found, "half", "jump-to-reference", "baseline", "standardised")
    assert (row.estimate, row.std_error) == pytest.approx((one.estimate, one.std_error), rel=1e-12)


def test_complete_data_leave_nothing_to_assume(complete_study):
    rule = MultiverseRule(
        missing=("observed", "non-response", "last-observation", "missing at random",
                 "jump to reference"),
        models=("counts", "standardised"),
    )  # fmt: skip
    made = multiverse(declaring(complete_study), rule=rule, imputations=3, seed=1)
    for model in ("counts", "standardised"):
        rows = [row for row in made.of("combined", "therapy") if choices_of(row)[3] == model]
        half = {round(row.estimate, 9) for row in rows if choices_of(row)[0] == "half"}
        assert len(rows) == 9
        assert len(half) == 1


def test_every_question_of_four_arms_is_answered_in_every_way(trial, found):
    ways = len(specifications(trial))
    for question in (
        ("combined", "therapy"),
        ("medication", "control"),
        ("combined", "best single treatment"),
    ):
        assert len(found.of(*question)) == ways
    assert len(found.of("combined", "additivity", "interaction_difference")) == ways
    assert found.of("combined", "medication").rows[0].randomised
    assert not found.of("combined", "therapy").rows[0].randomised


def test_two_processes_find_the_same(trial, found):
    again = multiverse(trial, imputations=10, seed=1, jobs=2)
    pairs = zip(found.estimates, again.estimates, strict=True)
    assert all(one.same_as(other) for one, other in pairs)


def test_a_way_that_cannot_be_gone_keeps_its_place_and_says_why(trial, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("The scores do not support the model. Use fewer covariates.")

    monkeypatch.setattr("ctevidence.sensitivity.multiverse.impute", refuse)
    made = multiverse(trial, imputations=3, seed=1)
    rows = made.of("combined", "medication")
    failed = [row for row in rows if not row.is_estimable]
    assert len(rows) == len(made.specifications)
    assert {choices_of(row)[1] for row in failed} == {"missing-at-random", "jump-to-reference"}
    assert failed[0].caution.endswith("not estimable: The scores do not support the model")


def test_no_way_speaks_to_a_claim(found):
    assert not [row.id for claim in read_claims() for row in found.estimates
                if speaks_to(claim, row)]  # fmt: skip


def test_a_study_of_two_arms_has_its_one_comparison(trial):
    kept = tuple(arm for arm in trial.arms if arm.name in ("medication", "combined"))
    people = trial.tables["participants"]
    people = people[people["arm"].isin([arm.name for arm in kept])]
    visits = trial.tables["visits"]
    visits = visits[visits["participant_id"].isin(people["participant_id"])]
    two = replace(trial, arms=kept, tables={**trial.tables, "participants": people,
                                            "visits": visits})  # fmt: skip
    made = multiverse(two, imputations=3, seed=1)
    assert {(row.arm, row.reference) for row in made.estimates} == {("combined", "medication")}
    assert all(row.is_estimable for row in made.estimates)
