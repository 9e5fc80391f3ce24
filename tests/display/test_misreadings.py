"""Each misreading has its sentence where a page invites it, and nowhere else."""

import math

import pytest

from ctevidence.display.misreadings import SITUATIONS, misreadings
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.claims import assess_claims
from ctevidence.language import language, say

CLAIM = Claim("c", "Both help more", "combined", "medication", ("response",), ("risk_difference",))


def row(**changes):
    fields = {
        "study": "s", "outcome": "response", "arm": "combined", "reference": "medication",
        "measure": "risk_difference", "unit": "probability", "estimate": 0.2, "conf_low": 0.1,
        "conf_high": 0.3, "n": 300, "n_reference": 300, "population": "depression; adults",
        "randomised": True,
    }  # fmt: skip
    return Estimate(**fields | changes)


def verdict(*rows, condition="depression"):
    return assess_claims([CLAIM], Estimates(rows), condition=condition)


WIDE = {"conf_low": -0.1, "conf_high": 0.5}
#: misreading -> what is shown, its verdicts, words of the sentence that prevents it
INVITED = {
    "not-established": ([], verdict(row(n=30, n_reference=30)), 'is not "does not work"'),
    "not-determined": ([], verdict(row(**WIDE)), 'is not "no difference"'),
    "no-data": ([], verdict(), 'No data" is not "does not work"'),
    "no-synergy": (
        [row(measure="interaction_difference", reference="additivity", **WIDE)], (),
        'does not mean "do not combine"',
    ),
    "first-is-not-best": ([row(measure="p_score", reference="")], (), 'is not "best"'),
    "taper": (
        [row(outcome="relapse", arm="therapy", population="depression; adults; stratum taper")], (),
        "withdrawal as well",
    ),
    "dropout": ([row(outcome="dropout")], (), "not always intolerance"),
    "young-harms": (
        [row(population="depression; adolescents; acute phase")], (), "look it up before",
    ),
    "usual-care": ([row(reference="control")], (), 'is not "no treatment"'),
    "per-100": ([row()], (), "people like those studied"),
    "convenience-sample": ([row()], (), "leans towards the combination"),
    "bipolar": ([row(population="bipolar; adults")], (), "everyone takes a mood stabiliser"),
    "small-study-span": (
        [row(measure="risk_ratio_small_study_range", unit="ratio", population="everyone")], (),
        "not a confidence interval",
    ),
    "one-sided": (
        [row(alternative="greater", conf_high=math.nan, population="everyone")], (),
        "one-sided too",
    ),
    "elsewhere": ([], verdict(row(population="anxiety; adults")), "stands apart"),
}  # fmt: skip


def test_every_misreading_of_the_list_has_a_situation_and_a_test():
    listed = set(language().table("misreadings"))
    assert listed == set(SITUATIONS) == set(INVITED)


@pytest.mark.parametrize("name", INVITED)
def test_the_sentence_stands_where_it_is_needed(name):
    rows, verdicts, words = INVITED[name]
    assert words in misreadings(rows, verdicts)[name]


def test_nothing_shown_invites_nothing():
    assert misreadings([]) == {}
    empty = row(estimate=math.nan, conf_low=math.nan, conf_high=math.nan, outcome="dropout")
    assert misreadings([empty]) == {}


def test_a_plain_trial_does_not_call_for_what_it_does_not_invite():
    found = misreadings([row()], verdict(row()))
    assert set(found) == {"per-100", "convenience-sample"}


def test_participants_data_and_networks_are_not_the_convenience_sample():
    own = row(population="everyone who started")
    net = row(population="adults in primary care", caution=say("caution.transitivity"))
    assert "convenience-sample" not in misreadings([own, net])


def test_rows_of_harm_themselves_do_not_say_that_harms_may_be_missing():
    young = "depression; adolescents; acute phase"
    assert "young-harms" not in misreadings([row(population=young, outcome="any self harm")])
