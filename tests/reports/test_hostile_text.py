"""Text that is code, in every place where a person may write: no page runs it, no file obeys it."""

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ctevidence.data.project import Project
from ctevidence.data.writers import write_study
from ctevidence.estimates import COUNT_COLUMNS, Estimates
from ctevidence.reports.run import run_report
from ctevidence.simulate.study import simulate_study

ROOT = Path(__file__).parents[2]
CODE = "</title></td><script>alert(1)</script><img/src=x/onerror=alert(1)>'\"&{{7*7}}$x_1^"
LINK = "[a](javascript:alert(1)) <a href='javascript:alert(1)'>b</a>"
FORMULA = '=HYPERLINK("http://x.example","a")'
NUMBERS = {*COUNT_COLUMNS, *("week", "estimate", "conf_low", "conf_high", "std_error", "p_value")}
#: Elements and attributes that act.
ACTING = ["script", "iframe", "object", "embed", "form", "base", "meta[http-equiv=refresh]", "link"]


def hostile_study():
    """A simulated study with code wherever a person may write words."""
    study = simulate_study(n=120, seed=5)
    named = {arm.name: f"=1+{arm.name}<script>" for arm in study.arms}
    tables = {name: table.copy() for name, table in study.tables.items()}
    people = tables["participants"]
    people["arm"] = people["arm"].map(named)
    people["participant_id"] = people["participant_id"] + CODE
    for column, text in (("site", CODE), ("therapist", FORMULA)):
        people[column] = text
    for name in ("visits", "events", "treatments"):
        tables[name]["participant_id"] += CODE
    for table, column in (("events", "reason"), ("treatments", "name"), ("visits", "visit")):
        tables[table][column] = CODE
    gone = tables["events"]["event"] == "dropout"
    tables["events"].loc[gone, "reason"] = study.events.loc[gone, "reason"] + CODE
    reasons = tuple((reason + CODE, kind) for reason, kind in study.rules.retention.reasons)
    retention = dataclasses.replace(study.rules.retention, reasons=reasons)
    values = {f.name: getattr(study, f.name) for f in dataclasses.fields(study)} | {
        "name": "clinic",
        "title": f"Title {CODE}",
        "population": f"people {CODE}",
        "citation": f"{FORMULA} {LINK}",
        "notes": (f"note {CODE}", LINK),
        "arms": tuple(
            dataclasses.replace(a, name=named[a.name], label=f"={a.name}<script>$x_1^</td>")
            for a in study.arms
        ),
        "tables": tables,
        "rules": dataclasses.replace(study.rules, retention=retention),
        "schedule": tuple(
            dataclasses.replace(w, name=f"{w.name} <script>$x_1^") for w in study.schedule
        ),
    }
    return type(study)(**values)


def hostile_trials(folder):
    """The published trials with code in their words, and in the names that nothing refers to."""
    shutil.copytree(ROOT / "data" / "raw" / "published-trials", folder)
    (folder / "SOURCE.md").unlink()
    declared = (folder / "trials.toml").read_text("utf-8")
    (folder / "trials.toml").write_text(
        declared.replace("Published trials of medication", json.dumps(CODE)[1:-1])
    )
    table = pd.read_csv(folder / "arms.csv", dtype=str, keep_default_na=False)
    for column in ("citation", "population", "source", "caution"):
        table[column] = CODE
    free = ~table["trial_id"].map(lambda name: name in declared)
    assert free.any()
    table.loc[free, "trial_id"] = FORMULA + table["trial_id"] + CODE
    table.to_csv(folder / "arms.csv", index=False)


def hostile_files_of_ones_own(folder):
    """Claims and judgements with code in their words."""
    code, link = json.dumps(CODE), json.dumps(LINK)
    (folder / "claims.toml").write_text(
        f"[thresholds]\nprobability = 0.08\nset_by = {code}\n[[claim]]\n"
        f'id = "synergy"\nsays = {code}\nquestion = {json.dumps(CODE + "?")}\n'
    )
    domains = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
    (folder / "certainty.toml").write_text(
        f'[[judgement]]\nclaim = "synergy"\nstart = "high"\njudged_by = {code}\n'
        "date = 2026-03-01\n"
        + "".join(f"[judgement.{d}]\nstep = -1\nreason = {link}\n" for d in domains)
    )


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    hostile_files_of_ones_own(folder)
    write_study(hostile_study(), folder / "data" / "raw" / "clinic")
    hostile_trials(folder / "data" / "raw" / "published-trials")
    return run_report("clinic", "published-trials", project=Project(folder)).path


def test_no_page_runs_anything(pack):
    pages = list(pack.rglob("*.html"))
    assert len(pages) >= 9
    for path in pages:
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        assert page.select(",".join(ACTING)) == [], path.name
        for element in page.find_all(True):
            acting = [a for a in element.attrs if a.lower().startswith("on")]
            assert acting == [], (path.name, element.name)
            for key in ("href", "src", "action", "xlink:href"):
                target = str(element.get(key, "")).strip().lower()
                assert not target.startswith(("javascript:", "vbscript:", "data:text")), path.name
                assert "x.example" not in target, path.name
            assert element.name != "img" or element.get("src", "").startswith("data:image/"), path


def test_the_words_are_still_there_as_words(pack):
    text = BeautifulSoup((pack / "report.html").read_text("utf-8"), "html.parser").get_text()
    assert "<script>alert(1)</script>" in text
    assert "{{7*7}}" in text


def test_no_spreadsheet_calculates_a_cell_and_numbers_are_numbers(pack):
    files = list((pack / "estimates").glob("*.csv"))
    assert files
    marked = 0
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            cells = [(key, cell) for row in csv.DictReader(file) for key, cell in row.items()]
        for key, cell in cells:
            if key in NUMBERS:
                assert cell == "" or float(cell) is not None
            else:
                assert not cell.lstrip().startswith(("=", "+", "-", "@")), (path.name, key, cell)
            marked += cell.startswith("'=")
        rows = Estimates.read_csv(path)
        assert not any(row.arm.startswith("'=") for row in rows.rows)
    assert marked
