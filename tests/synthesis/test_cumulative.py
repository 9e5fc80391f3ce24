import numpy as np
import pandas as pd
import pytest

from ctevidence.language import say
from ctevidence.synthesis.cumulative import cumulative
from ctevidence.synthesis.pairwise import pool_effects
from ctevidence.synthesis.pool import pool

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared


@pytest.fixture
def bcg(one_by_one):
    data = one_by_one["bcg"]
    return pd.DataFrame({"study": [f"trial {i + 1:02d}" for i in range(13)], "year": data["year"],
                         "estimate": data["yi"], "std_error": np.sqrt(data["vi"])})  # fmt: skip


def test_every_step_equals_metafor(one_by_one, bcg):
    expected = one_by_one["cumulative"]
    pooled = pool(bcg, measure="risk_ratio", hartung_knapp="plain")
    rows = pooled.cumulative().frame
    assert len(rows) == 13
    later = slice(1, None)  # one trial is not pooled: metafor gives it a normal interval as well
    for ours, theirs in (("estimate", "estimate"), ("conf_low", "conf_low"),
                         ("conf_high", "conf_high")):  # fmt: skip
        found = np.log(rows[ours].to_numpy())
        assert found[later] == pytest.approx(np.array(expected[theirs])[later], rel=ITERATIVE)
    steps = cumulative(pooled.result, [i - 1 for i in expected["order"]])
    tau2 = [0.0 if s.heterogeneity is None else s.heterogeneity.tau2 for s in steps]
    assert tau2 == pytest.approx(expected["tau2"], rel=ITERATIVE, abs=1e-9)


def test_last_step_is_the_whole_and_first_is_one_study(bcg):
    pooled = pool(bcg, measure="risk_ratio")
    rows = list(pooled.cumulative())
    assert rows[-1].estimate == pytest.approx(pooled.pooled.estimate, rel=1e-12)
    assert rows[-1].studies == 13
    assert say("synthesis.pairwise.one_study") in rows[0].caution
    assert "up to year 1948" in rows[0].population


def test_studies_without_a_year_come_last(bcg):
    bcg.loc[0, "year"] = np.nan
    rows = list(pool(bcg, measure="risk_ratio").cumulative())
    assert "then without year, trial 01 added" in rows[-1].population


def test_an_order_must_be_possible(bcg):
    pooled = pool(bcg.drop(columns="year"), measure="risk_ratio")
    with pytest.raises(ValueError, match="No study says its year"):
        pooled.cumulative()
    with pytest.raises(KeyError, match="No numeric column"):
        pooled.cumulative("phase")
    with pytest.raises(ValueError, match="each of 2 studies once"):
        cumulative(pool_effects([0.1, 0.2], [0.1, 0.1]), [0, 0])
