"""The registry of weighting.R, in which treatment follows baseline, age and sex."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RelapseRule, RemissionRule, ResponseRule
from ctevidence.data.scales import get_scale
from ctevidence.data.study import Rules, Study, VisitWindow
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import Arm

ARMS = tuple(Arm(name, name) for name in ("control", "medication", "therapy", "combined"))
FOLDER = Path(__file__).parents[2] / "reference"
RESPONSE = ResponseRule("percent_fall", "observed", percent=50)


@pytest.fixture(scope="session")
def r():
    """Numbers of weighting.R."""
    return json.loads((FOLDER / "weighting.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def make_registry():
    """A study of people (``participant_id, arm`` and covariates), nothing randomised."""

    def build(people: pd.DataFrame, adjust, weeks=(6, 12), **fields) -> Study:
        baseline = people.get("baseline", pd.Series(20.0, people.index))
        at_start = people[["participant_id"]].assign(day=0.0, scale="BDI", score=baseline)
        return Study(
            **{
                "name": "registry",
                "title": "A registry",
                "condition": "depression",
                "data_kind": "synthetic",
                "design": "registry",
                "randomised": frozenset(),
                "arms": ARMS,
                "primary_scale": "BDI",
                "scales": {"BDI": get_scale("bdi")},
                "schedule": tuple(
                    VisitWindow(f"week {w}", w, 7 * w - 10, 7 * w + 10) for w in weeks
                ),
                "rules": Rules(response=RESPONSE, remission=RemissionRule(9)),
                "primary_week": weeks[-1],
                "adjust": tuple(adjust),
                "disclosure": "open",
                "tables": {
                    "participants": people.drop(columns="baseline", errors="ignore"),
                    "visits": at_start,
                    "events": pd.DataFrame(columns=["participant_id", "day", "event"]),
                    "treatments": pd.DataFrame(),
                },
            }
            | fields
        )

    return build


@pytest.fixture(scope="session")
def registry(r, make_registry):
    people = pd.DataFrame(r["data"])[["participant_id", "arm", "baseline", "age", "sex"]]
    return make_registry(people.astype({"baseline": float}), ("baseline", "age", "sex"))


@pytest.fixture(scope="session")
def response(r, registry):
    data = pd.DataFrame(r["data"])
    frame = pd.concat([
        data[["participant_id", "arm"]].assign(week=float(w), value=data[f"week{w}"].astype(float))
        for w in (6, 12)
    ])  # fmt: skip
    return Outcome("response", "response", registry, frame, RESPONSE, "higher")


@pytest.fixture(scope="session")
def course(r, registry):
    data = pd.DataFrame(r["data"])
    frame = data[["participant_id", "arm", "score"]].assign(week=6.0)
    return Outcome("course", "course", registry, frame, RESPONSE, "lower")


@pytest.fixture(scope="session")
def relapse(r, registry):
    data = pd.DataFrame(r["data"])
    frame = data[["participant_id", "arm"]].assign(
        entry=0.0,
        lower=data["time"].astype(float),
        upper=np.where(data["cause"] == 1, data["time"].astype(float), np.inf),
        state=data["cause"].map({0: "well", 1: "relapsed", 2: "died"}),
    )
    rule = RelapseRule("baseline", from_events=True)
    return Outcome("relapse", "relapse", registry, frame, rule, "lower")
