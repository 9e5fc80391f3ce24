"""Several outcomes at once: Holm's p-values against R, intervals by their definition."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctevidence.contrasts import compare, compare_family
from ctevidence.contrasts.familywise import holm


def test_p_values_as_in_r():
    """R's p.adjust(method = "holm"), in `course_levels.R`."""
    path = Path(__file__).parents[1] / "reference/course_levels.json"
    witness = json.loads(path.read_text(encoding="utf-8"))["holm"]
    assert holm(witness["p"]) == pytest.approx(witness["adjusted"], rel=1e-12)


def test_what_could_not_be_tested_counts_as_the_weakest():
    """By hand: 3 x 0.01, then 2 x 0.02."""
    assert holm([np.nan, 0.02, 0.01])[1:] == pytest.approx([0.04, 0.03])
    assert np.isnan(holm([np.nan, 0.02])[0])
    assert holm([0.5, 0.9]).tolist() == [1.0, 1.0]


@pytest.fixture
def family(levels_with):
    one = levels_with([3.0, 2.0], np.diag([0.04, 0.05]), measure="mean", unit="points",
                      outcome="sleep", events=(None, None))  # fmt: skip
    return [one, replace(one, outcome="mood", estimate=np.array([2.5, 2.0]))]


def test_rows_carry_both_corrections(family):
    rows = compare_family(family, "combined", against="medication")
    alone = [compare(x, "combined", against="medication", conf_level=0.975).one() for x in family]
    for row, single in zip(rows, alone, strict=True):
        assert (row.conf_low, row.conf_high) == (single.conf_low, single.conf_high)
        assert row.conf_level == 0.95
        assert "p-values by Holm, intervals by Bonferroni over 2 outcomes (each at 97.5 %)" in (
            row.method
        )
    smaller, larger = sorted(x.p_value for x in alone)
    assert sorted(row.p_value for row in rows) == pytest.approx(
        [2 * smaller, max(2 * smaller, larger)]
    )


def test_a_family_of_one_is_not_adjusted_and_of_none_is_refused(family):
    row = compare_family(family[:1], "combined", against="medication").one()
    assert row.same_as(compare(family[0], "combined", against="medication").one())
    with pytest.raises(ValueError, match="at least one outcome"):
        compare_family([], "combined", against="medication")
