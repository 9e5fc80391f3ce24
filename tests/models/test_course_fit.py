"""What a fitted course is asked: weights of its means, periods, the early weeks, SDs."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.contrasts import better_than_both, compare_treatments, synergy
from ctevidence.models.course import fit_course
from ctevidence.outcomes.course import derive_course
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def fit(beat_the_blues):
    return fit_course(beat_the_blues, method="satterthwaite")


@pytest.mark.parametrize("weighting", ["observed", "equal"])
def test_marginal_means_weighted_as_in_emmeans(beat_the_blues, reference, weighting):
    """emmeans on nlme's gls, `course_levels.R`: weights "equal", and by people seen at all."""
    witness = reference("course_levels")["weights"][weighting]
    fit = fit_course(beat_the_blues, method="satterthwaite", weighting=weighting)
    levels = fit.levels()
    for arm, week, estimate, error in zip(*map(witness.get, _COLUMNS), strict=True):
        i = levels.keys.index((arm, float(week)))
        assert levels.values[i] == pytest.approx(estimate, abs=1e-4 * error)
        assert levels.cov[i, i] ** 0.5 == pytest.approx(error, rel=1e-4)
    assert ("weighted equally" in levels.method) == (weighting == "equal")


_COLUMNS = ("arm", "week", "estimate", "std_error")


def test_differences_do_not_depend_on_the_weights(beat_the_blues, fit):
    equal = fit_course(beat_the_blues, method="satterthwaite", weighting="equal")
    for week in (9, 35):
        rows = [f.compare("combined", against="control", week=week).one() for f in (fit, equal)]
        assert rows[0].estimate == pytest.approx(rows[1].estimate, rel=1e-6)
        assert rows[0].std_error == pytest.approx(rows[1].std_error, rel=1e-6)


@pytest.mark.parametrize(("period", "first"), [("from_9", 9), ("from_0", 0)])
def test_means_over_a_period_as_in_emmeans(fit, reference, period, first):
    """Linear contrasts of emmeans with trapezoid weights, made in `course_levels.R`."""
    witness = reference("course_levels")["period"][period]
    over = fit.over(first, 35)
    for arm, estimate, error in zip(
        *map(witness.get, ("arm", "estimate", "std_error")), strict=True
    ):
        row = over.compare(arm, against="control").one()
        assert row.estimate == pytest.approx(estimate, abs=1e-4 * error)
        assert row.std_error == pytest.approx(error, rel=1e-4)
        area = over.compare(arm, against="control", measure="area_under_curve_difference").one()
        assert area.estimate == pytest.approx(row.estimate * (35 - first))
        assert (area.unit, area.p_value) == ("point-weeks", pytest.approx(row.p_value))


@pytest.mark.parametrize(("period", "first"), [("period", 9), ("from_0", 0)])
def test_complete_data_give_the_exact_t_test_of_one_summary_each(
    beat_the_blues, reference, period, first
):
    """R's lm of each person's own mean over the period on arm and baseline: also error and df.

    By the linear variant; the default's standard errors are 1 % smaller here (docs/methods.md).
    """
    complete = reference("course_levels")["complete"]
    frame = beat_the_blues.frame
    kept = replace(beat_the_blues, frame=frame[frame["participant_id"].isin(complete["ids"])])
    fit = fit_course(kept, ["baseline"], method="kenward-roger-linear")
    row = fit.over(first, 35).compare("combined", against="control").one()
    witness = complete[period]
    assert row.estimate == pytest.approx(witness["estimate"], abs=1e-6)
    assert row.std_error == pytest.approx(witness["std_error"], rel=1e-6)
    assert row.df == pytest.approx(witness["df"], rel=1e-6)
    assert row.p_value == pytest.approx(witness["p_value"], rel=1e-6)


def test_degrees_of_freedom_of_a_period_are_those_of_its_weighted_visits(beat_the_blues):
    """Scores are missing, so that they depend on the weights, here written out by hand: gaps of 4,
    9 and 13 weeks. Those of any contrast of coefficients are held to R (`test_mmrm.py`)."""
    fit = fit_course(beat_the_blues)
    row = fit.over(9, 35).compare("combined", against="medication").one()
    line = np.zeros(len(fit.model.coef))
    for week, weight in ((9, 4 / 2), (13, 13 / 2), (22, 22 / 2), (35, 13 / 2)):
        line[fit.model.names.index(f"combined, week {week}")] = weight / 26
        line[fit.model.names.index(f"medication, week {week}")] = -weight / 26
    assert row.df == pytest.approx(fit.model.df_for(line), rel=1e-9)
    assert row.estimate == pytest.approx(line @ fit.model.coef, rel=1e-9)
    assert row.df != pytest.approx(fit.model.df_for((line != 0).astype(float)), rel=1e-3)


def test_every_contrast_works_on_a_period(fit):
    over = fit.over(0, 35)
    rows = synergy(over) + better_than_both(over) + compare_treatments(over) + over.per_arm()
    assert {row.week for row in rows} == {35}
    assert {row.outcome for row in rows} == {"course, weeks 0 to 35"}
    assert all(row.is_estimable for row in rows)
    assert rows.where(arm="combined", reference="").rows[0].unit == "BDI points"
    assert sum(row.n for row in over.per_arm()) == 97


def test_a_constrained_baseline_adds_its_error_to_levels_over_a_period(beat_the_blues):
    given = fit_course(beat_the_blues, method="satterthwaite").over(0, 35).per_arm()
    estimated = fit_course(beat_the_blues, method="satterthwaite", baseline="constrained")
    for row, other in zip(given, estimated.over(0, 35).per_arm(), strict=True):
        assert other.std_error > row.std_error


def test_periods_that_cannot_be(fit, beat_the_blues):
    with pytest.raises(KeyError, match="9, 13, 22, 35"):
        fit.over(9, 30)
    with pytest.raises(ValueError, match="does not end after it began"):
        fit.over(22, 9)
    with pytest.raises(ValueError, match="needs the baseline in the model"):
        fit_course(beat_the_blues, []).over(0, 35)
    assert fit_course(beat_the_blues, []).over(9, 35).per_arm().rows[0].is_estimable


def test_the_longest_period_that_the_model_knows(fit, beat_the_blues):
    assert fit.over().outcome.name == "course, weeks 0 to 35"
    without = fit_course(beat_the_blues, []).over()
    assert without.outcome.name == "course, weeks 9 to 35"
    early = replace(
        beat_the_blues.study, schedule=beat_the_blues.study.schedule[:1], primary_week=9
    )
    frame = beat_the_blues.frame
    one_visit = replace(beat_the_blues, study=early, frame=frame[frame["week"] == 9])
    single = fit_course(one_visit, [])
    assert single.over().measures == ("mean_over_period",)
    same = single.compare("combined", against="therapy", week=9).one()
    row = single.over().compare("combined", against="therapy").one()
    assert (row.estimate, row.p_value) == (same.estimate, same.p_value)


def test_a_visit_missed_by_a_whole_arm_takes_its_period_only(beat_the_blues):
    frame = beat_the_blues.frame
    gone = frame[~((frame["arm"] == "medication") & (frame["week"] == 22))]
    over = fit_course(replace(beat_the_blues, frame=gone)).over(9, 35)
    assert not over.compare("combined", against="medication").one().is_estimable
    assert over.compare("combined", against="therapy").one().is_estimable


def test_no_visit_in_the_early_weeks_keeps_its_place(fit):
    row = fit.early().compare("combined", against="therapy").one()
    assert not row.is_estimable
    assert "no visit is scheduled in weeks 2 to 4: the first is at week 9" in row.caution
    assert row.outcome == "early course, weeks 2 to 4"
    assert (row.week, row.n) == (4, 0)
    with pytest.raises(ValueError, match="do not follow one another"):
        fit.early(4, 2)


def test_the_early_difference_is_the_mean_of_the_early_visits():
    fit = fit_course(derive_course(simulate_study(120, seed=3)))
    early = fit.early().compare("combined", against="therapy").one()
    weeks = [fit.compare("combined", against="therapy", week=w).one().estimate for w in (2, 4)]
    assert early.estimate == pytest.approx(np.mean(weeks))
    assert early.outcome.startswith("early PHQ-9 score (lower is better)")
    one = fit.early(3, 6).compare("combined", against="therapy").one()
    assert one.estimate == pytest.approx(weeks[1])
    assert "of weeks 3 to 6 only week 4 has a visit" in one.caution
