"""What must not change a fit, and special cases whose answer is known in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ctevidence.models.mixed import fit_mixed
from ctevidence.models.mmrm import fit_mmrm

STRUCTURES = [
    "unstructured",
    "heterogeneous-toeplitz",
    "heterogeneous-ar1",
    "heterogeneous-compound-symmetry",
    "heterogeneous-ante-dependence",
    "toeplitz",
    "ar1",
    "compound-symmetry",
    "ante-dependence",
]
# Two optimisations that end at the same maximum, each with a score of zero up to rounding.
SAME = {"rtol": 1e-7, "atol": 1e-9}


def trial(n=60, m=4, seed=2, missing=0.15):
    """Scores of two arms, columns: person, visit, arm, baseline, score."""
    rng = np.random.default_rng(seed)
    person, visit = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    level = rng.normal(0, 2, n)[person] + rng.normal(0, 0.7, n)[person] * visit
    arm = person % 2
    baseline = rng.normal(20, 4, n)[person]
    score = 0.6 * baseline - visit * (1 + 0.5 * arm) + level + rng.normal(0, 2, n * m)
    frame = pd.DataFrame(
        {"person": person, "visit": visit, "arm": arm, "baseline": baseline, "score": score}
    )
    return frame[rng.random(n * m) > missing].reset_index(drop=True)


def design(frame, arm=None):
    arm = frame["arm"].to_numpy() if arm is None else arm
    visits = np.eye(frame["visit"].max() + 1)[frame["visit"]]
    return np.column_stack([visits, visits * arm[:, None], frame["baseline"]])


def fit(frame, covariance="unstructured", method="kenward-roger", X=None, **options):
    X = design(frame) if X is None else X
    visit = options.pop("visit", frame["visit"])
    return fit_mmrm(frame["score"], X, frame["person"], visit, covariance, method, **options)


def same_inference(a, b, contrasts):
    np.testing.assert_allclose(a.coef, b.coef, **SAME)
    np.testing.assert_allclose(a.cov, b.cov, **SAME)
    np.testing.assert_allclose(a.df_for(contrasts), b.df_for(contrasts), **SAME)
    assert a.loglik == pytest.approx(b.loglik, abs=1e-9)


@pytest.mark.parametrize("covariance", STRUCTURES)
@pytest.mark.parametrize("method", ["kenward-roger", "empirical-cr2", "between-within"])
def test_order_of_rows_and_labels_of_people_do_not_matter(covariance, method):
    frame = trial()
    shuffled = frame.sample(frac=1, random_state=1)
    shuffled = shuffled.assign(person=[f"person {9000 - p}" for p in shuffled["person"]])
    same_inference(fit(frame, covariance, method), fit(shuffled, covariance, method), np.eye(9))


@pytest.mark.parametrize("method", ["satterthwaite", "kenward-roger-linear", "kenward-roger-sas"])
def test_order_of_visits_does_not_matter_when_the_structure_has_none(method):
    frame = trial()
    for covariance in ("unstructured", "heterogeneous-compound-symmetry", "compound-symmetry"):
        turned = fit(frame, covariance, method, visits=[2, 0, 3, 1])
        plain = fit(frame, covariance, method)
        same_inference(turned, plain, np.eye(9))
        assert turned.visits == (2, 0, 3, 1)
        np.testing.assert_allclose(turned.sigma[0, 2], plain.sigma[2, 3], **SAME)


def test_default_kenward_roger_depends_on_the_order_of_visits():
    # Its second derivatives are taken in a Cholesky factor, whose elements depend on the order:
    # a property of R mmrm's default, not of the data. Degrees of freedom are not affected.
    frame = trial()
    plain, turned = fit(frame), fit(frame, visits=[2, 0, 3, 1])
    np.testing.assert_allclose(plain.df_for(np.eye(9)), turned.df_for(np.eye(9)), **SAME)
    assert abs(turned.cov / plain.cov - 1).max() > 1e-4


@pytest.mark.parametrize("covariance", ["heterogeneous-toeplitz", "ar1", "ante-dependence"])
def test_reversing_time_does_not_matter(covariance):
    frame = trial()
    turned = fit(frame, covariance, "satterthwaite", visits=[3, 2, 1, 0])
    same_inference(turned, fit(frame, covariance, "satterthwaite"), np.eye(9))


@pytest.mark.parametrize("method", ["kenward-roger", "empirical-cr3"])
def test_the_reference_arm_does_not_matter(method):
    frame = trial()
    difference = np.r_[np.zeros(7), 1, 0]
    plain = fit(frame, method=method).contrast(difference)
    turned = fit(frame, method=method, X=design(frame, 1 - frame["arm"].to_numpy()))
    turned = turned.contrast(-difference)
    assert turned.estimate == pytest.approx(plain.estimate, rel=1e-9)
    assert turned.std_error == pytest.approx(plain.std_error, rel=1e-9)
    assert turned.df == pytest.approx(plain.df, rel=1e-8)


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_units_and_origin_of_the_score_do_not_matter(covariance):
    frame = trial()
    plain = fit(frame, covariance)
    factor, origin = 1e4, 1e6
    moved = fit(frame.assign(score=origin + factor * frame["score"]), covariance)
    coef = factor * plain.coef + np.r_[np.full(4, origin), np.zeros(5)]
    # The origin costs digits of the score itself: 1e6 against a spread of 4e4.
    np.testing.assert_allclose(moved.coef, coef, rtol=1e-9, atol=1e-4)
    np.testing.assert_allclose(moved.cov, factor**2 * plain.cov, rtol=1e-6)
    np.testing.assert_allclose(moved.df_for(np.eye(9)), plain.df_for(np.eye(9)), rtol=1e-6)
    np.testing.assert_allclose(moved.sigma, factor**2 * plain.sigma, rtol=1e-6)
    expected = plain.loglik - (len(frame) - 9) * np.log(factor)
    assert moved.loglik == pytest.approx(expected, abs=1e-6)


def test_origin_of_a_covariate_does_not_matter():
    frame = trial()
    X = design(frame)
    far = X + np.r_[np.zeros(8), 1e5]
    np.testing.assert_allclose(fit(frame, X=far).coef[4:], fit(frame, X=X).coef[4:], rtol=1e-7)
    np.testing.assert_allclose(
        fit(frame, X=far).cov[4:, 4:], fit(frame, X=X).cov[4:, 4:], rtol=1e-7
    )


def test_constant_weights_only_rescale_the_variance():
    frame = trial()
    plain = fit(frame)
    weighted = fit(frame, weights=np.full(len(frame), 4.0))
    same_inference(weighted, plain, np.eye(9))
    np.testing.assert_allclose(weighted.sigma, 4 * plain.sigma, **SAME)


@pytest.mark.parametrize("covariance", ["unstructured", "ar1"])
def test_separate_covariances_and_coefficients_are_separate_fits(covariance):
    frame = trial()
    X = design(frame)[:, :8]
    both = fit(frame, covariance, X=X, group=frame["arm"])
    arms = [frame[frame["arm"] == arm].reset_index(drop=True) for arm in (0, 1)]
    single = [fit(part, covariance, X=design(part)[:, :4]) for part in arms]
    assert both.loglik == pytest.approx(sum(s.loglik for s in single), abs=1e-9)
    # Columns 5 to 8 of X are differences between the arms.
    in_arm = [np.eye(8)[:4], np.eye(8)[:4] + np.eye(8)[4:]]
    for arm, rows in enumerate(in_arm):
        np.testing.assert_allclose(rows @ both.coef, single[arm].coef, **SAME)
        np.testing.assert_allclose(rows @ both.cov @ rows.T, single[arm].cov, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(both.df_for(rows), single[arm].df_for(np.eye(4)), rtol=1e-6)
        np.testing.assert_allclose(both.sigma[arm], single[arm].sigma, **SAME)


def test_spatial_exponential_at_equal_distances_is_ar1():
    frame = trial()
    ar1 = fit(frame, "ar1", "kenward-roger-sas")
    spatial = fit(frame, "spatial-exponential", "satterthwaite", times=7 * frame["visit"])
    assert spatial.loglik == pytest.approx(ar1.loglik, abs=1e-9)
    np.testing.assert_allclose(spatial.coef, ar1.coef, **SAME)
    assert spatial.sigma["correlation"] ** 7 == pytest.approx(ar1.sigma[0, 1] / ar1.sigma[0, 0])


@pytest.mark.parametrize("information", ["observed", "expected"])
def test_compound_symmetry_is_a_random_intercept(information):
    # Two engines, two parameterisations, one model: V = s I + g 1 1'.
    frame = trial()
    X = design(frame)
    marginal = fit(frame, "compound-symmetry", "satterthwaite")
    conditional = fit_mixed(frame["score"], X, np.ones((len(X), 1)), frame["person"])
    assert conditional.loglik == pytest.approx(marginal.loglik, abs=1e-9)
    same_inference(conditional, marginal, np.eye(9))
    linear = fit(frame, "compound-symmetry", "kenward-roger-linear")
    ones = np.ones((len(X), 1))
    options = {"method": "kenward-roger", "information": information}
    adjusted = fit_mixed(frame["score"], X, ones, frame["person"], **options)
    # Same covariance when the same information is used; otherwise close but not the same.
    apart = abs(adjusted.cov / linear.cov - 1).max()
    assert (apart < 1e-7) == (information == "observed")


def test_one_visit_is_a_two_sample_t_test():
    rng = np.random.default_rng(4)
    arm = np.repeat([0.0, 1.0], [12, 17])
    score = rng.normal(size=29) + arm
    X = np.column_stack([np.ones(29), arm])
    expected = stats.ttest_ind(score[arm == 1], score[arm == 0])
    for method in ("satterthwaite", "kenward-roger-linear", "kenward-roger-sas"):
        test = fit_mmrm(score, X, np.arange(29), np.zeros(29), method=method).contrast([0, 1])
        assert test.df == pytest.approx(27)
        assert test.p_value == pytest.approx(expected.pvalue, rel=1e-10)
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-10)
    # R mmrm's default is not exact here: in log(sd) the second derivative of the variance is 4
    # times the variance and W is 1 / (2 * 27), which takes 1/27 off the squared standard error.
    default = fit_mmrm(score, X, np.arange(29), np.zeros(29)).contrast([0, 1])
    assert default.statistic == pytest.approx(expected.statistic / np.sqrt(26 / 27), rel=1e-10)


def test_complete_data_give_the_t_test_of_each_visit_and_hotelling():
    # All observed, coefficients by visit: each visit is a two-sample t test, the joint test of the
    # differences is Hotelling's (Kenward & Roger 1997, section 4: exact in this case).
    frame = trial(n=30, m=3, missing=0)
    X = design(frame)[:, :6]
    fitted = fit(frame, X=X, method="kenward-roger-linear")
    wide = frame.pivot_table(index="person", columns="visit", values="score").to_numpy()
    a, b = wide[1::2], wide[::2]
    for visit in range(3):
        test = fitted.contrast(np.eye(6)[3 + visit])
        expected = stats.ttest_ind(a[:, visit], b[:, visit])
        assert test.df == pytest.approx(28, rel=1e-7)
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-7)
    pooled = (np.cov(a.T) * 14 + np.cov(b.T) * 14) / 28
    apart = a.mean(axis=0) - b.mean(axis=0)
    t2 = apart @ np.linalg.solve(pooled * 2 / 15, apart)
    joint = fitted.contrast(np.eye(6)[3:])
    assert joint.statistic == pytest.approx(t2 * (28 - 3 + 1) / (28 * 3), rel=1e-6)
    assert joint.df == pytest.approx(26, rel=1e-6)
    assert joint.p_value == pytest.approx(stats.f.sf(joint.statistic, 3, 26), rel=1e-6)
