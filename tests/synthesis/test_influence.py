import numpy as np
import pandas as pd
import pytest

from ctevidence.language import say
from ctevidence.synthesis.influence import influence
from ctevidence.synthesis.pairwise import pool_effects
from ctevidence.synthesis.pool import pool

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared
NAMES = {
    "rstudent": "deleted_residual",
    "dffits": "dffits",
    "cook.d": "cooks_distance",
    "cov.r": "covariance_ratio",
    "tau2.del": "tau2_without",
    "QE.del": "q_without",
    "hat": "hat",
    "dfbetas": "dfbetas",
}


@pytest.mark.parametrize("hartung_knapp", ["none", "plain", "guarded"])
def test_influence_equals_metafor(one_by_one, hartung_knapp):
    bcg, expected = one_by_one["bcg"], one_by_one["influence"][hartung_knapp]
    result = pool_effects(bcg["yi"], bcg["vi"], hartung_knapp=hartung_knapp)
    found = influence(result)
    for theirs, ours in NAMES.items():
        assert getattr(found, ours) == pytest.approx(np.array(expected[theirs]), rel=ITERATIVE)
    assert found.flagged.tolist() == expected["flagged"]
    change = found.tau2_without - result.heterogeneity.tau2
    assert found.tau2_change == pytest.approx(change, rel=1e-12)


def test_cooks_distance_by_hand():
    # equal variances: the mean without one of four is theirs; mean of all 0.6, se^2 = (0.1+t2)/4
    y = np.array([0.1, 0.2, 0.1, 2.0])
    result = pool_effects(y, [0.1] * 4, hartung_knapp="none")
    moved = np.array([0.6 - np.delete(y, i).mean() for i in range(4)])
    expected = moved**2 / ((0.1 + result.heterogeneity.tau2) / 4)
    assert influence(result).cooks_distance == pytest.approx(expected, rel=1e-9)


def test_rows_name_the_study_and_warn(one_by_one):
    bcg = one_by_one["bcg"]
    table = pd.DataFrame({"study": [f"trial {i}" for i in range(13)], "estimate": bcg["yi"],
                          "std_error": np.sqrt(bcg["vi"])})  # fmt: skip
    table.loc[3, "estimate"] = 3.0
    rows = pool(table, measure="risk_ratio").influence()
    assert len(rows) == 4 * 13
    cook = rows.where(measure="cooks_distance").frame.set_index("study")
    assert cook["estimate"].idxmax() == "trial 3"
    assert say("synthesis.influence.influential") in cook.loc["trial 3", "caution"]
    weights = rows.where(measure="weight").frame["estimate"]
    assert weights.sum() == pytest.approx(1, rel=1e-12)


def test_few_studies_are_refused_or_carry_a_caution():
    with pytest.raises(ValueError, match="needs three studies; there are 2"):
        influence(pool_effects([0.1, 0.2], [0.1, 0.1]))
    table = pd.DataFrame({"study": list("abc"), "estimate": [0.1, 0.2, 0.4], "std_error": 0.3})
    assert all(say("synthesis.influence.few") in row.caution for row in pool(table).influence())
