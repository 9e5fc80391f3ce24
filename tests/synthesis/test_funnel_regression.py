import numpy as np
import pytest

from ctevidence.synthesis.count_tables import CountTables
from ctevidence.synthesis.funnel_regression import egger, peese, peters
from ctevidence.synthesis.study_effects import StudyEffects

CLOSED_FORM = 1e-9
DATA = ["bcg", "bcg_risk", "hackshaw1998"]


def studies(given):
    return StudyEffects(given["yi"], given["vi"])


@pytest.mark.parametrize("data", DATA)
def test_egger_equals_metafor(small_study, data):
    # regtest(model = "lm")
    expected = small_study[data]["egger"]
    line = egger(studies(small_study[data]))
    assert line.slope / line.slope_error == pytest.approx(expected["statistic"], rel=CLOSED_FORM)
    assert line.df == expected["df"]
    assert line.p_slope == pytest.approx(expected["p"], rel=CLOSED_FORM)
    assert line.limit == pytest.approx(expected["limit"], rel=CLOSED_FORM)


@pytest.mark.parametrize("data", DATA)
def test_pet_and_peese_equal_lm(small_study, data):
    for fit, name in ((egger, "pet"), (peese, "peese")):
        expected = small_study[data][name]
        line = fit(studies(small_study[data]))
        assert (line.limit, line.slope) == pytest.approx(expected["coef"], rel=CLOSED_FORM)
        errors = (line.limit_error, line.slope_error)
        assert errors == pytest.approx(expected["std_error"], rel=CLOSED_FORM)
        assert (line.p_limit, line.p_slope) == pytest.approx(expected["p"], rel=1e-8)


def test_peters_equals_lm_with_its_weights(small_study):
    given = small_study["bcg"]
    counts = CountTables(*(given["counts"][name] for name in ("a", "n1", "c", "n2")))
    line, expected = peters(given["yi"], counts), given["peters"]
    assert (line.limit, line.slope) == pytest.approx(expected["coef"], rel=CLOSED_FORM)
    assert line.p_slope == pytest.approx(expected["p"][1], rel=1e-8)


def test_order_sign_and_scale(small_study):
    given = studies(small_study["hackshaw1998"])
    line = egger(given)
    order = np.random.default_rng(1).permutation(given.k)
    other = egger(StudyEffects(-2 * given.estimate[order], 4 * given.variance[order]))
    assert other.limit == pytest.approx(-2 * line.limit, rel=1e-9)
    assert other.p_slope == pytest.approx(line.p_slope, rel=1e-9)


def test_what_says_nothing_is_refused():
    with pytest.raises(ValueError, match="three are the least"):
        egger(StudyEffects([0.1, 0.2], [0.1, 0.2]))
    with pytest.raises(ValueError, match="equally precise"):
        peese(StudyEffects([0.1, 0.2, 0.3], [0.1, 0.1, 0.1]))
