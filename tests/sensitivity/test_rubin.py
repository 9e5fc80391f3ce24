"""Rubin's rules against mice::pool on the same imputations (tests/reference/imputation.R)."""

import numpy as np
import pytest

from ctevidence.sensitivity.rubin import Pooled, barnard_rubin
from ctevidence.sensitivity.visit_regressions import visit_means

PER_ARM = {
    "armmedication": [-1, 1, 0, 0],
    "armtherapy": [-1, 0, 1, 0],
    "armcombined": [-1, 0, 0, 1],
}


@pytest.fixture
def pooled(imputation_reference, beat_the_blues):
    """The same regression at the last visit of the imputations that mice made."""
    scores = np.array(imputation_reference["beat_the_blues"]["scores"], float)
    people = beat_the_blues.entering()
    names = [arm.name for arm in beat_the_blues.arms]
    arm = people["arm"].map(names.index).to_numpy()
    baseline = people["baseline"].to_numpy()[:, None]
    means = visit_means(scores, arm, baseline - baseline.mean())
    last = slice(12, 16)
    return Pooled(means.estimate[:, last], means.cov[:, last, last], means.df)


@pytest.mark.parametrize("term", PER_ARM)
def test_pooling_is_that_of_mice(pooled, imputation_reference, term):
    table = imputation_reference["beat_the_blues"]["lm"]
    at, c = table["term"].index(term), np.array(PER_ARM[term], float)
    assert c @ pooled.estimate == pytest.approx(table["estimate"][at], rel=1e-9)
    assert c @ pooled.mean_within @ c == pytest.approx(table["ubar"][at], rel=1e-9)
    assert c @ pooled.between @ c == pytest.approx(table["b"][at], rel=1e-9)
    assert c @ pooled.cov @ c == pytest.approx(table["t"][at], rel=1e-9)
    assert pooled.share_missing(c) == pytest.approx(table["lambda"][at], rel=1e-9)
    assert pooled.df_for(c) == pytest.approx(table["df"][at], rel=1e-9)


def test_degrees_of_freedom_are_those_of_mice(imputation_reference):
    for case in imputation_reference["barnard_rubin"]:
        df = barnard_rubin(case["m"], case["lambda"], case["dfcom"])
        assert df == pytest.approx(case["df"], rel=1e-9)


def test_three_imputations_by_hand():
    # means 1, 2, 6: q = 3, B = (4 + 1 + 9) / 2 = 7; W = 2; T = 2 + 4/3 * 7
    pooled = Pooled(np.array([[1.0], [2.0], [6.0]]), np.full((3, 1, 1), 2.0))
    assert pooled.estimate == pytest.approx([3.0])
    assert pooled.cov == pytest.approx(np.array([[2 + 28 / 3]]))
    share = (28 / 3) / (2 + 28 / 3)
    assert pooled.df_for(np.ones(1)) == pytest.approx(2 / share**2, rel=1e-12)


def test_without_any_difference_the_complete_data_answer_holds():
    pooled = Pooled(np.ones((5, 2)), np.repeat(np.eye(2)[None], 5, axis=0), 17.0)
    assert pooled.df_for(np.array([1.0, -1.0])) == 17.0
    assert pooled.cov == pytest.approx(np.eye(2))
    assert pooled.monte_carlo_error(np.array([1.0, 0.0])) == (0.0, 0.0)


def test_one_imputation_cannot_be_pooled():
    with pytest.raises(ValueError, match="at least 2 are needed"):
        Pooled(np.ones((1, 2)), np.ones((1, 2, 2)))


def test_monte_carlo_error_is_what_other_seeds_change():
    rng = np.random.default_rng(5)
    c = np.ones(1)

    def one():
        return Pooled(2.0 + rng.normal(size=(40, 1)), np.full((40, 1, 1), 0.5), 60.0)

    many = [one() for _ in range(2000)]
    said = np.mean([p.monte_carlo_error(c) for p in many[:200]], axis=0)
    found = np.std([p.estimate[0] for p in many]), np.std([p.p_value(c) for p in many])
    # 2000 replicates tell a standard deviation to 1.6 %; that of p is skewed
    assert said[0] == pytest.approx(found[0], rel=0.05)
    assert said[1] == pytest.approx(found[1], rel=0.25)
