import numpy as np
import pytest

from ctevidence.contrasts import compare, compare_treatments
from ctevidence.contrasts.treatments import PAIRS, pairs
from ctevidence.terms import LEVEL_MEASURES, Arm

FOUR = (12, 9, 8, 5), (30, 14, 22, 34)


class TimeToEvent:
    """A fit with levels at any week, and hazards that have none."""

    def __init__(self, levels_with):
        self.levels_with = levels_with

    def levels(self, measure, week):
        measure = measure or "survival"
        timeless = measure == "log_hazard"
        return self.levels_with(
            [0.8, 0.6, 0.5, 0.4],
            np.eye(4) * 1e-3,
            measure=measure,
            anchored=not timeless,
            better="lower" if timeless else "higher",
            keys=tuple(
                (t, None if timeless else week)
                for t in ("combined", "medication", "therapy", "control")
            ),
        )


def test_all_pairs_on_all_measures_the_combination_first(counted):
    rows = compare_treatments(counted(*FOUR))
    asked = [(m, *pair) for m in LEVEL_MEASURES["risk"].contrasts for pair in PAIRS]
    assert [(row.measure, row.arm, row.reference) for row in rows] == asked
    again = compare(counted(*FOUR), "therapy", against="control", measure="odds_ratio").one()
    assert rows.where(measure="odds_ratio", arm="therapy", reference="control").one() == again


def test_missing_treatments_leave_their_pairs_out(counted):
    levels = counted(FOUR[0][:3], FOUR[1][:3])
    assert pairs(levels) == [p for p in PAIRS if "control" not in p]


def test_several_arms_are_compared_with_the_first(counted):
    arms = (Arm("short", "therapy"), Arm("long", "therapy"))
    keys = tuple((arm.name, 12) for arm in arms)
    levels = counted((10, 15), (40, 40), arms=arms, keys=keys)
    assert pairs(levels) == [("long", "short")]
    combined = counted((10, 15), (40, 40), arms=arms, keys=keys, several_arms="combine")
    assert pairs(combined) == []


def test_every_week_or_the_one_asked_for(levels_with):
    keys = tuple((t, week) for week in (4, 12) for t in ("combined", "medication"))
    levels = levels_with(
        [0.4, 0.3, 0.6, 0.4],
        np.eye(4) * 1e-3,
        arms=(Arm("combined", "combined"), Arm("medication", "medication")),
        keys=keys,
    )
    rows = compare_treatments(levels, measures=("risk_difference", "risk_ratio"))
    assert [(row.measure, row.week) for row in rows] == [
        ("risk_difference", 4),
        ("risk_difference", 12),
        ("risk_ratio", 4),
        ("risk_ratio", 12),
    ]
    assert compare_treatments(levels, ("risk_ratio",), week=12).one().estimate == pytest.approx(1.5)
    with pytest.raises(KeyError, match="No level at week 9; there are weeks 4, 12"):
        compare_treatments(levels, week=9)


def test_a_week_does_not_hide_what_has_none(levels_with):
    rows = compare_treatments(
        TimeToEvent(levels_with), ("rmst_difference", "hazard_ratio"), week=30
    )
    assert len(rows) == 2 * len(PAIRS)
    assert {row.week for row in rows.where(measure="rmst_difference")} == {30}
    assert all(row.week != row.week for row in rows.where(measure="hazard_ratio"))


def test_levels_cannot_become_another_measure(counted):
    with pytest.raises(ValueError, match="are of risk, not of rmst"):
        compare_treatments(counted(*FOUR), ("rmst_difference",))
    with pytest.raises(KeyError, match='"riskratio"'):
        compare_treatments(counted(*FOUR), ("riskratio",))
