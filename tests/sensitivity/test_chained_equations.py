"""Chained equations: mixed types, known truth, and complete data left alone."""

import numpy as np
import pandas as pd
import pytest

import ctevidence as ct
from ctevidence.sensitivity.univariate_draws import categories, matched


def test_matched_values_are_of_like_people():
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(400), rng.normal(size=400)])
    y = 10 + 3 * x[:, 1] + rng.normal(size=400)
    wanted = np.column_stack([np.ones(4000), np.full(4000, 0.8)])
    drawn = matched(y, x, wanted, rng)
    assert set(drawn) <= set(y)
    # one draw of the parameters moves all 4000 together: repeated draws average it out
    means = [matched(y, x, wanted[:40], rng).mean() for _ in range(200)]
    assert np.mean(means) == pytest.approx(12.4, abs=0.35)


def test_matching_at_an_end_lends_different_donors():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(30), np.arange(30.0)])
    y = np.arange(30.0)
    drawn = matched(y, x, np.repeat([[1.0, 99.0]], 500, axis=0), rng)
    assert set(drawn) == {25.0, 26.0, 27.0, 28.0, 29.0}


def test_categories_follow_the_regression():
    rng = np.random.default_rng(3)
    z = rng.normal(size=3000)
    line = np.column_stack([np.zeros(3000), -0.5 + z, 0.5 - 0.7 * z])
    share = np.exp(line) / np.exp(line).sum(axis=1, keepdims=True)
    y = (rng.random(3000)[:, None] > np.cumsum(share, axis=1)).sum(axis=1)
    x = np.column_stack([np.ones(3000), z])
    at = np.repeat([[1.0, 1.0]], 20_000, axis=0)
    drawn = np.bincount(categories(y, 3, x, at, rng), minlength=3) / 20_000
    wanted = np.exp([0, 0.5, -0.2]) / np.exp([0, 0.5, -0.2]).sum()
    assert drawn == pytest.approx(wanted, abs=0.04)


def test_a_predictor_that_separates_gives_finite_draws():
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(40), np.r_[-np.ones(20), np.ones(20)]])
    y = np.repeat([0, 1], 20)
    drawn = categories(y, 2, x, np.repeat([[1.0, 1.0]], 200, axis=0), rng)
    assert drawn.mean() > 0.8


@pytest.fixture(scope="module")
def with_covariates(study_of, four_arm_trial):
    """A number, a binary and a three-way covariate, a fifth of each missing at random."""
    rng = np.random.default_rng(6)
    people = four_arm_trial.entering()
    severe = (people["baseline"] - people["baseline"].mean()) / people["baseline"].std()
    n = len(people)
    age = 40 + 5 * severe + rng.normal(0, 8, n)
    sex = np.where(rng.random(n) < 1 / (1 + np.exp(-severe)), "f", "m").astype(object)
    site = rng.choice(["north", "south", "west"], n).astype(object)
    full = people.assign(age=age, sex=sex, site=site)
    lost = full.copy()
    for name in ("age", "sex", "site"):
        lost.loc[rng.random(n) < 0.2, name] = np.nan if name == "age" else None
    scores = four_arm_trial.scores()
    options = {"adjust": ("baseline", "age", "sex", "site")}
    return study_of(full, scores, four_arm_trial.weeks, **options), study_of(
        lost, scores, four_arm_trial.weeks, **options
    )


def test_nobody_is_left_out_for_a_missing_covariate(with_covariates):
    full, lost = (ct.derive_course(study) for study in with_covariates)
    options = {"imputations": 30, "seed": 1, "method": "chained equations"}
    joint = ct.impute(lost, imputations=30, seed=1)
    chained, whole = ct.impute(lost, **options), ct.impute(full, **options)
    assert any("are left out" in c for c in joint.cautions)
    assert not any("are left out" in c for c in chained.cautions)
    assert sum(chained.levels(week=12).n) == len(full.study.entering())
    assert len(chained.table.columns["site"]) == 2
    assert np.isfinite(chained.covariates).all()
    for pair in ("medication", "control"):
        one, two = (i.compare("combined", against=pair, week=12).one() for i in (chained, whole))
        assert one.estimate == pytest.approx(two.estimate, abs=0.5 * two.std_error)


def test_scores_are_imputed_as_the_joint_model_does(course):
    joint = ct.impute(course, imputations=60, seed=1)
    chained = ct.impute(course, imputations=60, seed=1, method="chained equations")
    for against in ("control", "therapy"):
        one, two = (i.compare("combined", against=against, week=12).one() for i in (joint, chained))
        assert two.estimate == pytest.approx(one.estimate, abs=0.3 * one.std_error)
        assert two.std_error == pytest.approx(one.std_error, rel=0.12)
    seen = set(course.frame["score"])
    assert set(chained.base.ravel()) <= seen
    with pytest.raises(ValueError, match="Chained equations impute as missing at random only"):
        chained.under("copy reference", reference="control")


def test_complete_data_are_left_alone(complete_study):
    outcome = ct.derive_course(complete_study)
    chained = ct.impute(outcome, imputations=2, seed=1, method="chained equations")
    joint = ct.impute(outcome, imputations=2, seed=1)
    assert chained.levels().estimate == pytest.approx(joint.levels().estimate, rel=1e-9)
    assert chained.levels().cov == pytest.approx(joint.levels().cov, rel=1e-9)


def test_the_same_numbers_for_any_number_of_workers(beat_the_blues):
    course = ct.derive_course(beat_the_blues)
    one, two = (
        ct.impute(course, imputations=6, seed=1, method="chained equations", jobs=jobs)
        for jobs in (1, 2)
    )
    assert one.base.tolist() == two.base.tolist()
    assert pd.isna(one.base).sum() == 0
