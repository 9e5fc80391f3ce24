"""Weeks and sessions of treatment, and who never started, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.data.rules import RetentionRule
from ctevidence.outcomes.adherence import derive_adherence
from ctevidence.outcomes.never_started import derive_never_started

PEOPLE = """
    who | arm      | baseline | 12
    ann | combined | 30       | 20
    bob | combined | 30       | 20
    cem | therapy  | 30       | 20
    dee | control  | 30       | 20
"""
EVENTS = """
    who | day | event   | reason
    cem | 20  | dropout | refused
"""
#: ann: 6 weeks of medication with an overlap and a gap; bob: still on it at his last visit, day 84
SPELLS = [
    ("ann", "medication", 0, 21, np.nan),
    ("ann", "medication", 14, 28, np.nan),
    ("ann", "medication", 35, 49, np.nan),
    ("ann", "therapy", 0, 70, 8),
    ("ann", "therapy", 70, 77, 2),
    ("bob", "medication", 14, np.nan, np.nan),
]


def study_of(draw, **rules):
    study = draw(PEOPLE, EVENTS, **rules)
    columns = ["participant_id", "component", "start_day", "stop_day", "sessions"]
    treatments = pd.DataFrame(SPELLS, columns=columns)
    return replace(study, tables={**study.tables, "treatments": treatments})


def test_weeks_count_once_and_open_spells_run_to_the_last_contact(draw):
    found = derive_adherence(study_of(draw)).set_index(["participant_id", "component"])
    assert found.loc[("ann", "medication"), "weeks"] == 6
    assert found.loc[("ann", "therapy"), "weeks"] == 11
    assert found.loc[("ann", "therapy"), "sessions"] == 10
    assert found.loc[("bob", "medication"), "weeks"] == 10
    # nothing recorded is not nothing taken
    assert (
        found.loc[[("bob", "therapy"), ("cem", "therapy")]]
        .isna()[["weeks", "sessions"]]
        .all(axis=None)
    )
    assert "dee" not in found.index.get_level_values(0)


def test_a_study_without_treatments(draw):
    assert derive_adherence(draw(PEOPLE))["weeks"].isna().all()


def test_never_started_by_treatments_or_by_reason(draw):
    by_rows = RetentionRule("events", treatments_show_starts=True)
    value = derive_never_started(study_of(draw, retention=by_rows)).frame["value"]
    np.testing.assert_array_equal(value, [0, 1, 1, np.nan])  # bob has no therapy, cem neither
    by_reason = RetentionRule("events", (("refused", "never started"),))
    value = derive_never_started(study_of(draw, retention=by_reason)).frame["value"]
    np.testing.assert_array_equal(value, [0, 0, 1, 0])
    unknown = derive_never_started(study_of(draw, retention=RetentionRule("events")))
    assert unknown.frame["value"].isna().all()
    assert "not the same as nobody" in unknown.cautions[0]
