"""Packs of what is not shipped as a pair: trials alone, a private registry, twelve people."""

import json
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from ctevidence.data.writers import write_study
from ctevidence.reports.run import run_report
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def made(tmp_path_factory, project_with):
    """Makes a pack, which the sixteen rules release or refuse, and hands over its pages."""
    project = project_with(tmp_path_factory.mktemp("others"), "published-trials")

    def make(name, *sources, study=None, service=""):
        if study is not None:
            write_study(study, project.raw(name))
        if service:
            (project.raw(name) / "service.toml").write_text(service, "utf-8")
        folder = run_report(name, *sources, project=project).path
        pages = {p.stem: p.read_text("utf-8") for p in folder.glob("*.html")}
        return folder, {name: BeautifulSoup(page, "html.parser") for name, page in pages.items()}

    return make


def _rows(page, table):
    rows = page.select(f"#table-{table} tbody tr")
    return [[" ".join(c.get_text(" ").split()) for c in row.find_all(["th", "td"])] for row in rows]


def test_published_trials_alone(made):
    _, pages = made("published-trials")
    conditions = _rows(pages["report"], "leading-combined-medication-by-condition")
    assert [row[0].split(":")[0] for row in conditions] == [
        "Getting better, depression",
        "Getting better, anxiety disorders",
        "Getting better, bipolar disorder",
        "Getting better, post-traumatic stress disorder",
    ]
    assert all(row[3] for row in conditions)  # each has its difference and range
    # of which condition the young are, who are of another one than the first message
    assert "all children and adolescents with anxiety disorders" in pages["report"].get_text()
    assert "273 people; anxiety disorders" in pages["brief"].get_text()


SERVICE = """
[service]
name = "North clinic"
people_per_year = 1200
[therapy]
contacts = 12
hours_per_contact = 1.5
"""


def test_a_private_registry_of_a_service_with_published_trials(made):
    study = simulate_study(n=400, seed=7, design="registry")
    study = replace(study, name="clinic", data_kind="patient-level", disclosure="opensafely")
    folder, pages = made("clinic", "published-trials", study=study, service=SERVICE)
    # the trials lead, with their own numbers in full
    assert _rows(pages["report"], "leading-combined-medication")[0][4].startswith("8 trials, 1276")
    # the study's own people are rounded in the file that is released
    rows = json.loads((folder / "results.json").read_text("utf-8"))["estimates"]
    own = {row["n"] for row in rows if row["study"] == "clinic"} - {None}
    assert own
    assert {n % 5 for n in own} == {0}
    assert 652 in {row["n"] for row in rows}  # people with both in the eight trials
    # 13 of every 100 (5 fewer to 37 more), of 1200 people: multiplied, and found to be so
    service = " ".join(pages["brief"].find(id="service").get_text(" ").split())
    assert "156 more who respond or reach remission (from 60 fewer to 444 more)" in service


def test_twelve_people(made):
    study = replace(simulate_study(n=12, seed=11), name="tiny", data_kind="open patient-level")
    _, pages = made("tiny", study=replace(study, disclosure="open"))
    # what cannot be drawn is said once, not once for each figure
    limits = pages["report"].find(id="limits-of-the-answer")
    lines = [line.get_text() for line in limits.find_all("summary")]
    assert len(lines) == len(set(lines))
    assert pages["brief"].find(id="picture") is None
    _, pages = made("tiny", "published-trials")
    answer = " ".join(pages["report"].find(id="answer").get_text(" ").split())
    assert "by itself: against medication: a group has fewer than 10 people" in answer
