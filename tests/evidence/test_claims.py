"""Claims: every one keeps its row; the declared source leads."""

import math
from dataclasses import replace

import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.display.verdict_tables import table_verdicts
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import Claim, assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.evidence.verdict import Direction
from ctevidence.language import say
from ctevidence.outcomes.illness_return import descriptive_only

BASE = {"outcome": "response", "arm": "combined", "reference": "medication",
        "measure": "risk_difference", "unit": "probability"}  # fmt: skip
OWN = Estimate(
    study="own trial", estimate=0.3, conf_low=0.1, conf_high=0.5, randomised=True, n=30,
    n_reference=14, week=9, **BASE,
)  # fmt: skip
POOLED = Estimate(
    study="published", population="depression", estimate=0.1, conf_low=0.02, conf_high=0.18,
    studies=8, randomised=True, n=600, n_reference=600, **BASE,
)  # fmt: skip
ELSEWHERE = Estimate(
    study="published", population="anxiety", estimate=0.2, conf_low=0.1, conf_high=0.3,
    studies=12, randomised=True, n=900, n_reference=900, **BASE,
)  # fmt: skip


def verdicts(rows, **options):
    return {v.claim.id: v for v in assess_claims(read_claims(), Estimates(rows), **options)}


def test_every_claim_keeps_its_row_without_data():
    found = verdicts([])
    assert len(found) == len(read_claims()) == 30
    assert {v.direction for v in found.values()} == {Direction.NO_DATA}
    told = table_verdicts(found.values(), "open").frame
    assert len(told) == len(found)
    assert all(told["rests on"])


def test_several_trials_lead_over_one_and_the_one_stands_beside():
    found = verdicts([OWN, POOLED], condition="depression")["better-than-medication"]
    assert found.lead == POOLED
    assert found.direction is Direction.BENEFIT
    assert list(found.beside) == [OWN]


def test_a_group_of_a_handful_leads_only_alone():
    # randomised, but nothing can be judged from it; the larger one was not randomised
    tiny = replace(OWN, id="", study="tiny", n=6, n_reference=7)
    registry = replace(OWN, id="", study="registry", randomised=False, n=900, n_reference=800)
    assert verdicts([tiny, registry])["better-than-medication"].lead == registry
    assert verdicts([tiny])["better-than-medication"].lead == tiny
    twelve = replace(tiny, id="", n=12, n_reference=12)
    assert verdicts([twelve, registry])["better-than-medication"].lead == twelve


def test_trials_of_another_condition_never_lead():
    found = verdicts([OWN, ELSEWHERE], condition="depression")["better-than-medication"]
    assert found.lead == OWN
    assert found.direction is Direction.NOT_ESTABLISHED
    assert verdicts([OWN, ELSEWHERE])["works-in-anxiety"].lead == ELSEWHERE


def test_what_cannot_be_estimated_is_no_data_with_its_reason():
    empty = Estimate(study="own", estimate=float("nan"), caution="nobody was seen", **BASE)
    found = verdicts([empty])["better-than-medication"]
    assert (found.direction, found.reason) == (Direction.NO_DATA, "nobody was seen")


def test_faster_relief_is_judged_by_the_early_weeks():
    row = Estimate(
        study="own trial", outcome="early PHQ-9 score (lower is better), weeks 2 to 4",
        arm="combined", reference="therapy", measure="mean_over_period_difference",
        unit="PHQ-9 points", week=4, estimate=-4.0, conf_low=-6.0, conf_high=-2.0, n=200,
        n_reference=200, randomised=True,
    )  # fmt: skip
    found = verdicts([row])["faster-relief"]
    assert (found.lead, found.direction) == (row, Direction.BENEFIT)
    unseen = {"caution": "no visit is scheduled in weeks 2 to 4: the first is at week 9"}
    nobody = replace(row, estimate=math.nan, conf_low=math.nan, conf_high=math.nan, **unseen)
    found = verdicts([nobody])["faster-relief"]
    assert (found.direction, found.reason) == (Direction.NO_DATA, nobody.caution)


def test_certainty_is_given_by_people_and_checked():
    found = verdicts([POOLED], certainty={"better-than-medication": "low"})
    assert found["better-than-medication"].certainty == "low"
    assert found["better-than-therapy"].certainty is None
    with pytest.raises(KeyError, match="better-than-medication"):
        verdicts([], certainty={"better-than-medicaton": "low"})
    with pytest.raises(KeyError, match="very low"):
        verdicts([], certainty={"synergy": "verylow"})


def test_an_unknown_key_of_a_claim_is_refused(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text('[[claim]]\nid = "x"\nsays = "y"\noutcom = ["response"]\n')
    with pytest.raises(DataProblems, match='Did you mean "outcomes"'):
        read_claims(path)


# as `better_than_both` and `pool_components` give them for linde2016 (study 117, 34 people)
NETWORK = {"study": "linde2016", "outcome": "response", "arm": "Face-to-face CBT + SSRI",
           "unit": "ratio", "randomised": True, "studies": 1, "n": 17,
           "caution": "rests on one trial of 34 people (study 117); "
                      + say("caution.transitivity")}  # fmt: skip
BOTH = Estimate(
    reference="best single treatment", measure="odds_ratio", estimate=15.0, conf_low=2.27,
    alternative="greater", **NETWORK,
)  # fmt: skip
INTERACTION = Estimate(
    reference="multiplicativity", measure="interaction_ratio", estimate=8.75, conf_low=1.32,
    conf_high=58.05, **NETWORK,
)  # fmt: skip


def test_a_network_leads_only_alone_and_one_small_trial_establishes_nothing():
    found = verdicts([BOTH, INTERACTION])
    for claim, row in (("better-than-both", BOTH), ("synergy", INTERACTION)):
        assert found[claim].lead == row
        assert found[claim].direction is Direction.NOT_ESTABLISHED
    own = {"study": "own trial", "outcome": "response", "arm": "combined",
           "unit": "probability", "randomised": False}  # fmt: skip
    single = Estimate(reference="best single treatment", measure="risk_difference",
                      estimate=0.05, conf_low=-0.3, alternative="greater", **own)  # fmt: skip
    found = verdicts([BOTH, single])["better-than-both"]
    assert (found.lead, list(found.beside)) == (single, [BOTH])


def test_a_network_of_plain_treatments_does_not_take_the_lead_of_pooled_trials():
    row = replace(POOLED, id="", study="network", studies=50, caution=say("caution.transitivity"))
    found = verdicts([row, POOLED], condition="depression")
    assert found["better-than-medication"].lead == POOLED
    assert not found["better-than-medication"].beside
    assert verdicts([row])["better-than-medication"].direction is Direction.NO_DATA


def test_strata_and_cells_of_the_overview_are_not_weighed_again():
    cell = replace(POOLED, id="", population="overview: depression; adults; response")
    taper = replace(POOLED, id="", population="depression; stratum taper", studies=20)
    found = verdicts([POOLED, cell, taper])["better-than-medication"]
    assert (found.lead, len(found.beside)) == (POOLED, 0)


def test_relapse_or_recurrence_speaks_to_relapse_in_either_order():
    row = replace(POOLED, id="", outcome="recurrence or relapse")
    assert verdicts([row])["relapse-prevention"].lead == row


def test_one_trial_of_another_condition_does_not_lead_over_the_study_s_own():
    """A trial in alcohol use says nothing of depression, however few people the study has."""
    claim = Claim(
        "c", "People stay", "combined", "therapy", ("staying in treatment", "dropout"),
        ("risk_difference",),
    )  # fmt: skip
    shared = {"arm": "combined", "reference": "therapy", "measure": "risk_difference"}
    other = Estimate("trials", "dropout", estimate=0.04, population="alcohol_use; adults",
                     randomised=True, conf_low=-0.1, conf_high=0.2, **shared)  # fmt: skip
    own = Estimate("own", "staying in treatment", estimate=0.11, conf_low=-0.2, conf_high=0.4,
                   randomised=False, **shared)  # fmt: skip
    for rows in ([other, own], [own, other]):
        (verdict,) = assess_claims([claim], Estimates(rows), condition="depression")
        assert verdict.lead is own
        assert (list(verdict.beside), list(verdict.elsewhere)) == ([], [other])


def test_people_whom_treatment_selected_speak_to_no_claim():
    """Relapse counted from response, people in a state, and landmarks: described, never weighed."""
    row = replace(OWN, id="", outcome="relapse")
    assert verdicts([row])["relapse-prevention"].lead == row
    selected = replace(
        row, id="", population="people who responded", caution=descriptive_only("response")
    )
    found = verdicts([selected])["relapse-prevention"]
    assert (found.direction, found.lead) == (Direction.NO_DATA, None)
    assert verdicts([selected, row])["relapse-prevention"].lead == row
