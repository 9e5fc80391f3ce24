"""Baseline as a response with one mean in all arms, against nlme's gls and against ANCOVA."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both
from ctevidence.models.course import fit_course
from ctevidence.models.diagnostics import diagnose
from ctevidence.models.mmrm import fit_mmrm


@pytest.fixture(scope="module")
def simulated(make_outcome):
    """The simulated trial; people whose number is divisible by 40 have a baseline score only."""
    return lambda folder: _simulated(folder, make_outcome)


def _simulated(path, make_outcome):
    rows = pd.read_csv(path)
    people = rows.drop_duplicates("participant_id")[["participant_id", "arm", "baseline"]]
    kept = rows["participant_id"].str[1:].astype(int) % 40 != 0
    frame = rows.loc[kept, ["participant_id", "arm", "week", "score"]].astype({"week": float})
    return make_outcome("course", frame, people, better="lower", weeks=(1, 2, 4, 6, 8, 12))


@pytest.fixture(scope="module")
def four_arm_trial(simulated, request):
    return simulated(request.path.parents[1] / "reference/mmrm_simulated_four_arm_trial.csv")


@pytest.fixture(scope="module")
def completers(beat_the_blues, reference):
    """The people of Beat the Blues who were seen at every visit."""
    ids = reference("course_levels")["complete"]["ids"]
    frame = beat_the_blues.frame
    study, people = beat_the_blues.study, beat_the_blues.study.participants
    kept = people[people["participant_id"].isin(ids)].reset_index(drop=True)
    return replace(
        beat_the_blues,
        frame=frame[frame["participant_id"].isin(ids)],
        study=replace(study, tables={**study.tables, "participants": kept}),
    )


@pytest.mark.parametrize(
    ("data", "key", "adjust"),
    [
        ("beat_the_blues", "beat_the_blues", []),
        ("beat_the_blues", "beat_the_blues_length", ["length"]),
        ("four_arm_trial", "simulated", []),
    ],
)
def test_means_and_joint_covariance_as_in_gls(data, key, adjust, reference, request):
    """`course_levels.json` by `course_levels.R` (nlme's gls), the common mean at week 0 first.

    gls stops at 1e-10 of its likelihood: 1e-4 standard errors, and 1e-4 of their products.
    """
    witness = reference("course_levels")["constrained"][key]
    fit = fit_course(
        request.getfixturevalue(data), adjust, method="satterthwaite", baseline="constrained"
    )
    levels = fit.from_start
    cells = zip(witness["arm"], map(float, witness["week"]), strict=True)
    order = [levels.keys.index(key) for key in (("control", 0.0), *cells)]
    cov = np.array(witness["cov"])
    errors = np.sqrt(np.diag(cov))
    assert fit.model.n_obs == witness["n"]
    assert fit.model.loglik >= witness["loglik"] - 1e-6
    assert np.max(np.abs(levels.values[order] - witness["estimate"]) / errors) < 1e-4
    gap = levels.cov[np.ix_(order, order)] - cov
    assert np.max(np.abs(gap) / np.outer(errors, errors)) < 1e-4


def test_the_start_is_one_level_for_all_arms_and_no_row(beat_the_blues):
    fit = fit_course(beat_the_blues, [], baseline="constrained")
    start = fit.from_start.at(0.0)
    assert np.ptp(start.values) == 0
    assert sum(start.n) == 100  # the three with a baseline score only are among them
    assert fit.levels().weeks == (9, 13, 22, 35)
    assert 0.0 not in set(fit.outcome.frame["week"])


def test_complete_data_give_the_estimates_of_ancova(completers, reference):
    """R's lm of each visit on arm and baseline, 52 people: the same estimates exactly.

    With complete data the likelihood is that of the baseline times that of the scores given the
    baseline; a common mean at the start leaves the slope at its least-squares value, also by REML.
    """
    assert (
        completers.frame["participant_id"].nunique()
        == reference("course_levels")["complete"]["people"]
    )
    fit = fit_course(completers, [], baseline="constrained")
    for r in reference("course_levels")["complete"]["weeks"]:
        row = fit.compare("combined", against="control", week=r["week"]).one()
        assert row.estimate == pytest.approx(r["estimate"], abs=1e-6)
        # the slope is a covariance parameter, not a coefficient: its error enters approximately
        assert row.std_error == pytest.approx(r["std_error"], rel=0.03)


def test_by_maximum_likelihood_it_is_ancova_whoever_is_missing(beat_the_blues):
    """Baseline times scores-given-baseline factorises for any pattern of later visits."""
    rows, people = beat_the_blues.frame, beat_the_blues.study.entering()
    weeks = sorted(rows["week"].unique())
    baseline = people.set_index("participant_id").loc[rows["participant_id"], "baseline"].to_numpy()
    cell = [(rows["arm"] == a) & (rows["week"] == w) for w in weeks for a in people["arm"].unique()]
    slopes = [baseline * (rows["week"] == w).to_numpy() for w in weeks]
    X = np.column_stack([*cell, *slopes]).astype(float)
    ancova = fit_mmrm(rows["score"].to_numpy(), X, rows["participant_id"].to_numpy(),
                      rows["week"].to_numpy(), method="satterthwaite", reml=False)  # fmt: skip

    later = np.vstack([np.column_stack(cell), np.zeros((len(people), len(cell)))])
    start = np.r_[np.zeros(len(rows)), np.ones(len(people))]
    both = fit_mmrm(
        np.r_[rows["score"], people["baseline"]],
        np.column_stack([later, start]),
        np.r_[rows["participant_id"], people["participant_id"]],
        np.r_[rows["week"], np.zeros(len(people))],
        method="satterthwaite",
        reml=False,
    )
    k = len(people["arm"].unique())
    for first in range(0, len(cell), k):
        differences = ancova.coef[first : first + k] - ancova.coef[first]
        assert both.coef[first : first + k] - both.coef[first] == pytest.approx(
            differences, abs=1e-5
        )


def test_what_was_not_randomised_is_said(beat_the_blues, four_arm_trial):
    said = fit_course(beat_the_blues, [], baseline="constrained").cautions
    assert any("without randomisation of medication:" in caution for caution in said)
    assert fit_course(four_arm_trial, [], baseline="constrained").cautions == ()


def test_the_method_says_so(beat_the_blues):
    fit = fit_course(beat_the_blues, baseline="constrained")
    row = fit.compare("combined", against="therapy", week=9).one()
    assert "baseline as a response with one mean in all arms, adjusted for length" in row.method
    with pytest.raises(ValueError, match='baseline is "constraint"; did you mean "constrained"'):
        fit_course(beat_the_blues, baseline="constraint")


def test_nobody_seen_after_the_start(beat_the_blues):
    fit = fit_course(
        replace(beat_the_blues, frame=beat_the_blues.frame.iloc[:0]), baseline="constrained"
    )
    assert fit.model is None
    assert not any(row.is_estimable for row in fit.per_arm())
    assert not fit.over(0, 35).compare("combined", against="therapy").one().is_estimable


def test_residuals_of_the_start_stand_beside_those_of_the_visits(beat_the_blues):
    fit, study = fit_course(beat_the_blues, baseline="constrained"), beat_the_blues.study
    found = diagnose(fit).by_arm_and_week([arm.name for arm in study.arms])
    assert sorted(set(found["week"])) == [0, *study.weeks]
    assert found["n"].sum() == fit.model.n_obs == len(fit.rows)


def test_the_caution_stands_once_beside_the_best_single_treatment(beat_the_blues):
    fit = fit_course(beat_the_blues, baseline="constrained")
    row = better_than_both(fit, week=35).rows[-1]
    assert row.caution.count("one baseline mean for all arms") == 1
    assert row.caution.count("medication not randomised") == 1
