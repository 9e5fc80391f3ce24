"""Conditions side by side: whether they differ is told from a test, or that it was not tested."""

import math
from dataclasses import replace

from ctevidence.display.conditions_compared import conditions_compared
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims

TEST = Estimate(
    "trials", "response or remission", "combined", "heterogeneity_ratio", 0.0362,
    reference="medication", unit="F", df=8, p_value=0.854, studies=10, randomised=False,
    population="several conditions; acute phase; adults",
    method="meta-regression on condition_group, F test on 1 and 8 degrees of freedom, anxiety, "
           "depression",
)  # fmt: skip


def told(*rows):
    verdicts = assess_claims(read_claims(), Estimates(rows), condition="depression")
    return conditions_compared(verdicts, Estimates(rows))


def test_the_test_is_told_with_its_p_value_and_what_it_cannot_show():
    (found,) = told(TEST)
    assert found.text.startswith(
        "Whether conditions differ (combined treatment against medication, response or remission) "
        "was tested over anxiety disorders, depression: p = 0.854, 10 trials."
    )
    assert "cannot show that conditions do not differ" in found.text
    assert found.estimates == (TEST.id,)


def test_what_was_not_tested_says_why():
    why = "not assessable: fewer than two groups have two studies"
    none = replace(TEST, id="", estimate=math.nan, p_value=math.nan, method="", caution=why)
    (found,) = told(none)
    assert "could not be tested: fewer than two groups have two studies." in found.text


def test_the_young_and_comparisons_without_such_a_claim_are_not_told():
    young = replace(TEST, id="", population="several conditions; adolescents and children")
    assert told(young, replace(TEST, id="", arm="therapy")) == []


def test_a_test_of_conditions_speaks_to_no_claim():
    verdicts = assess_claims(read_claims(), Estimates([TEST]), condition="depression")
    assert all(verdict.lead is None and not len(verdict.elsewhere) for verdict in verdicts)
