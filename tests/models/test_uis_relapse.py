"""Return to drug use in the shipped UIS data, held to R and to the book that analyses them.

Origin: R survival 3.5.3 on the file as received (tests/reference/uis_relapse.R); the final model of
Hosmer, Lemeshow and May, Applied Survival Analysis, as printed there to three decimals.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.readers import read_study
from ctevidence.models.cox import fit_cox
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes.relapse import derive_relapse

RAW = Path(__file__).parents[2] / "data" / "raw"

#: age, Beck score, two fractional polynomials of earlier treatments, recent injecting, race,
#: longer therapy, site, age by site, race by site: as printed
PUBLISHED = {
    "coef": [-0.041, 0.009, -0.574, -0.215, 0.228, -0.467, -0.247, -1.317, 0.032, 0.850],
    "se": [0.010, 0.005, 0.125, 0.049, 0.109, 0.135, 0.094, 0.531, 0.016, 0.248],
}


@pytest.fixture(scope="module")
def expected(reference):
    return reference("uis_relapse")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return read_study(prepare("uis-relapse", raw=RAW, processed=tmp_path_factory.mktemp("p")))


@pytest.fixture(scope="module")
def relapse(study):
    return fit_relapse(derive_relapse(study))


def test_the_published_model(expected):
    raw = pd.read_csv(RAW / "uis-relapse" / "uis.csv")
    columns = [raw[c] for c in ("AGE", "BECK", "ND1", "ND2")]
    columns += [raw["IV"] == 3, raw["RACE"], raw["TREAT"], raw["SITE"]]
    columns += [raw["AGE"] * raw["SITE"], raw["RACE"] * raw["SITE"]]
    fit = fit_cox(
        raw["TIME"].to_numpy(float), raw["CENSOR"].to_numpy(bool),
        np.column_stack(columns).astype(float), ties="breslow",
    )  # fmt: skip
    model = expected["published_model"]
    np.testing.assert_allclose(fit.coef, model["coef"], rtol=1e-6)
    np.testing.assert_allclose(fit.std_error, model["se"], rtol=1e-6)
    assert fit.loglik == pytest.approx(model["loglik"], rel=1e-10)
    np.testing.assert_allclose(fit.coef, PUBLISHED["coef"], atol=0.0006)
    np.testing.assert_allclose(fit.std_error, PUBLISHED["se"], atol=0.0006)


def test_people_and_what_is_declared(study, expected):
    arms = study.participants["arm"].value_counts()
    for key, arm in (("0", "shorter therapy"), ("1", "longer therapy")):
        assert arms[arm] == expected["arms"][key]["n"]
    # 628 entered, 575 have complete data: Hosmer, Lemeshow and May, section 1.3
    assert len(study.participants) == 575
    assert (study.weeks, study.last_week) == ((), 52.0)


def test_survival_and_restricted_mean(relapse, expected):
    for measure in ("survival", "rmst"):
        rows = {row.arm: row for row in relapse.per_arm(measure, 52)}
        for i, arm in enumerate(("shorter therapy", "longer therapy")):
            assert rows[arm].estimate == pytest.approx(expected[measure]["estimate"][i], rel=1e-9)
            assert rows[arm].std_error == pytest.approx(expected[measure]["std_error"][i], rel=1e-9)


def test_hazard_ratio_and_log_rank(study, relapse, expected):
    plain = fit_relapse(derive_relapse(study), adjust=[])
    for fit, key in ((plain, "treat"), (relapse, "treat_adjusted")):
        row = fit.compare("longer therapy", against="shorter therapy", measure="hazard_ratio").one()
        assert np.log(row.estimate) == pytest.approx(expected[key]["coef"], rel=1e-6)
        assert row.std_error == pytest.approx(expected[key]["se"], rel=1e-6)
        assert row.randomised
    assert relapse.log_rank().statistic == pytest.approx(expected["log_rank"], rel=1e-6)
