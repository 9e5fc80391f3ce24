"""Treatment over time: weights by hand in R, closed forms, and truth where regression fails."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctevidence.contrasts import synergy
from ctevidence.data.rules import RelapseRule
from ctevidence.display.target_trial import table_target_trial
from ctevidence.outcomes import derive_course, derive_relapse, derive_response, derive_retention
from ctevidence.sensitivity.added_on_the_way import fit_if_added
from ctevidence.sensitivity.changing_weights import independent
from ctevidence.sensitivity.kept_throughout import fit_if_kept
from ctevidence.sensitivity.treatment_history import treatment_history
from ctevidence.sensitivity.weighted_regression import fit_weighted
from ctevidence.simulate.changing import WEEKS, Changing, simulate_changing_treatment
from ctevidence.simulate.study import simulate_study
from ctevidence.terms import DAYS_PER_WEEK

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "over_time.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def small():
    """The people of tests/reference/over_time.csv."""
    return simulate_changing_treatment(n=400, seed=11, world=Changing(lost=0.1))


@pytest.fixture(scope="module")
def large():
    return simulate_changing_treatment(n=8000, seed=5)


# -- R ---------------------------------------------------------------------------------------------


def test_stabilised_weights_and_means_are_those_of_r(small):
    """glm and lm of R 4.2; both are converged to 1e-10."""
    kept = fit_if_kept(derive_course(small))
    np.testing.assert_allclose(kept.weights(24), REFERENCE["weights"], rtol=1e-6)
    np.testing.assert_allclose(kept.levels(week=24).estimate, REFERENCE["kept"], rtol=1e-8)


def test_clones_are_those_of_r(small):
    added = fit_if_added(derive_course(small), "therapy", to="medication", within=8)
    np.testing.assert_allclose(added.weights(24), REFERENCE["clone_weights"], rtol=1e-6)
    np.testing.assert_allclose(added.levels(week=24).estimate, REFERENCE["clones"], rtol=1e-8)


# -- closed forms ----------------------------------------------------------------------------------


def test_with_nothing_to_adjust_for_all_weights_are_one(small):
    kept = fit_if_kept(derive_course(small), adjust=[], varying=[])
    np.testing.assert_allclose(kept.weights(24), 1, atol=1e-9)


def test_weights_of_one_give_least_squares_with_robust_errors():
    """White 1980: (X'X)^-1 X' diag(e^2) X (X'X)^-1, by its formula."""
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = x @ [1.0, 2.0] + rng.normal(size=30)
    nothing = np.empty((30, 0))
    found = fit_weighted(y, x, np.ones(30), np.arange(30), nothing, nothing)
    bread = np.linalg.inv(x.T @ x)
    coef = bread @ x.T @ y
    np.testing.assert_allclose(found.coef, coef, rtol=1e-9)
    e = y - x @ coef
    np.testing.assert_allclose(
        found.cov, bread @ (x * (e**2)[:, None]).T @ x @ bread, rtol=1e-9, atol=1e-15
    )


def test_a_trial_in_which_nobody_changes_needs_no_weights_on_the_way():
    """Everyone keeps what they started: saturated means of the arms, lost people apart."""
    world = Changing(lost=0.0)
    study = simulate_changing_treatment(n=600, seed=3, world=world)
    table = study.treatments
    kept = table[table["start_day"] == 0].assign(stop_day=np.nan)
    still = replace(study, tables={**study.tables, "treatments": kept})
    fit = fit_if_kept(derive_course(still), adjust=[], varying=[])
    means = derive_course(still).frame.query("week == 24").groupby("arm", observed=True)["score"]
    np.testing.assert_allclose(
        fit.levels(week=24).estimate,
        means.mean()[["control", "medication", "therapy", "combined"]],
        rtol=1e-9,
    )


def test_the_influence_of_people_is_that_of_leaving_them_out(small):
    """The jackknife over people, weights estimated anew each time, agrees within a tenth."""
    course = derive_course(small)
    people = small.participants["participant_id"]
    whole = fit_if_kept(course).levels(week=24)
    c = np.array([0, -1.0, 0, 1])
    groups = np.array_split(np.arange(len(people)), 40)
    values = []
    for gone in groups:
        out = set(people.iloc[gone])
        tables = {n: t[~t["participant_id"].isin(out)] for n, t in small.tables.items()}
        rest = replace(small, tables=tables)
        values.append(c @ fit_if_kept(derive_course(rest)).levels(week=24).estimate)
    jackknife = np.sqrt((39 / 40) * np.sum((np.array(values) - np.mean(values)) ** 2))
    assert np.sqrt(c @ whole.cov @ c) == pytest.approx(jackknife, rel=0.3)


def test_columns_that_follow_from_others_are_left_out():
    x = np.array([[1.0, 0, 2, 5], [1, 1, 4, 1], [1, 0, 2, 2], [1, 1, 4, 3]])
    np.testing.assert_array_equal(independent(x), x[:, [1, 3]])


# -- the history ----------------------------------------------------------------------------------


def test_a_treatment_counts_from_the_visit_at_which_it_is_there(small):
    """Begun between two visits it counts from the later one: nobody is treated before."""
    table = small.treatments
    begun = table["start_day"]
    moved = table.assign(start_day=begun.where(begun == 0, begun + 9))
    late = treatment_history(replace(small, tables={**small.tables, "treatments": moved}))
    plain = treatment_history(small)
    began = ~plain.on[:, :-1] & plain.on[:, 1:]
    assert not (late.on[:, 1:] & began).any()
    # the decision was made on the score before it, which a visit after the start cannot be
    assert plain.scores.shape == (400, len(WEEKS), 1)


def test_scores_after_a_change_did_not_lead_to_it(small):
    plain = treatment_history(small)
    table = small.treatments
    begun = table["start_day"]
    earlier = table.assign(start_day=begun.where(begun == 0, begun - 3))
    moved = treatment_history(replace(small, tables={**small.tables, "treatments": earlier}))
    started = (~plain.on[:, :-1] & plain.on[:, 1:]).any(axis=2)
    who, k = np.nonzero(started)
    np.testing.assert_array_equal(moved.scores[who, k + 1, 0], plain.scores[who, k, 0])


# -- known truth ----------------------------------------------------------------------------------


def test_truth_is_found_where_regression_is_wrong(large):
    """True difference of keeping both against medication alone -12 points at week 24."""
    true = large.truth.kept(24)
    kept = fit_if_kept(derive_course(large)).levels(week=24)
    errors = np.sqrt(np.diag(kept.cov))
    means = np.array([true[a][0] for a in ("control", "medication", "therapy", "combined")])
    assert (np.abs(kept.estimate - means) < 3.5 * errors).all()
    # as started, and as treated, both far from it
    course = derive_course(large).frame.query("week == 24")
    started = course.groupby("arm", observed=True)["score"].mean()
    effect = means[3] - means[1]
    assert abs((started["combined"] - started["medication"]) - effect) > 4
    now = treatment_history(large)
    at_end = course.set_index("participant_id")["score"].reindex(now.people).to_numpy()
    both, one = now.on[:, -1].all(axis=1), now.on[:, -1, 0] & ~now.on[:, -1, 1]
    assert abs(np.nanmean(at_end[both]) - np.nanmean(at_end[one]) - effect) > 4


def test_survival_without_relapse_is_found(large):
    true = large.truth.kept(24)
    levels = fit_if_kept(derive_relapse(large)).levels("survival", 24)
    means = np.array([true[a][1] for a in ("control", "medication", "therapy", "combined")])
    assert (np.abs(levels.estimate - means) < 3.5 * np.sqrt(np.diag(levels.cov))).all()
    ratios = fit_if_kept(derive_relapse(large)).levels("log_hazard")
    assert (np.abs(ratios.estimate[1:] - [-0.5, -0.4, -1.1]) < 0.3).all()
    assert "interaction_ratio" in set(synergy(ratios).frame["measure"])


def test_adding_is_compared_with_continuing(large):
    true = large.truth.adding(24, 8)
    levels = fit_if_added(derive_course(large), "therapy", to="medication", within=8).levels(
        week=24
    )
    means = np.array([true["alone"][0], true["added"][0]])
    assert (np.abs(levels.estimate - means) < 3.5 * np.sqrt(np.diag(levels.cov))).all()
    row = fit_if_added(derive_response(large, week=24), "therapy", to="medication", within=8)
    found = row.compare("combined", against="medication", week=24).one()
    assert found.estimate > 0
    assert not found.randomised


def test_no_time_is_immortal():
    """Therapy does nothing here, and is added at random: whoever lived to add it fares no better.

    By what people did later, therapy seems to prevent a tenth of all relapses; clones see nothing.
    """
    idle = Changing(therapy=0, both=0, log_ratios=(-0.5, 0, 0), decided=0, hazard=0.25, lost=0)
    study = simulate_changing_treatment(n=6000, seed=7, world=idle)
    fit = fit_if_added(derive_relapse(study), "therapy", to="medication", within=12)
    row = fit.compare("combined", against="medication", measure="survival_difference", week=24)
    assert abs(row.one().estimate) < 3 * row.one().std_error
    event = study.events.query("event == 'relapse'").set_index("participant_id")["day"]
    day = event.reindex(fit.history.people).to_numpy()
    history = fit.history
    added = np.array([WEEKS[k - 1] if k < len(WEEKS) else np.inf for k in fit.added])
    # counted by what they got while they were still well
    got = (added <= 12) & ~(day <= added * DAYS_PER_WEEK)
    well = np.isnan(day)
    assert well[got].mean() - well[~got].mean() > 0.1
    # every person has both clones at the start
    assert fit.clones()[:, :, 0].all()
    assert len(history.people) == fit.clones().shape[1]


# -- refusals and words ----------------------------------------------------------------------------


def test_truncated_weights_say_so(small):
    plain = fit_if_kept(derive_course(small))
    cut = fit_if_kept(derive_course(small), truncate=0.05)
    assert cut.weights(24).max() < plain.weights(24).max()
    assert "5 % smallest and largest weights are cut" in cut.levels(week=24).caution


def test_what_cannot_be_done_is_refused(small):
    course = derive_course(small)
    with pytest.raises(ValueError, match="for outcomes of kind"):
        fit_if_kept(derive_retention(simulate_study(n=40, seed=1)))
    with pytest.raises(ValueError, match="below a half"):
        fit_if_kept(course, truncate=0.7)
    with pytest.raises(KeyError, match="has no scale"):
        fit_if_kept(course, varying=["PHQ-9"])
    with pytest.raises(KeyError, match="no visit scheduled at week 9"):
        fit_if_kept(course).levels(week=9)
    with pytest.raises(ValueError, match="contains therapy from the start"):
        fit_if_added(course, "therapy", to="combined", within=8)
    with pytest.raises(ValueError, match="Nothing is seen after week 24"):
        fit_if_added(course, "therapy", to="medication", within=24)
    with pytest.raises(KeyError, match="No component"):
        fit_if_added(course, "exercise", to="medication", within=8)
    study = simulate_study(n=80, seed=1)
    late = derive_relapse(study, RelapseRule(after="remission", from_events=True))
    with pytest.raises(ValueError, match="begins after the start"):
        fit_if_kept(late)
    empty = replace(small, tables={**small.tables, "treatments": small.treatments.iloc[:0]})
    with pytest.raises(ValueError, match="has no treatments"):
        fit_if_kept(derive_course(empty))


def test_the_target_trial_is_told_part_by_part(small):
    for fit in (
        fit_if_kept(derive_course(small)),
        fit_if_added(derive_course(small), "therapy", to="medication", within=8),
    ):
        table = table_target_trial(fit)
        assert len(table.frame) == 7
        assert table.frame.iloc[3, 2].startswith("day 0")
        assert "by chance, at the start" in set(table.frame.iloc[:, 1])
