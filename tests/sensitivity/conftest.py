"""Small studies with missing scores, and numbers from outside."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RemissionRule, ResponseRule
from ctevidence.data.scales import get_scale
from ctevidence.data.study import Rules, Study, VisitWindow
from ctevidence.outcomes import derive_course
from ctevidence.simulate.scenario import Dropout
from ctevidence.simulate.study import simulate_study
from ctevidence.terms import Arm

FOLDER = Path(__file__).parents[1] / "reference"
ARMS = tuple(Arm(name, name) for name in ("control", "medication", "therapy", "combined"))


@pytest.fixture(scope="session")
def imputation_reference():
    return json.loads((FOLDER / "imputation.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def study_of():
    """A study from people (with baseline) and their scores by week, BDI."""

    def build(people, scores, weeks, events=None, scale="BDI", adjust=("baseline",), **fields):
        at_start = people[["participant_id"]].assign(day=0.0, scale=scale, score=people["baseline"])
        seen = scores.assign(day=scores["week"] * 7.0, scale=scale)
        nothing = pd.DataFrame(columns=["participant_id", "day", "event", "reason"])
        return Study(
            **{
                "name": "tiny",
                "title": "A tiny study",
                "condition": "depression",
                "data_kind": "synthetic",
                "design": "trial",
                "randomised": frozenset({"medication", "therapy"}),
                "arms": ARMS,
                "primary_scale": scale,
                "scales": {scale: get_scale("bdi")},
                "schedule": tuple(
                    VisitWindow(f"week {w:g}", w, 7 * w - 3, 7 * w + 3) for w in weeks
                ),
                "rules": Rules(
                    response=ResponseRule("percent_fall", "observed", percent=50),
                    remission=RemissionRule(9),
                ),
                "primary_week": weeks[-1],
                "adjust": adjust,
                "disclosure": "open",
                "tables": {
                    "participants": people.drop(columns="baseline").reset_index(drop=True),
                    "visits": pd.concat([at_start, seen[at_start.columns]], ignore_index=True),
                    "events": nothing if events is None else events,
                    "treatments": pd.DataFrame(),
                },
            }
            | fields
        )

    return build


@pytest.fixture(scope="session")
def four_arm_trial(study_of):
    """The simulated trial with gaps and dropout that R has analysed too."""
    rows = pd.read_csv(FOLDER / "mmrm_simulated_four_arm_trial.csv")
    people = rows.drop_duplicates("participant_id")[["participant_id", "arm", "baseline"]]
    return study_of(people, rows, tuple(sorted(rows["week"].unique())))


@pytest.fixture(scope="session")
def beat_the_blues(study_of):
    raw = pd.read_csv(FOLDER.parents[1] / "data/raw/beat-the-blues/BtheB.csv")
    both = list(zip(raw["drug"] == "Yes", raw["treatment"] == "BtheB", strict=True))
    people = pd.DataFrame(
        {
            "participant_id": raw["rownames"].astype(str),
            "arm": [ARMS[medication + 2 * therapy].name for medication, therapy in both],
            "baseline": raw["bdi.pre"].astype(float),
        }
    )
    weeks = {"bdi.2m": 9.0, "bdi.4m": 13.0, "bdi.6m": 22.0, "bdi.8m": 35.0}
    wide = raw.assign(participant_id=people["participant_id"])
    scores = wide.melt("participant_id", list(weeks), var_name="visit", value_name="score")
    scores["week"] = scores["visit"].map(weeks)
    return study_of(people, scores.dropna(), tuple(weeks.values()), name="beat-the-blues")


@pytest.fixture(scope="session")
def complete_study():
    """Nobody misses a visit."""
    return simulate_study(n=120, seed=3, dropout=Dropout(risk=0, missed_visit=0))


@pytest.fixture(scope="session")
def course(four_arm_trial):
    return derive_course(four_arm_trial)


@pytest.fixture
def rng():
    return np.random.default_rng(1)
