"""Strategies for intercurrent events: every expected value is worked out by hand in the drawing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.clinical_change_rule import ClinicalChangeRule
from ctevidence.data.intercurrent_events import IntercurrentEvent
from ctevidence.data.rules import RelapseRule, RemissionRule, ResponseRule, RetentionRule
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes import (
    derive_clinical_change,
    derive_course,
    derive_harms,
    derive_relapse,
    derive_remission,
    derive_response,
    derive_retention,
    derive_staying_well,
)
from ctevidence.outcomes.intercurrent import intercurrent_day

PEOPLE = """
who | arm        | baseline | 4  | 12 | 26
ann | medication | 30       | 20 | 10 | 12
bob | medication | 30       | .  | 14 | .
cay | combined   | 8        | 20 | 6  | 5
dan | combined   | 30       | 10 | 28 | 8
"""
EVENTS = """
who | day | event
ann | 40  | dropout
bob | 20  | dropout
cay | 150 | dropout
"""
RULES = {
    "response": ResponseRule("percent_fall", "observed", percent=50),
    "remission": RemissionRule(12),
    "relapse": RelapseRule("remission", threshold=17),
    "retention": RetentionRule("events"),
}


@pytest.fixture
def study(draw):
    def declared(*events, drawn=EVENTS, **rules):
        return draw(PEOPLE, drawn, **(RULES | rules), intercurrent=events)

    return declared


def one(strategy, event="dropout", **options):
    return IntercurrentEvent(event, strategy, **options)


def test_treatment_policy_is_what_holds_when_nothing_is_declared(study):
    plain, policy = study(), study(one("treatment policy"))
    for derive in (derive_course, derive_response, derive_relapse, derive_retention):
        pd.testing.assert_frame_equal(derive(plain).frame, derive(policy).frame)
    assert derive_course(plain).cautions == ()
    assert "treatment policy" in derive_course(policy).cautions[0]


def test_hypothetical_scores_are_missing(study, expect):
    expect(
        derive_course(study(one("hypothetical"))).frame,
        """
        who | week | score
        ann | 4    | 20
        cay | 4    | 20
        cay | 12   | 6
        dan | 4    | 10
        dan | 12   | 28
        dan | 26   | 8
        """,
    )


def test_while_on_treatment_is_the_last_score_before_the_event(study, expect):
    """bob had none before he left: his baseline score counts."""
    expect(
        derive_course(study(one("while on treatment"))).frame,
        """
        who | week | score | day
        ann | 4    | 20    | 28
        ann | 12   | 20    | 84
        ann | 26   | 20    | 182
        bob | 4    | 30    | 28
        bob | 12   | 30    | 84
        bob | 26   | 30    | 182
        cay | 4    | 20    | 28
        cay | 12   | 6     | 84
        cay | 26   | 6     | 182
        dan | 4    | 10    | 28
        dan | 12   | 28    | 84
        dan | 26   | 8     | 182
        """,
    )


def test_composite_is_failure(study):
    """cay began below the cut-off of remission, and still failed."""
    failing = study(one("composite"))
    course = derive_course(failing).frame.set_index(["participant_id", "week"])["score"]
    assert course["ann"].tolist() == [20, 30, 30]
    assert course["bob"].tolist() == [30, 30, 30]
    assert course["cay"].tolist() == [20, 6, 8]
    response = derive_response(failing, week=[12, 26]).frame.set_index(["participant_id", "week"])
    assert response["value"].to_dict() == {
        ("ann", 12): 0, ("ann", 26): 0, ("bob", 12): 0, ("bob", 26): 0,
        ("cay", 12): 0, ("cay", 26): 0, ("dan", 12): 0, ("dan", 26): 1,
    }  # fmt: skip
    remission = derive_remission(failing, week=26).frame.set_index("participant_id")["value"]
    assert remission.to_dict() == {"ann": 0, "bob": 0, "cay": 0, "dan": 1}
    assert derive_remission(study(), week=26).frame["value"].sum() == 3


def test_times_under_each_strategy(study):
    """Remission of cay at week 12, of ann after she left, of dan at week 4 (ill at 12)."""

    def person(strategy, who):
        events = [one(strategy)] if strategy else []
        rows = derive_relapse(study(*events)).frame.set_index("participant_id")
        return tuple(rows.loc[who, ["entry", "lower", "upper", "state"]])

    assert person("", "ann") == (12, 26, np.inf, "well")
    assert person("composite", "cay") == (12, 150 / 7, 150 / 7, "relapsed")
    assert person("hypothetical", "cay") == (12, 12, np.inf, "dropped out")
    assert person("while on treatment", "cay") == (12, 150 / 7, np.inf, "off treatment")
    for strategy in ("composite", "hypothetical", "while on treatment"):
        assert person(strategy, "ann")[3] == "never"
        assert person(strategy, "dan") == (4, 4, 12, "relapsed")


def test_staying_well_under_each_strategy(study):
    def status(strategy):
        events = [one(strategy)] if strategy else []
        rows = derive_staying_well(study(*events), [12, 26]).frame
        return rows.set_index(["participant_id", "week"])["value"].fillna(-1).to_dict()

    assert status("")["ann", 26] == status("")["cay", 26] == 1
    composite, hypothetical = status("composite"), status("hypothetical")
    kept = status("while on treatment")
    assert (composite["cay", 12], composite["cay", 26]) == (1, 0)
    assert (hypothetical["cay", 12], hypothetical["cay", 26]) == (1, -1)
    assert (kept["cay", 12], kept["cay", 26]) == (1, 1)
    assert (composite["ann", 12], hypothetical["ann", 12], kept["ann", 12]) == (0, -1, 0)


def test_off_treatment_competes_with_relapse(study):
    fit = fit_relapse(derive_relapse(study(one("while on treatment"))), adjust=[])
    levels = fit.levels("cumulative_incidence", 8.0)
    assert fit.groups.at_risk.competing == ("died", "off treatment")
    assert "off treatment" in levels.method
    assert "while on treatment" in levels.caution


SPELLS = """
participant_id | component  | name       | start_day | stop_day
ann            | medication | sertraline | 0         | 40
ann            | medication | mirtazapine| 41        | .
bob            | medication | sertraline | 0         | 30
cay            | therapy    | CBT        | 0         | 70
cay            | medication | sertraline | 0         | 100
dan            | therapy    | CBT        | 0         | 98
ann            | therapy    | CBT        | 50        | .
bob            | therapy    | attention  | 5         | .
"""


@pytest.fixture
def treated(study):
    rows = [[c.strip() for c in line.split("|")] for line in SPELLS.strip().splitlines()]
    table = pd.DataFrame(rows[1:], columns=rows[0]).replace({".": None})
    table[["start_day", "stop_day"]] = table[["start_day", "stop_day"]].astype(float)

    def declared(*events):
        made = study(*events)
        return replace(made, tables={**made.tables, "treatments": table})

    return declared


@pytest.mark.parametrize(
    ("event", "week", "days"),
    [
        ("stopping medication", 12, {"bob": 30}),
        ("stopping medication", 20, {"bob": 30, "cay": 100}),
        ("stopping therapy", 12, {"cay": 70}),
        ("switching medication", np.nan, {"ann": 41}),
        ("adding therapy", np.nan, {"ann": 50}),
        ("adding medication", np.nan, {}),
    ],
)
def test_changes_of_treatment_are_read_off_the_treatments(treated, event, week, days):
    """Attention is no treatment, dan's therapy ended as planned, ann's medication goes on."""
    declared = one("hypothetical", event, before_week=week)
    assert intercurrent_day(treated(declared), declared).to_dict() == days


def test_the_first_event_decides(treated):
    """Switch on day 41 counts as failure; therapy added on day 50 comes too late to matter."""
    study = treated(one("hypothetical", "adding therapy"), one("composite", "switching medication"))
    scores = derive_course(study).frame.set_index(["participant_id", "week"])["score"]
    assert scores["ann"].tolist() == [20, 30, 30]


def test_retention_counts_a_composite_change_as_leaving(treated):
    study = treated(one("composite", "adding therapy"))
    rows = derive_retention(study).frame.set_index("participant_id")
    # dropout was recorded on day 40, before therapy was added
    assert (rows.loc["ann", "upper"], rows.loc["ann", "state"]) == (40 / 7, "dropped out")
    study = treated(one("composite", "stopping medication", before_week=20))
    rows = derive_retention(study).frame.set_index("participant_id")
    assert (rows.loc["cay", "upper"], rows.loc["cay", "state"]) == (100 / 7, "dropped out")
    study = treated(one("hypothetical", "stopping medication", before_week=20))
    rows = derive_retention(study).frame.set_index("participant_id")
    assert (rows.loc["cay", "lower"], rows.loc["cay", "state"]) == (100 / 7, "stayed")


def test_outcomes_that_do_not_use_a_strategy_say_so(study):
    caution = derive_harms(study(one("composite"))).cautions[-1]
    assert caution == "What was recorded after dropout counts as it is (treatment policy)"


@pytest.mark.parametrize(
    ("event", "strategy", "options", "problem"),
    [
        ("dropout", "ignore", {}, 'The strategy for dropout is "ignore"'),
        ("death", "treatment policy", {}, "Nothing can be seen after death"),
        ("stopping therapy", "composite", {}, "needs before_week"),
        ("dropout", "composite", {"before_week": 4}, "belongs to stopping"),
    ],
)
def test_impossible_declarations(event, strategy, options, problem):
    with pytest.raises(ValueError, match=problem):
        one(strategy, event, **options)


def test_clinical_change_after_failure_is_none(study):
    rule = ClinicalChangeRule("jacobson-truax", 0.9, norms="sample", threshold=14)
    change = derive_clinical_change(study(one("composite")), 26, rule)
    category = change.frame.set_index("participant_id")["category"]
    assert category["ann"] == "unchanged"
