"""Individual growth against R's lme4 and pbkrtest."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.growth import fit_growth


@pytest.fixture(scope="module")
def witness(reference):
    """`growth.json`, made by `growth.R` (lme4 1.1-31, pbkrtest 0.5.2)."""
    return reference("growth")


@pytest.fixture(scope="module")
def outcome(witness, make_outcome):
    rows = pd.DataFrame(witness["data"]).assign(day=lambda d: 7.0 * d["week"])
    people = rows[["participant_id", "arm", "age"]]
    return make_outcome(
        "course", rows.drop(columns="age"), people, better="lower", weeks=(2, 5, 9, 30)
    )


@pytest.fixture(scope="module")
def fit(outcome):
    return fit_growth(outcome, adjust=["age"])


def close(row, r):
    """lme4's search stops at 1e-12: 1e-4 standard errors, 1e-5 of an error, 1e-3 of a df."""
    assert row.estimate == pytest.approx(r["estimate"], abs=1e-4 * r["std_error"])
    assert row.std_error == pytest.approx(r["std_error"], rel=1e-5)
    if not np.isnan(row.df):
        assert row.df == pytest.approx(r["df"], rel=1e-3)


def test_likelihood_as_in_r(fit, witness):
    # centring age leaves the REML likelihood as it is
    assert fit.model.loglik == pytest.approx(witness["loglik"], abs=1e-6)


def test_means_at_a_week_as_in_r(fit, witness):
    for arm, r in witness["means"].items():
        close(fit.per_arm("mean", 5).where(arm=arm).one(), r)


def test_differences_at_any_week_as_in_r(fit, witness):
    for week, r in witness["contrasts"].items():
        row = fit.compare("combined", against="control", week=float(week)).one()
        close(row, r)
        assert row.week == float(week)


def test_all_scheduled_weeks_within_the_scores(fit):
    assert fit.levels().weeks == (2.0, 5.0, 9.0)
    rows = fit.per_arm()
    assert len(rows) == 12
    assert "straight line" in rows.rows[0].method


def test_weeks_covary(fit):
    """A person's line holds weeks together: Kenward-Roger covariance of two weeks, not zero."""
    levels = fit.levels()
    two, nine = (levels.keys.index(("control", w)) for w in (2.0, 9.0))
    assert levels.cov[two, nine] > 0.1 * np.sqrt(levels.cov[two, two] * levels.cov[nine, nine])


def test_no_line_is_drawn_beyond_the_scores(fit):
    with pytest.raises(ValueError, match="from week 0 to 9"):
        fit.compare("combined", against="control", week=9.5)


def test_an_arm_without_a_line(fit):
    assert fit.cautions == ("therapy has no scores at two times: no line can be drawn",)
    assert not fit.compare("combined", against="therapy", week=5).one().is_estimable


def test_actual_time_is_used_not_the_nominal_week(outcome, fit):
    late = replace(outcome, frame=outcome.frame.assign(day=outcome.frame["day"] * 2))
    row = fit_growth(late, adjust=["age"]).compare("combined", against="control", week=16).one()
    same = fit.compare("combined", against="control", week=8).one()
    # twice the time halves the slopes: week 16 is then week 8
    assert row.estimate == pytest.approx(same.estimate, rel=1e-5)


def test_scores_without_their_day_are_refused(outcome):
    with pytest.raises(ValueError, match="no column day"):
        fit_growth(replace(outcome, frame=outcome.frame.drop(columns="day")))


def test_people_with_a_missing_covariate_are_left_out(outcome, make_outcome, witness):
    people = pd.DataFrame(witness["data"])[["participant_id", "arm", "age"]].astype({"age": float})
    people.loc[people["participant_id"] == "308", "age"] = np.nan
    gappy = make_outcome("course", outcome.frame, people, better="lower")
    fit = fit_growth(gappy, adjust=["age"])
    assert fit.cautions[0] == "people with missing age are left out"
    assert fit.model.n_subjects == 17
