import numpy as np
import pytest

from ctevidence.synthesis.selection_models import assumed_selection, step_selection
from ctevidence.synthesis.study_effects import StudyEffects

DATA = [("bcg", "less"), ("bcg_risk", "less"), ("hackshaw1998", "greater")]


def studies(given):
    return StudyEffects(given["yi"], given["vi"])


@pytest.mark.parametrize(("data", "direction"), DATA)
def test_one_step_equals_metafor(small_study, data, direction):
    # selmodel(type = "stepfun", steps = 0.025); its likelihood is maximised to 1e-15 relative and
    # its error comes from a numerical Hessian
    expected = small_study[data]["selection"]["one_step"]
    fit = step_selection(studies(small_study[data]), direction)
    assert fit.loglik >= expected["loglik"] - 1e-8
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-4 * expected["std_error"])
    assert fit.std_error == pytest.approx(expected["std_error"], rel=1e-4)
    assert fit.tau2 == pytest.approx(expected["tau2"], rel=1e-4)
    assert fit.weights == pytest.approx(np.array(expected["delta"]), rel=1e-4)


@pytest.mark.parametrize("severity", ["moderate", "severe"])
@pytest.mark.parametrize(("data", "direction"), DATA)
def test_assumed_selection_equals_metafor(small_study, data, direction, severity):
    expected = small_study[data]["selection"][severity]
    fit = assumed_selection(studies(small_study[data]), direction, severity)
    assert fit.loglik >= expected["loglik"] - 1e-8
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-4 * expected["std_error"])
    assert fit.std_error == pytest.approx(expected["std_error"], rel=1e-4)
    assert fit.tau2 == pytest.approx(expected["tau2"], rel=1e-4)


def test_order_and_sign(small_study):
    given = studies(small_study["hackshaw1998"])
    fit = step_selection(given, "greater")
    order = np.random.default_rng(7).permutation(given.k)
    turned = step_selection(StudyEffects(-given.estimate[order], given.variance[order]), "less")
    assert turned.estimate == pytest.approx(-fit.estimate, rel=1e-6)
    assert turned.weights == pytest.approx(fit.weights, rel=1e-5)


def test_a_band_without_a_study_is_refused():
    all_significant = StudyEffects([1.0, 1.2, 0.9], [0.01, 0.02, 0.01])
    with pytest.raises(ValueError, match="p-value from 0.025 to 1: not estimable"):
        step_selection(all_significant, "greater")
    assert assumed_selection(all_significant, "greater", "moderate").estimate < 1.1


def test_unknown_options_are_refused():
    given = StudyEffects([1.0, 0.1, 0.9], [0.1, 0.2, 0.1])
    with pytest.raises(ValueError, match="say greater or less"):
        step_selection(given, "up")
    with pytest.raises(ValueError, match="must rise"):
        step_selection(given, "greater", (0.5, 0.025))
    with pytest.raises(ValueError, match="is unknown"):
        assumed_selection(given, "greater", "mild")
