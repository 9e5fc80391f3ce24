"""What stands behind a verdict, each number worked by hand; nothing counted twice."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from ctevidence.data.trials import Trials
from ctevidence.display.certainty_tables import hint_words
from ctevidence.display.disclosure import PROFILES
from ctevidence.display.key_messages import message
from ctevidence.display.verdict_tables import SHORT, table_elsewhere, table_leads, table_verdicts
from ctevidence.display.verdict_words import (
    direction_words,
    driver_words,
    estimate_words,
    turned_words,
)
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.evidence.hints import information_size
from ctevidence.evidence.verdict import Direction, Thresholds
from ctevidence.language import say
from ctevidence.synthesis.flags import FLAG_RULES

OPEN = PROFILES["open"]
WHO = {"study": "trials", "population": "depression; adults; acute phase", "outcome": "response",
       "arm": "combined", "reference": "medication"}  # fmt: skip
RATIO = Estimate(
    **WHO, measure="risk_ratio", unit="ratio", estimate=1.25, conf_low=1.05, conf_high=1.4881,
    std_error=0.0890, error_scale="log", studies=4, n=400, n_reference=400, randomised=True,
)  # fmt: skip
PER_100 = Estimate(
    **WHO, measure="risk_difference", unit="probability", estimate=0.10, conf_low=0.02,
    conf_high=0.19524, studies=4, n=400, n_reference=400, randomised=True,
)  # fmt: skip
BASELINE = Estimate(
    **WHO | {"arm": "medication", "reference": ""}, measure="risk", unit="probability",
    estimate=0.40, studies=None,
)  # fmt: skip
WEIGHT = replace(RATIO, id="", study="big2001", measure="weight", unit="share", estimate=0.6,
                 conf_low=math.nan, conf_high=math.nan)  # fmt: skip
WITHOUT = replace(RATIO, id="", study="big2001", measure="risk_ratio_without_one", estimate=1.1,
                  conf_low=0.8, conf_high=1.55, studies=3)  # fmt: skip
PREDICTION = replace(RATIO, id="", measure="risk_ratio_prediction", conf_low=0.8, conf_high=1.95,
                     std_error=0.1335)  # fmt: skip
SMALL = replace(RATIO, id="", measure="risk_ratio_small_study_range", estimate=1.25, conf_low=0.95,
                conf_high=1.3)  # fmt: skip


def weighed(*rows, claim="better-than-medication", condition="depression", **options):
    found = assess_claims(read_claims(), Estimates(rows), condition=condition, **options)
    return {verdict.claim.id: verdict for verdict in found}[claim]


def test_a_ratio_and_its_people_per_100_are_one_piece_of_evidence():
    verdict = weighed(RATIO, PER_100, BASELINE)
    assert (verdict.lead, verdict.ratio, verdict.baseline) == (PER_100, RATIO, 0.40)
    assert len(verdict.beside) == 0


def test_a_ratio_alone_becomes_people_per_100_at_the_risk_of_its_source():
    verdict = weighed(RATIO, BASELINE)
    # 0.4 x (1.25 - 1), 0.4 x (1.05 - 1), 0.4 x (1.4881 - 1)
    assert verdict.lead.estimate == pytest.approx(0.10, abs=1e-12)
    assert verdict.lead.conf_low == pytest.approx(0.02, abs=1e-12)
    assert verdict.lead.conf_high == pytest.approx(0.19524, abs=1e-12)
    assert "at a baseline risk of 40 in 100" in verdict.lead.method


def test_without_a_baseline_a_ratio_stays_one():
    assert weighed(RATIO).lead == RATIO


def test_what_could_have_been_seen():
    # exp((1.959964 + 0.841621) x 0.0890) = 1.283180; 0.4 x 0.283180
    assert weighed(RATIO, PER_100, BASELINE).detectable == pytest.approx(0.113272, abs=1e-6)
    own = replace(PER_100, id="", population="everyone who started", std_error=0.05, studies=1)
    # participants' data: 2.801585 x 0.05
    assert weighed(own).detectable == pytest.approx(0.14007926, abs=1e-8)


def test_the_driver_is_named_with_what_would_be_without_it():
    verdict = weighed(RATIO, PER_100, BASELINE, WEIGHT, WITHOUT)
    driver = verdict.driver
    assert (driver.trial, driver.weight) == ("big2001", 0.6)
    assert driver.without.estimate == pytest.approx(0.04, abs=1e-12)  # 0.4 x (1.1 - 1)
    assert (verdict.direction, driver.direction) == (Direction.BENEFIT, Direction.NOT_DETERMINED)
    assert driver_words(verdict) == (
        "big2001 moves it most (60 per cent of the weight); without it 4 more of every 100 people "
        '(range 8 fewer to 22 more); the verdict would then be "not determined"'
    )


def test_one_trial_that_decides_stands_in_the_key_message_with_its_flag():
    flagged = replace(WEIGHT, id="", caution="completers only, not everyone randomised")
    arms = pd.DataFrame({"trial_id": ["big2001"], "citation": ["Big 2001 J 1:2"]})
    trials = Trials("trials", "Some trials", arms=arms)
    verdict = weighed(RATIO, PER_100, BASELINE, flagged, WITHOUT, sources=[trials])
    assert (
        "One trial decides this: without Big 2001 (completers only, not everyone randomised) it "
        "would be 4 more of every 100 people (range 8 fewer to 22 more), and the verdict "
        '"not determined".'
    ) in message(verdict, "open")
    assert turned_words(verdict) == "without Big 2001: not determined"
    same = replace(WITHOUT, id="", estimate=1.24, conf_low=1.1, conf_high=1.4)
    assert "One trial decides" not in message(weighed(RATIO, PER_100, BASELINE, WEIGHT, same))


def test_flags_of_trials_are_hints_of_bias():
    said = "completers only, not everyone randomised (Ann 2014); few studies"
    verdict = weighed(RATIO, replace(PER_100, id="", caution=said), BASELINE)
    flagged = next(hint for hint in verdict.hints if hint.key == "bias-flagged")
    assert hint_words(flagged) == "completers only, not everyone randomised (Ann 2014)"
    assert keys(verdict, "risk_of_bias") == {"bias-flagged": True, "bias-not-assessed": None}
    judged = weighed(replace(PER_100, id="", caution="high risk of bias: missing data"), BASELINE)
    assert keys(judged, "risk_of_bias") == {"bias-flagged": True}


def test_rows_about_rows_do_not_speak_for_themselves():
    verdict = weighed(RATIO, PER_100, BASELINE, WEIGHT, WITHOUT, PREDICTION, SMALL)
    assert (verdict.lead, len(verdict.beside)) == (PER_100, 0)


def keys(verdict, domain):
    return {hint.key: hint.is_concern for hint in verdict.hints if hint.domain == domain}


def test_hints_by_domain():
    verdict = weighed(RATIO, PER_100, BASELINE, PREDICTION, SMALL)
    assert keys(verdict, "risk_of_bias") == {"bias-not-assessed": None}
    # the mean excludes no difference, a new trial may not
    assert keys(verdict, "inconsistency") == {"prediction-holds-none": True}
    (tau,) = (h.values["tau"] for h in verdict.hints if h.domain == "inconsistency")
    assert tau == pytest.approx(math.sqrt(0.1335**2 - 0.0890**2), abs=1e-12)
    # 800 people; 2 x 7.8489 x (.4 x .6 + .45 x .55) / .05^2 = 3061.1
    assert keys(verdict, "imprecision") == {"crosses-least": True, "few-people": True}
    assert information_size(0.40, 0.05) == 3062
    assert keys(verdict, "publication_bias") == {
        "small-studies-turn": True, "small-studies-unknown": None
    }  # fmt: skip


def test_hints_of_one_small_study_that_was_not_randomised():
    own = replace(PER_100, id="", population="everyone who started", studies=1, n=20,
                  n_reference=20, randomised=False)  # fmt: skip
    verdict = weighed(own)
    assert verdict.direction is Direction.NOT_ESTABLISHED
    assert keys(verdict, "risk_of_bias")["bias-not-randomised"] is True
    assert keys(verdict, "imprecision")["one-small-study"] is True
    assert keys(verdict, "publication_bias") == {"none-published": None}


def test_other_conditions_and_ages_stand_elsewhere_and_never_lead():
    away = [
        replace(PER_100, id="", population=who, studies=20)
        for who in ("anxiety; adults; acute phase", "depression; adolescents; acute phase")
    ]
    verdict = weighed(*away)
    assert (verdict.direction, verdict.lead) == (Direction.NO_DATA, None)
    assert list(verdict.elsewhere) == away
    told = table_verdicts([verdict], "open").frame
    assert "of other conditions or ages there are estimates (2)" in told["rests on"].item()
    young = weighed(*away, claim="better-than-medication-young")
    assert young.lead == away[1]
    roles = table_leads([verdict], "open").frame["role"]
    assert roles.tolist() == ["of other people"] * 2


def test_claims_of_other_conditions_have_a_table_of_their_own():
    anxiety = replace(PER_100, id="", population="anxiety; adults; acute phase")
    verdicts = assess_claims(read_claims(), Estimates([PER_100, anxiety]), condition="depression")
    own, other = table_verdicts(verdicts, "open").frame, table_elsewhere(verdicts, "open").frame
    assert len(own) + len(other) == len(verdicts)
    assert [v.claim.id for v in verdicts if v.is_elsewhere] == [
        "works-in-anxiety", "works-in-bipolar", "works-in-ptsd", "tolerable-trauma-therapy"
    ]  # fmt: skip
    assert other["verdict"].tolist()[0] == "benefit"
    assert not any("anxiety" in text for text in own["rests on"])


def test_participants_data_say_nothing_of_a_condition_that_is_not_theirs():
    own = replace(PER_100, id="", population="everyone who started")
    assert weighed(own, claim="works-in-anxiety").direction is Direction.NO_DATA
    assert weighed(own, claim="works-in-depression").lead == own


FOUR = {"study": "tads", "population": "adolescent depression, adolescents", "n": 107,
        "n_reference": 332, "randomised": True,
        "caution": say("synthesis.trial_synergy.not_pooled")}  # fmt: skip


def test_a_trial_of_four_arms_speaks_of_both_and_synergy_and_not_twice_of_its_contrasts():
    pair = replace(PER_100, id="", **FOUR | {"population": "depression, adults"})
    both = replace(pair, id="", reference="best single treatment", alternative="greater",
                   conf_high=math.nan)  # fmt: skip
    sum_ = replace(pair, id="", measure="interaction_difference", reference="additivity")
    assert weighed(pair).direction is Direction.NO_DATA  # its counts stand in the pooled rows
    assert weighed(both, claim="better-than-both").lead == both
    verdict = weighed(sum_, claim="synergy")
    assert verdict.lead == sum_
    assert estimate_words(verdict.lead, OPEN) == (
        "10 more of every 100 people who respond, than the parts add up to (range 2 more to 20 "
        "more)"
    )
    young = replace(sum_, id="", population=FOUR["population"])
    assert list(weighed(young, claim="synergy").elsewhere) == [young]


def test_a_trial_of_completers_leads_only_alone():
    about = FOUR | {"population": "depression, adults"}
    small = replace(PER_100, id="", reference="additivity", measure="interaction_difference",
                    **about | {"n": 20, "n_reference": 60})  # fmt: skip
    large = replace(
        small,
        id="",
        study="big",
        n=500,
        caution=f"{FLAG_RULES['completers'].meaning}; {say('synthesis.trial_synergy.not_pooled')}",
    )
    assert weighed(large, small, claim="synergy").lead == small
    assert weighed(large, claim="synergy").lead == large


@pytest.mark.parametrize(
    ("low", "high", "found", "told"),
    [
        (-0.20, -0.06, Direction.HARM, "borne out: harm"),
        (-0.03, 0.20, Direction.NO_WORSE, "not borne out: no worse by the margin"),
        (0.02, 0.20, Direction.BENEFIT, "not borne out: benefit"),
        (-0.04, 0.04, Direction.LITTLE, "not borne out: little or no difference"),
        (-0.06, 0.20, Direction.NOT_DETERMINED, "not determined"),
    ],
)
def test_a_worry_reads_as_borne_out_or_not(low, high, found, told):
    row = replace(PER_100, id="", reference="therapy", estimate=(low + high) / 2, conf_low=low,
                  conf_high=high)  # fmt: skip
    verdict = weighed(row, claim="medication-blunts-therapy")
    assert verdict.direction is found
    assert direction_words(verdict) == told


def test_that_therapy_is_enough_is_borne_out_by_no_difference():
    row = replace(PER_100, id="", reference="therapy", estimate=0.0, conf_low=-0.04, conf_high=0.04)
    assert weighed(row, claim="therapy-is-enough").is_borne_out is True
    better = replace(row, id="", estimate=0.1, conf_low=0.05, conf_high=0.15)
    assert weighed(better, claim="therapy-is-enough").is_borne_out is False


def test_tapering_is_judged_against_its_margin():
    row = replace(PER_100, id="", outcome="relapse", arm="therapy",
                  population="depression; adults; stratum taper", estimate=-0.03, conf_low=-0.15,
                  conf_high=0.09)  # fmt: skip
    assert weighed(row, claim="reduce-medication-later").direction is Direction.NO_WORSE
    wide = replace(row, id="", conf_high=0.12)
    assert weighed(wide, claim="reduce-medication-later").direction is Direction.NOT_DETERMINED


def test_relapse_counted_from_response_is_barred_unless_people_were_randomised_then():
    own = replace(PER_100, id="", outcome="relapse", population="everyone who started")
    barred = replace(own, id="", randomised=False)
    assert weighed(barred, claim="relapse-prevention").direction is Direction.NO_DATA
    assert weighed(own, claim="relapse-prevention").lead == own


def test_sources_that_share_trials_say_so():
    import pandas as pd  # noqa: PLC0415

    arms = pd.DataFrame({"trial_id": ["a"]})
    pooled = Trials("trials", "T", arms=arms, same_trials={"net": {"a": "1", "b": "2"}})
    claim = Claim("m", "More", "combined", "medication", ("response",), ("risk_difference",),
                  network_references=("medication",), network_measures=("odds_ratio",))  # fmt: skip
    net = replace(RATIO, id="", study="net", measure="odds_ratio",
                  caution=say("caution.transitivity"), population="adults")  # fmt: skip
    other = Trials("net", "N", contrasts=pd.DataFrame({"study": ["1"]}))
    (verdict,) = assess_claims(
        [claim], Estimates([PER_100, net]), condition="depression", sources=[pooled, other]
    )
    assert verdict.lead == PER_100
    assert verdict.shared == ((2, "net", "trials"),)
    assert "2 trials of net stand in trials too and count once" in (
        table_verdicts([verdict], "open").frame["rests on"].item()
    )


def test_every_estimate_has_its_noun_and_what_matters_is_said():
    table = table_verdicts([weighed(RATIO, PER_100, BASELINE)], "open")
    assert table.frame["estimate"].item() == (
        "10 more of every 100 people who respond (range 2 more to 20 more), where 40 of every 100 "
        "do with medication"
    )
    assert any("placeholders, to be set by clinicians" in note for note in table.notes)
    small = replace(PER_100, id="", studies=1, n=20, n_reference=20)
    notes = table_verdicts([weighed(small)], "open").notes
    assert any("one study of fewer than 200 people" in note for note in notes)


def test_a_comparison_starts_from_the_risk_of_its_own_trials():
    """One arm stands at another risk in every comparison of the same people."""
    other = replace(BASELINE, id="other/risk-with-medication", estimate=0.55)
    own = replace(BASELINE, id=f"{PER_100.id}/risk-with-medication", estimate=0.40)
    assert weighed(RATIO, PER_100, other, own).baseline == 0.40
    assert weighed(RATIO, PER_100, other).baseline == 0.55


TAPERED = Estimate(
    "trials", "relapse", "therapy", "risk_difference", -0.55, reference="control",
    unit="probability", conf_low=-0.69, conf_high=-0.25, n=20, n_reference=20, studies=1,
    randomised=True, population="depression; adults; maintenance phase; stratum taper",
)  # fmt: skip


def test_a_worry_says_what_would_be_seen_if_it_held_and_which_way_a_small_study_points():
    verdict = weighed(TAPERED, claim="medication-masks")
    assert verdict.direction is Direction.NOT_ESTABLISHED
    assert direction_words(verdict) == "not established: one small study points against it"
    row = table_verdicts([verdict], "open").frame.iloc[0].tolist()
    assert row[3].startswith(
        "If it held: after medication is stopped, about as many people relapse"
    )
    assert "Seen: 55 fewer of every 100 people who relapse" in row[3]
    alike = replace(TAPERED, id="", estimate=0.0, conf_low=-0.04, conf_high=0.04)
    small = weighed(alike, claim="medication-masks")
    assert direction_words(small) == "not established: one small study points to it"


def test_a_claim_that_asks_what_one_above_asks_points_to_it():
    found = assess_claims(
        read_claims(), Estimates([RATIO, PER_100, BASELINE]), condition="depression"
    )
    cells = (
        table_verdicts(found, "open")
        .frame.set_index("claim")
        .loc["Adding therapy to medication helps more people with depression"]
    )
    assert cells["estimate"] == "As above: Adding therapy to medication helps more people get well"
    assert cells["rests on"] == ""
    short = table_verdicts(found, "open", SHORT).frame
    assert not short.isna().any(axis=None)
    assert cells["estimate"] in set(short.iloc[:, 2])


def test_a_message_speaks_of_the_size_that_its_claim_judges_by():
    twice = replace(PER_100, id="", conf_low=0.09, conf_high=0.2, estimate=0.14)
    wide = Thresholds(probability=0.08)
    (small,) = assess_claims(
        [
            replace(claim, thresholds=wide)
            for claim in read_claims()
            if claim.id == "better-than-medication"
        ],
        Estimates([twice]),
        condition="depression",
    )
    (large,) = assess_claims(
        [claim for claim in read_claims() if claim.id == "better-than-medication"],
        Estimates([twice]),
        condition="depression",
    )
    assert "large" in message(large, "open")
    assert "large" not in message(small, "open")
