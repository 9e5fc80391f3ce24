"""Influence and scaled residuals against dense least squares and nlme's gls in R.

`growth_shapes.json`, made by `growth_shapes.R`.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.course import fit_course
from ctevidence.models.diagnostics import alternatives, diagnose, influence_on
from ctevidence.models.growth import fit_growth
from ctevidence.models.influence import influence
from ctevidence.models.mmrm import fit_mmrm
from ctevidence.models.people_blocks import PeopleBlocks
from ctevidence.models.scaled_residuals import (
    excess_kurtosis,
    moments,
    normal_quantiles,
    plot_correlation,
    scaled_residuals,
)


@pytest.fixture(scope="module")
def growth(growth_trial):
    return fit_growth(growth_trial, shape="piecewise", knots=(4, 12), cluster="therapist")


@pytest.fixture(scope="module")
def left_out(growth):
    return influence_on(growth, "combined", "medication", week=12)


def in_order_of(ids, growth, values, left_out):
    who = growth.rows["participant_id"].to_numpy()[left_out.first_row]
    return pd.Series(values, index=who).loc[ids].to_numpy()


def test_without_each_person_as_in_r(growth, left_out, reference):
    """Dense generalised least squares in R with the covariance of lme4; therapists cross people."""
    r, (found, arms) = reference("growth_shapes")["influence"], left_out
    assert found.estimate == pytest.approx(r["estimate"], rel=1e-5)
    without = in_order_of(r["ids"], growth, found.without, found)
    scale = np.sqrt(r["variance"])
    np.testing.assert_allclose(without, r["without"], atol=1e-5 * scale)
    gain = in_order_of(r["ids"], growth, (found.error_without / found.std_error) ** 2, found)
    np.testing.assert_allclose(gain, np.array(r["variance_without"]) / r["variance"], rtol=1e-5)
    cook = in_order_of(r["ids"], growth, found.cook, found)
    np.testing.assert_allclose(cook, r["cook"], rtol=1e-4)
    assert found.to_change_sign == r["to_change_sign"]
    assert (arms == "combined").sum() == 20


def test_a_fit_without_the_most_influential_person_is_close(growth, growth_trial, left_out):
    """The covariance is kept; estimated again without the person it moves little here."""
    found, _ = left_out
    most = np.nanargmax(abs(found.change))
    who = growth.rows["participant_id"].to_numpy()[found.first_row[most]]
    frame = growth_trial.frame[growth_trial.frame["participant_id"] != who]
    again = fit_growth(
        replace(growth_trial, frame=frame), shape="piecewise", knots=(4, 12), cluster="therapist"
    ).compare("combined", against="medication", week=12).one()  # fmt: skip
    assert again.estimate - found.estimate == pytest.approx(found.change[most], rel=0.25)


def test_two_means_by_hand():
    """Difference of means of (1, 2, 9) and (4, 6): 4 - 5 = -1; without 9 it is 1.5 - 5."""
    y = np.array([1.0, 2, 9, 4, 6])
    X = np.column_stack([np.arange(5) < 3, np.arange(5) >= 3]).astype(float)
    fit = fit_mmrm(np.r_[y, y + [1, 0, 1, 1, 0]], np.vstack([X, X]), np.tile(np.arange(5), 2),
                   np.repeat([1, 2], 5), "compound-symmetry")  # fmt: skip
    found = influence(fit.people, np.array([1.0, -1.0]), 1.0, 8.0)
    pairs = y + np.array([1, 0, 1, 1, 0]) / 2
    means = pairs[:3].mean(), pairs[3:].mean()
    expected = [pairs[[1, 2]].mean(), pairs[[0, 2]].mean(), pairs[[0, 1]].mean()]
    np.testing.assert_allclose(found.without[:3], np.array(expected) - means[1], rtol=1e-12)
    np.testing.assert_allclose(found.without[3:], means[0] - pairs[[4, 3]], rtol=1e-12)


def test_one_person_in_an_arm_cannot_be_left_out(growth_trial):
    frame = growth_trial.frame
    lone = frame[(frame["arm"] != "medication") | (frame["participant_id"] == "P06")]
    fit = fit_course(replace(growth_trial, frame=lone), covariance="compound-symmetry")
    found, arms = influence_on(fit, "combined", "medication", week=12)
    assert np.isnan(found.change[arms == "medication"]).all()
    assert np.isfinite(found.change[arms != "medication"]).all()
    found, arms = influence_on(fit, "combined", "control", week=12)
    assert np.isfinite(found.change[arms != "medication"]).all()


def test_nothing_was_fitted(growth_trial):
    same = fit_growth(replace(growth_trial, frame=growth_trial.frame.assign(score=1.0)), adjust=[])
    for asked in (diagnose, alternatives):
        with pytest.raises(ValueError, match="too few scores to model"):
            asked(same)


def test_few_people_to_turn_a_difference():
    """Nine people at 1 and one at -1 against none: the interval of the mean is known by hand."""
    y = np.array([1.0] * 9 + [-1.0]) + np.linspace(-0.1, 0.1, 10)
    people = PeopleBlocks(y, np.ones((10, 1)), lambda: [(np.arange(10)[:, None], np.eye(1)[None])])
    # half the people at most: the sum of the five left is positive whoever goes
    assert influence(people, np.ones(1), 0.2, 9.0).to_change_sign is None
    # an error of 0.1 and 2.26 of them: the mean 0.8 stays away from zero, too
    assert influence(people, np.ones(1), 0.1, 9.0).to_change_limits is None
    # an error of 0.5: 0.8 is less than 1.13; without -1 the mean is 1.0, below 2.26 * 0.53
    assert influence(people, np.ones(1), 0.5, 9.0).to_change_limits is None
    # an error of 0.4: 0.8 is less than 0.905; without -1 the mean of nine is 0.99 > 2.26 * 0.42
    assert influence(people, np.ones(1), 0.4, 9.0).to_change_limits == 1


# -- scaled residuals ----------------------------------------------------------------------------


def test_scaled_residuals_of_growth_as_in_r(growth, reference):
    """chol() of each person's covariance in R, therapists' variance included."""
    given = reference("growth_shapes")
    found = scaled_residuals(growth.model.people, growth.model.coef).scaled
    # R lists them person by person, in the order of the rows of the data
    np.testing.assert_allclose(found, given["scaled"], atol=2e-5)


def test_distances_of_the_course_as_in_nlme(growth_trial, reference):
    """gls stops at 1e-10 of its likelihood; 1e-3 of a distance."""
    r = reference("growth_shapes")["gls"]
    fit = fit_course(growth_trial, method="satterthwaite")
    found = scaled_residuals(fit.model.people, fit.model.coef)
    who = growth_trial.frame["participant_id"].to_numpy()
    first = np.unique(found.person, return_index=True)[1]
    mine = pd.Series(found.distance, index=who[first]).loc[pd.unique(who)]
    np.testing.assert_allclose(mine, r["distance"], rtol=1e-3)
    np.testing.assert_array_equal(found.sizes, np.bincount(found.person))


def test_scaled_residuals_of_the_model_are_independent_and_standard(growth_trial):
    found = diagnose(fit_course(growth_trial))
    assert found.scores["scaled"].std() == pytest.approx(1, abs=0.1)
    by = found.by_arm_and_week(["control", "medication", "therapy", "combined"])
    assert by["arm"].unique().tolist() == ["control", "medication", "therapy", "combined"]
    # every arm has a coefficient at every visit: at the first one residuals add up to nothing
    first = by[by["week"] == 2.0]
    assert first["n"].sum() == (growth_trial.frame["week"] == 2.0).sum()
    assert len(found.people) == 80
    assert (found.people["p_value"] < 0.001).mean() < 0.05


def test_moments_by_hand():
    values = np.array([1.0, 2.0, 3.0, 10.0])
    mean, sd, skewness = moments(values)
    assert (mean, sd) == (4.0, pytest.approx(np.sqrt(50 / 3)))
    assert skewness == pytest.approx((-27 - 8 - 1 + 216) / 4 / (50 / 4) ** 1.5)
    assert excess_kurtosis(values) == pytest.approx((81 + 16 + 1 + 1296) / 4 / 12.5**2 - 3)
    assert np.isnan(moments(np.ones(5))[2])
    assert np.isnan(moments(np.array([]))[0])
    assert np.isnan(excess_kurtosis(np.ones(3)))


def test_envelope_of_a_normal_plot():
    """Medians and limits of order statistics against 20,000 samples of 9 (error about 0.01)."""
    draws = np.sort(np.random.default_rng(1).normal(size=(20_000, 9)), axis=1)
    for mine, p in zip(normal_quantiles(9), (0.5, 0.025, 0.975), strict=True):
        np.testing.assert_allclose(mine, np.quantile(draws, p, axis=0), atol=0.05)
    assert plot_correlation(normal_quantiles(9)[0]) == pytest.approx(1)
    assert np.isnan(plot_correlation(np.ones(9)))


# -- alternatives --------------------------------------------------------------------------------


def test_alternatives_are_the_engines_own_fits(growth_trial):
    fit = fit_course(growth_trial)
    table = alternatives(fit).set_index("covariance")
    assert table["used"].sum() == 1
    assert table.loc["unstructured", "aic"] == fit.model.aic
    for name in ("toeplitz", "heterogeneous-ar1", "compound-symmetry"):
        other = fit_course(growth_trial, covariance=name, method="satterthwaite").model
        assert table.loc[name, "aic"] == pytest.approx(other.aic, abs=1e-6)
        assert table.loc[name, "bic"] == pytest.approx(other.bic, abs=1e-6)
        assert table.loc[name, "parameters"] == other.n_parameters


def test_the_random_effects_that_were_used_are_marked_as_such(growth_trial):
    fit = fit_growth(growth_trial, random="intercept")
    table = alternatives(fit).set_index("covariance")
    assert table.index[table["used"]].tolist() == ["intercept of each person"]
    assert table.loc["intercept of each person", "aic"] == fit.model.aic
    other = fit_growth(growth_trial).model
    assert table.loc["intercept and slope", "aic"] == pytest.approx(other.aic, abs=1e-6)


def test_alternatives_of_growth_keep_the_clusters(growth_trial, growth):
    table = alternatives(growth).set_index("covariance")
    assert table.loc["intercept and slope", "used"]
    assert table["parameters"].tolist() == [3, 4, 5]
    options = {"shape": "piecewise", "knots": (4, 12), "cluster": "therapist"}
    plain = fit_growth(growth_trial, **options, random="intercept").model
    assert table.loc["intercept of each person", "aic"] == pytest.approx(plain.aic, abs=1e-6)


# -- periods and measures ------------------------------------------------------------------------


@pytest.mark.parametrize("baseline", ["covariate", "constrained"])
def test_influence_on_a_period_is_that_of_its_visits(growth_trial, baseline):
    """By hand: leaving somebody out is linear in the contrast, so that the change in the mean over
    weeks 2, 4, 8 is a quarter of two gaps: 1/6, 1/2 and 1/3 of the changes at the visits."""
    fit = fit_course(growth_trial, baseline=baseline)
    pair = ("combined", "medication")
    period = fit.over(2, 8)
    found, arms = influence_on(period, *pair)
    assert found.estimate == pytest.approx(
        period.compare(pair[0], against=pair[1]).one().estimate, abs=1e-9
    )
    visits = [influence_on(fit, *pair, week=week)[0].change for week in (2, 4, 8)]
    expected = np.array([1 / 6, 1 / 2, 1 / 3]) @ visits
    np.testing.assert_allclose(found.change, expected, atol=1e-10)
    assert set(arms) == {"control", "medication", "therapy", "combined"}
    area, _ = influence_on(period, *pair, measure="area_under_curve")
    np.testing.assert_allclose(area.change, 6 * expected, atol=1e-9)
    # from the start, which is the same in all arms, the difference is that of the rows
    row = fit.over().compare(pair[0], against=pair[1]).one()
    assert influence_on(fit.over(), *pair)[0].estimate == pytest.approx(row.estimate, abs=1e-9)


def test_a_standardised_difference_has_no_influence_of_its_own(growth_trial):
    with pytest.raises(ValueError, match="Ask for that of the means"):
        influence_on(
            fit_course(growth_trial), "combined", "medication", 8, measure="standardised_mean"
        )
