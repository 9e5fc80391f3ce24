"""Synergy inside published trials: TADS and CAMS by hand, and which trials have four cells."""

from pathlib import Path

import pandas as pd
import pytest

from ctevidence.contrasts import synergy
from ctevidence.data.prepare import prepare
from ctevidence.data.trials import Trials, read_trials
from ctevidence.synthesis.trial_synergy import four_cell_levels, trials_synergy

ROOT = Path(__file__).parents[2]
CLOSED_FORM = 1e-9
ROLES = ("combined", "medication", "therapy", "control")


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Trials:
    processed = tmp_path_factory.mktemp("processed")
    return read_trials(prepare("published-trials", raw=ROOT / "data" / "raw", processed=processed))


@pytest.fixture(scope="module")
def rows(published):
    return trials_synergy(published, ("response", "remission"), phase="acute")


def arms(events, n, **columns) -> pd.DataFrame:
    base = {"trial_id": "t", "arm": list(ROLES), "treatment": list(ROLES), "outcome": "response"}
    return pd.DataFrame(
        base | {"events": events, "n": n, "weeks": 12.0, "phase": "acute"} | columns
    )


# March 2004, JAMA 292:807; Walkup 2008, N Engl J Med 359:2753: responders of those randomised
@pytest.mark.parametrize(
    ("trial", "events", "n"),
    [
        ("tads2004", (76, 66, 48, 39), (107, 109, 111, 112)),
        ("walkup2008", (113, 73, 83, 18), (140, 133, 139, 76)),
    ],
)
def test_tads_and_cams_by_hand(rows, trial, events, n):
    own = rows.where(study=trial)
    p11, p10, p01, p00 = (e / k for e, k in zip(events, n, strict=True))
    by_hand = {
        "interaction_difference": p11 - p10 - p01 + p00,
        "interaction_ratio": p11 * p00 / (p10 * p01),
    }
    for measure, value in by_hand.items():
        assert own.where(measure=measure).one().estimate == pytest.approx(value, rel=CLOSED_FORM)
    predicted = own.where(measure="risk", reference="additivity").one()
    assert predicted.estimate == pytest.approx(p10 + p01 - p00, rel=CLOSED_FORM)
    best = own.where(reference="best single treatment").one()
    assert best.estimate == pytest.approx(p11 - max(p10, p01), rel=CLOSED_FORM)
    assert (best.alternative, best.conf_level) == ("greater", 0.975)
    assert {row.randomised for row in own if row.reference} == {True}
    seen = own.where(measure="interaction_difference").one()
    assert (seen.n, seen.n_reference) == (n[0], sum(n[1:]))
    # the arm of therapy took no pill, while the control did
    assert "not blinded" in seen.caution
    assert "one trial, not pooled" in seen.caution


def test_all_published_trials_with_four_cells_are_there_and_no_other(rows):
    # by eye from the table: trials whose rows of one outcome and time hold all four treatments
    assert {row.study for row in rows} == {
        "tads2004", "walkup2008", "davidson2004", "blanco2010", "pots2004", "zu2014",
        "reynolds1999b",
    }  # fmt: skip
    outcomes = {row.study: row.outcome for row in rows}
    assert outcomes["pots2004"] == "remission"
    assert outcomes["blanco2010"] == "response", "the preferred of the two that it reports"


def test_less_is_better_of_relapse_and_dropout(published):
    levels = four_cell_levels(published, ("relapse", "recurrence", "dropout"))
    assert {each.better for each in levels} == {"lower"}
    # COMBINE combines three arms of a treatment as the trials declare: 44+37+34 of 152+154+148
    combine = next(each for each in levels if each.study == "combine2006")
    assert (combine.events[1], combine.n[1]) == (115, 454)


def test_the_min_test_of_an_adverse_outcome_looks_down():
    trials = Trials("t", "t", arms=arms([10, 20, 22, 40], [100] * 4, outcome="relapse"))
    best = trials_synergy(trials, "relapse").where(reference="best single treatment").one()
    assert best.alternative == "less"
    assert best.estimate == pytest.approx(-0.10, rel=CLOSED_FORM)


def test_a_trial_that_tapers_is_not_among_the_main_ones():
    trials = Trials("t", "t", arms=arms([10, 20, 22, 40], [100] * 4, flags="taper_both_arms"))
    assert len(trials_synergy(trials)) == 0
    assert len(trials_synergy(trials, stratum="taper")) > 0


def test_without_a_fourth_cell_or_without_counts_there_is_no_row():
    three = arms([10, 20, 22, 40], [100] * 4).iloc[:3]
    assert len(trials_synergy(Trials("t", "t", arms=three))) == 0
    uncounted = arms([10, 20, None, 40], [100] * 4)
    assert len(trials_synergy(Trials("t", "t", arms=uncounted))) == 0
    contrasts = pd.DataFrame({"study": ["a"], "treat1": ["CBT"], "treat2": ["pill"]})
    assert len(trials_synergy(Trials("t", "t", contrasts=contrasts))) == 0


def test_cells_of_different_times_make_no_table():
    early, late = arms([10, 20, 22, 40], [100] * 4), arms([1, 2, 2, 4], [100] * 4, weeks=24.0)
    mixed = pd.concat([early.iloc[:2], late.iloc[2:]])
    assert len(trials_synergy(Trials("t", "t", arms=mixed))) == 0
    both = Trials("t", "t", arms=pd.concat([early, late]))
    assert {row.week for row in trials_synergy(both)} == {12.0}
    assert {row.week for row in trials_synergy(both, week="latest")} == {24.0}


def test_a_missing_week_is_a_time_of_its_own():
    (levels,) = four_cell_levels(
        Trials("t", "t", arms=arms([10, 20, 22, 40], [100] * 4, weeks=float("nan")))
    )
    assert levels.weeks == (None,)


def test_the_order_of_the_rows_changes_nothing():
    table = arms([76, 66, 48, 39], [107, 109, 111, 112])
    given = synergy(four_cell_levels(Trials("t", "t", arms=table))[0])
    turned = synergy(four_cell_levels(Trials("t", "t", arms=table.iloc[::-1]))[0])
    assert [r.estimate for r in given] == pytest.approx([r.estimate for r in turned], nan_ok=True)
