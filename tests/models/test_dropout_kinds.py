"""Kinds of dropout compete: R's survfit of several states, and that they add up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RetentionRule
from ctevidence.data.study import Rules
from ctevidence.models.dropout_kinds import fit_dropout_kinds
from ctevidence.models.over_time import never_started, retention_over_time
from ctevidence.simulate.study import simulate_study

REASONS = (("felt well", "well"), ("nausea", "side effects"), ("moved", "other"))


def study_of(make_study, people, reasons=REASONS):
    """Everyone of R's table, with their dropout or death on its day."""
    people = people.assign(participant_id=[f"P{i:02d}" for i in people.index])
    words = {kind: word for word, kind in REASONS}
    left = people["state"].isin(words)
    events = pd.DataFrame(
        {
            "participant_id": people["participant_id"],
            "day": people["day"].astype(float),
            "event": np.select([left, people["state"] == "died"], ["dropout", "death"],
                               "end_of_follow_up"),
            "reason": people["state"].map(words).fillna(""),
        }
    )  # fmt: skip
    study = make_study(people[["participant_id", "arm"]], weeks=(4, 12))
    rules = Rules(retention=RetentionRule("events", reasons))
    return replace(study, rules=rules, tables={**study.tables, "events": events})


@pytest.fixture
def expected(reference):
    return reference("event_rates")


@pytest.fixture
def study(make_study, expected):
    return study_of(make_study, pd.DataFrame(expected["people"]))


def test_cumulative_incidence_as_in_r(study, expected):
    rows = fit_dropout_kinds(study, week=8).per_arm()
    given = expected["kinds"]
    for i, arm in enumerate(("combined", "control")):
        assert arm in given["arms"][i]
        for j, kind in enumerate(given["states"]):
            name = {"well": "leaving because well"}.get(kind, f"dropout ({kind})")
            if kind in ("(s0)", "died"):
                continue
            row = rows.where(arm=arm, outcome=name).one()
            assert row.estimate == pytest.approx(given["probability"][i][j], rel=1e-9)
            assert row.std_error == pytest.approx(given["se"][i][j], rel=1e-9)


def test_kinds_add_up_to_all_who_left_where_nobody_died():
    study = simulate_study(n=300, seed=4)
    kinds = fit_dropout_kinds(study)
    all_left = retention_over_time(study, kinds.week).per_arm("cumulative_incidence")
    assert set(kinds.fits) == {"well", "side effects", "other"}
    for row in all_left:
        parts = [r.estimate for r in kinds.per_arm() if r.arm == row.arm]
        assert np.nansum(parts) == pytest.approx(row.estimate, rel=1e-9)


def test_leaving_well_is_good_and_leaving_for_side_effects_bad(study):
    kinds = fit_dropout_kinds(study, week=8)
    assert {kind: levels.better for kind, levels in kinds.levels().items()} == {
        "well": "higher", "side effects": "lower", "other": "lower",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (None, "does not declare how leaving"),
        (RetentionRule("events"), "what its reasons of dropout count as"),
    ],
)
def test_what_is_not_declared_is_not_answered(study, rule, why):
    silent = replace(study, rules=Rules(retention=rule))
    kinds = fit_dropout_kinds(silent)
    rows = kinds.per_arm() + kinds.compare_treatments()
    assert not any(row.is_estimable for row in rows)
    assert all(why in row.caution for row in rows)


def test_no_recorded_dropout_is_not_everyone_staying(study):
    none = study.tables["events"].query("event != 'dropout'")
    silent = replace(study, tables={**study.tables, "events": none})
    over_time = retention_over_time(silent)
    rows = over_time.per_arm("survival")
    assert over_time.fit is None
    assert not any(row.is_estimable for row in rows)
    assert "not recorded is not the same as nobody having left" in rows.rows[0].caution
    assert not fit_dropout_kinds(silent).fits
    declared = replace(silent, rules=replace(silent.rules, recorded_events=("dropout",)))
    assert retention_over_time(declared).fit is not None


def test_who_never_started(study):
    rows = never_started(study)
    assert np.isnan(rows.values).all()
    reasons = (*REASONS[:2], ("moved", "never started"))
    rule = RetentionRule("events", reasons)
    known = never_started(replace(study, rules=Rules(retention=rule)))
    people = study.participants.merge(study.events)
    moved = (people["reason"] == "moved").groupby(people["arm"]).mean()
    arms = [key.arm for key in known.keys]
    for arm, share in moved.items():
        assert known.values[arms.index(arm)] == pytest.approx(share)
