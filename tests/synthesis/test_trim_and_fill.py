import numpy as np
import pytest

from ctevidence.synthesis.pairwise import pool_effects
from ctevidence.synthesis.trim_and_fill import trim_and_fill

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared
DATA = ["bcg", "bcg_risk", "hackshaw1998"]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(
    ("key", "method", "side", "estimator"),
    [
        ("REML_L0", "REML", None, "L0"),
        ("DL_L0", "DL", None, "L0"),
        ("REML_R0", "REML", None, "R0"),
        ("REML_left", "REML", "left", "L0"),
        ("REML_right", "REML", "right", "L0"),
    ],
)
def test_trim_and_fill_equals_metafor(small_study, data, key, method, side, estimator):
    given = small_study[data]
    expected = given["trim_fill"][key]
    pool = pool_effects(given["yi"], given["vi"], tau2_method=method, hartung_knapp="none")
    found = trim_and_fill(pool, side, estimator)
    assert (found.missing, found.side) == (expected["k0"], expected["side"])
    assert found.pool.random.estimate == pytest.approx(expected["estimate"], rel=ITERATIVE)
    assert found.pool.random.std_error == pytest.approx(expected["std_error"], rel=ITERATIVE)
    assert found.pool.heterogeneity.tau2 == pytest.approx(expected["tau2"], rel=ITERATIVE)


def test_filled_studies_mirror_the_extreme_ones(small_study):
    given = small_study["hackshaw1998"]
    pool = pool_effects(given["yi"], given["vi"])
    found = trim_and_fill(pool)
    assert found.filled.size == found.missing == 7
    assert found.pool.k == 44
    # mirrored about one point: mirror images and originals have one common middle
    extreme = np.sort(given["yi"])[-7:]
    assert np.ptp(extreme + found.filled) < 1e-12


def test_turning_the_sign_turns_the_side(small_study):
    given = small_study["hackshaw1998"]
    found = trim_and_fill(pool_effects(given["yi"], given["vi"]))
    turned = trim_and_fill(pool_effects(-np.array(given["yi"]), given["vi"]))
    assert (turned.missing, turned.side) == (found.missing, "right")
    assert turned.pool.random.estimate == pytest.approx(-found.pool.random.estimate, rel=1e-9)


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="needs three studies"):
        trim_and_fill(pool_effects([0.1, 0.2], [0.1, 0.1]))
    pool = pool_effects([0.1, 0.2, 0.4], [0.1, 0.1, 0.1])
    with pytest.raises(ValueError, match="side left or right"):
        trim_and_fill(pool, "up")
    with pytest.raises(ValueError, match="estimator L0 or R0"):
        trim_and_fill(pool, estimator="Q0")
