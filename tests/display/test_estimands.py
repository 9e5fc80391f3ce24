"""Estimands in words: how events on the way are handled is read off the row."""

import pytest

from ctevidence.display.estimands import estimand, outcome_estimands, table_estimands
from ctevidence.estimates import Estimate


def row(outcome, study="own", **other):
    about = {"arm": "combined", "reference": "therapy", "measure": "risk_difference", "week": 9.0}
    return Estimate(study=study, outcome=outcome, estimate=0.1, **about | other)


@pytest.mark.parametrize(
    ("outcome", "strategy"),
    [
        ("response (observed)", "without a score: left out"),
        ("response (missing as non-response)", "(composite)"),
        ("response (last score carried forward)", "the last one stands in"),
        ("staying well (missing as not well)", "(composite)"),
        ("staying in treatment", "leaving treatment is the event itself"),
        ("relapse", "(censoring)"),
        ("BDI score (lower is better)", "missing at random"),
        ("any harm", "while followed"),
    ],
)
def test_the_strategy_follows_the_outcome(outcome, strategy):
    assert strategy in estimand(row(outcome), "own").intercurrent_events


DEATH = "after death: composite (failure from then on)"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("response (observed)", f"{DEATH}; without a score: left out"),
        (
            "relapse",
            f"{DEATH}. Of everything else: counted while people were seen; no longer being seen "
            "ends the count (censoring)",
        ),
    ],
)
def test_a_declared_strategy_is_told_and_no_other(outcome, told):
    own = row(outcome, caution=f"few people; Intercurrent events, {DEATH}")
    assert estimand(own, "own").intercurrent_events == told


def test_an_imputed_outcome_says_its_assumption():
    name = "response (imputed, jump to reference)"
    found = estimand(row(name), "own").intercurrent_events
    assert "jump to reference" in found


def test_published_trials_handled_them_as_they_did():
    found = estimand(row("response", study="trials"), "own")
    assert found.intercurrent_events == "as each published trial handled them"
    assert (found.contrast, found.time) == ("combined treatment against therapy", "week 9")


def test_outcomes_are_gathered_and_many_contrasts_counted():
    arms = ["combined", "medication", "therapy", "control", "a", "b", "c", "d"]
    rows = [row("response (observed)", arm=arm, reference="") for arm in arms]
    rows.append(row("relapse", week=float("nan")))
    response, relapse = outcome_estimands(rows, "own")
    assert len(response.estimates) == len(arms)
    assert relapse.weeks == ("the whole of the follow-up",)
    table = table_estimands([response, relapse])
    assert "and 2 more" in table.frame.iloc[0]["treatments"]
    assert list(table.frame["estimates"]) == ["8", "1"]
