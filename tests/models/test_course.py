"""The course of scores: marginal means and their differences against R's nlme and mmrm."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.models.course import fit_course
from ctevidence.models.mmrm import fit_mmrm
from ctevidence.outcomes.course import derive_course
from ctevidence.outcomes.response import derive_response
from ctevidence.simulate.study import simulate_study

METHODS = ("kenward-roger", "kenward-roger-linear", "satterthwaite")


@pytest.fixture(scope="module")
def fits(beat_the_blues):
    return {method: fit_course(beat_the_blues, method=method) for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_differences_of_beat_the_blues_as_in_mmrm(fits, reference, method):
    """`course_mmrm.json`, made by `course_mmrm.R` (mmrm 0.3.18): 20 differences, all 100 people.

    mmrm stopped at its default tolerance, 9e-7 below our likelihood, which nlme reaches too (next
    test). Hence 5e-4 standard errors for estimates, 5e-4 for errors, 1e-3 for df.
    """
    witness, fit = reference("course_mmrm")[method], fits[method]
    assert fit.model.loglik >= witness["reml_loglik"] - 1e-6
    for r in witness["contrasts"]:
        row = fit.compare(r["arm"], against=r["reference"], week=r["week"]).one()
        assert row.estimate == pytest.approx(r["estimate"], abs=5e-4 * r["std_error"])
        assert row.std_error == pytest.approx(r["std_error"], rel=5e-4)
        assert row.df == pytest.approx(r["df"], rel=1e-3)


def test_marginal_means_and_joint_covariance_as_in_nlme(fits, reference):
    """`course.json`, made by `course.R` (nlme's gls): at the mean covariates of all 97 seen."""
    r, levels = reference("course"), fits["satterthwaite"].levels("mean")
    order = [
        levels.keys.index((key.split(":arm")[1], float(key.split(":")[0][4:]))) for key in r["keys"]
    ]
    errors = np.sqrt(np.diag(r["cov"]))
    assert np.max(np.abs(levels.values[order] - r["estimate"]) / errors) < 1e-4
    # 1e-4 of the product of two standard errors: gls stops at 1e-10 of its likelihood
    gap = levels.cov[np.ix_(order, order)] - np.array(r["cov"])
    assert np.max(np.abs(gap) / np.outer(errors, errors)) < 1e-4
    assert [levels.n[i] for i in order] == r["n"]


def test_rows_name_points_of_the_scale_and_what_was_randomised(fits):
    row = fits["kenward-roger"].compare("combined", against="medication", week=9).one()
    assert (row.unit, row.randomised, row.n) == ("BDI points", True, 30)
    row = fits["kenward-roger"].compare("combined", against="therapy", week=9).one()
    assert "medication not randomised" in row.caution


def test_a_week_must_be_chosen_among_several(fits):
    with pytest.raises(KeyError, match="9, 13, 22, 35"):
        fits["satterthwaite"].compare("combined", against="therapy")
    with pytest.raises(KeyError, match="9, 13, 22, 35"):
        fits["satterthwaite"].levels("mean", 12)


def test_all_contrasts_work_on_the_course(fits):
    rows = synergy(fits["kenward-roger"], week=35)
    means = {row.arm: row.estimate for row in fits["kenward-roger"].per_arm(week=35)}
    total = means["combined"] - means["medication"] - means["therapy"] + means["control"]
    assert rows.where(measure="interaction_difference").one().estimate == pytest.approx(total)
    assert len(better_than_both(fits["kenward-roger"], week=35)) == 3


def test_without_covariates_and_gaps_means_are_plain_means(make_outcome):
    rng = np.random.default_rng(3)
    people = [f"P{i}" for i in range(24)]
    frame = pd.DataFrame(
        {
            "participant_id": people * 2,
            "arm": ["control", "combined"] * 24,
            "week": [6] * 24 + [12] * 24,
            "score": rng.normal(20, 5, 48).round(),
        }
    )
    levels = fit_course(make_outcome("course", frame, better="lower"), adjust=[]).levels()
    plain = frame.groupby(["arm", "week"])["score"].mean()
    for key, value, n in zip(levels.keys, levels.values, levels.n, strict=True):
        if key.arm in ("control", "combined"):
            assert value == pytest.approx(plain[key.arm, key.week], abs=1e-6)
            assert n == 12


def test_a_visit_that_nobody_of_an_arm_attended(beat_the_blues):
    frame = beat_the_blues.frame
    gone = frame[~((frame["arm"] == "medication") & (frame["week"] == 35))]
    fit = fit_course(replace(beat_the_blues, frame=gone))
    assert fit.cautions == ("nobody with medication has a score at week 35",)
    assert not fit.compare("combined", against="medication", week=35).one().is_estimable
    assert fit.compare("combined", against="medication", week=22).one().is_estimable
    assert fit.compare("combined", against="therapy", week=35).one().is_estimable
    assert fit.per_arm(week=35).where(arm="medication").one().n == 0


def test_a_visit_that_nobody_attended(beat_the_blues):
    frame = beat_the_blues.frame
    fit = fit_course(replace(beat_the_blues, frame=frame[frame["week"] < 35]))
    assert not any(row.is_estimable for row in fit.per_arm(week=35))
    assert fit.model.visits == (9.0, 13.0, 22.0)
    assert "nobody with medication has a score at week 35" in fit.cautions


def test_visits_that_nobody_of_an_arm_attended_are_one_caution(beat_the_blues):
    frame = beat_the_blues.frame
    gone = frame[~((frame["arm"] == "medication") & (frame["week"] > 13))]
    fit = fit_course(replace(beat_the_blues, frame=gone))
    assert fit.cautions == ("nobody with medication has a score at week 22, 35",)


@pytest.mark.parametrize("baseline", ["covariate", "constrained"])
def test_scores_that_are_all_the_same_have_no_interval(beat_the_blues, baseline):
    """Nor may the spread of the baseline scores lend them one."""
    same = replace(beat_the_blues, frame=beat_the_blues.frame.assign(score=10.0))
    fit = fit_course(same, baseline=baseline)
    assert fit.model is None
    row = fit.compare("combined", against="therapy", week=9).one()
    assert not row.is_estimable
    assert "within each arm and visit all scores are the same" in row.caution


def test_what_fit_course_is_not_made_for(beat_the_blues):
    study = simulate_study(40, seed=1)
    with pytest.raises(ValueError, match=r"is of kind response. Give it derive_course\(study\)"):
        fit_course(derive_response(study, week=12))
    with pytest.raises(TypeError, match=r"found SimulatedStudy. Give it derive_course\(study\)"):
        fit_course(study)
    # the abbreviation too, which once read as a lack of scores
    for name in ("spatial-exponential", "sp_exp"):
        with pytest.raises(ValueError, match="needs the actual time of each score"):
            fit_course(beat_the_blues, covariance=name)
    with pytest.raises(ValueError, match="unstrctured"):
        fit_course(beat_the_blues, covariance="unstrctured")
    with pytest.raises(ValueError, match='method is "kr"'):
        fit_course(beat_the_blues, method="kr")


def test_a_covariance_that_cannot_be_estimated_is_replaced_with_a_caution(make_outcome):
    """Nobody is seen at both the first and the last visit: their covariance is unknown."""
    rng = np.random.default_rng(5)
    seen = [(f"P{i}", ("control", "combined")[i % 2], w) for i in range(60)
            for w in ((6, 12) if i < 30 else (12, 24))]  # fmt: skip
    frame = pd.DataFrame(seen, columns=["participant_id", "arm", "week"])
    level = dict(zip(frame["participant_id"].unique(), rng.normal(20, 4, 60), strict=True))
    frame["score"] = frame["participant_id"].map(level) + rng.normal(0, 2, len(frame))
    fit = fit_course(make_outcome("course", frame, better="lower", weeks=(6, 12, 24)), adjust=[])
    assert any("covariance unstructured was not used" in caution for caution in fit.cautions)
    assert fit.compare("combined", against="control", week=12).one().is_estimable


def test_nothing_to_fit(make_outcome):
    frame = pd.DataFrame(
        {"participant_id": ["A"], "arm": ["control"], "week": [6], "score": [np.nan]}
    )
    fitted = fit_course(make_outcome("course", frame))
    assert fitted.model is None
    assert not any(row.is_estimable for row in fitted.per_arm())
    assert fitted.cautions[-1] == "too few scores to model course (nobody has one)"


def test_renaming_people_shuffling_rows_and_swapping_arms(beat_the_blues, fits):
    frame = beat_the_blues.frame.sample(frac=1, random_state=1)
    swap = {"combined": "medication", "medication": "combined"}
    study = beat_the_blues.study
    people = study.tables["participants"]
    swapped = replace(
        beat_the_blues,
        frame=frame.assign(arm=frame["arm"].replace(swap)),
        study=replace(
            study, tables={**study.tables, "participants": people.sample(frac=1, random_state=2)}
        ),
    )
    row = fits["kenward-roger"].compare("combined", against="medication", week=35).one()
    back = fit_course(swapped).compare("combined", against="medication", week=35).one()
    assert back.estimate == pytest.approx(-row.estimate, abs=1e-5)
    assert back.conf_low == pytest.approx(-row.conf_high, abs=1e-4)


def test_the_model_is_the_engine_on_the_plain_design(beat_the_blues, fits):
    """Baseline x visit + arm x visit + length, written out with treatment coding."""
    rows = beat_the_blues.frame.reset_index(drop=True)
    people = beat_the_blues.study.entering().set_index("participant_id")
    x = people.loc[rows["participant_id"]].reset_index(drop=True)
    visit = pd.get_dummies(rows["week"], dtype=float)
    arm = pd.get_dummies(rows["arm"], dtype=float)
    columns = [
        visit[w] * z
        for w in visit
        for z in (1.0, x["baseline"], *(arm[a] for a in arm if a != "control"))
    ]
    design = np.column_stack([*columns, x["length"] == ">6m"]).astype(float)
    plain = fit_mmrm(
        rows["score"].to_numpy(), design, rows["participant_id"].to_numpy(), rows["week"].to_numpy()
    )
    assert plain.loglik == pytest.approx(fits["kenward-roger"].model.loglik, abs=1e-6)


def test_two_people_per_arm_are_too_few_for_a_slope_at_each_visit():
    """31 scores, 30 coefficients of which some follow from others but for rounding."""
    study = simulate_study(200, seed=3)
    people = study.participants.groupby("arm").head(2).reset_index(drop=True)
    few = replace(study, tables={**study.tables, "participants": people})
    fit = fit_course(derive_course(few))
    assert fit.cautions[0] == (
        "too few scores to adjust for baseline (some coefficients follow from others but for "
        "rounding)"
    )
    row = fit.compare("combined", against="control", week=12).one()
    assert row.std_error < 50
