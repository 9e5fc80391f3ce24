"""Icon arrays of what leads a claim: the risks of its baseline, and none without one."""

import math
from dataclasses import replace

import pytest

from ctevidence.display.lead_per_100 import plot_lead
from ctevidence.estimates import Estimate
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.verdict import Direction

LEAD = Estimate(
    "t", "response", "combined", "risk_difference", 0.13, unit="probability",
    reference="medication", conf_low=-0.05, conf_high=0.37, n=600, n_reference=676, studies=8,
)  # fmt: skip
RATIO = replace(LEAD, measure="risk_ratio", unit="ratio", estimate=1.3, conf_low=0.9, conf_high=1.8)

FEW = replace(LEAD, n=5, n_reference=6, studies=1)


@pytest.fixture
def verdict():
    claim = Claim("more", "Both help more", "combined", "medication", ("response",), ())
    return Verdict(claim, Direction.NOT_DETERMINED, None, LEAD, (), baseline=0.49)


def test_both_risks_are_drawn_and_the_range_is_of_their_difference(verdict):
    figure = plot_lead(verdict, "open")
    # 49 and 49 + 13, by hand
    assert [*figure.data.frame["per 100"]] == ["49", "62"]
    assert "13 more of every 100 people (range 5 fewer to 37 more)" in figure.alt
    assert "medication alone, and both" in figure.title


def test_a_risk_ends_at_all_of_them(verdict):
    figure = plot_lead(replace(verdict, baseline=0.95), "open")
    assert [*figure.data.frame["per 100"]] == ["95", "100"]


@pytest.mark.parametrize(
    "change",
    [{"lead": None}, {"baseline": math.nan}, {"lead": RATIO}, {"lead": FEW}],
    ids=["no lead", "no baseline", "a ratio alone", "few people"],
)
def test_nothing_is_drawn_where_no_risks_stand_behind_the_lead(verdict, change):
    assert plot_lead(replace(verdict, **change), "open") is None
