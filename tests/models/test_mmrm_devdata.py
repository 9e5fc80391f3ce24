"""fit_mmrm against SAS on fev_data, the example trial of R's mmrm, and on an antidepressant trial.

The data are not part of the project. Point the environment variable CTEVIDENCE_DEVDATA at a folder
with fev_data.csv and antidepressant_data.csv to run these checks. Origin of the numbers: PROC MIXED
output that R's mmrm keeps in its repository (openpharma/mmrm, design/SAS, design/Robust,
design/ddfm_covtype). SAS stops at a relative criterion of 1e-8: its -2 log-likelihoods are up to
3e-4 above ours.

What SAS's Kenward-Roger is: the second-derivative term taken in SAS's own parameters (variances
and correlations; covariance elements for UN, CS and TOEP; variance and range for SP(EXP)), here
method="kenward-roger-sas". With the two SP(EXP) outputs the file names in that repository are
swapped: its ddfm_covtype.R writes ddfm=kr to kr1_spexp and ddfm=kr(linear) to kr_spexp.
"""

import functools
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ctevidence.models.mmrm import fit_mmrm

FOLDER = os.environ.get("CTEVIDENCE_DEVDATA")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="CTEVIDENCE_DEVDATA does not name a folder with fev_data.csv"
)
METHODS = Path(__file__).parents[2] / "docs" / "methods.md"
VISITS = ["VIS1", "VIS2", "VIS3", "VIS4"]


@functools.cache
def fev():
    frame = pd.read_csv(Path(FOLDER) / "fev_data.csv")
    return frame[frame["FEV1"].notna()].reset_index(drop=True)


def fit(columns, covariance, method="satterthwaite", **options):
    frame = fev()
    X = np.column_stack([np.ones(len(frame)), *columns]).astype(float)
    if covariance == "sp_exp":
        options["times"] = frame[["VISITN", "VISITN2"]]
    return fit_mmrm(
        frame["FEV1"], X, frame["USUBJID"], frame["AVISIT"], covariance, method,
        visits=VISITS, **options,
    )  # fmt: skip


def treated():
    return fev()["ARMCD"] == "TRT"


def full_model():
    frame = fev()
    visits = [frame["AVISIT"] == v for v in VISITS[1:]]
    race = [frame["RACE"] == r for r in ("Black or African American", "White")]
    return [
        *race, frame["SEX"] == "Female", treated(), *visits, *(v & treated() for v in visits),
    ]  # fmt: skip


def test_main_model():
    # mmrm README and SAS sas_log_reml.txt.
    fitted = fit(full_model(), "us", names=None)
    assert -2 * fitted.loglik == pytest.approx(3386.44987722, abs=3e-4)
    assert fitted.aic == pytest.approx(3406.4, abs=0.06)
    assert fitted.bic == pytest.approx(3439.3, abs=0.06)  # 197 people with an observation
    table = """30.77748 0.88656 218.80
                1.53050 0.62448 168.67
                5.64357 0.66561 157.14
                0.32606 0.53195 166.13
                3.77423 1.07415 145.55
                4.83959 0.80172 143.88
               10.34211 0.82269 155.56
               15.05390 1.31281 138.47
               -0.04193 1.12932 138.56
               -0.69369 1.18765 158.17
                0.62423 1.85085 129.72"""
    estimate, error, df = np.array(table.split(), dtype=float).reshape(-1, 3).T
    np.testing.assert_array_less(np.abs(fitted.coef - estimate), 2e-4 * error)
    np.testing.assert_allclose(np.sqrt(np.diag(fitted.cov)), error, rtol=1e-4)
    np.testing.assert_allclose(fitted.df_for(np.eye(11)), df, atol=0.02)
    lower = """40.5537 14.3960 26.5715 4.9747 2.7855 14.8979 13.3867 7.4745 0.9082 95.5568"""
    sigma = np.array(lower.split(), dtype=float)
    # As printed by mmrm at its default convergence.
    np.testing.assert_allclose(fitted.sigma[np.tril_indices(4)], sigma, rtol=1e-3, atol=0.01)


def test_joint_tests_of_race():
    # mmrm tests/testthat/test-satterthwaite.R, test-between-within.R, with SAS's F values.
    race = np.eye(11)[[1, 2]]
    satterthwaite = fit(full_model(), "us").contrast(race)
    assert satterthwaite.statistic == pytest.approx(36.92, abs=0.01)
    assert round(satterthwaite.df) == 166
    between = fit(full_model(), "us", "between-within").contrast(race)
    assert (between.num_df, between.df) == (2, 192)
    assert between.statistic == pytest.approx(36.91, abs=0.02)
    assert fit(full_model(), "us", "between-within").df_for(np.eye(11)[5]) == 334


def test_intercept_only():
    fitted = fit([], "us")  # sas_log_simple_reml.txt
    test = fitted.contrast([1])
    assert -2 * fitted.loglik == pytest.approx(3700.94648570, abs=3e-4)
    assert test.estimate == pytest.approx(42.8338, abs=3e-3 * 0.3509)
    assert test.std_error == pytest.approx(0.3509, rel=3e-4)
    assert round(test.df) == 171
    assert fit([], "us", "between-within").df_for([1]) == 340


# sas_<structure>_reml.txt and _ml.txt, FEV1 ~ 1; with group: covariances by arm.
DEVIANCE = {
    ("adh", None): (3713.49317786, 3713.24501787),
    ("ar1", None): (3875.49945459, 3875.95352406),
    ("ar1h", None): (3739.96835012, 3739.94416707),
    ("cs", None): (3917.98183508, 3918.12214544),
    ("csh", None): (3784.85341599, 3784.63158043),
    ("toeph", None): (3722.38018329, 3722.29178558),
    ("sp_exp", None): (3894.60123182, 3894.94943409),
    ("adh", "arm"): (3688.84024388, 3688.48731427),
    ("ar1", "arm"): (3872.65212395, 3873.08507919),
    ("ar1h", "arm"): (3724.36099760, 3724.22021102),
    ("cs", "arm"): (3915.41985780, 3915.54243738),
    ("csh", "arm"): (3764.55218946, 3764.21336404),
    ("toeph", "arm"): (3704.49921127, 3704.27043196),
}


@pytest.mark.parametrize(("covariance", "group"), DEVIANCE)
def test_likelihoods(covariance, group):
    options = {"group": fev()["ARMCD"]} if group else {}
    for reml, deviance in zip((True, False), DEVIANCE[covariance, group], strict=True):
        found = -2 * fit([], covariance, reml=reml, **options).loglik
        assert deviance - 3e-4 < found < deviance + 1e-7


# FEV1 ~ ARMCD. kr and kr1 (linear): standard errors and df (design/ddfm_covtype);
# deviance and variance of the arm under EMPIRICAL, plain and weighted (design/Robust).
KENWARD_ROGER = {
    "us": (0.66124382270307, 0.66124382270307, 160.733266403768),
    "ar1": (0.95865439662225, 0.96058142305176, 188.46934887972),
    "ar1h": (0.7590316099633, 0.75924807546934, 188.225339095373),
    "cs": (0.7964696053595, 0.7964696053595, 177.038485931223),
    "csh": (0.67414806011886, 0.67403858183242, 190.737701349941),
    "toep": (0.87839805519623, 0.87839805519623, 160.027408337368),
    "toeph": (0.72543828853831, 0.72537325, 180.062730071701),
    "adh": (0.66172017349971, 0.66158550758897, 162.393385281755),
    "sp_exp": (0.90527620094771, 0.90552903839818, 195.584197921463),
}
EMPIRICAL = {
    "us": ((3667.96276376, 0.40908637028234), (3762.51113756, 0.53420413502786)),
    "ar1": ((3855.12433951, 0.68196697308307), (3936.25465682, 0.95376377451164)),
    "ar1h": ((3715.28043805, 0.46203608554929), (3796.79950058, 0.60705140369159)),
    "cs": ((3890.97896859, 0.6297163326325), (3968.02712921, 0.81526337857816)),
    "csh": ((3754.18491472, 0.46038132267959), (3829.13714499, 0.5806529085649)),
    "toep": ((3830.79965777, 0.76371849328831), (3917.96776965, 1.00563551122259)),
    "toeph": ((3693.28667094, 0.46360435395588), (3780.55823630, 0.60262173501823)),
    "adh": ((3682.44560955, 0.41552647969341), (3773.49969419, 0.53908302126134)),
    "sp_exp": ((3872.29178394, 0.65569217854087), (3951.62499946, 0.88037866993301)),
}


@pytest.mark.parametrize("covariance", KENWARD_ROGER)
def test_kenward_roger(covariance):
    curved, linear, df = KENWARD_ROGER[covariance]
    found = {
        order: fit([treated()], covariance, f"kenward-roger-{order}").contrast([0, 1])
        for order in ("sas", "linear")
    }
    assert found["sas"].std_error == pytest.approx(curved, rel=1.5e-4)
    assert found["linear"].std_error == pytest.approx(linear, rel=1.5e-4)
    assert found["sas"].df == pytest.approx(df, rel=5e-4)
    # Convergence cancels in the difference, which is the second-derivative term.
    term = found["sas"].std_error - found["linear"].std_error
    assert term == pytest.approx(curved - linear, rel=1e-3, abs=1e-12)


# FEV1 ~ ARMCD + SEX: limits of 95 % intervals by SAS, which are those with Satterthwaite df.
# SAS's unstructured fits stop early (its limits lie up to 0.0009 from ours), its ar1 fit does not.
LIMITS = {
    ("us", True): ((39.9890, 42.1634), (2.5584, 5.0945), (-1.4108, 1.1301), 1e-3),
    ("us", False): ((40.0071, 42.1609), (2.5714, 5.0838), (-1.3968, 1.1204), 1e-3),
    ("ar1", True): ((38.5119, 41.8167), (2.3216, 6.1206), (-1.6664, 2.1392), 6e-5),
}


@pytest.mark.parametrize(("covariance", "reml"), LIMITS)
def test_intervals(covariance, reml):
    *limits, tolerance = LIMITS[covariance, reml]
    fitted = fit([treated(), fev()["SEX"] == "Female"], covariance, reml=reml)
    half = stats.t.ppf(0.975, fitted.df_for(np.eye(3))) * np.sqrt(np.diag(fitted.cov))
    found = np.column_stack([fitted.coef - half, fitted.coef + half])
    np.testing.assert_allclose(found, limits, atol=tolerance)


def test_antidepressant_trial():
    # nlme::gls on the trial that R's rbmi carries: baseline x visit + therapy x visit, 172 people.
    frame = pd.read_csv(Path(FOLDER) / "antidepressant_data.csv")
    visits = [frame["VISIT"] == v for v in (4, 5, 6, 7)]
    drug = frame["THERAPY"] == "DRUG"
    columns = [*visits, *(v * frame["BASVAL"] for v in visits), *(v & drug for v in visits)]
    X = np.column_stack(columns).astype(float)
    fitted = fit_mmrm(frame["CHANGE"], X, frame["PATIENT"], frame["VISIT"], method="satterthwaite")
    assert -2 * fitted.loglik == pytest.approx(3494.203, abs=5e-4)
    effects, errors = fitted.coef[8:], np.sqrt(np.diag(fitted.cov))[8:]
    np.testing.assert_allclose(effects, [0.0918, -1.4032, -2.2247, -2.8018], atol=6e-5)
    np.testing.assert_allclose(errors, [0.683, 0.924, 1.000, 1.114], atol=6e-4)
    assert fitted.contrast(np.eye(12)[11]).p_value == pytest.approx(0.012, abs=1e-3)


def test_the_table_in_methods_holds_these_numbers():
    rows = re.findall(r"^\| `(\w+)` \| ([\d. |]+) \|$", METHODS.read_text(), re.MULTILINE)
    shown = {name: [float(cell) for cell in cells.split("|")] for name, cells in rows}
    assert set(KENWARD_ROGER) <= set(shown)
    for covariance, (curved, linear, df) in KENWARD_ROGER.items():
        sas, first, default = (
            fit([treated()], covariance, f"kenward-roger{order}").contrast([0, 1])
            for order in ("-sas", "-linear", "")
        )
        errors = [curved, sas.std_error, linear, first.std_error, default.std_error]
        np.testing.assert_allclose(shown[covariance][:5], errors, atol=1e-8)
        np.testing.assert_allclose(shown[covariance][5:], [df, sas.df], atol=1e-5)


@pytest.mark.parametrize("covariance", EMPIRICAL)
@pytest.mark.parametrize("weighted", [False, True])
def test_empirical_covariance_and_weights(covariance, weighted):
    deviance, variance = EMPIRICAL[covariance][weighted]
    options = {"weights": fev()["WEIGHT"]} if weighted else {}
    fitted = fit([treated()], covariance, "empirical-cr0", **options)
    assert deviance - 3e-3 < -2 * fitted.loglik < deviance + 1e-6
    assert fitted.cov[1, 1] == pytest.approx(variance, rel=5e-4)
