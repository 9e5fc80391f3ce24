"""Standardised differences: the error of the standard deviation is carried through."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import compare_treatments, synergy
from ctevidence.data.rules import EntryRule
from ctevidence.models.course import fit_course
from ctevidence.models.standardised_mean import small_sample_factor


def test_differences_as_in_eff_size(beat_the_blues, reference):
    """emmeans' eff_size on gls with edf = n - 1, times Hedges' J in R (`course_levels.R`).

    1e-4 standard errors and 1e-4: gls stops at 1e-10 of its likelihood.
    """
    fit, witness = fit_course(beat_the_blues, method="satterthwaite"), reference("course_levels")
    witness = witness["standardised"]
    assert len(witness["pair"]) == 24
    for pair, week, estimate, error in zip(
        *map(witness.get, ("pair", "week", "estimate", "std_error")), strict=True
    ):
        arm, against = pair.split(" - ")
        row = fit.compare(arm, against=against, week=week, measure="std_mean_difference").one()
        assert row.estimate == pytest.approx(estimate, abs=1e-4 * error)
        assert row.std_error == pytest.approx(error, rel=1e-4)
        assert row.unit == "standard deviations"
        mean = fit.compare(arm, against=against, week=week).one()
        assert row.df == pytest.approx(mean.df)
        assert row.std_error > mean.std_error * abs(row.estimate / mean.estimate)


def test_one_visit_and_no_covariate_is_hedges_g(make_outcome):
    """By hand: g = J (a - b)/s with s pooled over two arms and variance 1/n + 1/m + g^2/(2 df).

    The residual SD of a model of two means is the pooled one, on n + m - 2 degrees of freedom.
    """
    rng = np.random.default_rng(8)
    arm = np.repeat(["control", "combined"], [14, 11])
    score = rng.normal(15, 5, 25).round()
    frame = _frame(arm, score)
    outcome = make_outcome("course", frame, better="lower", weeks=(12,))
    fit = fit_course(outcome, [], method="satterthwaite", standardise_by="residual")
    row = fit.compare("combined", against="control", week=12, measure="std_mean_difference").one()
    a, b = score[arm == "combined"], score[arm == "control"]
    pooled = np.sqrt((a.var(ddof=1) * 10 + b.var(ddof=1) * 13) / 23)
    factor = 0.9669721  # J(23), from R: exp(lgamma(23/2) - lgamma(22/2)) / sqrt(23/2)
    g = factor * (a.mean() - b.mean()) / pooled
    assert row.estimate == pytest.approx(g, rel=1e-7)
    assert row.std_error**2 == pytest.approx(
        factor**2 * (1 / 14 + 1 / 11) + g**2 / (2 * 23), rel=1e-5
    )
    assert "the model's residual SD at the visit" in row.method


def _frame(arm, score):
    people = [f"P{i}" for i in range(len(arm))]
    return pd.DataFrame({"participant_id": people, "arm": arm, "week": 12.0, "score": score})


def test_units_of_the_score_do_not_matter(beat_the_blues):
    """Scores and baseline times ten: the same standardised difference."""
    study = beat_the_blues.study
    visits = study.visits.assign(score=study.visits["score"] * 10)
    tenfold = replace(
        beat_the_blues,
        frame=beat_the_blues.frame.assign(score=beat_the_blues.frame["score"] * 10),
        study=replace(study, tables={**study.tables, "visits": visits}),
    )
    for by in ("baseline", "residual"):
        rows = [
            fit_course(outcome, standardise_by=by)
            .compare("combined", against="control", week=22, measure="std_mean_difference")
            .one()
            for outcome in (beat_the_blues, tenfold)
        ]
        assert rows[0].estimate == pytest.approx(rows[1].estimate, rel=1e-5)
        assert rows[0].std_error == pytest.approx(rows[1].std_error, rel=1e-5)


def test_it_is_a_measure_like_any_other(beat_the_blues):
    fit = fit_course(beat_the_blues)
    rows = compare_treatments(fit, ("std_mean_difference",))
    assert len(rows) == 6 * 4
    assert (
        synergy(fit, measure="standardised_mean", week=9)
        .where(measure="interaction_difference")
        .one()
        .is_estimable
    )


def test_residual_sd_after_a_fall_back_and_where_it_cannot_be(beat_the_blues):
    fit = fit_course(beat_the_blues, covariance="ar1", standardise_by="residual")
    assert fit.by.sd == pytest.approx(np.full(4, fit.model.sigma[0, 0] ** 0.5))
    with pytest.raises(ValueError, match="does not give"):
        fit_course(beat_the_blues, method="empirical-cr2", standardise_by="residual")


def test_a_narrowed_baseline_is_said_and_one_without_spread_gives_nothing(beat_the_blues):
    study = beat_the_blues.study
    narrowed = replace(study, rules=replace(study.rules, entry=EntryRule(10)))
    kept = beat_the_blues.frame["participant_id"].isin(narrowed.entering()["participant_id"])
    fit = fit_course(replace(beat_the_blues, study=narrowed, frame=beat_the_blues.frame[kept]))
    row = fit.compare("combined", against="therapy", week=9, measure="std_mean_difference").one()
    assert "narrows the spread at baseline" in row.caution
    at_start = study.visits.assign(score=20.0)
    flat = replace(
        beat_the_blues, study=replace(study, tables={**study.tables, "visits": at_start})
    )
    row = fit_course(flat, []).compare(
        "combined", against="therapy", week=9, measure="std_mean_difference"
    ).one()  # fmt: skip
    assert not row.is_estimable
    assert "no spread of scores" in row.caution


def test_the_small_sample_factor_where_a_difference_has_no_mean():
    """J(2) by hand: Gamma(1) / (Gamma(1/2) * 1) = 1 / sqrt(pi); with one degree there is none."""
    assert small_sample_factor(2.0) == pytest.approx(1 / np.sqrt(np.pi), rel=1e-12)
    assert np.isnan(small_sample_factor(np.array([1.0, 0.5, np.nan]))).all()


def test_residual_sds_of_complete_data_depend_on_one_another_as_in_theory(make_outcome):
    """Wishart by hand: cov(log s_i, log s_j) = r_ij^2 / (2 nu), nu = 30 people - 2 arms.

    r is that of the pooled covariance within arms, which REML gives with complete data.
    """
    rng = np.random.default_rng(3)
    arm = np.repeat(["control", "combined"], 15)
    scores = rng.normal(15, 4, (30, 1)) + rng.normal(0, 3, (30, 3))
    frame = pd.concat([
        _frame(arm, scores[:, k]).assign(week=week) for k, week in enumerate((6.0, 12.0, 24.0))
    ])  # fmt: skip
    outcome = make_outcome("course", frame, better="lower", weeks=(6, 12, 24))
    by = fit_course(outcome, [], standardise_by="residual").by
    within = scores - np.array([scores[arm == a].mean(axis=0) for a in arm])
    np.testing.assert_allclose(by.sd, np.sqrt((within**2).sum(axis=0) / 28), rtol=1e-6)
    r = np.corrcoef(within.T)
    np.testing.assert_allclose(by.log_cov, r**2 / (2 * 28), rtol=1e-5)
