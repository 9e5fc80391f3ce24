"""Response of imputed scores: the score is imputed, then the rule applied."""

import numpy as np
import pytest

import ctevidence as ct
from ctevidence.data.rules import ResponseRule
from ctevidence.models.standardised_risk import counted_risks, standardised_risks
from ctevidence.sensitivity.batched_risks import counted, standardised
from ctevidence.sensitivity.missing_scores import again


@pytest.fixture(scope="module")
def imputed(four_arm_trial):
    return ct.impute(ct.derive_response(four_arm_trial, week=[6, 12]), imputations=50, seed=1)


@pytest.mark.parametrize("model", ["counts", "standardised"])
def test_complete_data_give_the_complete_data_answer(complete_study, model):
    outcome = ct.derive_response(complete_study, week=[4, 12])
    fit = ct.fit_response(outcome, model=model).levels()
    imputed = ct.impute(outcome, "jump to reference", reference="control", imputations=2, seed=1)
    levels = imputed.fit(model=model).levels()
    order = [fit.keys.index(key) for key in levels.keys]
    assert levels.estimate == pytest.approx(fit.estimate[order], rel=1e-9)
    assert levels.cov == pytest.approx(fit.cov[np.ix_(order, order)], rel=1e-9, abs=1e-12)
    assert levels.events == tuple(fit.events[i] for i in order)
    assert levels.n == tuple(fit.n[i] for i in order)


def test_many_regressions_at_once_are_each_of_them(rng):
    n = 80
    arm, covariates = rng.integers(3, size=n), rng.normal(size=(n, 2))
    y = (rng.random((5, n)) < 1 / (1 + np.exp(0.3 - covariates[:, 0]))).astype(float)
    for batch, single in (
        (counted(y, arm, 3), lambda k: counted_risks(y[k], arm, 3)),
        (
            standardised(y, arm, 3, covariates),
            lambda k: standardised_risks(y[k], arm, 3, covariates),
        ),
    ):
        for k in range(5):
            wanted = single(k)
            assert batch[0][k] == pytest.approx(wanted.estimate, rel=1e-9)
            assert batch[1][k] == pytest.approx(wanted.influence, rel=1e-7, abs=1e-12)


def test_a_separated_data_set_does_not_stop_the_others(rng):
    n = 60
    arm, covariate = np.repeat([0, 1], 30), rng.normal(size=(n, 1))
    y = np.array([(covariate[:, 0] > 0), rng.random(n) < 0.4], float)
    estimate, influence = standardised(y, arm, 2, covariate)
    assert np.isnan(estimate[0]).all()
    wanted = standardised_risks(y[1], arm, 2, covariate)
    assert estimate[1] == pytest.approx(wanted.estimate, rel=1e-9)
    assert influence[1] == pytest.approx(wanted.influence, rel=1e-7, abs=1e-12)


def test_the_rule_is_applied_to_scores_and_not_the_reverse(imputed, four_arm_trial):
    """Person by person, from the completed scores: half of the way from the baseline to 0."""
    scores = imputed.scores([12.0])[7, :, 0]
    baseline, missing = imputed.table.baseline, imputed.table.missing[:, 5]
    whole = np.clip(np.round(scores), 0, 63)
    used = np.where(missing, whole, scores)
    wanted = 2 * (baseline - used) >= baseline
    frame = imputed.completed(7).frame
    found = frame.loc[frame["week"] == 12, "value"].to_numpy()
    assert found.tolist() == wanted.astype(float).tolist()
    observed = ct.derive_response(four_arm_trial, week=12).frame["value"].to_numpy()
    known = ~np.isnan(observed)
    assert found[known].tolist() == observed[known].tolist()


def test_remission_is_imputed_by_its_own_rule(four_arm_trial):
    imputed = ct.impute(ct.derive_remission(four_arm_trial, week=12), imputations=5, seed=1)
    scores = imputed.scores([12.0])[..., 0]
    missing = imputed.table.missing[:, 5]
    well = np.where(missing, np.round(scores) <= 9, scores <= 9)
    assert imputed.completed(0).frame["value"].tolist() == well[0].astype(float).tolist()
    assert imputed.name == "remission (imputed, missing at random)"


def test_another_rule_than_of_the_score_is_refused(four_arm_trial):
    outcome = ct.derive_response(four_arm_trial, week=12)
    other = type(outcome)(**{**outcome.__dict__, "rule": object()})
    with pytest.raises(TypeError, match="can be imputed for a rule of response or remission"):
        ct.impute(other, imputations=2, seed=1).levels()


def test_a_worse_delta_never_makes_more_respond(imputed):
    risks = [imputed.shifted(points).per_arm(week=12).frame["estimate"] for points in (0, 3, 9, 60)]
    for less, more in zip(risks[1:], risks, strict=False):
        assert (less <= more + 1e-12).all()


def test_as_bad_as_the_scale_allows_is_non_response(four_arm_trial, imputed):
    """Gaps before the last score aside, which stay as imputed."""
    worst = imputed.shifted(63).fit(model="counts").per_arm(week=12)
    outcome = ct.derive_response(four_arm_trial, week=12, missing="non-response")
    counts = ct.fit_response(outcome, [], model="counts").per_arm()
    for row in worst:
        wanted = counts.where(arm=row.arm).one()
        # at the last visit there are no gaps
        assert row.estimate == pytest.approx(wanted.estimate, rel=1e-12)
        assert row.events == wanted.events


def test_too_few_events_are_counted_and_said(study_of, four_arm_trial):
    outcome = ct.derive_response(
        four_arm_trial, week=1, rule=ResponseRule("cut_off", "observed", threshold=0)
    )
    fit = ct.impute(outcome, imputations=5, seed=1).fit()
    row = fit.per_arm(week=1).frame.iloc[0]
    assert "not adjusted: fewer than 3 people with the rarer outcome" in row["caution"]
    assert "counts" in row["method"]


def test_an_unknown_model_or_covariate_is_refused(imputed):
    with pytest.raises(KeyError, match='No model "firth" of imputed response'):
        imputed.fit(model="firth")
    with pytest.raises(KeyError, match="No covariate"):
        imputed.fit(adjust=["age"])
    with pytest.raises(KeyError, match="No scores at week 7"):
        imputed.fit(weeks=[7.0])


def test_countings_and_strategies_stand_side_by_side(four_arm_trial):
    outcome = ct.derive_response(four_arm_trial, week=12)
    rows = ct.missing_scores(
        outcome, "combined", against="control", reference="control", imputations=20, seed=1
    )
    names = [row.outcome for row in rows]
    assert names[:4] == [
        "response (observed)",
        "response (missing as non-response)",
        "response (imputed, missing at random)",
        "response (imputed, jump to reference, reference control)",
    ]
    fit = ct.fit_response(outcome).compare("combined", against="control").one()
    assert rows.where(outcome="response (observed)").one().estimate == fit.estimate
    imputed = ct.impute(outcome, imputations=20, seed=1).compare("combined", against="control")
    assert list(rows)[2].same_as(again(imputed.one()))  # the same, and no claim hears it
