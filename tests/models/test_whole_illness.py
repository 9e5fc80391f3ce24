"""The whole illness of a study: what the fits say, or why they cannot."""

from dataclasses import replace

import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.display.sentences import sentence
from ctevidence.language import say
from ctevidence.models.dating import dating_of_study
from ctevidence.models.illness import fit_illness
from ctevidence.models.whole_illness import illness_over_time
from ctevidence.outcomes.illness import derive_illness
from ctevidence.simulate.study import simulate_study

MEASURES = ("state_occupation", "weeks_in_state", "mean_count", "log_hazard")


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=240, seed=4)


def test_it_says_what_the_fit_says(study):
    illness = illness_over_time(study)
    fit = fit_illness(derive_illness(study))
    assert illness.week == 52
    rows = {row.arm: row for row in illness.per_arm("weeks_in_state")}
    for row in fit.per_arm("weeks_in_state", 52):
        assert rows[row.arm].estimate == row.estimate
    row = illness.compare_treatments("weeks_in_state_difference").rows[0]
    assert row.estimate == pytest.approx(rows[row.arm].estimate - rows[row.reference].estimate)
    text = sentence(row, source="open")
    assert "in remission" in text
    assert "over the first 52 weeks" in text


def test_a_study_without_an_answer_keeps_its_rows(study):
    no_rule = replace(study, rules=replace(study.rules, illness=None))
    no_relapse = replace(study, rules=replace(study.rules, relapse=None))
    no_visits = replace(study, schedule=(), primary_week=float("nan"))
    for silent, reason in (
        (no_rule, say("models.whole_illness.not_declared")),
        (no_relapse, say("models.study_answers.no_relapse_rule")),
        (no_visits, say("models.whole_illness.never_scored")),
    ):
        illness = illness_over_time(silent)
        for measure in MEASURES[:3]:
            rows = illness.per_arm(measure)
            assert len(rows) == 4
            assert all(not row.is_estimable and reason in row.caution for row in rows)
        assert len(illness.compare_treatments("weeks_in_state_difference")) == 6


@pytest.mark.parametrize("measure", MEASURES)
def test_synergy_and_better_than_both(study, measure):
    """Log rates have no level of their own, so that only the ratio scale of synergy is asked."""
    levels = illness_over_time(study).levels(measure)
    found = {row.measure: row for row in synergy(levels) if row.is_estimable}
    assert "interaction_ratio" in found
    assert ("interaction_difference" in found) == levels.anchored
    if levels.anchored:
        assert any(row.is_estimable for row in better_than_both(levels))


def test_dating_of_a_study_with_recorded_relapse_says_so(study):
    dating = dating_of_study(study)
    assert "dates are recorded" in dating.reason
    assert len(dating.rows) == 0
