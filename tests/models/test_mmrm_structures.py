"""fit_mmrm where R's mmrm was not asked: separate covariances, ML, homogeneous structures, F tests.

Witnesses: tests/reference/mmrm_structures_reference.json (glmmTMB, nlme, lmerTest and optim on the
REML likelihood, made by mmrm_structures_reference.R) and the Orthodont entry of
mixed_reference.json (lmerTest, pbkrtest).
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.mmrm import fit_mmrm, fit_mmrm_by_methods

REFERENCE = Path(__file__).parents[1] / "reference"
BEAT_THE_BLUES = Path(__file__).parents[2] / "data" / "raw" / "beat-the-blues" / "BtheB.csv"
R = json.loads((REFERENCE / "mmrm_structures_reference.json").read_text())
R_MIXED = json.loads((REFERENCE / "mixed_reference.json").read_text())


def columns_by_name(frame, names):
    """Columns of a treatment-coded design by the names that R gives them."""
    found = []
    for name in names:
        column = np.ones(len(frame))
        for part in name.split(":"):
            if part in frame:
                column = column * frame[part].to_numpy(float)
            elif part != "(Intercept)":
                factor = next(f for f in ("week", "arm", "length", "Sex") if part.startswith(f))
                column = column * (frame[factor].astype(str) == part.removeprefix(factor))
        found.append(column)
    return np.column_stack(found)


@pytest.fixture(scope="module")
def trial():
    return pd.read_csv(REFERENCE / "mmrm_simulated_four_arm_trial.csv")


def fit(frame, names, covariance, method="satterthwaite", **options):
    X = columns_by_name(frame, names)
    return fit_mmrm(
        frame["score"], X, frame["participant_id"], frame["week"], covariance, method,
        names=names, **options,
    )  # fmt: skip


def agrees(found, expected, loglik, estimate, error):
    """Within these tolerances: absolute, in standard errors, relative."""
    assert found.converged
    assert found.cautions == ()
    assert np.abs(found.score).max() < 1e-8
    assert found.loglik == pytest.approx(expected["loglik"], abs=loglik)
    assert found.loglik > expected["loglik"] - 1e-7
    errors = np.array(expected["std_error"])
    assert (np.abs(found.coef - expected["estimate"]) < estimate * errors).all()
    np.testing.assert_allclose(np.sqrt(np.diag(found.cov)), errors, rtol=error)


def test_separate_covariances_agree_with_glmmtmb(trial):
    expected = R["by_therapy"]
    group = np.where(trial["arm"].isin(["therapy", "combined"]), "with", "without")
    found = fit(trial, expected["names"], "unstructured", group=group)
    assert found.n_parameters == 42
    agrees(found, expected, loglik=1e-8, estimate=1e-5, error=1e-6)
    for label in ("with", "without"):
        sigma = np.array(expected[label])
        scale = np.sqrt(np.outer(sigma.diagonal(), sigma.diagonal()))
        np.testing.assert_allclose(found.sigma[label] / scale, sigma / scale, atol=2e-5)


def test_unstructured_by_maximum_likelihood_agrees_with_gls():
    wide = pd.read_csv(BEAT_THE_BLUES)
    drug, program = wide["drug"] == "Yes", wide["treatment"] == "BtheB"
    arm = np.select([drug & program, drug, program], ["combined", "medication", "therapy"], "other")
    scores = [c for c in wide if c.startswith("bdi.") and c != "bdi.pre"]
    frame = pd.concat(
        pd.DataFrame(
            {
                "participant_id": wide.index,
                "arm": arm,
                "length": wide["length"],
                "baseline": wide["bdi.pre"],
                "week": week,
                "score": wide[column],
            }
        )
        for week, column in zip([2, 3, 5, 8], scores, strict=True)
    ).dropna(subset="score")
    found = fit(frame, R["us_ml"]["names"], "unstructured", reml=False)
    agrees(found, R["us_ml"], loglik=1e-6, estimate=1e-4, error=1e-5)


@pytest.mark.parametrize(("name", "covariance"), [("toep", "toeplitz"), ("ad", "ante-dependence")])
def test_homogeneous_structures_maximise_the_likelihood_by_definition(trial, name, covariance):
    expected = R[name]
    found = fit(trial, expected["names"], covariance)
    agrees(found, expected, loglik=1e-8, estimate=1e-6, error=1e-6)
    sigma = np.array(expected["covariance"])
    np.testing.assert_allclose(found.sigma, sigma, atol=1e-6 * sigma.max())


@pytest.mark.parametrize("test", ["arm", "interaction", "last_week"])
def test_joint_satterthwaite_tests_agree_with_lmertest(trial, test):
    # Compound symmetry is a random intercept, which lmerTest can test.
    names, expected = R["joint"]["names"], R["joint"]["tests"][test]
    found = fit(trial, names, "compound-symmetry")
    assert found.loglik == pytest.approx(R["joint"]["loglik"], abs=1e-8)
    joint = found.contrast(np.eye(len(names))[[names.index(row) for row in expected["rows"]]])
    assert joint.num_df == expected["num_df"]
    assert joint.statistic == pytest.approx(expected["F"], rel=1e-6)
    assert joint.df == pytest.approx(expected["df"], rel=1e-5)
    assert joint.p_value == pytest.approx(expected["p"], rel=1e-4)


def orthodont():
    frame = pd.read_csv(REFERENCE / "mixed_orthodont.csv")
    return frame.rename(columns={"Subject": "participant_id", "distance": "score"}).assign(
        week=frame["age"]
    )


def test_joint_tests_of_complete_data_agree_with_pbkrtest():
    # Complete data: observed and expected information are the same, so the linear variant is
    # pbkrtest's, also in the scale of F.
    expected = R_MIXED["orthodont"]
    joint = expected["joint"]
    for method, key in (("satterthwaite", "satterthwaite"), ("kenward-roger-linear", "kr")):
        found = fit(orthodont(), expected["names"], "compound-symmetry", method)
        test = found.contrast(joint["L"])
        assert test.statistic == pytest.approx(joint[key]["F"], rel=1e-6)
        assert test.df == pytest.approx(joint[key]["df"], rel=1e-5)
        errors = expected[key]["std_error"]
        np.testing.assert_allclose(np.sqrt(np.diag(found.cov)), errors, rtol=1e-6)


@pytest.mark.parametrize("data", ["simulated", "orthodont"])
def test_between_within_agrees_with_nlme(trial, data):
    # nlme's inner-outer rule, which counts the intercept within as well.
    expected = R["between_within"][data]
    frame = trial if data == "simulated" else orthodont()
    found = fit(frame, expected["names"], "compound-symmetry", "between-within")
    assert found.df_for(np.eye(len(found.names))).tolist() == expected["df"]


def test_methods_side_by_side_are_the_fits_one_by_one(trial):
    names = R["joint"]["names"]
    X = columns_by_name(trial, names)
    data = (trial["score"], X, trial["participant_id"], trial["week"])
    methods = ["kenward-roger", "satterthwaite", "empirical-cr2"]
    together = fit_mmrm_by_methods(methods, *data, "ar1h")
    assert list(together) == methods
    for method, found in together.items():
        alone = fit_mmrm(*data, "ar1h", method)
        assert found.method == alone.method
        np.testing.assert_array_equal(found.cov, alone.cov)
    with pytest.raises(ValueError, match="'kr' is not known"):
        fit_mmrm_by_methods(["satterthwaite", "kr"], *data)
