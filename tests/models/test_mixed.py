"""fit_mixed against R's lme4, lmerTest and pbkrtest, and against Henderson's equations.

Numbers: tests/reference/mixed_reference.json, made by mixed_reference.R with lme4's optimiser
asked for 1e-11; its log-likelihoods agree with ours to 1e-11 and lmerTest's numerical derivatives
to about 1e-6 in the degrees of freedom.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.mixed import fit_mixed

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "mixed_reference.json").read_text())


def ones(frame):
    return np.ones((len(frame), 1))


def columns(frame, *names):
    return np.column_stack([ones(frame), *(frame[name] for name in names)])


def sleepstudy():
    return pd.read_csv(REFERENCE / "mixed_sleepstudy.csv")


def clusters():
    """The simulated clusters, their design as R names it, and time for random slopes."""
    frame = pd.read_csv(REFERENCE / "mixed_clusters.csv")
    parts = {"(Intercept)": np.ones(len(frame)), "week": frame["week"], "on_drug": frame["on_drug"]}
    for arm in ("medication", "therapy", "combined"):
        parts[f"arm{arm}"] = (frame["arm"] == arm).to_numpy(float)
        parts[f"week:arm{arm}"] = parts[f"arm{arm}"] * frame["week"]
    X = np.column_stack([parts[name] for name in R["slopes"]["names"]])
    return frame, X, X[:, :2]


def arguments(case):
    """y, X, Z, groups and options of one case of the reference."""
    if case.startswith("sleepstudy"):
        frame = sleepstudy()
        if case == "sleepstudy_unbalanced":
            late = frame["Subject"].isin(frame["Subject"].unique()[9:])
            frame = frame[~(late & (np.arange(1, 181) % 3 == 0))]
            frame = frame.assign(squared=frame["Days"] ** 2)
            X = columns(frame, "Days", "squared")
        else:
            X = columns(frame, "Days")
        options = {"sleepstudy_ml": {"reml": False}}
        options["sleepstudy_uncorrelated"] = {"correlated": False}
        return frame["Reaction"], X, X[:, :2], frame["Subject"], options.get(case, {})
    if case == "orthodont":
        frame = pd.read_csv(REFERENCE / "mixed_orthodont.csv")
        frame["female"] = (frame["Sex"] == "Female").astype(float)
        frame["both"] = frame["age"] * frame["female"]
        X = columns(frame, "age", "female", "both")
        return frame["distance"], X, ones(frame), frame["Subject"], {}
    frame, X, Z = clusters()
    rater = (1 + (7 * frame["day"] + frame["id"]) % 6).to_numpy()
    options = {
        "slopes": {},
        "weighted": {"weights": frame["precision"]},
        "nested": {"second_groups": frame["site"]},
        "partially_nested": {"second_groups": frame["therapist"]},
        "partially_nested_ml": {"second_groups": frame["therapist"], "reml": False},
        "slope_by_site": {"second_groups": frame["site"], "second_Z": Z},
        "crossed": {"second_groups": rater},
    }[case]
    Z = Z[:, :1] if case in ("slope_by_site", "crossed") else Z
    return frame["score"], X, Z, frame["id"], options


@functools.cache
def fit_case(case, method="satterthwaite", information=None):
    y, X, Z, groups, options = arguments(case)
    return fit_mixed(y, X, Z, groups, method=method, information=information, **options)


CASES = [
    (case, method, key)
    for case in R
    if case != "about"
    for method, key in (("satterthwaite", "satterthwaite"), ("kenward-roger", "kr"))
    if key in R[case]
]


@pytest.mark.parametrize(("case", "method", "key"), CASES)
def test_agrees_with_r(case, method, key):
    expected = R[case]
    fit = fit_case(case, method)
    error = np.array(expected[key]["std_error"])
    assert fit.converged
    assert np.abs(fit.score).max() < 1e-8
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-9)
    np.testing.assert_array_less(np.abs(fit.coef - expected["estimate"]), 1e-6 * error)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov)), error, rtol=1e-6)
    np.testing.assert_allclose(fit.df_for(np.eye(len(error))), expected[key]["df"], rtol=1e-5)
    assert fit.sigma == pytest.approx(expected["sigma2"], rel=1e-6)
    assert fit.n_obs == expected["n_obs"]
    if method == "kenward-roger":
        cov = np.array(expected["kr"]["cov"])
        np.testing.assert_allclose(fit.cov, cov, atol=1e-6 * abs(cov).max())
    if "joint" in expected:
        joint = expected["joint"][key]
        test = fit.contrast(expected["joint"]["L"])
        assert test.statistic == pytest.approx(joint["F"], rel=1e-6)
        assert test.df == pytest.approx(joint["df"], rel=1e-5)
        assert test.p_value == pytest.approx(joint["p"], rel=1e-4)


@pytest.mark.parametrize("case", [c for c in R if c not in ("about", "sleepstudy_uncorrelated")])
def test_random_effect_covariances_agree_with_lme4(case):
    fit = fit_case(case)
    found = [fit.random_cov] + ([] if fit.second_cov is None else [fit.second_cov])
    # lme4 sorts groupings by their number of members, people first.
    for mine, theirs in zip(found, R[case]["random"].values(), strict=True):
        scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
        np.testing.assert_allclose(mine / scale, theirs / scale, atol=1e-5)


def test_uncorrelated_effects_have_no_covariance():
    fit = fit_case("sleepstudy_uncorrelated")
    expected = [value[0][0] for value in R["sleepstudy_uncorrelated"]["random"].values()]
    np.testing.assert_allclose(fit.random_cov, np.diag(expected), rtol=1e-5, atol=0)
    assert fit.n_parameters == 3


def test_published_sleepstudy_and_orthodont():
    # lme4 vignette (Bates et al. 2015, J Stat Softw 67(1)) and lmerTest; rounded there.
    fit = fit_case("sleepstudy")
    np.testing.assert_allclose(fit.coef, [251.405105, 10.467286], rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov)), [6.8245967, 1.5457896], rtol=1e-5)
    assert fit.loglik == pytest.approx(-871.81414, abs=1e-5)
    correlation = fit.random_cov[0, 1] / np.sqrt(fit.random_cov[0, 0] * fit.random_cov[1, 1])
    assert correlation == pytest.approx(0.0656, abs=5e-5)
    # lme4 stopped at its default tolerance there: asked for 1e-11 it gives 612.0899 (test above)
    np.testing.assert_allclose(fit.random_cov.diagonal(), [612.1002, 35.0717], rtol=3e-5)
    assert fit.sigma == pytest.approx(654.9400, rel=3e-6)
    for method in ("satterthwaite", "kenward-roger"):
        np.testing.assert_allclose(fit_case("sleepstudy", method).df_for(np.eye(2)), 17, rtol=1e-9)
    orthodont = fit_case("orthodont")
    np.testing.assert_allclose(
        orthodont.coef, [16.340625, 0.784375, 1.03210227, -0.30482955], rtol=1e-7
    )
    errors = [0.98131224, 0.07750111, 1.53742081, 0.12142090]
    np.testing.assert_allclose(np.sqrt(np.diag(orthodont.cov)), errors, rtol=1e-6)
    df = orthodont.df_for(np.eye(4))
    np.testing.assert_allclose(df, [103.98636, 79, 103.98636, 79], rtol=1e-7)


@pytest.mark.parametrize("case", ["slopes", "partially_nested", "crossed", "weighted"])
@pytest.mark.parametrize("information", ["observed", "expected"])
def test_kenward_roger_df_of_one_contrast_are_satterthwaite_df(case, information):
    rows = np.eye(9)[[1, 6, 8]] - np.eye(9)[[7, 0, 4]]
    plain = fit_case(case, "satterthwaite", information)
    adjusted = fit_case(case, "kenward-roger", information)
    np.testing.assert_allclose(adjusted.df_for(rows), plain.df_for(rows), rtol=1e-9)
    assert f"{information} information" in adjusted.method


def test_a_singular_covariance_is_kept_with_a_caution():
    fit = fit_case("slope_by_site")
    assert fit.singular
    assert fit.cautions == ("singular: the random effects z1, z2 are perfectly correlated",)
    correlation = fit.second_cov[0, 1] / np.sqrt(np.prod(fit.second_cov.diagonal()))
    assert correlation == pytest.approx(1, abs=1e-6)


def test_no_variation_between_people():
    rng = np.random.default_rng(7)
    score, person = rng.normal(size=90), np.repeat(np.arange(30), 3)
    score -= np.bincount(person, score)[person] / 3  # less alike than chance: variance at zero
    X = np.ones((90, 1))
    fit = fit_mixed(score + 5, X, X, person, random_names=["intercept"])
    assert fit.cautions == (
        "singular: the variance of intercept between the 30 members of its grouping is estimated "
        "at zero",
    )
    # With nothing between people the model is the plain mean of 90 values.
    assert fit.sigma == pytest.approx(score.var(ddof=1), rel=1e-8)
    assert fit.df_for([1.0]) == pytest.approx(89, rel=1e-7)
    assert fit.random_cov[0, 0] == pytest.approx(0, abs=1e-12)


# -- individual effects ------------------------------------------------------------------------


def test_shrunken_effects_agree_with_lme4():
    fit = fit_case("sleepstudy")
    assert fit.blups.labels.tolist() == [int(m) for m in R["sleepstudy"]["members"]]
    np.testing.assert_allclose(fit.blups.effect, R["sleepstudy"]["blup"], rtol=1e-5, atol=1e-5)
    # lme4's conditional variance takes the coefficients as known; the error of prediction does not.
    known = np.array(R["sleepstudy"]["conditional_var"])
    added = np.linalg.eigvalsh(fit.blups.cov - known)
    assert added.min() > -1e-4 * known.max()
    assert added.max() > 1


@pytest.mark.parametrize("case", ["slopes", "partially_nested", "weighted"])
def test_prediction_errors_solve_hendersons_equations(case):
    # Inverse of the mixed model equations with all random effects written out (Henderson 1975).
    y, X, Z, groups, options = arguments(case)
    fit = fit_case(case)
    n, q, members = len(y), X.shape[1], fit.blups.labels
    wide = np.zeros((n, 2 * len(members)))
    for number, label in enumerate(members):
        mine = (groups == label).to_numpy()
        wide[mine, 2 * number : 2 * number + 2] = Z[mine]
    blocks = [np.linalg.inv(np.kron(np.eye(len(members)), fit.random_cov))]
    designs = [X, wide]
    if fit.second_cov is not None:
        second = options["second_groups"].to_numpy()
        designs.append((second[:, None] == fit.second_blups.labels).astype(float))
        blocks.append(np.eye(len(fit.second_blups.labels)) / fit.second_cov[0, 0])
    D = np.column_stack(designs)
    weight = options.get("weights", np.ones(n)) / fit.sigma
    equations = D.T @ (np.asarray(weight)[:, None] * D)
    at = q
    for block in blocks:
        equations[at : at + len(block), at : at + len(block)] += block
        at += len(block)
    inverse = np.linalg.inv(equations)
    solution = inverse @ D.T @ (weight * y)

    np.testing.assert_allclose(fit.coef, solution[:q], rtol=1e-6)
    np.testing.assert_allclose(fit.cov, inverse[:q, :q], rtol=1e-6, atol=1e-9)
    people = slice(q, q + 2 * len(members))
    np.testing.assert_allclose(fit.blups.effect.ravel(), solution[people], rtol=1e-5, atol=1e-7)
    for number in (0, 5, len(members) - 1):
        here = slice(q + 2 * number, q + 2 * number + 2)
        np.testing.assert_allclose(fit.blups.cov[number], inverse[here, here], rtol=1e-6)
        np.testing.assert_allclose(fit.blups.cross[number], inverse[here, :q], rtol=1e-5, atol=1e-8)
    if fit.second_cov is not None:
        rest = slice(people.stop, None)
        np.testing.assert_allclose(fit.second_blups.effect.ravel(), solution[rest], rtol=1e-5)
        errors = np.sqrt(inverse.diagonal()[rest])
        np.testing.assert_allclose(fit.second_blups.std_error.ravel(), errors, rtol=1e-6)

    # A person's curve: the variance of one combination of coefficients and effects.
    X_new, Z_new = X[:3] + 0.5, Z[:3] + 0.5
    estimate, error = fit.curve(members[5], X_new, Z_new)
    row = np.zeros((3, len(inverse)))
    row[:, :q], row[:, q + 10 : q + 12] = X_new, Z_new
    np.testing.assert_allclose(estimate, row @ solution, rtol=1e-7)
    np.testing.assert_allclose(error, np.sqrt(np.diag(row @ inverse @ row.T)), rtol=1e-6)


def test_intervals_and_labels_of_effects():
    blups = fit_case("sleepstudy").blups
    low, high = blups.interval(0.9)
    np.testing.assert_allclose((high - low) / blups.std_error, 2 * 1.6448536269514722)
    assert blups.number(308) == 0
    with pytest.raises(ValueError, match="999 is not among the 18 members"):
        blups.number(999)


# -- invariance and refusals -------------------------------------------------------------------


def test_order_units_and_labels_do_not_matter():
    y, X, Z, groups, options = arguments("partially_nested")
    plain = fit_case("partially_nested", "kenward-roger")
    order = np.random.default_rng(1).permutation(len(y))
    therapist = options["second_groups"].map(lambda t: None if np.isnan(t) else f"therapist {t}")
    turned = fit_mixed(
        (1e3 + 10 * y)[order],
        X[order],
        (Z * [1, 7])[order],  # days, not weeks
        [f"p{g}" for g in groups.to_numpy()[order]],
        method="kenward-roger",
        second_groups=therapist.to_numpy()[order],
    )
    np.testing.assert_allclose(turned.coef - 1e3 * np.eye(9)[0], 10 * plain.coef, rtol=1e-7)
    np.testing.assert_allclose(turned.cov, 100 * plain.cov, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(turned.df_for(np.eye(9)), plain.df_for(np.eye(9)), rtol=1e-6)
    np.testing.assert_allclose(
        turned.random_cov * np.outer([1, 7], [1, 7]), 100 * plain.random_cov, rtol=1e-6
    )
    assert turned.loglik == pytest.approx(plain.loglik - (len(y) - 9) * np.log(10), abs=1e-7)


def test_the_reference_arm_does_not_matter():
    y, X, Z, groups, options = arguments("partially_nested")
    names = R["slopes"]["names"]
    plain = fit_case("partially_nested", "kenward-roger")
    # "combined" becomes the reference: its columns are replaced by those of control.
    turn = np.eye(9)
    for first, arm in (("(Intercept)", "arm"), ("week", "week:arm")):
        combined = names.index(f"{arm}combined")
        arms = [names.index(arm + name) for name in ("medication", "therapy", "combined")]
        turn[names.index(first), combined] = 1
        turn[arms, combined] = -1
    turned = fit_mixed(y, X @ turn, Z, groups, method="kenward-roger", **options)
    assert turned.loglik == pytest.approx(plain.loglik, abs=1e-9)
    np.testing.assert_allclose(turn @ turned.coef, plain.coef, rtol=1e-7)
    np.testing.assert_allclose(turn @ turned.cov @ turn.T, plain.cov, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(turned.df_for(turn), plain.df_for(np.eye(9)), rtol=1e-6)


def test_weights_are_rows_scaled_by_their_root():
    # pbkrtest ignores weights; by definition of the model this is the same one.
    y, X, Z, groups, options = arguments("weighted")
    root = np.sqrt(options["weights"].to_numpy())
    weighted = fit_case("weighted", "kenward-roger")
    scaled = fit_mixed(
        y * root, X * root[:, None], Z * root[:, None], groups, method="kenward-roger"
    )
    np.testing.assert_allclose(weighted.cov, scaled.cov, rtol=1e-7)
    np.testing.assert_allclose(weighted.df_for(np.eye(9)), scaled.df_for(np.eye(9)), rtol=1e-7)
    assert weighted.loglik == pytest.approx(scaled.loglik + np.log(root).sum(), abs=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": np.arange(180)}, "cannot be told apart.*one observation for each person"),
        ({"second_groups": "groups"}, "cannot be told apart"),
        ({"y": np.arange(180) * 0.0}, "reproduce the 180 scores exactly"),
        ({"y": "person"}, "leave no residual variance"),
        ({"Z": np.zeros((180, 1))}, "column of the design of groups is zero everywhere"),
        ({"Z": np.ones(180)}, "must have shape \\(180, r\\)"),
        ({"Z": np.full((180, 1), np.nan)}, "design of groups has missing or infinite"),
        ({"groups": [None] * 180}, "groups is missing in row 0"),
        ({"second_groups": [None] * 180}, "second_groups must name a member"),
        ({"random_names": ["a"]}, "2 columns but 1 names"),
        ({"method": "kenward-roger-linear"}, "not known. Use one of: satterthwaite"),
        ({"method": "kenward-roger", "reml": False}, "derived for REML only"),
        ({"information": "none"}, "must be 'observed' or 'expected'"),
    ],
)
def test_wrong_input_is_refused(change, message):
    frame = sleepstudy()
    X = columns(frame, "Days")
    given = {"y": frame["Reaction"], "X": X, "Z": X, "groups": frame["Subject"]} | change
    if isinstance(given["y"], str):
        given["y"] = frame["Subject"].astype(float) + 0.0
        given["Z"] = ones(frame)
    if isinstance(given.get("second_groups"), str):
        given["second_groups"] = frame["Subject"]
    with pytest.raises(ValueError, match=message):
        fit_mixed(**given)


def test_too_many_correlated_effects_fall_back_to_uncorrelated():
    # Two visits each: three elements of G and the residual cannot be told from three moments, but
    # a diagonal G and the residual can.
    rng = np.random.default_rng(2)
    visit = np.tile([0.0, 1.0], 40)
    person = np.repeat(np.arange(40), 2)
    X = np.column_stack([np.ones(80), visit])
    score = rng.normal(size=40)[person] * (1 + visit) + rng.normal(size=80)
    fit = fit_mixed(score, X, X, person)
    assert fit.cautions[0].startswith("correlated random effects were not used (the variance comp")
    assert fit.random_cov[0, 1] == 0
