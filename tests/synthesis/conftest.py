"""Numbers of R's metafor and tables of trials that the tests of this room share."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.trials import Trials

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "tests" / "reference"


def _read(name: str) -> dict:
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def metafor() -> dict:
    """`metafor_pairwise.json`, made by `metafor_pairwise.R` (metafor 3.8-1)."""
    return _read("metafor_pairwise.json")


@pytest.fixture(scope="session")
def escalc() -> dict:
    """`effect_measures.json`, made by `effect_measures.R` (metafor 3.8-1)."""
    return _read("effect_measures.json")


@pytest.fixture(scope="session")
def metafor_trials() -> dict:
    """`metafor_published_trials.json`, made by the R script of that name (metafor 3.8-1)."""
    return _read("metafor_published_trials.json")


@pytest.fixture(scope="session")
def published() -> Trials:
    """The shipped arm-level table."""
    arms = pd.read_csv(PROJECT / "data" / "raw" / "published-trials" / "arms.csv")
    return Trials("published-trials", "Published trials", arms=arms)


@pytest.fixture(scope="session")
def linde() -> Trials:
    """The shipped contrast-level table: log odds ratios of response in primary care."""
    table = pd.read_csv(PROJECT / "data" / "raw" / "linde2016" / "linde2016.csv")
    names = {"id": "study", "lnOR": "estimate", "selnOR": "std_error"}
    table = table.rename(columns=names).assign(measure="odds_ratio", outcome="response")
    return Trials("linde2016", "Primary care", contrasts=table, condition="depression")


@pytest.fixture
def make_arms():
    """Arms of trials from short rows: trial, treatment, events, n, and other columns by name."""

    def make(*rows, **columns) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["trial_id", "treatment", "events", "n"])
        frame["arm"] = [f"{t} {i}" for i, t in enumerate(frame["treatment"])]
        frame["outcome"] = "response"
        return frame.assign(**columns)

    return make
