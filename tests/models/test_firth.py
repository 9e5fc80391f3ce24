"""Held to the penalised likelihood maximised in R (tests/reference/logistic_mixed.R)."""

import numpy as np
import pytest

from ctevidence.models.firth import fit_firth
from ctevidence.models.firth_risk import penalised_risks


@pytest.fixture(scope="module", params=["separated", "complete"])
def witness(request, reference):
    part = reference("logistic_mixed")["firth"][request.param]
    d = {name: np.array(values, float) for name, values in part["data"].items()}
    if request.param == "separated":
        X = np.column_stack([*(d["arm"] == a for a in range(3)), d["severity"]]).astype(float)
    else:
        X = np.column_stack([np.ones(len(d["x"])), d["x"]])
    return part, fit_firth(d["y"], X)


def test_estimates_errors_and_penalised_likelihood(witness):
    part, fit = witness
    assert fit.converged
    np.testing.assert_allclose(fit.coef, part["coef"], rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov)), part["se"], rtol=1e-8)
    assert fit.loglik == pytest.approx(part["loglik"], abs=1e-9)


def test_profile_intervals(witness):
    part, fit = witness
    limits = np.array([fit.interval(j) for j in range(len(fit.coef))])
    np.testing.assert_allclose(limits[:, 0], part["low"], rtol=1e-6)
    np.testing.assert_allclose(limits[:, 1], part["high"], rtol=1e-6)


def test_one_arm_is_the_count_plus_a_half():
    # Firth (1993): the Jeffreys prior of a proportion adds half an event and half a non-event
    y = np.r_[np.ones(3), np.zeros(14)]
    fit = fit_firth(y, np.ones((17, 1)))
    assert 1 / (1 + np.exp(-fit.coef[0])) == pytest.approx(3.5 / 18, rel=1e-10)


def test_risks_of_an_arm_without_an_event_have_an_error():
    y, arm = np.r_[np.zeros(20), np.ones(6), np.zeros(14)], np.repeat([0, 1], 20)
    risks = penalised_risks(y, arm, 2, np.empty((40, 0)))
    cov = risks.influence.T @ risks.influence
    p = np.array([0.5, 6.5]) / 21
    np.testing.assert_allclose(risks.estimate, p, rtol=1e-9)
    # delta method by hand: the information of an arm's log odds is n p (1 - p)
    np.testing.assert_allclose(np.diag(cov), p * (1 - p) / 20, rtol=1e-9)
    assert cov[0, 1] == pytest.approx(0.0, abs=1e-12)
