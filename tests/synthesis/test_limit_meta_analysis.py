import numpy as np
import pytest

from ctevidence.synthesis.limit_meta_analysis import limit_effect
from ctevidence.synthesis.pairwise import pool_effects

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared


@pytest.mark.parametrize("data", ["bcg", "bcg_risk", "hackshaw1998"])
def test_limit_equals_its_formulas_in_r(small_study, data):
    given = small_study[data]
    expected, found = given["limit"], limit_effect(pool_effects(given["yi"], given["vi"]))
    for name in ("estimate", "std_error", "slope", "intercept"):
        assert getattr(found, name) == pytest.approx(expected[name], rel=ITERATIVE)


def test_without_bias_the_limit_is_the_effect():
    # effects exactly alike: nothing tends anywhere
    pool = pool_effects([0.3] * 4, [0.01, 0.04, 0.09, 0.16])
    found = limit_effect(pool)
    assert found.estimate == pytest.approx(0.3, rel=1e-9)
    assert found.intercept == pytest.approx(0, abs=1e-9)


def test_a_line_through_small_study_bias_is_taken_off():
    # y = 0.1 + 2 * standard error, without noise and so without heterogeneity left over
    error = np.array([0.1, 0.2, 0.3, 0.4])
    pool = pool_effects(0.1 + 0.5 * error, error**2)
    assert pool.heterogeneity.tau2 == 0
    assert limit_effect(pool).estimate == pytest.approx(0.1, rel=1e-9)


def test_what_has_no_limit_is_refused():
    with pytest.raises(ValueError, match="equally precise"):
        limit_effect(pool_effects([0.1, 0.2, 0.3], [0.1, 0.1, 0.1]))
    with pytest.raises(ValueError, match="needs three studies"):
        limit_effect(pool_effects([0.1, 0.2], [0.1, 0.2]))
