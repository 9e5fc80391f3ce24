"""Weighted and doubly robust levels: numbers of weighting.R, and cases worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, compare, synergy
from ctevidence.models.course import fit_course
from ctevidence.models.courses import fit_courses
from ctevidence.models.cox import fit_cox
from ctevidence.models.for_whom import for_whom
from ctevidence.models.growth import fit_growth
from ctevidence.models.harms import fit_harms
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.resampled import bootstrap_levels
from ctevidence.models.resampled_risks import bootstrap_risks
from ctevidence.models.response import fit_response
from ctevidence.models.retention import fit_retention
from ctevidence.models.time_to_response import fit_time_to_response
from ctevidence.models.weighted_mean import augmented_means
from ctevidence.outcomes.harms import derive_harms
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.person_weights import PersonWeights
from ctevidence.outcomes.retention import derive_retention
from ctevidence.outcomes.time_to_response import derive_time_to_response
from ctevidence.sensitivity.interaction_bounds import interaction_bounds
from ctevidence.sensitivity.weighting import weigh
from ctevidence.simulate.study import simulate_study

WAYS = ("inverse-probability", "overlap", "matching")


@pytest.fixture(scope="module", params=WAYS)
def way(request):
    return request.param


@pytest.fixture(scope="module")
def weights(registry):
    return {how: weigh(registry, how) for how in WAYS}


def known(weights: PersonWeights) -> PersonWeights:
    """The same weights, as if they had not been estimated."""
    none = np.empty((len(weights.people), 0))
    return PersonWeights(
        weights.people, weights.arm, weights.value, none, weights.tilt, none, none,
        weights.population, weights.method, weights.covariates, weights.columns,
    )  # fmt: skip


def agrees(levels, witness, rtol=1e-6):
    np.testing.assert_allclose(levels.values, witness["estimate"], rtol=rtol)
    np.testing.assert_allclose(
        levels.cov, witness["cov"], rtol=1e-6, atol=1e-8 * np.max(levels.cov)
    )


@pytest.mark.parametrize("week", [6, 12])
def test_weighted_risks_as_in_r(r, response, weights, way, week):
    fit = fit_response(response.weighted(weights[way]))
    agrees(fit.levels("risk", week), r[f"risk{week}"][way])


def test_weighted_scores_as_in_r(r, course, weights, way):
    agrees(fit_course(course.weighted(weights[way])).levels("mean", 6), r["score"][way])


@pytest.mark.parametrize("week", [6, 12])
def test_doubly_robust_risks_as_in_r(r, response, weights, way, week):
    fit = fit_response(response.weighted(weights[way]), model="doubly-robust")
    agrees(fit.levels("risk", week), r[f"augmented{week}"][way])


def test_doubly_robust_scores_as_in_r(r, course, weights, way):
    fit = fit_course(course.weighted(weights[way]), model="doubly-robust")
    agrees(fit.levels("mean", 6), r["augmented_score"][way])


@pytest.mark.parametrize(
    ("measure", "name", "how"),
    [
        ("survival", "survival", "inverse-probability"),
        ("survival", "survival", "overlap"),
        ("rmst", "rmst", "overlap"),
        ("cumulative_incidence", "incidence", "overlap"),
    ],
)
def test_weighted_curves_as_in_r(r, relapse, weights, measure, name, how):
    fit = fit_relapse(relapse.weighted(weights[how]))
    agrees(fit.levels(measure, r["week"]), r[name][how])
    fit = fit_relapse(relapse.weighted(known(weights[how])))
    levels = fit.levels(measure, r["week"])
    np.testing.assert_allclose(levels.cov, r[name][how]["cov_known"], rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("measure", ["survival", "rmst"])
def test_doubly_robust_curves_as_in_r(r, relapse, weights, way, measure):
    fit = fit_relapse(relapse.weighted(weights[way]), model="doubly-robust")
    agrees(fit.levels(measure, r["week"]), r[f"augmented_{measure}"][way])


def test_weighted_hazards_as_in_r(r, relapse, weights):
    levels = fit_relapse(relapse.weighted(known(weights["overlap"]))).levels("log_hazard")
    np.testing.assert_allclose(levels.estimate[1:], r["cox"]["estimate"], rtol=1e-6)
    np.testing.assert_allclose(levels.cov[1:, 1:], r["cox"]["cov_known"], rtol=1e-5)


def test_the_influence_of_estimated_weights_on_hazards_as_in_r(r, relapse, weights):
    """R's derivatives are of Breslow's likelihood, in which weights are linear."""
    own = weights["overlap"]
    data = pd.DataFrame(r["data"]).set_index("participant_id").loc[own.people]
    x = (data["arm"].to_numpy()[:, None] == np.array(r["arms"])[1:]).astype(float)
    time, event = data["time"].to_numpy(float), data["cause"].to_numpy() == 1
    model = fit_cox(time, event, x, weights=own.value, ties="breslow")
    influence = own.propagated(model.score_residuals() / own.value[:, None] @ model.model_cov)
    np.testing.assert_allclose(model.coef, r["cox_breslow"]["estimate"], rtol=1e-6)
    np.testing.assert_allclose(influence.T @ influence, r["cox_breslow"]["cov"], rtol=1e-4)
    efron = fit_relapse(relapse.weighted(own)).levels("log_hazard")
    ratio = efron.cov[1:, 1:].diagonal() / np.diag(r["cox_breslow"]["cov"])
    np.testing.assert_allclose(ratio, 1, atol=0.05)


def test_known_weights_as_in_survey(r, response, course, relapse, weights):
    """svyby, svyglm and svykm; R's survey multiplies variances by n / (n - 1)."""
    own = known(weights["overlap"])
    levels = fit_response(response.weighted(own)).levels("risk", 6)
    n = len(own.people)
    np.testing.assert_allclose(levels.values, r["survey"]["mean"], rtol=1e-7)
    np.testing.assert_allclose(
        np.sqrt(levels.cov.diagonal() * n / (n - 1)), r["survey"]["se"], rtol=1e-6
    )
    means = fit_course(course.weighted(own)).levels("mean", 6).values
    first, *others = r["survey"]["model"]
    np.testing.assert_allclose(means, [first, *(first + np.array(others))], rtol=1e-7)
    survival = fit_relapse(relapse.weighted(own)).levels("survival", r["week"]).values
    assert survival[2] == pytest.approx(r["survey"]["km"], rel=1e-7)


# -- worked by hand --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stratified(make_registry):
    """Four arms, one confounder with three values: counts chosen so that all shares are simple."""
    sizes = {"mild": (8, 6, 4, 6), "moderate": (5, 10, 5, 10), "severe": (4, 8, 12, 16)}
    events = {"mild": (4, 4, 3, 5), "moderate": (2, 5, 2, 7), "severe": (1, 3, 4, 8)}
    arms = ("control", "medication", "therapy", "combined")
    rows = [
        (f"{value}-{arm}-{i}", arm, value, float(i < events[value][a]))
        for value in sizes
        for a, arm in enumerate(arms)
        for i in range(sizes[value][a])
    ]
    frame = pd.DataFrame(rows, columns=["participant_id", "arm", "severity", "value"])
    study = make_registry(frame[["participant_id", "arm", "severity"]], ("severity",))
    outcome = Outcome("response", "response", study, frame[["participant_id", "arm", "value"]]
                      .assign(week=12.0), study.rules.response, "higher")  # fmt: skip
    share = np.array([[e / n for e, n in zip(events[v], sizes[v], strict=True)] for v in sizes])
    people = np.array([sizes[v] for v in sizes], float)
    return outcome, share, people


def test_with_one_confounder_weighting_is_standardising_is_stratifying(stratified):
    outcome, share, people = stratified
    of_all = people.sum(axis=1) / people.sum()
    by_hand = of_all @ share
    weights = weigh(outcome.study, "inverse-probability")
    for model in ("weighted", "doubly-robust"):
        found = fit_response(outcome.weighted(weights), model=model).levels().values
        np.testing.assert_allclose(found, by_hand, rtol=1e-9)
    # overlap: strata count by the harmonic mean of the chances of the arms
    chance = people / people.sum(axis=1, keepdims=True)
    tilt = of_all / (1 / chance).sum(axis=1)
    weights = weigh(outcome.study, "overlap")
    found = fit_response(outcome.weighted(weights)).levels().values
    np.testing.assert_allclose(found, tilt @ share / tilt.sum(), rtol=1e-9)


def test_the_error_of_a_saturated_weighting_is_that_of_stratifying(stratified):
    """Standardised to everyone: within strata binomial, between strata multinomial, by hand."""
    outcome, share, people = stratified
    n = people.sum()
    of_all = people.sum(axis=1) / n
    within = (of_all**2) @ (share * (1 - share) / people)
    mean = of_all @ share
    between = (of_all @ (share - mean) ** 2) / n
    weights = weigh(outcome.study, "inverse-probability")
    for model in ("weighted", "doubly-robust"):
        levels = fit_response(outcome.weighted(weights), model=model).levels()
        if model == "weighted":  # the regression has one slope for all arms, other errors
            np.testing.assert_allclose(levels.cov.diagonal(), within + between, rtol=1e-8)
        joint = (of_all @ ((share - mean)[:, 0] * (share - mean)[:, 1])) / n
        assert levels.cov[0, 1] == pytest.approx(joint, rel=0.5 if model != "weighted" else 1e-8)


def test_weights_of_one_change_nothing(response, course, relapse):
    people = pd.Index(response.study.entering()["participant_id"])
    arm = response.study.entering()["arm"].to_numpy()
    none = np.empty((len(people), 0))
    ones = PersonWeights(
        people, arm, np.ones(len(people)), none, np.ones(len(people)), none, none, "all", "given"
    )
    weighted = fit_response(response.weighted(ones)).levels("risk")
    plain = fit_response(response, adjust=[]).levels("risk")
    np.testing.assert_allclose(weighted.values, plain.values, rtol=1e-12)
    np.testing.assert_allclose(weighted.cov, plain.cov, rtol=1e-9, atol=1e-16)
    assert (weighted.n, weighted.events) == (plain.n, plain.events)
    fit, without = fit_relapse(relapse.weighted(ones)), fit_relapse(relapse, adjust=[])
    assert fit.largest_week == without.largest_week
    for measure in ("survival", "rmst", "cumulative_incidence"):
        one, other = fit.levels(measure, 20), without.levels(measure, 20)
        np.testing.assert_allclose(one.values, other.values, rtol=1e-12)
        np.testing.assert_allclose(one.cov.diagonal(), other.cov.diagonal(), rtol=1e-9)
        assert (one.n, one.events) == (other.n, other.events)
    np.testing.assert_allclose(
        fit.levels("log_hazard").estimate, without.levels("log_hazard").estimate, rtol=1e-9
    )
    means = course.frame.groupby("arm")["score"].mean()
    levels = fit_course(course.weighted(ones)).levels("mean", 6)
    np.testing.assert_allclose(levels.values, [means[key.arm] for key in levels.keys], rtol=1e-12)


def test_right_regression_and_exact_scores_leave_the_regression(course, weights):
    """Scores that are a straight line of the covariates and the arm, without any noise."""
    study = course.study
    people = study.entering().set_index("participant_id").loc[course.frame["participant_id"]]
    effect = people["arm"].map({"control": 0.0, "medication": -3, "therapy": -2, "combined": -6})
    line = 0.5 * people["baseline"] + 0.1 * people["age"] + effect + 2 * (people["sex"] == "m")
    exact = replace(course, frame=course.frame.assign(score=line.to_numpy()))
    fit = fit_course(exact.weighted(weights["overlap"]), model="doubly-robust")
    row = fit.compare("combined", against="control", week=6).one()
    assert row.estimate == pytest.approx(-6, abs=1e-10)
    assert fit.compare("medication", against="control", week=6).one().estimate == pytest.approx(-3)


# -- as a whole ------------------------------------------------------------------------------------


def test_every_contrast_works_and_is_an_association(response, relapse, weights):
    weighted = weights["overlap"]
    for fit, week in (
        (fit_response(response.weighted(weighted)), 6),
        (fit_response(response.weighted(weighted), model="doubly-robust"), 6),
    ):
        row = compare(fit, "combined", against="control", measure="risk_ratio", week=week).one()
        assert row.randomised is False
        assert "not randomised: an association" in row.caution
        assert "arms are made alike in baseline, age, sex only" in row.caution
        assert row.population.startswith("people with a fair chance of every arm (")
        assert len(synergy(fit, week=week)) > 10
        assert better_than_both(fit, week=week).frame["estimate"].notna().all()
    fit = fit_relapse(relapse.weighted(weighted))
    row = fit.compare("combined", against="control", measure="rmst_difference", week=20).one()
    assert row.unit == "weeks"
    assert synergy(fit, measure="rmst", week=20).frame["estimate"].notna().any()
    assert synergy(fit, measure="log_hazard").where(measure="interaction_ratio").one().is_estimable


def test_a_bootstrap_that_weighs_anew_gives_the_same_errors(response, weights):
    """300 replicates: their Monte-Carlo error of a standard error is 4 %."""
    weighted = response.weighted(weights["overlap"])
    for model in ("weighted", "doubly-robust"):
        levels = bootstrap_levels(
            weighted, lambda o, m=model: fit_response(o, model=m), week=6, replicates=300, seed=8
        )
        spread = levels.draws.std(axis=0, ddof=1)
        np.testing.assert_allclose(spread, np.sqrt(levels.cov.diagonal()), rtol=0.15)


def test_estimating_the_weights_lowers_the_error(response, weights):
    """What estimated propensities do for inverse-probability weights (Lunceford, Davidian 2004)."""
    weighted = weights["inverse-probability"]
    own = fit_response(response.weighted(weighted)).levels("risk", 6).cov
    given = fit_response(response.weighted(known(weighted))).levels("risk", 6).cov
    c = np.array([-1.0, 0, 0, 1])
    assert c @ own @ c < c @ given @ c


def test_a_regression_that_the_data_cannot_carry_is_left_out_with_the_reason(response, weights):
    frame = response.frame.assign(
        value=np.where(response.frame["arm"] == "control", 0.0, response.frame["value"])
    )
    rare = replace(response, frame=frame)
    fit = fit_response(rare.weighted(weights["overlap"]), model="doubly-robust")
    assert any("weighted only, without a regression" in c for c in fit.cautions)
    plain = fit_response(rare.weighted(weights["overlap"]))
    np.testing.assert_allclose(fit.levels().values, plain.levels().values)


def test_the_engine_refuses_covariates_that_follow_from_arms(weights):
    own = weights["overlap"]
    arm = own.arm_number
    y = np.random.default_rng(0).normal(size=len(arm))
    columns = (arm == 1).astype(float)[:, None]
    with pytest.raises(ArithmeticError, match="cannot be told from the arms"):
        augmented_means(y, arm, 4, columns, own, "identity")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda o: fit_response(o, model="weighted"), ValueError, "needs weights"),
        (lambda o: fit_response(o, model="doubly-robust"), ValueError, "needs weights"),
    ],
)
def test_models_of_weights_need_them(response, call, error, words):
    with pytest.raises(error, match=words):
        call(response)


def test_no_fit_ignores_weights(response, course, relapse, weights):
    own = weights["overlap"]
    with pytest.raises(ValueError, match="carries weights, which this fit does not use"):
        fit_growth(course.weighted(own))
    with pytest.raises(ValueError, match="carries weights"):
        fit_courses([course.weighted(own)])
    with pytest.raises(ValueError, match="carries weights"):
        for_whom(response.weighted(own), "combined", against="control")
    with pytest.raises(ValueError, match="must be estimated anew"):
        bootstrap_risks(fit_response(response.weighted(own)), week=6, seed=1)
    with pytest.raises(KeyError, match='No model "firth" of an outcome with weights'):
        fit_response(response.weighted(own), model="firth")
    with pytest.raises(ValueError, match="belong to the mixed model"):
        fit_course(course.weighted(own), covariance="toeplitz")
    with pytest.raises(ValueError, match="carries weights"):
        fit_relapse(relapse.weighted(own), seen="interval")
    with pytest.raises(ValueError, match="needs weights"):
        fit_relapse(relapse, model="doubly-robust")
    with pytest.raises(ValueError, match="without weights there is none to choose"):
        fit_retention(derive_retention(simulate_study(n=40, seed=1)), model="firth")
    with pytest.raises(ValueError, match="without weights a course has the mixed model only"):
        fit_course(course, model="mixed")
    with pytest.raises(ValueError, match="is the regression of"):
        fit_relapse(relapse.weighted(own), adjust=["age"])
    with pytest.raises(ValueError, match="has weights already"):
        response.weighted(own).weighted(own)
    with pytest.raises(TypeError, match="Give weights from weigh"):
        response.weighted(np.ones(3))


def test_weights_of_other_people_are_refused(response, weights):
    own = weights["overlap"]
    turned = replace(own, arm=own.arm[::-1].copy())
    with pytest.raises(ValueError, match="or of other arms"):
        response.weighted(turned)


def test_given_weights_cannot_be_estimated_anew(response, weights):
    with pytest.raises(TypeError, match="cannot be estimated anew"):
        known(weights["overlap"]).again(response.study)


def test_a_week_beyond_follow_up_names_the_largest(relapse, weights):
    fit = fit_relapse(relapse.weighted(weights["overlap"]))
    with pytest.raises(ValueError, match="the largest possible week is"):
        fit.levels("survival", 500)
    with pytest.raises(KeyError, match="Say which week"):
        fit.levels("rmst")
    robust = fit_relapse(relapse.weighted(weights["overlap"]), model="doubly-robust")
    with pytest.raises(KeyError, match="log_hazard"):
        robust.levels("log_hazard")


def test_bounds_are_of_probabilities(course, relapse, weights):
    own = weights["overlap"]
    with pytest.raises(ValueError, match="Bounds are of interactions of probabilities"):
        interaction_bounds(fit_course(course.weighted(own)), week=6)
    fit = fit_relapse(relapse.weighted(own))
    rows = interaction_bounds(fit, measure="survival", week=20)
    assert rows.where(measure="interaction_ratio_e_value").one().estimate >= 1


def test_harms_retention_and_time_to_response_take_weights():
    study = simulate_study(n=400, seed=2, design="registry")
    own = weigh(study)
    harms = derive_harms(study).weighted(own)
    row = fit_harms(harms).compare("combined", against="control").one()
    assert row.population == "people with a fair chance of every arm (weighted)"
    for model in ("weighted", "doubly-robust"):
        fit = fit_retention(derive_retention(study).weighted(own), model=model)
        assert fit.compare("combined", against="therapy", week=12).one().is_estimable
        assert fit.levels("rmst", 20).population.endswith(f"({model.replace('-', ' ')})")
        fit = fit_time_to_response(derive_time_to_response(study).weighted(own), model=model)
        levels = fit.levels("rmst", 12)
        assert levels.better == "lower"
        assert np.isfinite(levels.values).all()
