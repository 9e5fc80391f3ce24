import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.language import say
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.small_study import ADJUSTMENTS, small_study_range


@pytest.fixture
def bcg(small_study):
    given = small_study["bcg"]
    counts = given["counts"]
    return pd.DataFrame({
        "study": [f"trial {i}" for i in range(13)], "estimate": given["yi"],
        "std_error": np.sqrt(given["vi"]), "events1": counts["a"], "n1": counts["n1"],
        "events2": counts["c"], "n2": counts["n2"],
    })  # fmt: skip


@pytest.fixture
def hackshaw(small_study):
    given = small_study["hackshaw1998"]
    return pd.DataFrame({"study": [f"trial {i}" for i in range(37)], "estimate": given["yi"],
                         "std_error": np.sqrt(given["vi"])})  # fmt: skip


def by_method(found):
    return {row.id.rsplit("/", 1)[1]: row for row in (*found.adjusted, *found.asymmetry)}


def test_every_method_keeps_its_number(small_study, hackshaw):
    expected = small_study["hackshaw1998"]
    rows = by_method(small_study_range(hackshaw, "greater", hartung_knapp="none"))
    assert list(rows) == [*ADJUSTMENTS, "egger", "peters"]
    wanted = {
        "trim-and-fill": expected["trim_fill"]["REML_L0"]["estimate"],
        "pet": expected["pet"]["coef"][0],
        "peese": expected["peese"]["coef"][0],
        "limit": expected["limit"]["estimate"],
        "selection": expected["selection"]["one_step"]["estimate"],
        "selection-moderate": expected["selection"]["moderate"]["estimate"],
        "selection-severe": expected["selection"]["severe"]["estimate"],
    }
    for key, value in wanted.items():
        assert rows[key].estimate == pytest.approx(value, rel=1e-4)
    assert rows["egger"].p_value == pytest.approx(expected["egger"]["p"], rel=1e-8)


def test_ratios_are_shown_as_ratios(small_study, bcg):
    rows = by_method(small_study_range(bcg, "less", measure="odds_ratio"))
    limit = small_study["bcg"]["limit"]["estimate"]
    assert rows["limit"].estimate == pytest.approx(math.exp(limit), rel=1e-6)
    peters = small_study["bcg"]["peters"]["p"][1]
    assert rows["peters"].p_value == pytest.approx(peters, rel=1e-8)


def test_the_range_holds_every_method(bcg):
    found = small_study_range(bcg, "less", measure="odds_ratio")
    values = [row.estimate for row in found.adjusted]
    assert (found.range.conf_low, found.range.conf_high) == (min(values), max(values))
    assert found.range.estimate == found.pooled.pooled.estimate
    assert len({row.id for row in found.estimates}) == len(found.estimates) == 12


def test_the_conditional_rule_takes_one_of_two(hackshaw):
    # PET 0.005, p 0.95: no effect seen, so PET stands; a strong effect takes PEESE
    rows = by_method(small_study_range(hackshaw, "greater"))
    assert rows["pet"].method.endswith(say("synthesis.small_study.by_the_rule"))
    assert not rows["peese"].method.endswith(say("synthesis.small_study.by_the_rule"))
    strong = hackshaw.assign(estimate=hackshaw["estimate"] + 1)
    rows = by_method(small_study_range(strong, "greater"))
    assert rows["peese"].method.endswith(say("synthesis.small_study.by_the_rule"))


def test_a_method_that_does_not_apply_keeps_its_row(hackshaw):
    rows = by_method(small_study_range(hackshaw, "greater"))
    assert say("synthesis.small_study.needs_counts") in rows["peters"].caution
    assert math.isnan(rows["peters"].p_value)
    significant = hackshaw.assign(estimate=hackshaw["estimate"] + 4)
    found = small_study_range(significant, "greater")
    assert "not estimable" in by_method(found)["selection"].caution
    assert found.range.method == "8 of 9 methods"


def test_few_studies_are_shown_and_cannot_tell(hackshaw):
    few = small_study_range(hackshaw.head(9), "greater")
    assert all(say("synthesis.small_study.few") in row.caution for row in few.estimates)
    enough = small_study_range(hackshaw.head(10), "greater")
    assert say("synthesis.small_study.few") not in enough.cautions
    with pytest.raises(ValueError, match="There are 2 studies"):
        small_study_range(hackshaw.head(2), "greater")


def test_the_wanted_direction_is_that_of_the_outcome_or_declared(hackshaw):
    with pytest.raises(ValueError, match="wanted"):
        small_study_range(hackshaw)
    relapse = small_study_range(hackshaw.assign(outcome="relapse"), measure="odds_ratio")
    declared = small_study_range(hackshaw, "less", measure="odds_ratio")
    keys = ("selection-moderate", "selection-severe")
    for key in keys:
        assert by_method(relapse)[key].estimate == by_method(declared)[key].estimate


def test_a_pooled_result_is_taken_as_it_stands(hackshaw):
    pooled = pool(hackshaw, tau2_method="DL")
    found = small_study_range(pooled, "greater")
    assert found.pooled is pooled
    assert by_method(found)["unadjusted"].estimate == pooled.pooled.estimate
