"""The overview of the shipped trials, and of made-up ones that are sparse."""

from pathlib import Path

import numpy as np
import pytest

from ctevidence.data.trials import Trials, read_trials
from ctevidence.display.overview_table import COLUMNS, table_overview
from ctevidence.synthesis.conditions import CONDITIONS
from ctevidence.synthesis.trial_overview import OVERVIEW, PARTS, YOUNG, trial_overview

RAW = Path(__file__).parents[2] / "data" / "raw"
# the fit stops at 1e-12 in R; its tau-squared enters the error
ITERATIVE = 1e-6


@pytest.fixture(scope="module")
def trials():
    return read_trials(RAW / "published-trials")


@pytest.fixture(scope="module")
def against_medication(trials):
    return trial_overview(trials, ("combined", "medication"))


@pytest.fixture(scope="module")
def against_therapy(trials):
    return trial_overview(trials, ("combined", "therapy"))


def row_of(overview, part, condition, age_group="adults", stratum="main"):
    (row,) = [
        row
        for row in overview.rows
        if (row.part.name, row.condition, row.age_group, row.stratum)
        == (part, condition, age_group, stratum)
    ]
    return row


def equals(row, expected):
    assert row.pooled.effects.studies == tuple(expected["study"])
    found = row.pooled.pooled
    for ours, theirs in (
        (np.log(found.estimate), expected["estimate"]),
        (found.std_error, expected["std_error"]),
        (np.log(found.conf_low), expected["conf_low"]),
        (np.log(row.pooled.prediction.conf_high), expected["pi_high"]),
    ):
        assert ours == pytest.approx(theirs, rel=ITERATIVE)


def test_rows_equal_metafor(against_medication, against_therapy, metafor_trials):
    depression = row_of(against_medication, "response", "depression")
    equals(depression, metafor_trials["overview_depression"])
    dropout = row_of(against_therapy, "dropout while treated", "ptsd")
    equals(dropout, metafor_trials["overview_ptsd_dropout"])
    # 24 of 36, 2 of 17 and 31 of 61 took medication and responded: the median is the last
    assert depression.baseline_risk == 31 / 61


def test_every_condition_keeps_a_row_in_every_part(against_medication):
    for part in PARTS:
        there = {row.condition for row in against_medication.rows if row.part is part}
        assert there == set(CONDITIONS)
    empty = row_of(against_medication, "response", "generalised_anxiety", age_group="")
    assert empty.pooled is None
    rows = against_medication.estimates.where(population=f"{OVERVIEW}{empty.population}")
    assert (rows.one().studies, rows.one().caution) == (0, "no data")
    panic = row_of(against_medication, "response", "panic", age_group="")
    assert panic.left_out == ("Barlow 2000: no numbers of response with combined here",)


def test_every_row_has_a_name_of_its_own(against_medication):
    ids = [row.id for row in against_medication.estimates]
    assert len(ids) == len(set(ids))


def test_ages_and_strata_are_never_averaged(against_medication, against_therapy):
    for overview in (against_medication, against_therapy):
        for row in overview.rows:
            if row.pooled is not None:
                frame = row.pooled.effects.frame
                assert frame["age_group"].nunique() == 1
                assert frame["stratum"].nunique() == 1
                assert frame["condition"].nunique() == 1
                assert (row.age_group in YOUNG) == (
                    row.condition in ("adolescent_depression", "paediatric_anxiety")
                    or (row.condition == "ocd" and row.age_group == "children and adolescents")
                )


def test_prior_nonresponders_and_tapering_stand_apart(against_medication, against_therapy):
    prior = row_of(against_medication, "response", "depression", stratum="prior_nonresponse")
    assert prior.pooled.effects.studies == ("wiles2013", "nakagawa2017")
    taper = row_of(against_therapy, "relapse", "depression", stratum="taper")
    assert taper.pooled.effects.studies == ("bockting2018",)
    drinking = row_of(against_therapy, "relapse", "alcohol_use", age_group="", stratum="main")
    assert drinking.pooled is None


def test_the_missing_pill_reaches_the_rows_with_therapy(against_medication, against_therapy):
    words = "the therapy arm took no pill"
    tads = row_of(against_therapy, "response", "adolescent_depression", "adolescents")
    assert words in tads.pooled.pooled.caution
    tads = row_of(against_medication, "response", "adolescent_depression", "adolescents")
    assert words not in tads.pooled.pooled.caution


def test_therapy_arms_declared_without_pill_carry_the_caution(trials):
    alone = trial_overview(trials, ("therapy", "control"))
    frames = [row.pooled.effects.frame for row in alone.rows if row.pooled is not None]
    caution = {row.study: row.caution for frame in frames for row in frame.itertuples()}
    without = {s for s, words in caution.items() if "the therapy arm took no pill" in words}
    assert {
        *("mynorswallis1995", "williams2000", "derubeis2005", "jarrett1999"),
        *("barlow2000", "foa2005"),
    } <= without
    # in these two the therapy arm with placebo is used
    assert not {"davidson2004", "combine2006"} & without


def test_a_stated_baseline_is_used(trials):
    overview = trial_overview(trials, ("combined", "medication"), baseline_risk={"response": 0.4})
    row = row_of(overview, "response", "adolescent_depression", "adolescents")
    ratio = row.pooled.pooled.estimate
    difference = row.absolute.where(measure="risk_difference").one()
    assert difference.estimate == pytest.approx(0.4 * ratio - 0.4, rel=1e-12)
    assert (difference.n, difference.n_reference) == (107, 109)


def test_whether_conditions_differ_is_not_assessable_when_sparse(against_medication):
    response = against_medication.tests["response", "adults"]
    assert response.assessable
    assert response.groups == ("anxiety", "depression")
    assert not against_medication.tests["response", "young"].assessable
    assert not against_medication.tests["relapse from the start", "adults"].assessable


def test_a_table_without_any_of_the_outcomes_is_all_gaps(make_arms):
    arms = make_arms(
        ("a", "combined", 5, 10), ("a", "medication", 3, 10),
        condition="insomnia", age_group="adults", phase="acute", flags="",
    )  # fmt: skip
    overview = trial_overview(
        Trials("demo", "demo", arms=arms.assign(outcome="death")), ("combined", "medication")
    )
    assert all(row.pooled is None for row in overview.rows)
    assert "insomnia" in {row.condition for row in overview.rows}
    assert {row.caution for row in overview.estimates} == {"no data"}


def test_a_risk_of_nobody_gives_no_people_per_100(make_arms):
    arms = make_arms(
        ("a", "combined", 5, 10), ("a", "medication", 0, 10),
        condition="panic", age_group="adults", phase="acute", flags="",
    )  # fmt: skip
    overview = trial_overview(Trials("demo", "demo", arms=arms), ("combined", "medication"))
    row = row_of(overview, "response", "panic")
    assert row.baseline_risk == 0
    assert len(row.absolute) == 0
    table = table_overview(overview, "demo", "Demo")
    cells = table.frame[table.frame["trials"] == "1"].iloc[0]
    assert cells["more per 100"] == ""


def test_the_table_has_a_row_for_each_cell(against_medication):
    table = table_overview(against_medication, "overview", "Combined against medication")
    assert list(table.frame) == list(COLUMNS)
    assert len(table.frame) == len(against_medication.rows)
    gaps = table.frame[table.frame["trials"] == "0"]
    assert set(gaps["risk ratio"]) == {"no trial"}
    assert len(gaps) == sum(row.pooled is None for row in against_medication.rows)
    assert any(note.startswith("Whether conditions differ (response, adults): p =")
               for note in table.notes)  # fmt: skip
    assert any("not assessable" in note for note in table.notes)
    ptsd = table.frame[
        (table.frame["condition"] == "Post-traumatic stress disorder")
        & (table.frame["outcome"] == "dropout while treated")
    ].iloc[0]
    # 13 of 57 and 32 of 69 against 7 of 57 and 19 of 71
    assert (ptsd["trials"], ptsd["people"]) == ("2", "126 + 128")
