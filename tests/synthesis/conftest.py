"""Numbers of R's metafor and tables of trials that the tests of this room share."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.trials import Trials
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.network import pool_network

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "tests" / "reference"
#: people of study 117 of linde2016, which is Naeem 2010, as data/raw/linde2016/trials.toml has them
NAEEM = {"linde2016": {"117": {"Face-to-face CBT + SSRI": 17, "SSRI": 17}}, "subset": {}}


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


@pytest.fixture(scope="session")
def r_networks() -> dict:
    """`network.json`, made by `network.R` (metafor 3.8-1 and matrix algebra in R)."""
    return _read("network.json")


@pytest.fixture(scope="session")
def network_of(r_networks, linde):
    """Networks by name, for the data sets of `network.json`."""

    def make(name: str, **options):
        if name in ("linde2016", "subset"):
            effects = effect_sizes(linde, "response")
            if name == "subset":
                effects = effects.where(study=["16", "24", "49", "118"])
            return pool_network(effects, "Placebo", people=NAEEM[name], **options)
        measure = {"baker2009": "odds_ratio", "stowe2010": "mean_difference"}[name]
        frame = pd.DataFrame(r_networks[name]["contrasts"]).assign(outcome=name)
        return pool_network(frame, "Placebo", measure=measure, better="lower", **options)

    return make


@pytest.fixture(scope="session")
def one_by_one() -> dict:
    """`metafor_one_by_one.json`, made by the R script of that name (metafor 3.8-1)."""
    return _read("metafor_one_by_one.json")


@pytest.fixture(scope="session")
def dependent() -> dict:
    """`metafor_dependent.json`, made by the R script of that name (metafor, clubSandwich)."""
    return _read("metafor_dependent.json")


@pytest.fixture(scope="session")
def rare() -> dict:
    """`metafor_counts.json`, made by the R script of that name (metafor, lme4, BiasedUrn)."""
    return _read("metafor_counts.json")


@pytest.fixture(scope="session")
def small_study() -> dict:
    """`metafor_small_study.json`, made by the R script of that name (metafor 3.8-1)."""
    return _read("metafor_small_study.json")
