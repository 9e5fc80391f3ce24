"""Shapes of growth, clusters and treatment over time against lme4, pbkrtest and splines.

`growth_shapes.json`, made by `growth_shapes.R` (lme4 1.1-31, pbkrtest 0.5.2), a simulated trial.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import synergy
from ctevidence.models.growth import fit_growth
from ctevidence.models.growth_shape import growth_shape, natural_spline
from ctevidence.models.treatment_over_time import TreatmentOverTime
from ctevidence.outcomes.course import derive_course
from ctevidence.simulate.study import simulate_study

PIECES = {"shape": "piecewise", "knots": (4, 12)}
CASES = {
    "piecewise": PIECES,
    "spline": {"shape": "spline", "knots": (4, 12)},
    "spline_df": {"shape": "spline", "df": 3, "random": "intercept"},
    "therapist": {**PIECES, "cluster": "therapist"},
    "site": {**PIECES, "cluster": "site", "random": "intercept"},
    "medicated": {**PIECES, "over_time": [TreatmentOverTime("medication")]},
    "since": {**PIECES, "over_time": [TreatmentOverTime("medication", "since_start")]},
}


@pytest.fixture(scope="module")
def witness(reference):
    return reference("growth_shapes")


@pytest.fixture(scope="module")
def fits(growth_trial):
    return {case: fit_growth(growth_trial, **options) for case, options in CASES.items()}


def close(row, r, df=1e-3):
    """lme4's search stops at 1e-11: 1e-5 standard errors, 1e-5 of an error; pbkrtest's df 1e-3."""
    assert row.estimate == pytest.approx(r["estimate"], abs=1e-5 * r["std_error"])
    assert row.std_error == pytest.approx(r["std_error"], rel=1e-5)
    if np.isfinite(row.df):
        assert row.df == pytest.approx(r["df"], rel=df)


@pytest.mark.parametrize("case", CASES)
def test_means_and_differences_at_any_week_as_in_r(fits, witness, case):
    for week, r in witness[case]["means"].items():
        close(fits[case].per_arm(week=float(week)).where(arm="therapy").one(), r)
    for week, r in witness[case]["differences"].items():
        row = fits[case].compare("combined", against="medication", week=float(week)).one()
        close(row, r)
        assert np.isfinite(row.df)


@pytest.mark.parametrize("case", CASES)
def test_rates_of_change_as_in_r(fits, witness, case):
    r = witness[case]["rate"]
    row = (
        fits[case]
        .compare("combined", against="control", measure="rate_difference", week=r["week"])
        .one()
    )
    close(row, r["value"])
    assert row.unit == "BDI points per week"


@pytest.mark.parametrize("case", CASES)
def test_variances_as_in_r(fits, witness, case):
    model, r = fits[case].model, witness[case]
    assert model.sigma == pytest.approx(r["sigma2"], rel=1e-6)
    found = [model.random_cov] + ([] if model.second_cov is None else [model.second_cov])
    for mine, theirs in zip(found, r["random"].values(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_treatment_over_time_as_in_r(fits, witness):
    row = fits["medicated"].over_time().one()
    close(row, witness["medicated"]["on"])
    assert (row.arm, row.measure, row.randomised) == ("on medication", "mean_difference", False)
    assert "an association" in row.caution
    row = fits["since"].over_time().one()
    close(row, witness["since"]["since"])
    assert (row.measure, row.unit) == ("rate_difference", "BDI points per week")
    assert len(fits["piecewise"].over_time()) == 0


def test_adjusting_for_what_came_later_takes_the_protection_of_randomisation_away(fits):
    asked = {"against": "medication", "week": 12}
    row = fits["medicated"].compare("combined", **asked).one()
    assert row.randomised is False
    assert "association" in row.caution
    assert fits["piecewise"].compare("combined", **asked).one().randomised is True


def test_inner_knots_of_a_spline_by_df_as_in_r(growth_trial, witness):
    shape = growth_shape("spline", growth_trial.frame["day"] / 7, df=3)
    np.testing.assert_allclose(shape.knots[1:-1], witness["spline_df"]["knots"], rtol=1e-12)


def test_a_straight_line_has_one_rate_without_a_week(growth_trial):
    fit = fit_growth(growth_trial)
    row = fit.compare("combined", against="control", measure="rate_difference").one()
    at = fit.compare("combined", against="control", measure="rate_difference", week=12).one()
    assert np.isnan(row.week)
    assert row.estimate == pytest.approx(at.estimate, rel=1e-12)
    early, late = (fit.compare("combined", against="control", week=w).one() for w in (4, 12))
    assert row.estimate == pytest.approx((late.estimate - early.estimate) / 8, rel=1e-9)


def test_rates_of_a_bent_line_are_those_between_its_bends(fits):
    means = (
        fits["piecewise"].levels("mean").at(12).values
        - fits["piecewise"].levels("mean").at(4).values
    )
    for week in (5, 8, 12):  # at a bend, of the piece that ends there
        np.testing.assert_allclose(fits["piecewise"].levels("rate", week).values, means / 8)


def test_synergy_works_on_curves_and_rates(fits):
    for measure in ("mean", "rate"):
        levels = fits["spline"].levels(measure, 12)
        value = dict(zip([key.arm for key in levels.keys], levels.values, strict=True))
        rows = synergy(levels)
        total = value["combined"] - value["medication"] - value["therapy"] + value["control"]
        row = rows.where(measure="interaction_difference").one()
        assert row.estimate == pytest.approx(total, rel=1e-9)


def test_levels_of_all_weeks_covary(fits):
    levels = fits["spline"].levels()
    assert levels.weeks == (2.0, 4.0, 8.0, 12.0, 20.0, 30.0)
    two, twenty = (levels.keys.index(("control", w)) for w in (2.0, 20.0))
    assert abs(levels.cov[two, twenty]) > 0


def test_a_natural_spline_is_straight_outside_and_smooth_inside():
    knots, h = [1.0, 4.0, 12.0, 30.0], 1e-5
    for at in knots:  # value, slope and curvature are continuous at the knots
        left, right = (natural_spline(np.array([at + s * h]), knots, slope=True) for s in (-1, 1))
        np.testing.assert_allclose(left, right, atol=1e-4)
    outside = natural_spline(np.array([-9.0, -5.0, -1.0, 31.0, 35.0, 39.0]), knots)
    bend = outside[[2, 5]] - 2 * outside[[1, 4]] + outside[[0, 3]]
    np.testing.assert_allclose(bend, 0, atol=1e-10)
    t = np.linspace(0, 35, 50)
    numeric = (natural_spline(t + h, knots) - natural_spline(t - h, knots)) / (2 * h)
    np.testing.assert_allclose(natural_spline(t, knots, slope=True), numeric, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "cubic"}, "Known: linear, piecewise, spline"),
        ({"shape": "piecewise"}, "needs knots="),
        ({"shape": "piecewise", "knots": (4, 60)}, "Knots at week 60 do not lie between"),
        ({"shape": "piecewise", "knots": 1}, "Knots at week 1 do not lie between"),
        ({"shape": "piecewise", "knots": (12, 4)}, "must ascend"),
        ({"shape": "spline"}, "either knots= "),
        ({"shape": "spline", "knots": (4,), "df": 3}, "and not both"),
        ({"shape": "spline", "df": 1}, "from 2 on"),
        ({"knots": (4,)}, "straight line has no knots"),
        ({"random": "curve"}, "Known: intercept, slope, shape"),
        ({"cluster": "baseline", "adjust": ["baseline"]}, "No column .baseline."),
        ({"cluster": "therapists"}, "did you mean .therapist."),
        ({"cluster": "site", "adjust": ["site"]}, "covariate and as a cluster"),
        ({"over_time": [TreatmentOverTime("therapy")]}, "Nobody is .on therapy."),
        ({"over_time": [TreatmentOverTime("medication", arms=("combined",))]}, "Nobody is"),
        ({"over_time": [TreatmentOverTime("medication", arms=("placebo",))]}, "No arm .placebo."),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_what_to_do(growth_trial, options, message):
    with pytest.raises((ValueError, KeyError), match=message):
        fit_growth(growth_trial, **options)


def test_a_word_for_a_treatment_over_time_is_checked():
    with pytest.raises(ValueError, match="Known: medication, therapy"):
        TreatmentOverTime("placebo")
    with pytest.raises(ValueError, match="Known: on, since_start"):
        TreatmentOverTime("medication", "ever")


# -- data that do not support the model ----------------------------------------------------------


def refused(fit, why):
    assert fit.model is None
    assert why in fit.cautions[-1]
    assert not any(row.is_estimable for row in fit.per_arm())
    assert len(fit.per_arm()) == 24


def test_everybody_has_their_own_therapist(growth_trial):
    study = growth_trial.study
    people = study.participants.assign(therapist=lambda p: p["participant_id"])
    alone = replace(
        growth_trial, study=replace(study, tables={**study.tables, "participants": people})
    )
    refused(fit_growth(alone, cluster="therapist"), "variance components cannot be told apart")


def test_one_therapist_in_the_only_arm_with_one(growth_trial):
    study = growth_trial.study
    people = study.participants.assign(
        therapist=lambda p: np.where(p["arm"] == "combined", "T1", None)
    )
    one = replace(
        growth_trial, study=replace(study, tables={**study.tables, "participants": people})
    )
    refused(fit_growth(one, cluster="therapist"), "variance components cannot be told apart")


def test_nobody_has_a_therapist(growth_trial):
    study = growth_trial.study
    people = study.participants.assign(therapist=np.nan)
    none = replace(
        growth_trial, study=replace(study, tables={**study.tables, "participants": people})
    )
    with pytest.raises(ValueError, match="Nobody with a score has a therapist recorded"):
        fit_growth(none, cluster="therapist")


def test_some_people_of_an_arm_have_no_therapist_recorded(growth_trial):
    study = growth_trial.study
    means = []
    for nobody in (np.nan, None, ""):  # an empty cell is nobody, not one more therapist
        people = study.participants.copy()
        people["therapist"] = people["therapist"].astype(object)
        people.loc[people["therapist"].isna(), "therapist"] = nobody
        people.loc[people["participant_id"] == "P04", "therapist"] = nobody
        gap = replace(
            growth_trial, study=replace(study, tables={**study.tables, "participants": people})
        )
        fit = fit_growth(gap, cluster="therapist")
        caution = "people of combined without a therapist recorded count as having none"
        assert caution in fit.cautions
        means.append(fit.levels("mean", 12).estimate)
    np.testing.assert_array_equal(means[1:], means[:1] * 2)


def test_one_person_in_every_arm(growth_trial):
    few = growth_trial.frame[
        growth_trial.frame["participant_id"].isin(["P01", "P02", "P03", "P04"])
    ]
    fit = fit_growth(replace(growth_trial, frame=few), adjust=[])
    refused(fit, "cannot be told apart")


def test_nobody_has_a_second_time(growth_trial):
    once = growth_trial.frame.drop_duplicates("arm")
    refused(fit_growth(replace(growth_trial, frame=once), adjust=[]), "no scores at two times")


def test_a_constant_score(growth_trial):
    same = growth_trial.frame.assign(score=12.0)
    refused(fit_growth(replace(growth_trial, frame=same), adjust=[]), "reproduce the")


def test_no_count_of_people_stands_in_a_reason(growth_trial):
    """Cautions are shown as they are: what they say must not give a small group away."""
    two = growth_trial.frame[growth_trial.frame["participant_id"].isin(["P01", "P02"])]
    for frame in (growth_trial.frame.assign(score=12.0), two.groupby("participant_id").head(2)):
        fit = fit_growth(replace(growth_trial, frame=frame), adjust=[])
        assert fit.model is None
        assert not any(char.isdigit() for char in fit.cautions[-1])
    once = growth_trial.frame.assign(
        score=lambda f: f["score"] - f.groupby("participant_id")["score"].transform("mean")
    )
    fit = fit_growth(replace(growth_trial, frame=once), adjust=[], random="intercept")
    assert any(caution.startswith("singular") for caution in fit.cautions)
    assert not any(char.isdigit() for caution in fit.cautions for char in caution)


def test_no_score_at_all(growth_trial):
    none = growth_trial.frame.assign(score=np.nan)
    refused(fit_growth(replace(growth_trial, frame=none)), "too few scores")


def test_an_arm_with_too_few_times_for_the_curve(growth_trial):
    frame = growth_trial.frame
    short = frame[(frame["arm"] != "therapy") | (frame["week"] < 4)]
    fit = fit_growth(replace(growth_trial, frame=short), **PIECES)
    assert fit.cautions == (
        "therapy has scores at too few times for this curve: none can be drawn",
    )
    assert not fit.compare("combined", against="therapy", week=8).one().is_estimable
    assert fit.compare("combined", against="control", week=8).one().is_estimable


def test_when_a_treatment_is_on_and_since_when():
    given = pd.DataFrame(
        [("A", "medication", "x", 10.0, 20.0), ("A", "medication", "y", 40.0, np.nan)],
        columns=["participant_id", "component", "name", "start_day", "stop_day"],
    )
    study = type("S", (), {"treatments": given, "arms": ()})()
    days = [9.0, 10.0, 20.0, 21.0, 40.0, 400.0]
    rows = pd.DataFrame({"participant_id": "A", "arm": "control", "day": days})
    on = TreatmentOverTime("medication").column(study, rows)
    assert on.tolist() == [0, 1, 1, 0, 1, 1]
    assert TreatmentOverTime("medication", name="y").column(study, rows).tolist() == [
        0,
        0,
        0,
        0,
        1,
        1,
    ]
    since = TreatmentOverTime("medication", "since_start").column(study, rows)
    np.testing.assert_allclose(since * 7, [0, 0, 10, 11, 30, 390])
    elsewhere = TreatmentOverTime("medication", arms=("therapy",)).column(study, rows)
    assert not elsewhere.any()


def test_a_spline_of_more_columns_than_the_times_allow(growth_trial):
    """Two weeks only: the quantiles between them are the first and the last."""
    two = growth_trial.frame[growth_trial.frame["week"].isin([2, 30])]
    two = two.assign(day=two["week"] * 7.0)
    with pytest.raises(ValueError, match="too few times for df=3.* Give a smaller df, or"):
        fit_growth(replace(growth_trial, frame=two), shape="spline", df=3)
    with pytest.raises(ValueError, match="df is '3'"):
        fit_growth(growth_trial, shape="spline", df="3")


def test_treatment_over_time_is_given_as_such(growth_trial):
    treatment = TreatmentOverTime("medication", arms=("control", "therapy"))
    alone = fit_growth(growth_trial, over_time=treatment)
    listed = fit_growth(growth_trial, over_time=[treatment])
    assert alone.over_time().one().estimate == listed.over_time().one().estimate
    for wrong in ("medication", ["medication"]):
        with pytest.raises(
            TypeError, match="over_time takes TreatmentOverTime; found 'medication'"
        ):
            fit_growth(growth_trial, over_time=wrong)


def test_growth_of_what_is_no_course(growth_trial):
    response = replace(growth_trial, kind="response", frame=growth_trial.frame.assign(value=1.0))
    with pytest.raises(ValueError, match="of kind course"):
        fit_growth(response)


def test_levels_of_an_arm_without_what_it_was_given_are_an_extrapolation(growth_trial):
    """Weeks since therapy began stand in for the line of the therapy arms: a caution says so."""
    outcome = derive_course(simulate_study(120, seed=2))
    everyone = fit_growth(outcome, over_time=TreatmentOverTime("therapy", "since_start"))
    row = everyone.compare("combined", against="medication", week=12).one()
    assert "levels of therapy, combined are those without the therapy" in row.caution
    others = TreatmentOverTime("medication", arms=("control", "therapy"))
    cautions = fit_growth(growth_trial, over_time=others).cautions
    assert any("an association" in caution for caution in cautions)
    assert not any("extrapolation" in caution for caution in cautions)
