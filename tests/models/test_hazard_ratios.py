"""Cox regression on arms against R's coxph."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.hazard_ratios import arms_with_finite_ratios, log_hazards

PAIR = ["medication", "combined"]


@pytest.fixture
def data(reference):
    """``coxph`` with Efron's ties, survival 3.5-3; `survival.json`, made by `survival.R`."""

    def read(name, arms):
        witness = reference("survival")[name]
        d = {k: np.array(v) for k, v in witness["data"].items()}
        arm = np.array([arms.index(a) for a in d["arm"]])
        return (d["time"].astype(float), d["event"] == 1, arm, arms), d, witness

    return read


@pytest.mark.parametrize("name", ["aml", "lung", "tiny"])
def test_two_arms_as_in_r(data, name):
    arguments, _, witness = data(name, PAIR)
    found = log_hazards(*arguments)
    np.testing.assert_allclose(found.estimate, [0, *np.ravel(witness["cox"]["coef"])], rtol=1e-8)
    np.testing.assert_allclose(found.cov[1, 1], np.ravel(witness["cox"]["cov"])[0], rtol=1e-8)


def test_ties_by_efron_in_the_published_example(data):
    """Therneau, validation vignette of the survival package: Efron 1.67685749, Breslow 1.475285."""
    arguments, *_ = data("tiny", PAIR)
    assert log_hazards(*arguments).estimate[1] == pytest.approx(1.67685749, abs=5e-9)


def test_four_arms_jointly_as_in_r(data):
    arguments, _, witness = data("four", ["control", "medication", "therapy", "combined"])
    found = log_hazards(*arguments)
    np.testing.assert_allclose(found.estimate[1:], witness["cox"]["coef"], rtol=1e-8)
    np.testing.assert_allclose(found.cov[1:, 1:], witness["cox"]["cov"], rtol=1e-8)
    assert found.cov[0].tolist() == [0.0] * 4


def test_adjusted_as_in_r(data):
    arguments, d, witness = data("lung", PAIR)
    found = log_hazards(*arguments, pd.DataFrame({"age": d["age"].astype(float)}))
    assert found.estimate[1] == pytest.approx(witness["cox_age"]["coef"][0], rel=1e-8)
    assert found.cov[1, 1] == pytest.approx(witness["cox_age"]["cov"][0][0], rel=1e-8)
    assert list(found.model.names) == ["arm combined", "age"]


def test_an_arm_without_events_is_left_out_and_changes_nothing(data):
    (time, event, arm, names), *_ = data("aml", PAIR)
    more = np.array([10.0, 20, 200])
    found = log_hazards(
        np.append(time, more), np.append(event, [False] * 3), np.append(arm, [2] * 3), [*names, "x"]
    )
    assert np.isnan(found.estimate[2])
    np.testing.assert_allclose(found.estimate[:2], log_hazards(time, event, arm, names).estimate)


@pytest.mark.parametrize(
    ("time", "event", "arm", "finite"),
    [
        # all events of 1 come when nobody of 0 is left: only 0 ever "beats" 1
        ([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 1, 1], [0]),
        ([1, 2, 3, 4], [1, 1, 1, 1], [0, 1, 0, 1], [0, 1]),
        # one tied event each
        ([5, 5], [1, 1], [0, 1], [0, 1]),
        ([5, 5], [1, 0], [0, 1], [0]),
        ([5, 5], [0, 0], [0, 1], []),
        # 0 and 1 over by week 2, 2 and 3 from week 3 on: no ratio between the pairs
        ([1, 1, 2, 2, 3, 3, 4, 4], [1] * 8, [0, 1, 0, 1, 2, 3, 2, 3], [0, 1]),
    ],
)
def test_where_ratios_are_finite(time, event, arm, finite):
    found = arms_with_finite_ratios(
        np.array(time, float), np.array(event, bool), np.array(arm), max(arm) + 1
    )
    assert found.tolist() == finite


def test_the_likelihood_grows_without_end_where_a_ratio_is_not_finite():
    """The first case above, by hand: 0 has events while both are at risk, 1 only when alone.

    Log partial likelihood of b = log hazard of 1 against 0: -log(2 + 2 e^b) - log(1 + 2 e^b) +
    terms without b; it rises as b falls.
    """
    values = [-np.log(2 + 2 * np.exp(b)) - np.log(1 + 2 * np.exp(b)) for b in (0, -5, -20)]
    assert values == sorted(values)
    found = log_hazards(
        np.arange(1.0, 5), np.ones(4, bool), np.array([0, 0, 1, 1]), ["control", "combined"]
    )
    assert found.model is None
    assert np.isnan(found.estimate[1])


def test_too_few_events_for_covariates(data):
    (time, event, arm, names), *_ = data("aml", PAIR)
    many = pd.DataFrame(np.random.default_rng(0).normal(size=(len(time), 3)))
    with pytest.raises(ArithmeticError, match="fewer than 5 events for each of 4 coefficients"):
        log_hazards(time, event, arm, names, many.add_prefix("x"))


def test_covariates_that_separate_are_refused(data):
    (time, event, arm, names), *_ = data("lung", PAIR)
    with pytest.raises(ArithmeticError, match="separate"):
        log_hazards(time, event, arm, names, pd.DataFrame({"dead": event.astype(float)}))
