"""Fragility, worked by hand; verdicts take it from the multiverse of their own study."""

from dataclasses import replace

import pytest

from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.evidence.fragility import fragility
from ctevidence.evidence.verdict import Direction
from ctevidence.language import say

MAIN = Estimate(
    "own", "response (observed)", "combined", "risk_difference", 0.2, reference="medication",
    unit="probability", week=9, conf_low=0.1, conf_high=0.3, n=300, n_reference=300,
    randomised=True,
)  # fmt: skip


def way(definition, missing, model, estimate, half_width=0.1, **fields):
    choices = f"{definition}/{missing}/none/{model}"
    return replace(
        MAIN, id=f"own/multiverse/{choices}/risk_difference", estimate=estimate,
        conf_low=estimate - half_width, conf_high=estimate + half_width,
        caution=say("caution.sensitivity"),
        outcome=f"response, {definition} ({missing})", **fields,
    )  # fmt: skip


WAYS = (
    way("half", "observed", "counts", 0.20),  # benefit
    way("half", "observed", "firth", 0.15),  # benefit
    way("half", "non-response", "counts", 0.05),  # not determined
    way("half", "non-response", "firth", -0.02),  # not determined, other side
    way("least", "observed", "counts", 0.02, 0.01),  # little
    way("least", "non-response", "counts", -0.20),  # harm, other side
)


def test_counts_by_hand():
    found = fragility(WAYS)
    assert (found.ways, found.failed, found.better, found.worse) == (6, 0, 4, 2)
    assert found.turned == 2
    assert found.verdicts == {
        Direction.BENEFIT: 2, Direction.NOT_DETERMINED: 2, Direction.LITTLE: 1, Direction.HARM: 1,
    }  # fmt: skip
    assert found.changed == 4
    # non-response: 2 of 3 turned, without it 0 of 3; least: 1 of 2 against 1 of 4
    driver = found.driver
    assert (driver.axis, driver.choice, driver.turned, driver.ways) == (
        "missing", "non-response", 2, 3,
    )  # fmt: skip


def test_for_an_adverse_outcome_fewer_is_better():
    rows = [replace(row, outcome="relapse") for row in WAYS]
    found = fragility(rows)
    assert (found.better, found.worse, found.turned) == (2, 4, 2)
    assert found.verdicts[Direction.HARM] == 2


def test_without_turning_there_is_no_driver():
    found = fragility(WAYS[:3])
    assert found.turned == 0
    assert found.driver is None


def test_ways_without_a_number_are_counted_apart():
    nan = float("nan")
    failed = replace(WAYS[3], estimate=nan, conf_low=nan, conf_high=nan)
    found = fragility([*WAYS[:3], failed])
    assert (found.ways, found.failed) == (3, 1)
    assert fragility([failed, *WAYS]) is None
    assert fragility([]) is None


@pytest.fixture
def verdict():
    def assessed(rows):
        found = assess_claims(read_claims(), Estimates(rows))
        return next(v for v in found if v.claim.id == "better-than-medication")

    return assessed


def test_a_verdict_holds_the_fragility_of_its_lead(verdict):
    found = verdict([MAIN, *WAYS])
    assert found.lead == MAIN
    assert len(found.beside) == 0  # ways do not speak
    assert (found.fragility.ways, found.fragility.turned) == (6, 2)


def test_ways_of_another_study_or_week_are_not_its_own(verdict):
    others = [replace(row, study="else") for row in WAYS[:3]]
    others += [replace(row, week=35.0) for row in WAYS[3:]]
    assert verdict([MAIN, *others]).fragility is None
