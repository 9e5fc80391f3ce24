"""Levels made from counts and from means, and R's numbers for the tests of this room."""

import json
from pathlib import Path

import numpy as np
import pytest

from ctevidence.contrasts.combination import wilson
from ctevidence.levels import Levels
from ctevidence.terms import Arm

TREATMENTS = ("combined", "medication", "therapy", "control")
REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def r() -> dict:
    """`contrasts.json`, made by `contrasts.R`."""
    return json.loads((REFERENCE / "contrasts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    return REFERENCE


@pytest.fixture(scope="session")
def r_intervals() -> list[dict]:
    """Counts of two arms with Newcombe's interval, made by `score_intervals.R`."""
    text = (REFERENCE / "score_intervals.json").read_text(encoding="utf-8")
    return json.loads(text)["tables"]


@pytest.fixture(scope="session")
def counted():
    return _counted


@pytest.fixture(scope="session")
def levels_with():
    return _levels


def _levels(estimate, cov, **options) -> Levels:
    """Levels of as many treatments as there are estimates, in the order of `TREATMENTS`."""
    estimate = np.asarray(estimate, float)
    names = TREATMENTS[: len(estimate)]  # with other keys, only their number counts
    fields = {
        "study": "demo",
        "outcome": "response",
        "population": "everyone who started",
        "arms": tuple(Arm(name, name) for name in names),
        "keys": tuple((name, 12) for name in names),
        "measure": "risk",
        "better": "higher",
        "n": (100,) * len(names),
        "events": (None,) * len(names),
        "randomised": {"medication", "therapy"},
        "method": "demo",
    }
    return Levels(estimate=estimate, cov=cov, **(fields | options))


def _counted(events, n, intervals: bool = True, **options) -> Levels:
    """Independent risks of counts; nan for an arm with nobody."""
    events, n = np.asarray(events, float), np.asarray(n, float)
    with np.errstate(invalid="ignore"):
        risk = events / n
        cov = np.diag(risk * (1 - risk) / n)

    def interval_for(conf_level: float) -> np.ndarray:
        pairs = zip(events, n, strict=True)
        return np.array([wilson(e, k, conf_level) if k else (np.nan, np.nan) for e, k in pairs])

    fields = {
        "n": tuple(n.astype(int)),
        "events": tuple(events.astype(int)),
        "interval_for": interval_for if intervals else None,
    }
    return _levels(risk, cov, **(fields | options))
