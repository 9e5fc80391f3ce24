"""Relapse between visits as readers see it: figure, table and sentence."""

import struct
import zlib

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RelapseRule
from ctevidence.data.scales import get_scale
from ctevidence.data.study import Rules, Study, VisitWindow
from ctevidence.display.between_visits import plot_between_visits
from ctevidence.display.dating import dating_sentence, table_dating
from ctevidence.display.survival import plot_survival
from ctevidence.models.dating import relapse_dating
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import Arm

RULE = RelapseRule("baseline", threshold=20)


@pytest.fixture(scope="module")
def outcome():
    """64 people an arm: a quarter or a half of those left relapse between visits at 12 and 24."""

    def build(profile="open", **shares):
        rows = []
        for arm, share in (shares or {"combined": 0.25, "medication": 0.5}).items():
            left = 64
            for visit in (12, 24):
                ill = round(left * share)
                rows += [(arm, visit - 12.0, float(visit))] * ill
                left -= ill
            rows += [(arm, 24.0, np.inf)] * left
        frame = pd.DataFrame(rows, columns=["arm", "lower", "upper"])
        frame.insert(0, "participant_id", [f"P{i}" for i in range(len(frame))])
        state = np.where(np.isfinite(frame["upper"]), "relapsed", "well")
        people = frame[["participant_id", "arm"]]
        visits = people.assign(day=0.0, scale="BDI", score=20.0)
        nobody = pd.DataFrame(columns=["participant_id", "day", "event"])
        study = Study(
            name="tiny", title="A tiny study", condition="depression", data_kind="synthetic",
            design="trial", randomised=frozenset({"medication", "therapy"}),
            arms=(Arm("medication", "medication"), Arm("combined", "combined")),
            primary_scale="BDI", scales={"BDI": get_scale("bdi")},
            schedule=tuple(VisitWindow(f"week {w}", w, 7 * w - 10, 7 * w + 10) for w in (12, 24)),
            rules=Rules(relapse=RULE), primary_week=24, adjust=(), disclosure=profile,
            tables={"participants": people, "visits": visits[["participant_id", "day", "scale",
                    "score"]], "events": nobody, "treatments": pd.DataFrame()},
        )  # fmt: skip
        return Outcome("relapse", "relapse", study, frame.assign(entry=0.0, state=state), RULE,
                       "lower")  # fmt: skip

    return build


def pixels(png: bytes) -> tuple[int, int]:
    assert zlib.crc32(png[12:29]) == struct.unpack(">I", png[29:33])[0]
    return struct.unpack(">II", png[16:24])


def test_the_figure_says_what_it_shows(outcome):
    fit = fit_relapse(outcome(), [], seen="interval", model="exponential")
    figure = plot_between_visits(fit)
    assert min(pixels(figure.png)) > 400
    # by hand: 0.75 squared and a half squared are left at week 24
    assert "combined 56" in figure.alt
    assert "medication 25" in figure.alt
    table = figure.data.frame.set_index(["arm", "week"])
    row = table.loc[("combined", "12")]
    assert (row["had it"], row["known free of it"], row["per 100"]) == ("16", "48", "75")
    assert plot_between_visits(fit).png == figure.png


def test_a_profile_that_hides_leaves_small_arms_out(outcome):
    shares = {"combined": 0.25, "medication": 0.05}  # six people of medication relapse
    fit = fit_relapse(outcome("opensafely", **shares), [], seen="interval", model="exponential")
    figure = plot_between_visits(fit)
    assert set(figure.data.frame["arm"]) == {"combined"}
    assert "per 100" not in figure.data.frame
    assert "56" not in figure.alt


def test_nothing_to_draw_says_why(outcome):
    fit = fit_relapse(outcome(combined=0.0, medication=0.0), [], seen="interval")
    assert "no relapse with medication" in plot_between_visits(fit).alt


def test_a_curve_of_steps_is_refused_with_what_to_do(outcome):
    fit = fit_relapse(outcome(), [], seen="interval")
    with pytest.raises(TypeError, match="plot_between_visits"):
        plot_survival(fit)


def dating(outcome, measure="rmst_difference", week=24):
    return relapse_dating(
        outcome, "combined", against="medication", measure=measure, week=week, model="exponential"
    )


def test_the_table_has_each_dating_and_what_moved(outcome):
    """By hand: weeks free within 24 are (1 - S) / hazard, hazards log 4/3 and log 2 over 12."""
    given = outcome()
    table = table_dating(dating(given), given.study)
    frame = table.frame.set_index("")
    rate = -np.log([0.75, 0.5]) / 12
    exact = (1 - np.array([0.75, 0.5]) ** 2) / rate
    assert frame.loc["Combined treatment", "between visits, model"].startswith(f"{exact[0]:.1f} (")
    assert frame.loc["Combined treatment", "first seen, curve"].startswith("21.0 (")
    assert frame.loc["Medication", "first seen, curve"].startswith("18.0 (")
    seen = 28 / (12 * (64 + 48)), 48 / (12 * (64 + 32))
    before = [(1 - np.exp(-24 * r)) / r for r in seen]
    assert frame.loc["Medication", "moved"] == f"−{before[1] - exact[1]:.1f}"
    change = exact[0] - exact[1] - (before[0] - before[1])
    assert frame["moved"].iloc[0] == f"+{change:.1f}"
    assert "minus that of first-seen days" in table.notes[0]
    assert any("a model fills what happened there" in note for note in table.notes)


def test_the_sentence_says_the_numbers_and_how_much_they_matter(outcome):
    given = outcome()
    text = dating_sentence(dating(given), given.study)
    assert text.startswith("For combined treatment against medication, dating relapse to the first")
    # (1 - 9/16) / log(4/3) - (1 - 1/4) / log(2), times 12
    assert "placing it between the visits gives 5.3 weeks" in text
    assert "of its standard error" in text
    ratio = dating_sentence(dating(given, "hazard_ratio", None), given.study)
    assert "a hazard ratio of 0.42" in ratio  # log(3/4) / log(1/2)
    assert "a factor of" in ratio


def test_small_groups_stay_hidden(outcome):
    shares = {"combined": 0.25, "medication": 0.05}
    given = outcome("opensafely", **shares)
    found = dating(given)
    assert "cannot be said: not shown" in dating_sentence(found, given.study)
    frame = table_dating(found, given.study).frame
    assert frame["moved"].iloc[0] == "not shown"
    assert frame["between visits, model"].iloc[2] == "not shown"


def test_what_cannot_be_estimated_says_why(outcome):
    given = outcome(combined=0.25, medication=0.0)
    text = dating_sentence(dating(given), given.study)
    assert "cannot be said" in text
    assert "no relapse with medication" in text
