"""What could overturn an answer, as readers see it: words, tables, figures, suppression."""

from dataclasses import replace

import numpy as np
import pytest

import ctevidence as ct
from ctevidence.data.study import Rules
from ctevidence.display.limits import confounding_words, missing_words
from ctevidence.evidence.verdict import Thresholds
from ctevidence.sensitivity.leading_contrast import leading_contrast, unrandomised_pairs
from ctevidence.simulate.scenario import Dropout
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    """The simulated trial as if only therapy had been randomised."""
    made = simulate_study(n=240, seed=5, dropout=Dropout(risk=0.3))
    return replace(made, randomised=frozenset({"therapy"}), disclosure="open")


@pytest.fixture(scope="module")
def missing(study):
    return ct.limits_of_missing(study, seed=1, imputations=20, jackknife=False)


@pytest.fixture(scope="module")
def confounding(study):
    return ct.limits_of_confounding(study)


@pytest.fixture(scope="module")
def choices(study):
    return ct.multiverse(study, seed=1, imputations=10)


# -- which comparison -----------------------------------------------------------------------------


def test_combined_against_medication_leads_where_there_are_both(study):
    assert leading_contrast(study) == ("combined", "medication", "control")
    kept = ("control", "therapy")
    people = study.tables["participants"]
    people = people[people["arm"].isin(kept)]
    tables = {"participants": people}
    for name in ("visits", "events", "treatments"):
        table = study.tables[name]
        tables[name] = table[table["participant_id"].isin(people["participant_id"])]
    two = replace(study, arms=tuple(a for a in study.arms if a.name in kept), tables=tables)
    assert leading_contrast(two) == ("therapy", "control", "control")


def test_pairs_that_chance_did_not_make(study):
    assert unrandomised_pairs(study) == (
        ("combined", "therapy"),
        ("combined", "control"),
        ("medication", "control"),
        ("therapy", "medication"),
    )
    assert unrandomised_pairs(replace(study, randomised=frozenset({"medication", "therapy"}))) == ()
    assert len(unrandomised_pairs(replace(study, randomised=frozenset()))) == 6


# -- missing scores -------------------------------------------------------------------------------


def test_rows_are_those_of_the_single_calls(study, missing):
    course = ct.derive_course(study)
    asked = {"against": "medication", "week": missing.week}
    rows = ct.missing_scores(course, "combined", **asked, reference="control", imputations=20,
                             seed=1, jackknife=False)  # fmt: skip
    assert all(a.same_as(b) for a, b in zip(rows, missing.course, strict=True))
    tip = ct.tipping_point(ct.impute(course, imputations=20, seed=1), "combined", **asked)
    np.testing.assert_allclose(tip.estimate, missing.tipping[-1].estimate, rtol=1e-12)


def test_tipping_points_stand_in_words_with_the_numbers(missing):
    tip, told = missing.tipping[-1], missing_words(missing)
    assert np.isfinite(tip.alone)
    assert f"{abs(tip.alone):.1f} PHQ-9 points {'worse' if tip.alone > 0 else 'better'}" in told
    assert "Over 6 assumptions" in told
    shares = [round(100 * k / n) for k, n in zip(tip.missing, tip.people, strict=True)]
    assert f"{shares[0]} of every 100 scores are missing with combined treatment" in told


def test_small_groups_say_nothing(study):
    few = replace(simulate_study(n=24, seed=2), randomised=frozenset(), disclosure="min10")
    found = ct.limits_of_missing(few, seed=1, imputations=5, jackknife=False)
    told = missing_words(found)
    assert not any(ch.isdigit() for ch in told.replace("100", ""))


def test_scores_that_cannot_be_imputed_have_a_reason(study, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("Nobody has a score. Take other visits.")

    monkeypatch.setattr("ctevidence.sensitivity.limits_of_missing.impute", refuse)
    found = ct.limits_of_missing(study, seed=1)
    assert missing_words(found) == (
        "Scores that are missing cannot be imputed here: nobody has a score."
    )
    for figure in (ct.plot_limits_of_missing(found), ct.plot_limits_tipping(found)):
        assert "nobody has a score" in figure.alt
        assert "Take other" not in figure.alt


def test_without_a_rule_of_response_the_course_stands_alone(study):
    found = ct.limits_of_missing(
        replace(study, rules=Rules()), seed=1, imputations=5, jackknife=False
    )
    assert len(found.course)
    assert "no rule of response" in ct.plot_limits_of_missing(found, "response").alt


# -- confounding ----------------------------------------------------------------------------------


def test_three_ways_and_an_e_value_for_each_pair(study, confounding):
    seen, adjusted, weighted = confounding.of("combined", "therapy")
    outcome = ct.derive_response(study, missing="observed")
    asked = {"against": "therapy", "measure": "risk_difference"}
    assert seen.estimate == ct.fit_response(outcome, []).compare("combined", **asked).one().estimate
    one = ct.fit_response(outcome, model="standardised").compare("combined", **asked).one()
    assert adjusted.estimate == pytest.approx(one.estimate, rel=1e-12)
    fit = ct.fit_response(outcome.weighted(ct.weigh(study)), model="doubly-robust")
    assert weighted.estimate == fit.compare("combined", **asked).one().estimate
    ratio = fit.compare("combined", against="therapy", measure="risk_ratio").one().estimate
    by_hand = max(ratio, 1 / ratio)
    by_hand += np.sqrt(by_hand * (by_hand - 1))  # VanderWeele and Ding 2017
    row = confounding.e_values.where(arm="combined", reference="therapy").one()
    assert row.estimate == pytest.approx(by_hand, rel=1e-9)


def test_what_was_not_randomised_is_called_an_association(study, confounding):
    told = confounding_words(confounding)
    assert told.startswith("Medication was not assigned by chance")
    assert "associations" in told
    assert "synergy" in told
    assert len(ct.table_confounding(confounding).frame) == 4
    both = replace(study, randomised=frozenset({"medication", "therapy"}))
    assert "Chance assigned every treatment" in confounding_words(ct.limits_of_confounding(both))
    neither = replace(study, randomised=frozenset())
    assert "No treatment was assigned" in confounding_words(ct.limits_of_confounding(neither))


def test_without_covariates_it_says_that_people_cannot_be_made_alike(study):
    found = ct.limits_of_confounding(replace(study, adjust=()))
    assert found.weights is None
    assert "declares no covariates" in confounding_words(found)
    assert "declares no covariates" in ct.plot_limits_of_confounding(found).alt
    assert len(found.e_values) == 4


# -- choices --------------------------------------------------------------------------------------


def test_the_sentence_counts_the_ways(choices, study):
    rows = list(choices.of("combined", "medication"))
    better = sum(row.estimate > 0 for row in rows)
    told = ct.multiverse_sentence(rows, study)
    assert told.startswith(f"Of {len(rows)} ways of analysing these data, {better} find combined")
    # what would matter only if it were more than everybody: nothing is a benefit, all is little
    never = ct.multiverse_sentence(rows, study, Thresholds(probability=1.0))
    assert 'The verdict is "little or no difference" in all of them.' in never


def test_the_figure_holds_every_way_and_its_choices(choices, study):
    figure = ct.plot_multiverse(choices.of("combined", "medication"), study)
    frame = figure.data.frame
    assert len(frame) == len(choices.specifications)
    assert list(frame)[:4] == ["response means", "missing scores", "adjusted for", "model"]
    assert figure.png == ct.plot_multiverse(choices.of("combined", "medication"), study).png
    one_sided = ct.plot_multiverse(choices.of("combined", "best single treatment"), study)
    assert "the better single treatment" in one_sided.alt


def test_hidden_ways_are_neither_drawn_nor_counted():
    small = simulate_study(n=24, seed=2)
    rows = list(ct.multiverse(small, seed=1, imputations=3).of("combined", "medication"))
    figure = ct.plot_multiverse(rows, "min10")
    assert "too few people" in figure.alt
    assert "no estimate" in ct.multiverse_sentence(rows, "min10")


def test_every_question_has_a_sentence(choices):
    table = ct.table_multiverse(choices).frame
    assert len(table) == 8
    assert "More than the parts add up to" in set(table["question"])


def test_the_table_of_limits_holds_one_sentence_each(missing, confounding, choices):
    frame = ct.table_limits(missing, confounding, choices).frame
    assert list(frame.iloc[:, 0]) == [
        "Missing scores", "Treatment that chance did not assign", "Choices of analysis",
    ]  # fmt: skip
    assert all(len(text) > 40 for text in frame.iloc[:, 1])
