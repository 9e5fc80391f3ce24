"""Draws of the posterior: exact moments without gaps, the same with gaps filled by a chain."""

import numpy as np
import pytest

from ctevidence.outcomes import derive_course
from ctevidence.sensitivity.joint_model import fit_joint_normal
from ctevidence.sensitivity.monotone_posterior import draw_posterior, draw_regressions
from ctevidence.sensitivity.score_table import score_table


def products_of(x, y):
    z = np.hstack([x, y])
    return np.repeat((z.T @ z)[None, None], y.shape[1], axis=1)


def test_moments_of_complete_data_are_those_of_each_regression():
    rng = np.random.default_rng(2)
    n, p, m = 30, 2, 2
    x = np.column_stack([np.ones(n), rng.normal(size=n)])
    y = x @ np.array([[5.0, 3.0], [1.0, -1.0]]) + rng.normal(size=(n, m)) @ [[2, 1], [0, 1.5]]
    draws = 40_000
    rngs = [np.random.default_rng([7, k]) for k in range(draws)]
    b, sigma = draw_regressions(products_of(x, y), np.array([n, n]), p, rngs)
    hat, *_ = np.linalg.lstsq(x, y, rcond=None)
    first = np.sum((y[:, 0] - x @ hat[:, 0]) ** 2)
    # the first visit alone: sigma^2 = SSE / chi2_df, so its mean is SSE / (df - 2)
    df = n - p
    assert sigma[:, 0, 0].mean() == pytest.approx(first / (df - 2), rel=0.01)
    wanted = first / (df - 2) * np.linalg.inv(x.T @ x)
    assert np.cov(b[:, :, 0].T) == pytest.approx(wanted, abs=0.02 * wanted.max())
    assert b.mean(axis=0) == pytest.approx(hat, abs=4 * np.sqrt(wanted.max() / draws) * 2)


def test_the_chain_agrees_with_the_likelihood(course):
    """With 400 people the posterior centre is near the restricted maximum."""
    table, _ = score_table(course.study, course.frame, ["baseline"])
    assert table.gaps.any()
    start, _ = fit_joint_normal(table)
    posterior = draw_posterior(table, start, 400, seed=11)
    coef = posterior.parameters.coef
    assert np.abs((coef.mean(axis=0) - start.coef[0]) / coef.std(axis=0)).max() < 0.25
    # a posterior mean of variances lies above the estimate, by about 2 m / n here
    spread = np.sqrt(np.diag(start.sigma[0, 0]))
    apart = (posterior.parameters.sigma[:, 0].mean(axis=0) - start.sigma[0, 0]) / np.outer(
        spread, spread
    )
    assert np.abs(apart).max() < 0.05


def test_chains_forget_where_they_began(course):
    """Far starting values end in the same distribution as near ones."""
    table, _ = score_table(course.study, course.frame, ["baseline"])
    start, _ = fit_joint_normal(table)
    far = type(start)(start.coef * 0 + 40.0, np.eye(6)[None, None] * 400.0)
    near = draw_posterior(table, start, 300, seed=4).parameters
    away = draw_posterior(table, far, 300, seed=4).parameters
    # the same random numbers: what is left of the start is all that can differ
    assert np.abs(near.coef - away.coef).max() < 1e-3
    assert np.abs(near.sigma - away.sigma).max() < 1e-3 * near.sigma.max()


def test_replicate_k_does_not_depend_on_how_many_there_are(course):
    table, _ = score_table(course.study, course.frame, ["baseline"])
    start, _ = fit_joint_normal(table)
    few, many = (draw_posterior(table, start, k, seed=9) for k in (2, 5))
    assert few.noise.tolist() == many.noise[:2].tolist()
    assert few.parameters.coef == pytest.approx(many.parameters.coef[:2], rel=1e-12)


def test_too_few_people_are_refused_in_words(study_of, four_arm_trial):
    scores = four_arm_trial.scores()
    attended = scores.groupby("participant_id")["week"].transform("size")
    people = four_arm_trial.entering()
    completers = scores.loc[attended == 6, "participant_id"]
    people = people[people["participant_id"].isin(completers)].groupby("arm").head(2)
    scores = scores[scores["participant_id"].isin(people["participant_id"])]
    few = study_of(people, scores, four_arm_trial.weeks)
    table, _ = score_table(few, derive_course(few).frame, ["baseline"])
    start = type("Start", (), {})
    start.coef, start.sigma = np.zeros((1, 4, 2, 6)), np.eye(6)[None, None]
    with pytest.raises(ValueError, match="Too few people were seen up to visit"):
        draw_posterior(table, start, 2, seed=1)
