"""The last different release is kept, whatever is run again; further formats never stop a pack."""

import importlib
import json

import pytest

from ctevidence.data.project import Project
from ctevidence.estimates import Estimate, Estimates
from ctevidence.reports import formats
from ctevidence.reports.last_release import BEFORE, keep_before
from ctevidence.reports.pdf import MissingFormatError

MANIFEST = {
    "made_on": "2026-01-01", "code_sha256": "a", "python": "3.11.7", "libraries": {},
    "parameters": {"week": 9}, "inputs_sha256": {}, "notebooks_sha256": {},
}  # fmt: skip


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def release(project, estimate, **other):
    """A released report, and its results as the run has left them."""
    manifest = {**MANIFEST, **other}
    results = project.root / "run"
    results.mkdir()
    keep_before(project, "one", manifest, results)
    folder = project.report("one")
    row = Estimate("s", "response", "combined", "risk", estimate)
    Estimates([row]).write_csv(folder / "estimates" / "response.csv")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    work = project.work("one")
    work.parent.mkdir(parents=True, exist_ok=True)
    if work.exists():
        work.rename(project.root / f"old-{len(list(project.root.iterdir()))}")
    results.rename(work)
    return work / BEFORE


def estimate_of(before):
    return Estimates.read_csv(before / "estimates" / "response.csv").one().estimate


def test_the_first_release_has_nothing_before_it(project):
    assert not release(project, 0.1).exists()


def test_a_rerun_of_the_same_is_compared_with_the_same_report_again(project):
    release(project, 0.1)
    assert estimate_of(release(project, 0.2, parameters={"week": 13})) == 0.1
    assert estimate_of(release(project, 0.2, parameters={"week": 13})) == 0.1
    assert estimate_of(release(project, 0.3, parameters={"week": 22})) == 0.2


def test_another_format_is_the_same_report(project):
    release(project, 0.1)
    with_pdf = {"week": 9, "formats": ["pdf"]}
    assert not release(project, 0.1, parameters=with_pdf).exists()


def test_another_installed_library_makes_another_report(project):
    release(project, 0.1, environment_sha256="a")
    assert estimate_of(release(project, 0.1, environment_sha256="b")) == 0.1


def test_a_format_whose_program_is_missing_is_a_remark(tmp_path, monkeypatch):
    for page in formats.PAGES:
        (tmp_path / f"{page}.html").write_text("<p>words</p>")

    def missing(html):
        raise MissingFormatError("how to get it")

    both = {"pdf": missing, "docx": lambda html: b"made"}
    monkeypatch.setattr(formats, "FORMATS", both)
    made, remarks = formats.write_formats(tmp_path, ("pdf", "docx"))
    assert made == ["report.docx", "brief.docx"]
    assert remarks == ("how to get it",)
    assert (tmp_path / "brief.docx").read_bytes() == b"made"


def test_commands_offer_both_formats():
    app = importlib.import_module("ctevidence.cli").report
    assert {"pdf", "docx"} <= set(app.__annotations__)
