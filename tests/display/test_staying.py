"""Curves, arrays, tables and sentences of staying well, dropout and harms."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ctevidence.data.prepare import prepare
from ctevidence.data.readers import read_study
from ctevidence.data.rules import RelapseRule, RetentionRule
from ctevidence.data.study import Rules
from ctevidence.display.adherence import table_adherence
from ctevidence.display.arm_sentences import sentence_of_arms, sentence_of_countings
from ctevidence.display.format import shown
from ctevidence.display.harms import table_harm_differences, table_harms
from ctevidence.display.incidence import plot_cumulative_incidence, plot_dropout_kinds
from ctevidence.display.key_messages import study_messages
from ctevidence.display.per_100 import plot_staying_well
from ctevidence.display.sentences import sentence
from ctevidence.display.survival import plot_survival
from ctevidence.display.tables import table_estimates
from ctevidence.estimates import Estimate, Estimates
from ctevidence.models.dropout_kinds import fit_dropout_kinds
from ctevidence.models.harms import fit_harms_by_kind
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.over_time import relapse_over_time, retention_over_time
from ctevidence.models.staying_well import fit_staying_well
from ctevidence.simulate.study import simulate_study
from ctevidence.terms import Arm

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=200, seed=6)


@pytest.fixture(scope="module")
def silent(study):
    """Nothing is declared but who takes part."""
    return replace(study, rules=Rules())


@pytest.fixture(scope="module")
def closed(study):
    return replace(study, disclosure="opensafely")


@pytest.mark.parametrize("plot", [plot_survival, plot_cumulative_incidence])
def test_people_below_the_curve_add_up_and_agree_with_it(study, plot):
    """An event of the very week of a mark has happened, in the curve as in the counts."""
    relapse = relapse_over_time(study, competing=("died", "dropped out"))
    frame = plot(relapse).data.frame
    counts = frame[[c for c in frame if c in ("at risk", "relapse", "competing", "censored")]]
    total = counts.astype(int).sum(axis=1)
    for arm, own in frame.groupby("arm", sort=False):
        assert total[own.index].nunique() == 1, arm
        changed = own["relapse"].astype(int).diff().fillna(0) > 0
        moved = own["per 100"].astype(int).diff().fillna(0) != 0
        assert (changed == moved)[changed].all(), arm


def test_counts_of_a_week_with_events_by_hand():
    """Of four people one relapses in week 4 and one in week 8; one each is lost then."""
    fit = SimpleNamespace(
        study=SimpleNamespace(arms=(Arm("combined", "combined"),), disclosure="open"),
        outcome=SimpleNamespace(
            weight=None, kind="relapse", rule=RelapseRule("baseline", from_events=True)
        ),
        curves={"combined": kaplan_meier(np.array([4.0, 4, 8, 8]), np.array([1, 0, 1, 0]))},
        groups=SimpleNamespace(at_risk=SimpleNamespace(event="relapse")),
    )
    frame = plot_survival(fit).data.frame.set_index("week")
    wanted = ["at risk", "relapse", "censored", "per 100"]
    assert frame.loc["4", wanted].tolist() == ["3", "1", "0", "75"]
    assert frame.loc["8", wanted].tolist() == ["1", "2", "1", "38"]


def test_figures_are_narrow_enough_for_a_telephone(study):
    """At 360 points wide the smallest letters, 8.5 points, are still more than eight points."""
    for figure in (
        plot_survival(retention_over_time(study)),
        plot_dropout_kinds(fit_dropout_kinds(study)),
        plot_staying_well(fit_staying_well(study)),
    ):
        width = int.from_bytes(figure.png[16:20], "big")  # of the PNG header
        assert width / 160 <= 5.25
        assert 8.5 * 360 / (width / 160 * 72) > 8


def test_figures_of_what_is_not_declared_say_so(silent):
    figures = [
        plot_survival(relapse_over_time(silent)),
        plot_cumulative_incidence(retention_over_time(silent)),
        plot_dropout_kinds(fit_dropout_kinds(silent)),
        plot_staying_well(fit_staying_well(silent)),
    ]
    assert all("No figure could be drawn" in figure.alt for figure in figures)
    assert all("does not declare" in figure.alt for figure in figures)


def test_both_countings_in_words(study):
    well = fit_staying_well(study)
    words = sentence_of_arms(well.per_arm(), study)
    for row in well.per_arm().where(arm="therapy"):
        assert f"{shown(row.estimate, 'probability')} with therapy (range" in words
    assert "people without a score left out" in words
    assert "people without a score counted as not" in words
    text = sentence_of_countings(well.differences(), study)
    assert "when they are left out" in text
    assert sentence_of_countings(well.differences().where(arm="none"), study) == ""


def test_the_comparison_that_moves_most_and_turned_orders():
    def row(arm, outcome, value):
        return Estimate("t", outcome, arm, "risk_difference", value, reference="control",
                        unit="probability", conf_low=-0.9, conf_high=0.9)  # fmt: skip

    known, everyone = "staying well (observed)", "staying well (missing as not well)"
    rows = Estimates([row("therapy", known, 0.58), row("therapy", everyone, 0.21),
                      row("combined", known, 0.05), row("combined", everyone, -0.05)])  # fmt: skip
    text = sentence_of_countings(rows, "open")
    assert "therapy against control: 58 more of every 100 people when they are left out, 21" in text
    assert "In 1 of 2 comparisons even the order" in text


def test_survival_is_told_of_those_without_the_event(study):
    rows = relapse_over_time(study).compare_treatments("survival_difference", "rmst_difference")
    told = " ".join(sentence(row, source=study) for row in rows)
    assert "are still free of relapse" in told
    assert "people who relapse" not in told
    assert "longer free of relapse" in told


def test_a_share_on_a_curve_is_not_its_count_of_events(closed):
    """Under a profile that rounds, 8 relapses among 40 leave 80 of 100 free, and not 20."""
    row = Estimate("t", "relapse", "therapy", "survival", 0.8, unit="probability", week=30,
                   n=40, events=10, conf_low=0.6, conf_high=0.9)  # fmt: skip
    table = table_estimates(Estimates([row]), closed)
    assert table.frame["estimate"].tolist() == ["80"]


def test_harms_keep_every_row(study, silent):
    frame = table_harms(fit_harms_by_kind(study)).frame
    assert len(frame) == 2 * 4 + 4
    assert (frame["people"] == "not recorded").sum() == 4
    assert "none" in table_harm_differences(fit_harms_by_kind(empty(silent))).frame.iloc[0, 0]


def empty(study):
    return replace(study, tables={**study.tables, "events": study.events.iloc[:0]})


def test_counts_of_harms_and_adherence_pass_the_gate(closed):
    shown = table_harms(fit_harms_by_kind(closed)).frame
    cells = " ".join(shown["people"])
    counts = [int(k) for k in re.findall(r"(?<![\d–])\d+(?![\d–])", cells)]
    assert all(k % 5 == 0 for k in counts)
    hidden = shown["people"].str.contains("–")
    assert hidden.any()
    assert (shown.loc[hidden, "per 100 people"] == "not shown").all()
    assert (shown.loc[hidden, "per 100 person-years"] == "not shown").all()
    people = table_adherence(closed).frame["people"].astype(int)
    assert np.all(people % 5 == 0)


def test_adherence_by_arm_and_part(study):
    frame = table_adherence(study).frame
    assert frame[["arm", "part"]].to_numpy().tolist() == [
        ["Medication", "medication"], ["Therapy", "therapy"],
        ["Combined", "medication"], ["Combined", "therapy"],
    ]  # fmt: skip
    assert frame["sessions, median"].tolist()[0] == "not recorded"


def test_kinds_for_which_nobody_left_are_none(study):
    rule = RetentionRule("events", (*study.rules.retention.reasons, ("bored", "no benefit")))
    more = replace(study, rules=replace(study.rules, retention=rule))
    frame = plot_dropout_kinds(fit_dropout_kinds(more)).data.frame
    assert (frame["leave treatment (no benefit)"] == "none").all()


def test_key_messages_of_a_study_that_cannot_compare_the_treatments(study):
    keep = study.participants.query("arm in ['control', 'therapy']")["participant_id"]
    tables = {k: t[t["participant_id"].isin(keep)] for k, t in study.tables.items()}
    two = replace(study, arms=(study.arms[0], study.arms[2]), tables=tables)
    well = fit_staying_well(two)
    messages = study_messages(two, well.per_arm() + well.compare_treatments())
    assert messages[0].startswith("Of every 100 people")
    assert messages[-1].startswith(
        "This study compares control and therapy: medication and combined treatment are not in it"
    )
    assert study_messages(study, well.per_arm()) == ()


def test_curves_of_what_competes_name_people_never_seen_after_risk_began(tmp_path):
    """Beat the Blues, 50 % fall, remission 9 or less: 2, 3 and 2 people, counted from the table."""
    study = read_study(prepare("beat-the-blues", raw=RAW, processed=tmp_path))
    relapse = relapse_over_time(study, competing=("died", "dropped out"))
    unseen = "were not seen again after risk began (Usual care 2, Therapy 3, Combined 2)"
    assert unseen in plot_cumulative_incidence(relapse).alt
    closed = relapse_over_time(replace(study, disclosure="opensafely"))
    alt = plot_cumulative_incidence(closed).alt
    assert "not seen again after risk began." in alt
    starts = [
        plot(relapse).data.frame.drop_duplicates("arm").set_index("arm")["at risk"].astype(int)
        for plot in (plot_survival, plot_cumulative_incidence)
    ]
    assert (starts[0] - starts[1]).to_dict() == {
        "Usual care": 2, "Medication": 0, "Therapy": 3, "Combined": 2
    }  # fmt: skip
