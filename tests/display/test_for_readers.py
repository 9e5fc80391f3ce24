"""What clinicians and leaders read first: findings that lead, the one answer, a service's people.

All numbers are worked by hand from the rows below.
"""

import math
from dataclasses import replace

import pandas as pd
import pytest

from ctevidence.data.rules import EntryRule, RelapseRule, RemissionRule
from ctevidence.data.scales import get_scale
from ctevidence.data.service import Offer, Service
from ctevidence.display.baseline import baseline_gap
from ctevidence.display.course import plot_course
from ctevidence.display.disclosure import PROFILES
from ctevidence.display.key_messages import (
    further_messages,
    harm_messages,
    message,
    own_answer,
    study_alone,
)
from ctevidence.display.leading_findings import ROWS, table_leading
from ctevidence.display.release import gated
from ctevidence.display.rule_words import rule_words
from ctevidence.display.service_words import assumptions, service_effect, table_service
from ctevidence.display.short_answer import short_answer
from ctevidence.display.table import Table
from ctevidence.display.told import Told
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.models.course import fit_course
from ctevidence.outcomes.course import derive_course
from ctevidence.reports.page import bullets, prose
from ctevidence.simulate.study import simulate_study
from ctevidence.synthesis.who_was_studied import who_was_studied

WHO = {"study": "trials", "population": "depression; adults; acute phase", "outcome": "response",
       "arm": "combined", "reference": "medication", "unit": "probability", "studies": 4,
       "randomised": True}  # fmt: skip
MORE = Estimate(**WHO, measure="risk_difference", estimate=0.13, conf_low=0.02, conf_high=0.37,
                n=652, n_reference=624)  # fmt: skip
BASELINE = Estimate(
    **WHO | {"arm": "medication", "reference": "", "studies": None}, measure="risk", estimate=0.49
)
AGAINST_THERAPY = replace(MORE, id="", reference="therapy", conf_low=-0.10)
BASELINE_THERAPY = replace(BASELINE, id="", arm="therapy", estimate=0.48)
SERVICE = Service("North", 400, Offer(4, 0.5, 500, 2), Offer(12, 1.5, 150, 10))


def verdicts(*rows, certainty=None):
    found = assess_claims(read_claims(), Estimates(rows), certainty, condition="depression")
    return {verdict.claim.id: verdict for verdict in found}


def both(**options):
    return verdicts(MORE, BASELINE, AGAINST_THERAPY, BASELINE_THERAPY, **options)


def test_findings_hold_both_risks_people_reading_and_why():
    table = table_leading(both(), Estimates(), ("combined", "medication"), "open")
    first = table.frame.iloc[0].tolist()
    # 49 + 13 = 62; 652 + 624 people
    assert first[1:6] == ["49", "62", "13 (2 to 37)", "4 trials, 1276 people", "benefit"]
    assert first[6].startswith("not assessed; hints against: ")
    assert len(table.frame) == len(ROWS["combined", "medication"]) <= 7
    for row, name in ((-2, "Any recorded harm"), (-1, "Self-harm and suicidal events")):
        harm = table.frame.iloc[row].tolist()
        assert harm[0].startswith(name)
        assert harm[5:] == ["no data", "no data: nothing to be sure of"]


def test_rows_of_findings_name_their_estimate_outcome_and_comparison():
    table = table_leading(both(), Estimates(), ("combined", "medication"), "open")
    assert f'<tr data-estimates="{MORE.id}" data-outcome="better"' in table.html
    assert table.html.count('data-comparison="combined-medication"') == len(table.frame)
    with pytest.raises(ValueError, match="origins of 1"):
        Table("t", "Two rows", pd.DataFrame({"a": ["1", "2"]}), origins=(Told(""),))


def test_small_groups_stay_hidden_in_findings():
    few = replace(MORE, id="", n=5, n_reference=6, study="own", population="everyone who started",
                  studies=1, events=2, events_reference=3)  # fmt: skip
    table = table_leading(verdicts(few), Estimates(), ("combined", "medication"), "opensafely")
    assert table.frame.iloc[0].tolist()[1:4] == ["", "", ""]
    assert "13" not in table.html


def test_one_answer_says_direction_and_how_sure():
    assert short_answer(both()).text == (
        "More people may get well with both than with medication alone; it is not known whether "
        "more people get well with both than with therapy alone. How sure: not yet judged by "
        "people."
    )
    undecided = replace(MORE, id="", conf_low=-0.05)
    alike = verdicts(undecided, BASELINE, AGAINST_THERAPY, BASELINE_THERAPY)
    assert short_answer(alike).text.startswith(
        "It is not known whether more people get well with both than with medication alone, or "
        "with therapy alone."
    )
    few = replace(MORE, id="", studies=1, n=5, n_reference=6, events=2, events_reference=3)
    pair = (few, replace(few, id="", reference="therapy"))
    hidden = (gated(row, PROFILES["opensafely"]) for row in pair)
    assert short_answer(verdicts(*hidden)).text.startswith("Too few people were studied to show")
    assert short_answer(verdicts()).text.startswith("Nobody has looked here")
    assert set(short_answer(both()).estimates) == {MORE.id, AGAINST_THERAPY.id}


@pytest.mark.parametrize(
    ("certainty", "words"),
    [("high", "More people get well"), ("moderate", "More people probably get well"),
     ("low", "More people may get well"), ("very low", "It is very uncertain whether more")],
)  # fmt: skip
def test_the_answer_is_as_strong_as_the_certainty(certainty, words):
    found = both(certainty={"better-than-medication": certainty})
    answer = short_answer(found).text
    assert answer.startswith(words)
    assert answer.endswith(f"How sure: {certainty} certainty.")


def test_a_service_multiplies_what_a_reader_sees():
    told = service_effect(both()["better-than-medication"], SERVICE, "open")
    # 13, 2 and 37 of every 100, of 400 people
    assert told.text == (
        "Of 400 people a year, with combined treatment instead of medication: 52 more who respond "
        "(from 8 more to 148 more). There is room for 150 of them: 20 more (from 3 more to 56 "
        "more)."
    )
    assert told.estimates == (MORE.id,)
    assert service_effect(both()["harms"], SERVICE, "open").text == ""


def test_hours_room_and_waiting_of_a_service():
    rows = table_service(SERVICE).frame.to_numpy().tolist()
    # hours 4 x 0.5, 12 x 1.5, both; of 400 people; the scarcer place, the longer wait
    assert rows == [
        ["Medication", "2.0", "800", "400", "2"],
        ["Therapy", "18.0", "7\u202f200", "150", "10"],
        ["Combined treatment", "20.0", "8\u202f000", "150", "10"],
    ]
    for number in ("400", "12 contacts", "1.5 hours", "150 places", "10 weeks", "0.5 hours"):
        assert number in assumptions(SERVICE)
    half = Service("", 400, therapy=Offer(12))
    assert table_service(half).frame.to_numpy().tolist()[2][1:] == ["not declared"] * 4
    assert "medication: nothing is declared" in assumptions(half)


@pytest.mark.parametrize(
    ("rule", "name", "words"),
    [
        (RemissionRule(9), "BDI", "a score of 9 or less"),
        (RelapseRule("remission", 17), "BDI", "a score of 17 or more"),
        (EntryRule(10), "BDI", "a baseline score of 10 or more"),
    ],
)
def test_rules_say_which_way_the_scale_runs(rule, name, words):
    assert words in rule_words(rule, get_scale(name))
    higher = replace(get_scale(name), better="higher")
    other = words.replace("or less", "or ?").replace("or more", "or less").replace("?", "more")
    assert other in rule_words(rule, higher)


def test_a_gap_at_the_start_is_told_with_both_arms():
    study = simulate_study(n=400, seed=3)
    assert baseline_gap(study) == ""
    people, visits = study.tables["participants"], study.tables["visits"].copy()
    combined = people.loc[people["arm"] == "combined", "participant_id"]
    worse = visits["participant_id"].isin(combined)
    visits.loc[worse, "score"] = (visits.loc[worse, "score"] + 8).clip(upper=study.scale.high)
    shifted = replace(study, tables={**study.tables, "visits": visits})
    entering = shifted.entering()
    mean = entering.groupby("arm")["baseline"].mean()
    told = baseline_gap(shifted)
    assert f"{mean['combined']:.1f} with" in told
    assert f"{mean.min():.1f} with" in told


def test_a_special_group_behind_a_pooled_number_is_counted():
    effects = pd.DataFrame({
        "label": ["Ann 2000", "Bob 2001", "Cy 2002"], "n1": [100, 50, 10], "n2": [100, 50, 10],
        "condition": ["persistent_depression", "depression", "late_life_depression"],
        "condition_group": "depression"})  # fmt: skip
    assert who_was_studied(effects) == "200 of 320 people have persistent depression (Ann 2000)"
    assert who_was_studied(effects.iloc[1:]) == ""  # 20 of 120: less than a fifth
    assert who_was_studied(effects.assign(n1=math.nan)) == ""
    assert who_was_studied(effects.assign(condition="depression")) == ""


def test_the_course_shows_the_mean_before_treatment():
    study = simulate_study(n=80, seed=4)
    table = plot_course(fit_course(derive_course(study))).data.frame
    start = table[table["week"] == "0, as observed"].set_index("arm")["mean"]
    expected = study.entering().groupby("arm")["baseline"].mean()
    labels = {arm.label: arm.name for arm in study.arms}
    assert {labels[arm] for arm in start.index} == set(expected.index)
    for arm, mean in start.items():
        assert abs(float(mean) - expected[labels[arm]]) <= 0.05 + 1e-9


def test_words_of_a_page_name_their_estimates_and_are_escaped():
    block = prose(Told("5 < 6", ("a/b",)), "plain", "")
    paragraphs = '<p data-estimates="a/b">5 &lt; 6</p>\n<p>plain</p>'
    assert block.html == f'<div class="several">{paragraphs}</div>'
    assert 'data-claim="x&quot;y"' in bullets([Told("t", (), (("claim", 'x"y'),))]).html


YOUNG = replace(
    MORE,
    id="",
    population="depression; adolescents; acute phase",
    studies=1,
    n=107,
    n_reference=109,
)
RELAPSE = replace(
    AGAINST_THERAPY, id="", outcome="recurrence", estimate=-0.37, conf_low=-0.65, conf_high=0.34,
    studies=2, n=53, n_reference=60, population="depression; older adults; maintenance phase",
)  # fmt: skip


def test_relapse_with_both_against_therapy_has_its_row_with_and_without_data():
    for rows, reading in (((RELAPSE,), "not determined"), ((MORE,), "no data")):
        table = table_leading(verdicts(*rows), Estimates(), ("combined", "therapy"), "open").frame
        (row,) = (r for r in table.itertuples(index=False) if r[0].startswith("Relapse, among"))
        assert row[5] == reading


def test_numbers_of_the_young_say_that_their_harms_are_not_here():
    table = table_leading(verdicts(YOUNG), Estimates(), ("combined", "medication"), "open")
    assert any("look it up before deciding" in note for note in table.notes)
    (row,) = (
        r for r in table.frame.itertuples(index=False) if r[0].startswith("Getting better, a")
    )
    assert row[4].endswith("harms apart, or not in these data")
    (line,) = (
        t.text
        for t in further_messages(verdicts(YOUNG), "open")
        if t.text.startswith("Adolescents")
    )
    assert line.endswith("look it up before deciding.")
    assert "look it up" in message(verdicts(YOUNG)["better-than-medication-young"], "open")
    adults = table_leading(both(), Estimates(), ("combined", "medication"), "open")
    assert not any("look it up" in note for note in adults.notes)


def test_lines_below_the_messages_hold_relapse_the_young_and_the_singles():
    single = replace(
        MORE, id="", arm="therapy", estimate=-0.04, conf_low=-0.10, conf_high=0.03, studies=13
    )
    lines = [told.text for told in further_messages(verdicts(RELAPSE, single), "open")]
    assert lines == [
        "Relapse (the illness coming back) among people who had got better, with both: against "
        "medication: no data; against therapy 37 fewer of every 100 people who have a recurrence "
        "(range 65 fewer to 34 more; 2 trials, 113 people, all older adults with depression): not "
        "determined.",
        "Any recorded harm of adults, with both: against medication: no data; against therapy: no "
        "data.",
        "Tapering medication with therapy: against staying on it: no data.",
        "Adolescents and children, with both: against medication: no data; against therapy: no "
        "data.",
        "Self-harm and suicidal events of adolescents and children, with both: against medication: "
        "no data; against therapy: no data.",
        "Therapy alone: against medication 4 fewer of every 100 people who respond (range 10 fewer "
        "to 3 more; 13 trials, 1276 people): not determined.",
    ]


def test_a_line_that_claims_a_direction_says_how_sure():
    found = verdicts(replace(YOUNG, n=300, n_reference=300))
    (line,) = (t.text for t in further_messages(found, "open") if t.text.startswith("Adolescents"))
    assert ": benefit (certainty not assessed);" in line
    chosen = verdicts(replace(YOUNG, n=300, n_reference=300, randomised=False))
    assert (
        "(certainty not assessed; an association: not randomised)"
        in further_messages(chosen, "open")[3].text
    )


def test_a_study_that_leads_has_no_second_answer_below():
    study = simulate_study(n=60, seed=3)
    countings = ("response (observed)", "response (missing as non-response)")
    rows = [
        replace(MORE, id="", study=study.name, outcome=outcome, studies=1, n=100, n_reference=100)
        for outcome in countings
    ]
    assert own_answer(verdicts(*rows), study) is None
    told = own_answer(verdicts(*rows, MORE), study).text
    assert told.count("against medication") == 1
    assert "people without a score left out" in told


def test_tapering_is_held_against_staying_on_medication():
    taper = replace(
        MORE, id="", arm="therapy", outcome="relapse", estimate=-0.03, conf_low=-0.19, studies=3,
        conf_high=0.18, population="depression; adults; maintenance phase; stratum taper",
    )  # fmt: skip
    lines = [told.text for told in further_messages(verdicts(taper), "open")]
    assert lines[2] == (
        "Tapering medication with therapy: against staying on it 3 fewer of every 100 people who "
        "relapse (range 19 fewer to 18 more; 3 trials, 1276 people): not determined."
    )


def test_a_message_names_each_source_on_the_other_side_once():
    countings = ("response (observed)", "response (missing as non-response)")
    own = [
        replace(MORE, id="", study=study, outcome=outcome, population="everyone who started",
                estimate=-0.02, conf_low=-0.2, studies=1, n=100, n_reference=100)
        for study in ("a", "b", "c", "d")
        for outcome in countings
    ]  # fmt: skip
    for found, ends in (
        (own[:2], "With their best estimate on the other side: 1 of 1 other sources (a)."),
        (
            own,
            "With their best estimate on the other side: 4 of 4 other sources (a; b; c; 1 more).",
        ),
    ):
        told = message(verdicts(MORE, BASELINE, *found)["better-than-medication"], "open")
        assert told.endswith(ends)


def test_harms_of_published_trials_stand_in_words():
    harm = replace(YOUNG, id="", outcome="any self harm", estimate=0.04, conf_low=-0.02)
    (told,) = harm_messages(verdicts(MORE, harm), "open")
    assert told.estimates == (harm.id,)
    assert "4 more of every 100 people" in told.text
    assert "adolescents" in told.text
    own = replace(harm, id="", study="own", population="everyone who started")
    assert harm_messages(verdicts(MORE, own), "open") == []


def test_a_study_alone_is_named_with_its_people():
    study = replace(simulate_study(n=80, seed=1), title="Short: and long", disclosure="open")
    assert study_alone(study) == "the study of 80 people alone (Short)"
