"""Curves of single people against lme4's predictions and Henderson's equations written out.

`growth_shapes.json`, made by `growth_shapes.R`; people within therapists in two of four arms.
"""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.models.growth import fit_growth

NORMAL = 1.959963984540054


@pytest.fixture(scope="module")
def fit(growth_trial):
    return fit_growth(growth_trial, shape="piecewise", knots=(4, 12), cluster="therapist")


def test_own_curves_and_their_errors_as_in_r(fit, reference):
    """lme4 stops at 1e-11: 1e-5 of an error. Errors hold the therapist's effect, too."""
    for person, r in reference("growth_shapes")["curves"].items():
        own = fit.individual_curves([person], [3, 10, 28])
        error = np.array(r["std_error"])
        np.testing.assert_array_less(abs(own["estimate"] - r["estimate"]), 1e-5 * error)
        np.testing.assert_allclose(
            (own["conf_high"] - own["conf_low"]) / (2 * NORMAL), error, rtol=1e-5
        )


def test_what_is_expected_of_people_like_them_as_in_r(fit, reference):
    for person, r in reference("growth_shapes")["curves"].items():
        own = fit.individual_curves([person], [3, 10, 28])
        np.testing.assert_allclose(own["expected"], r["expected"], rtol=1e-6)
        error = (own["expected_high"] - own["expected_low"]) / (2 * NORMAL)
        np.testing.assert_allclose(error, r["score_error"], rtol=1e-5)


def test_curves_without_a_cluster_are_the_engines(growth_trial):
    fit = fit_growth(growth_trial)
    own = fit.individual_curves(["P17"], [4.0, 20.0])
    rows = own.assign(day=own["week"] * 7)[["participant_id", "arm", "day"]]
    X, Z = fit.design.fixed(rows), fit.design.effects(own["week"])
    estimate, error = fit.model.curve("P17", X, Z)
    np.testing.assert_allclose(own["estimate"], estimate, rtol=1e-9)
    np.testing.assert_allclose(own["conf_high"] - own["estimate"], NORMAL * error, rtol=1e-7)


def test_everyone_at_the_scheduled_weeks(fit):
    everyone = fit.individual_curves()
    assert len(everyone) == 80 * 6
    assert not everyone.isna().any().any()
    for level in (0.0, 1.5, 95):
        with pytest.raises(ValueError, match="a probability between 0 and 1"):
            fit.individual_curves(level=level)
    narrow = fit.individual_curves(level=0.5)
    wide = everyone["conf_high"] - everyone["conf_low"]
    assert ((narrow["conf_high"] - narrow["conf_low"]) < wide).all()
    # a person's own scores tell more about them than their arm and covariates do
    assert (wide < everyone["expected_high"] - everyone["expected_low"]).all()


def test_coverage_of_own_curves_in_data_from_the_model(growth_trial):
    """Curves drawn from the model lie within their 95 % intervals about 95 % of the time.

    100 people, seen 4 times, 25 data sets: 2,500 curves at week 8, Monte-Carlo error 0.4 %, more
    as people of a data set share its coefficients; threshold 93 to 97 %.
    """
    frame = growth_trial.frame.drop_duplicates("participant_id")
    rng = np.random.default_rng(11)
    frame = frame.loc[frame.index.repeat(4)].reset_index(drop=True)
    week = np.tile([2.0, 8.0, 14.0, 20.0], 80)
    frame = frame.assign(day=week * 7, week=np.tile([2.0, 8.0, 12.0, 20.0], 80))
    hits = []
    for _ in range(25):
        level, rate = rng.normal(0, 4, 80), rng.normal(0, 0.3, 80)
        truth = 20 - 0.3 * week + np.repeat(level, 4) + np.repeat(rate, 4) * week
        frame["score"] = truth + rng.normal(0, 3, 320)
        own = fit_growth(replace(growth_trial, frame=frame), adjust=[]).individual_curves(weeks=[8])
        at = truth[week == 8]
        hits.append(((own["conf_low"] < at) & (at < own["conf_high"])).mean())
    assert 0.93 < np.mean(hits) < 0.97


def test_people_and_weeks_that_are_not_there(fit):
    with pytest.raises(KeyError, match="1 of these people"):
        fit.individual_curves(["nobody", "P01"])
    with pytest.raises(ValueError, match="no curve is drawn beyond"):
        fit.individual_curves(["P01"], [52])
