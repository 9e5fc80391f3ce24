"""Tiny studies drawn as text, with the expected outcome drawn beside them.

A cell of the drawn visits is the score at the nominal day of its week, ``8@70`` the score on day
70; a dot is nothing. All expected values in these tests are worked out by hand from the decisions
in the module docstrings, unless the test names another origin.
"""

import contextlib
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.rules import (
    EntryRule,
    RelapseRule,
    RemissionRule,
    ResponseRule,
    RetentionRule,
)
from ctevidence.data.scales import declare_scale, get_scale
from ctevidence.data.study import Rules, Study, VisitWindow
from ctevidence.terms import DAYS_PER_MONTH, Arm

ARMS = tuple(Arm(name, name) for name in ("control", "medication", "therapy", "combined"))
SYMPTOMS = declare_scale({"label": "S", "low": 0, "high": 60, "better": "lower"})
REFERENCE = Path(__file__).parents[1] / "reference"


def table(text: str) -> pd.DataFrame:
    """A drawn table; a dot is empty, columns become numbers where every cell is one."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0]).replace({".": None})
    for column in frame:
        with contextlib.suppress(ValueError):
            frame[column] = pd.to_numeric(frame[column]).astype(float)
    return frame


def _visits(drawn: pd.DataFrame) -> pd.DataFrame:
    weeks = [c for c in drawn if c not in ("who", "arm", "baseline")]
    found = [(row["who"], 0.0, row["baseline"]) for _, row in drawn.iterrows()]
    for week in weeks:
        for who, cell in zip(drawn["who"], drawn[week], strict=True):
            if cell is not None and not pd.isna(cell):
                score, _, day = str(cell).partition("@")
                found.append((who, float(day or 7 * float(week)), float(score)))
    visits = pd.DataFrame(found, columns=["participant_id", "day", "score"])
    return visits.dropna().assign(scale="S")


@pytest.fixture(scope="session")
def draw():
    """Build a study: people and scores, events, and what is declared."""

    def build(
        people,
        events="who | day | event",
        scale=SYMPTOMS,
        entry=math.nan,
        more_visits=None,
        **rules,
    ):
        drawn = table(people)
        weeks = [float(c) for c in drawn if c not in ("who", "arm", "baseline")]
        visits = _visits(drawn)
        if more_visits:
            visits = pd.concat(
                [visits, table(more_visits).rename(columns={"who": "participant_id"})]
            )
        return Study(
            name="tiny",
            title="A tiny study",
            condition="depression",
            data_kind="synthetic",
            design="trial",
            randomised=frozenset({"medication", "therapy"}),
            arms=ARMS,
            primary_scale="S",
            scales={"S": scale, "GAD-7": get_scale("gad-7")},
            schedule=tuple(VisitWindow(f"week {w:g}", w, 7 * w - 13, 7 * w + 13) for w in weeks),
            rules=Rules(**rules, entry=EntryRule(entry)),
            primary_week=weeks[-1] if weeks else 0,
            tables={
                "participants": drawn[["who", "arm"]].rename(columns={"who": "participant_id"}),
                "visits": visits,
                "events": table(events).rename(columns={"who": "participant_id"}),
                "treatments": pd.DataFrame(),
            },
        )

    return build


@pytest.fixture(scope="session")
def expect():
    """Compare a frame with a drawn one, in the columns that are drawn and in its order."""

    def check(frame, text):
        drawn = table(text).rename(columns={"who": "participant_id"})
        found = frame[list(drawn)].reset_index(drop=True)
        for column in drawn:
            if drawn[column].isna().all():
                drawn[column] = drawn[column].astype(found[column].dtype)
        pd.testing.assert_frame_equal(
            found, drawn, check_dtype=False, check_categorical=False, rtol=1e-12, atol=0
        )

    return check


@pytest.fixture(scope="session")
def beat_the_blues() -> Study:
    """Beat the Blues from its raw table, as ``data/raw/beat-the-blues/study.toml`` declares it."""
    raw = pd.read_csv(Path(__file__).parents[2] / "data/raw/beat-the-blues/BtheB.csv")
    arm = {("No", "TAU"): 0, ("Yes", "TAU"): 1, ("No", "BtheB"): 2, ("Yes", "BtheB"): 3}
    people = pd.DataFrame(
        {
            "participant_id": raw["rownames"].astype(str),
            "arm": [ARMS[arm[key]].name for key in zip(raw["drug"], raw["treatment"], strict=True)],
        }
    )
    months = {"bdi.pre": 0, "bdi.2m": 2, "bdi.4m": 3, "bdi.6m": 5, "bdi.8m": 8}
    visits = raw.assign(participant_id=people["participant_id"]).melt(
        "participant_id", list(months), var_name="visit", value_name="score"
    )
    visits["day"] = (visits["visit"].map(months) * DAYS_PER_MONTH).round()
    windows = {9: (46, 76), 13: (77, 121), 22: (122, 197), 35: (198, 288)}
    return Study(
        name="beat-the-blues",
        title="Beat the Blues",
        condition="depression",
        data_kind="open patient-level",
        design="trial",
        randomised=frozenset({"therapy"}),
        arms=ARMS,
        primary_scale="BDI",
        scales={"BDI": get_scale("bdi")},
        schedule=tuple(VisitWindow(f"week {w}", w, *days) for w, days in windows.items()),
        rules=Rules(
            response=ResponseRule("percent_fall", "observed", percent=50),
            remission=RemissionRule(9),
            relapse=RelapseRule("remission", threshold=17),
            retention=RetentionRule("last_visit"),
            entry=EntryRule(10),
        ),
        primary_week=9,
        baseline_days=(0, 0),
        tables={
            "participants": people,
            "visits": visits.dropna().assign(scale="BDI"),
            "events": pd.DataFrame(columns=["participant_id", "day", "event"]),
            "treatments": pd.DataFrame(),
        },
    )


@pytest.fixture(scope="session")
def counted_in_r() -> dict:
    """``beat_the_blues_outcomes.json``, counted from the raw table by the R script beside it."""
    return json.loads((REFERENCE / "beat_the_blues_outcomes.json").read_text(encoding="utf-8"))
