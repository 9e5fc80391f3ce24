import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.language import say
from ctevidence.synthesis.pool_regression import pool_regression

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared


@pytest.fixture
def bcg(one_by_one):
    data = one_by_one["bcg"]
    return pd.DataFrame({
        "study": [f"trial {i}" for i in range(13)], "estimate": data["yi"],
        "std_error": np.sqrt(data["vi"]), "year": data["year"], "ablat": data["ablat"],
        "alloc": data["alloc"],
    })  # fmt: skip


@pytest.mark.parametrize("method", ["REML", "ML", "DL"])
def test_heterogeneity_explained_equals_metafor(one_by_one, bcg, method):
    expected = one_by_one["explained"][method]
    for on, name in (("ablat", "latitude"), (["ablat", "year"], "latitude_year"),
                     ("alloc", "alloc")):  # fmt: skip
        found = pool_regression(
            bcg, on, measure="risk_ratio", reference={"alloc": "random"}, tau2_method=method
        )
        assert found.explained == pytest.approx(expected[name], rel=ITERATIVE, abs=1e-9)


def test_slope_of_latitude(bcg):
    # dat.bcg, rma(mods = ~ ablat + year, test = "z"): ablat -0.0280 (0.0102), tau2 0.1108
    found = pool_regression(bcg, ["ablat", "year"], measure="risk_ratio", hartung_knapp="none")
    slope = found.estimates.where(measure="risk_ratio_slope").rows[0]
    assert math.log(slope.estimate) == pytest.approx(-0.0280, abs=5e-5)
    assert slope.std_error == pytest.approx(0.0102, abs=5e-5)
    assert found.fit.tau2 == pytest.approx(0.1108, abs=5e-5)
    assert slope.population == "people in the studies; per unit of ablat"
    assert say("synthesis.pool_regression.between_studies") in slope.caution


def test_the_centre_row_is_the_effect_at_the_mean_of_the_moderator(bcg):
    found = pool_regression(bcg, "ablat", measure="risk_ratio")
    raw = np.column_stack([np.ones(13), bcg["ablat"]])
    w = 1 / (bcg["std_error"] ** 2 + found.fit.tau2)
    coef = np.linalg.solve(raw.T @ (raw * w.to_numpy()[:, None]), raw.T @ (w * bcg["estimate"]))
    centre = found.estimates.where(measure="risk_ratio").one()
    expected = coef[0] + coef[1] * bcg["ablat"].mean()
    assert math.log(centre.estimate) == pytest.approx(expected, rel=1e-9)


def test_words_need_a_declared_reference(bcg):
    with pytest.raises(ValueError, match="alternate, random, systematic"):
        pool_regression(bcg, "alloc")
    rows = pool_regression(bcg, "alloc", reference={"alloc": "random"}).estimates
    slopes = rows.where(measure="effect_slope").frame["population"].tolist()
    assert slopes == ["people in the studies; alloc alternate against random",
                      "people in the studies; alloc systematic against random"]  # fmt: skip


def test_permutation_rows_keep_the_slope(bcg):
    found = pool_regression(bcg, "ablat", tau2_method="DL")
    row = found.permutation(100, seed=2).one()
    assert row.estimate == found.estimates.where(measure="effect_slope").one().estimate
    assert row.method == "permutation test, 100 arrangements, seed 2"
    assert 0 < row.p_value <= 1
    assert len(found.estimates + found.permutation(100, seed=2)) == 5


def test_studies_without_the_moderator_are_named(bcg):
    bcg.loc[4, "ablat"] = np.nan
    found = pool_regression(bcg, "ablat")
    assert "left out, moderator not stated: trial 4" in found.cautions
    assert found.estimates.rows[0].studies == 12


def test_few_studies_for_each_moderator_carry_a_caution(bcg):
    assert (
        say("synthesis.pool_regression.few_studies")
        in pool_regression(bcg, ["ablat", "year"]).cautions
    )
    assert (
        say("synthesis.pool_regression.few_studies") not in pool_regression(bcg, "ablat").cautions
    )


def test_a_table_of_moderators_is_joined_by_study(bcg):
    further = bcg[["study"]].assign(dose=bcg["ablat"]).iloc[::-1]
    plain = bcg.drop(columns="ablat")
    joined = pool_regression(plain, "dose", moderators=further)
    assert joined.fit.coef == pytest.approx(pool_regression(bcg, "ablat").fit.coef, rel=1e-12)
    with pytest.raises(ValueError, match="each study once"):
        pool_regression(plain, "dose", moderators=pd.concat([further, further]))


def test_what_does_not_vary_or_is_not_there_is_refused(bcg):
    with pytest.raises(ValueError, match="does not differ"):
        pool_regression(bcg.assign(year=2000), "year")
    with pytest.raises(KeyError, match="No column"):
        pool_regression(bcg, "latitude")
