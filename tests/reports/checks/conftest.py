"""A pack that is whole and small, to be broken on purpose."""

import json

import pandas as pd
import pytest

from ctevidence.display.figure import Figure
from ctevidence.display.table import Table
from ctevidence.reports.checks.check import run_checks
from ctevidence.reports.checks.complete import SECTIONS
from ctevidence.reports.checks.pack import Pack
from ctevidence.reports.checks.rules import CHECKS
from ctevidence.reports.page import Page, Section, grid, picture, prose

#: the head of a picture of 160 by 160 points, and nothing drawn in it
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\xa0\0\0\0\xa0"
MANIFEST = {
    "made_on": "2026-01-01", "ctevidence": "1.0", "code_sha256": "0" * 64, "python": "3.11.7",
    "libraries": {}, "parameters": {}, "seeds": {}, "inputs_sha256": {"a.csv": "0" * 64},
    "outputs_sha256": {},
}  # fmt: skip
ROW = {
    "id": "one/response/rd", "study": "one", "population": "everyone who started",
    "outcome": "response (observed)", "arm": "combined", "reference": "medication",
    "measure": "risk_difference", "unit": "probability", "week": 9.0, "estimate": 0.05,
    "conf_low": -0.32, "conf_high": 0.42, "conf_level": 0.95, "p_value": 0.8, "n": 24,
    "events": 9, "n_reference": 12, "events_reference": 4, "studies": 1, "randomised": True,
    "method": "", "caution": "", "shown": {"estimate": "5", "range": "−32 to 42"},
}  # fmt: skip
ESTIMAND = {
    "study": "one", "population": "everyone", "outcome": "response (observed)",
    "intercurrent_events": "treatment policy", "contrasts": ["a against b"], "measures": ["m"],
    "weeks": ["week 9"], "estimates": [ROW["id"]],
}  # fmt: skip
OPEN = {"profile": "open", "rule": "", "suppress_up_to": 0, "round_to": 1}
RESULTS = {
    "report": {"name": "one"}, "question": {"arms": []}, "disclosure": OPEN, "estimates": [ROW],
    "estimands": [ESTIMAND], "verdicts": [], "figures": [],
}  # fmt: skip
FRAME = pd.DataFrame({"outcome": ["response"], "of 100": ["38"]})
SHOWN, DRAWN = Table("shown", "What happened", FRAME), Table("drawn", "What is drawn", FRAME)
ALT = "Two curves of 100 people still well over thirty weeks; they stay close together."


def page(kind, words="Words for the reader.", table=SHOWN, banner="SYNTHETIC DATA"):
    """A page of a kind with all its sections."""
    whole = (prose(words), grid(table), picture(Figure("drawn", "Drawn", ALT, PNG, DRAWN)))
    *first, last = SECTIONS[kind]
    sections = [Section(key, key.title(), (prose(words),)) for key in first]
    sections.append(Section(last, last.title(), whole))
    return Page(kind, "Both?", banner, tuple(sections), ("Made today.",), "1.0").html


@pytest.fixture
def write(tmp_path):
    """Write a pack; what is given replaces what a sound pack holds."""

    def write(manifest=None, results=None, **pages):
        for kind in SECTIONS:
            html = pages.get(kind, page(kind))
            (tmp_path / f"{kind}.html").write_text(html, "utf-8")
        (tmp_path / "manifest.json").write_text(json.dumps({**MANIFEST, **(manifest or {})}))
        (tmp_path / "results.json").write_text(json.dumps({**RESULTS, **(results or {})}))
        return Pack(tmp_path)

    return write


@pytest.fixture(name="page")
def page_maker():
    """Makes a sound page with other words or another table."""
    return page


@pytest.fixture
def broken():
    """Problems of a pack by the rule that it breaks."""
    return lambda pack: {f.id: f.problems for f in run_checks(pack, CHECKS) if f.problems}


@pytest.fixture
def row():
    """The one estimate of the sound pack."""
    return ROW


@pytest.fixture
def estimand():
    """The estimand that it belongs to."""
    return ESTIMAND
