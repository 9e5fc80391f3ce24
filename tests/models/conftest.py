"""Studies and outcomes made directly from small tables, and numbers from outside."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RelapseRule, RemissionRule, ResponseRule, RetentionRule
from ctevidence.data.scales import get_scale
from ctevidence.data.study import Rules, Study, VisitWindow
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import Arm

ARMS = tuple(Arm(name, name) for name in ("control", "medication", "therapy", "combined"))
FOLDER = Path(__file__).parents[1] / "reference"
RULES = {
    "response": ResponseRule("percent_fall", "observed", percent=50),
    "course": ResponseRule("percent_fall", "observed", percent=50),
    "harms": ResponseRule("percent_fall", "observed", percent=50),
    "relapse": RelapseRule("baseline", from_events=True),
    "retention": RetentionRule("events"),
}


@pytest.fixture(scope="session")
def reference():
    """A reference file by its name."""
    return lambda name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def make_study():
    """A study of people (``participant_id, arm`` and covariates), all with a baseline score."""

    def build(people: pd.DataFrame, weeks=(6, 12), visits=None, **fields) -> Study:
        people = people.drop_duplicates("participant_id").reset_index(drop=True)
        baseline = people.get("baseline", pd.Series(20.0, people.index))
        at_start = people[["participant_id"]].assign(day=0.0, scale="BDI", score=baseline)
        visits = pd.DataFrame() if visits is None else visits.assign(scale="BDI")
        return Study(
            **{
                "name": "tiny",
                "title": "A tiny study",
                "condition": "depression",
                "data_kind": "synthetic",
                "design": "trial",
                "randomised": frozenset({"medication", "therapy"}),
                "arms": ARMS,
                "primary_scale": "BDI",
                "scales": {"BDI": get_scale("bdi")},
                "schedule": tuple(
                    VisitWindow(f"week {w}", w, 7 * w - 10, 7 * w + 10) for w in weeks
                ),
                "rules": Rules(response=RULES["response"], remission=RemissionRule(9)),
                "primary_week": weeks[-1],
                "adjust": (),
                "tables": {
                    "participants": people.drop(columns="baseline", errors="ignore"),
                    "visits": pd.concat([at_start, visits], ignore_index=True),
                    "events": pd.DataFrame(columns=["participant_id", "day", "event"]),
                    "treatments": pd.DataFrame(),
                },
            }
            | fields
        )

    return build


@pytest.fixture(scope="session")
def make_outcome(make_study):
    """An outcome of a kind, from its frame; people are those of the frame unless given."""

    def build(
        kind, frame, people=None, rule=None, better="higher", cautions=(), **study
    ) -> Outcome:
        people = frame[["participant_id", "arm"]] if people is None else people
        return Outcome(
            kind=kind,
            name=kind,
            study=make_study(people, **study),
            frame=frame,
            rule=rule or RULES[kind],
            better=better,
            cautions=cautions,
        )

    return build


@pytest.fixture(scope="session")
def counts(make_outcome):
    """A response outcome from (events, people) of each arm at one week."""

    def build(week=12, cautions=(), **arms):
        rows = [
            (f"{arm}{i}", arm, week, float(i < events))
            for arm, (events, people) in arms.items()
            for i in range(people)
        ]
        frame = pd.DataFrame(rows, columns=["participant_id", "arm", "week", "value"])
        return make_outcome("response", frame, cautions=cautions)

    return build


@pytest.fixture(scope="session")
def times(make_outcome):
    """A relapse outcome, counted from the start, from times and events of each person."""

    def build(time, event, arm, kind="relapse", **options):
        time, event = np.asarray(time, float), np.asarray(event, bool)
        states = ("relapsed", "well") if kind == "relapse" else ("dropped out", "stayed")
        frame = pd.DataFrame(
            {
                "participant_id": [f"P{i}" for i in range(len(time))],
                "arm": list(arm),
                "entry": 0.0,
                "lower": time,
                "upper": np.where(event, time, np.inf),
                "state": np.where(event, *states),
            }
        )
        return make_outcome(kind, frame, **options)

    return build


@pytest.fixture(scope="session")
def beat_the_blues(make_study):
    """Everyone of Beat the Blues as received, with the scores as an outcome of kind course."""
    raw = pd.read_csv(FOLDER.parents[1] / "data/raw/beat-the-blues/BtheB.csv")
    arm = {("No", "TAU"): 0, ("Yes", "TAU"): 1, ("No", "BtheB"): 2, ("Yes", "BtheB"): 3}
    people = pd.DataFrame(
        {
            "participant_id": raw["rownames"].astype(str),
            "arm": [ARMS[arm[key]].name for key in zip(raw["drug"], raw["treatment"], strict=True)],
            "length": raw["length"],
            "baseline": raw["bdi.pre"].astype(float),
        }
    )
    weeks = {"bdi.2m": 9.0, "bdi.4m": 13.0, "bdi.6m": 22.0, "bdi.8m": 35.0}
    scores = raw.assign(participant_id=people["participant_id"], arm=people["arm"]).melt(
        ["participant_id", "arm"], list(weeks), var_name="visit", value_name="score"
    )
    frame = scores.assign(week=scores["visit"].map(weeks), day=scores["visit"].map(weeks) * 7)
    study = make_study(
        people,
        weeks=(9, 13, 22, 35),
        name="beat-the-blues",
        adjust=("baseline", "length"),
        randomised=frozenset({"therapy"}),
    )
    return Outcome("course", "course", study, frame.dropna(), RULES["course"], "lower")


@pytest.fixture(scope="session")
def growth_trial(make_study, reference):
    """The simulated trial of `growth_shapes.R` as an outcome of kind course."""
    given = reference("growth_shapes")
    rows = pd.DataFrame(given["data"]).rename(columns={"id": "participant_id"})
    columns = ["participant_id", "arm", "baseline", "site", "therapist"]
    people = rows[columns].drop_duplicates("participant_id")
    started = pd.DataFrame(given["people"]).dropna(subset=["start"])
    treatments = pd.DataFrame(
        {
            "participant_id": started["id"],
            "component": "medication",
            "name": "sertraline",
            "start_day": started["start"].astype(float),
            "stop_day": started["stop"].astype(float),
        }
    )
    weeks = (2, 4, 8, 12, 20, 30)
    study = make_study(people, weeks=weeks, adjust=("baseline",))
    study = replace(study, tables={**study.tables, "treatments": treatments})
    week = rows["visit"].map(dict(enumerate(map(float, weeks), start=1)))
    return Outcome("course", "course", study, rows[["participant_id", "arm", "day", "score"]]
                   .assign(week=week), RULES["course"], "lower")  # fmt: skip
