"""`fit_response` by every model: what each is held to, and what all have in common."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from ctevidence.models.repeated_risk import WORKING
from ctevidence.models.response import MODELS, fit_response

WEEKS = (1, 2, 3)


@pytest.fixture(scope="module")
def visits(reference, make_outcome):
    """The repeated visits of tests/reference/logistic_mixed.R as an outcome."""
    part = reference("logistic_mixed")["visits"]["data"]
    arms = np.array(["control", "medication", "therapy", "combined"])
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{p}" for p in part["person"]],
            "arm": arms[np.array(part["arm"])],
            "week": np.array(part["week"]),
            "value": np.array(part["y"], float),
            "baseline": np.array(part["baseline"], float),
        }
    )
    people = frame.drop_duplicates("participant_id")[["participant_id", "arm", "baseline"]]
    people = people.assign(site=[f"S{i % 12}" for i in range(len(people))])
    frame = frame.drop(columns="baseline")
    return make_outcome("response", frame, people=people, weeks=(2, 4, 6))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_gives_levels_rows_and_a_method(model, visits):
    strata = ["site"] if model == "mantel-haenszel" else ()
    fit = fit_response(visits, ["baseline"], model, strata=strata)
    levels = fit.levels(week=3)
    assert levels.measure == "risk"
    assert sum(levels.n) == (visits.frame["week"] == 3).sum()
    row = fit.compare("combined", against="medication", week=3).one()
    assert row.conf_low < row.estimate < row.conf_high
    assert row.std_error > 0
    assert row.method


def test_an_unknown_model_is_refused_with_a_suggestion(visits):
    with pytest.raises(KeyError, match='"mixd".*did you mean "mixed"'):
        fit_response(visits, model="mixd")


def test_estimating_equations_of_a_saturated_design_are_the_counts(visits):
    gee = fit_response(visits, [], "gee", working="independence")
    counted = fit_response(visits, [], "counts")
    np.testing.assert_allclose(gee.levels().values, counted.levels().values, rtol=1e-9)


@pytest.mark.parametrize(("working", "tolerance"), [("independence", 1e-7), ("exchangeable", 2e-3)])
def test_estimating_equations_as_geepack(working, tolerance, reference):
    # the equations behind `gee_risk_fit`; geepack estimates the correlation in another way
    witness = reference("logistic_mixed")["gee"][working]
    d = {k: np.array(v, float) for k, v in reference("logistic_mixed")["visits"]["data"].items()}
    arms = [d["arm"] == a for a in (1, 2, 3)]
    X = np.column_stack([np.ones(len(d["y"])), *arms, d["week"], d["baseline"] - 24])
    structure = WORKING[working]()
    fit = GEE(d["y"], X.astype(float), d["person"], family=Binomial(), cov_struct=structure)
    fit = fit.fit(maxiter=200, ctol=1e-12)
    np.testing.assert_allclose(fit.params, witness["coef"], rtol=tolerance)
    np.testing.assert_allclose(fit.bse, witness["se"], rtol=tolerance)


def test_mixed_risks_are_the_average_over_people_and_intercepts(visits):
    fit = fit_response(visits, ["baseline"], "mixed")
    model, levels = fit.model, fit.levels(week=2)
    # by simulation: new people with the covariates of these, each with an intercept of their own
    rng = np.random.default_rng(5)
    people = visits.study.entering()["baseline"].to_numpy()
    centred = np.tile(people - people.mean(), 2000)
    column = 4 + levels.arms.index(next(a for a in levels.arms if a.name == "therapy"))
    eta = model.coef[column] + model.coef[-1] * centred
    drawn = 1 / (1 + np.exp(-(eta + model.sigma * rng.normal(size=len(eta)))))
    found = levels.values[[k.arm for k in levels.keys].index("therapy")]
    assert found == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(len(drawn)))


def test_covariance_of_mixed_risks_is_the_delta_method(visits):
    fit = fit_response(visits, [], "mixed")
    model, levels = fit.model, fit.levels()

    # without covariates there are no people to sample: only the parameters vary
    def risks(theta):
        nodes, weights = np.polynomial.hermite_e.hermegauss(60)
        p = 1 / (1 + np.exp(-(theta[:-1, None] + theta[-1] * nodes)))
        return p @ weights / np.sqrt(2 * np.pi)

    theta = np.append(model.coef, model.sigma)
    steps = np.eye(len(theta)) * 1e-5
    J = np.array([(risks(theta + h) - risks(theta - h)) / 2e-5 for h in steps]).T
    np.testing.assert_allclose(levels.cov, J @ model.joint_cov @ J.T, rtol=1e-6, atol=1e-10)


def test_a_random_intercept_of_sites_takes_one_week(visits, make_outcome):
    with pytest.raises(ValueError, match="visits of one person as if"):
        fit_response(visits, [], "mixed", group="site")
    one = make_outcome(
        "response",
        visits.frame[visits.frame["week"] == 3],
        people=visits.study.participants,
        weeks=(2, 4, 6),
    )
    fit = fit_response(one, [], "mixed", group="site")
    assert fit.model.groups == 12
    assert "random intercept of site" in fit.levels().method


def test_few_sites_are_said(visits, make_outcome):
    people = visits.study.participants.assign(site=lambda d: d["site"].str[-1:])
    people["site"] = [f"S{i % 4}" for i in range(len(people))]
    frame = visits.frame[visits.frame["week"] == 3]
    fit = fit_response(make_outcome("response", frame, people=people), [], "mixed", group="site")
    assert any("only 4 groups (site)" in caution for caution in fit.cautions)


def test_a_regression_that_cannot_be_had_is_counted_and_says_so(counts):
    fit = fit_response(counts(control=(0, 20), medication=(9, 20)), [], "mixed")
    assert "no mixed model, but counts" in "; ".join(fit.cautions)
    assert fit.levels().interval_for is not None


def test_separation_is_met_by_firths_penalty_and_said(counts):
    outcome = counts(control=(0, 20), medication=(9, 20), therapy=(8, 20), combined=(12, 20))
    fit = fit_response(outcome, [], "standardised")
    assert any("Firth's penalty" in caution for caution in fit.cautions)
    assert fit.levels().values[0] == pytest.approx(0.5 / 21)
    row = fit.compare("combined", against="control", measure="odds_ratio").one()
    # by hand: a half added to each cell
    assert row.estimate == pytest.approx((12.5 / 8.5) / (0.5 / 20.5), rel=1e-8)


def test_without_separation_the_model_asked_for_is_the_plain_one(visits):
    asked, default = (fit_response(visits, ["baseline"], m) for m in ("standardised", None))
    np.testing.assert_allclose(asked.levels().estimate, default.levels().estimate)
    np.testing.assert_allclose(asked.levels().cov, default.levels().cov)


def test_score_interval_of_newcombes_example(counts):
    fit = fit_response(counts(combined=(56, 70), control=(48, 80)), [], "miettinen-nurminen")
    row = fit.compare("combined", against="control").one()
    assert (row.conf_low, row.conf_high) == pytest.approx((0.0528, 0.3382), abs=5.1e-5)
    needed = fit.compare("combined", against="control", measure="nnt").one()
    assert (needed.conf_low, needed.conf_high) == pytest.approx(
        (1 / row.conf_high, 1 / row.conf_low)
    )
    above = fit.compare("combined", against="control", alternative="greater", conf_level=0.975)
    assert above.one().conf_low == pytest.approx(row.conf_low)
    assert np.isnan(above.one().conf_high)
    assert above.one().p_value == pytest.approx(row.p_value / 2)


def test_strata_are_pooled_as_metafor_does(reference, make_outcome):
    witness = reference("response_methods")
    rows = []
    for s, (e1, n1, e0, n0) in enumerate(zip(*witness["strata"].values(), strict=True)):
        for arm, events, people in (("combined", e1, n1), ("control", e0, n0)):
            rows += [(f"{arm}{s}-{i}", arm, f"S{s}", float(i < events)) for i in range(people)]
    people = pd.DataFrame(rows, columns=["participant_id", "arm", "site", "value"])
    frame = people.drop(columns="site").assign(week=12)
    outcome = make_outcome("response", frame, people=people.drop(columns="value"))
    fit = fit_response(outcome, [], "mantel-haenszel", strata=["site"])
    for measure, unit in (("risk_difference", lambda x: x), ("risk_ratio", np.exp)):
        row = fit.compare("combined", against="control", measure=measure).one()
        assert row.estimate == pytest.approx(unit(witness[measure]["estimate"]), rel=1e-9)
        assert row.conf_low == pytest.approx(unit(witness[measure]["low"]), rel=1e-9)
        assert row.p_value == pytest.approx(witness[measure]["p"], rel=1e-9)
    with pytest.raises(KeyError, match='No "hazard_ratio" by mantel-haenszel'):
        fit.compare("combined", against="control", measure="hazard_ratio")
