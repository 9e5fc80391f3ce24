"""A study under a disclosure profile: nothing that points to a person reaches the pack."""

import dataclasses
import json
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from ctevidence.data.project import Project
from ctevidence.data.writers import write_study
from ctevidence.estimates import Estimates
from ctevidence.reports.failures import SmallDifference
from ctevidence.reports.run import run_report
from ctevidence.simulate.study import simulate_study

MARK = "MARKER"


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A report of made-up people treated as real ones, every text of theirs marked."""
    study = simulate_study(n=160, seed=5)
    tables = {}
    for name, given in study.tables.items():
        table = given.copy()
        for column in table.columns:
            is_text = table[column].dtype == object or str(table[column].dtype) in (
                "str",
                "category",
            )
            if is_text and column not in ("arm", "scale", "event", "component", "sex"):
                text = table[column].astype(object)
                table[column] = text.where(text.isna() | (text == ""), MARK + text.astype(str))
        tables[name] = table
    tables["participants"]["remark"] = f"{MARK} free text"
    real = {f.name: getattr(study, f.name) for f in dataclasses.fields(study)}
    reasons = tuple((MARK + word, kind) for word, kind in study.rules.retention.reasons)
    retention = dataclasses.replace(study.rules.retention, reasons=reasons)
    rules = dataclasses.replace(study.rules, retention=retention)
    real |= {"name": "clinic", "tables": tables, "disclosure": "opensafely", "rules": rules}
    folder = tmp_path_factory.mktemp("project")
    write_study(type(study)(**real), folder / "data" / "raw" / "clinic")
    declared = folder / "data" / "raw" / "clinic" / "study.toml"
    text = declared.read_text("utf-8").replace(
        'data_kind = "synthetic"', 'data_kind = "patient-level"'
    )
    declared.write_text(text, encoding="utf-8")
    return run_report("clinic", project=Project(folder)).path


def texts(folder):
    files = [p for p in folder.rglob("*") if p.suffix in (".html", ".csv", ".json")]
    return {p.name: p.read_text("utf-8") for p in files}


def test_the_marks_are_really_in_the_data(pack):
    raw = pack.parents[1] / "data" / "raw" / "clinic"
    for table in ("participants", "events", "visits", "treatments"):
        assert MARK in (raw / f"{table}.csv").read_text("utf-8"), table


def test_no_identifier_site_therapist_reason_or_free_text_is_published(pack):
    assert [name for name, text in texts(pack).items() if MARK in text] == []


def test_no_mark_is_hidden_in_any_file_of_the_pack(pack):
    for path in (p for p in pack.rglob("*") if p.is_file()):
        assert MARK.encode() not in path.read_bytes(), path.name
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert MARK not in repr(picture.info), path.name


def test_no_mark_stands_in_an_executed_notebook_or_a_kept_table(pack):
    # what pages are made from; a mark there would be one careless block away from a reader
    work = pack.parent / ".work"
    files = [p for p in work.rglob("*") if p.suffix in (".ipynb", ".json") or p.name == ".log"]
    assert any(p.suffix == ".ipynb" for p in files)
    assert [p.name for p in files if MARK in p.read_text("utf-8")] == []


def test_the_disclosure_log_says_which_rules_acted_and_no_value(pack):
    page = BeautifulSoup((pack / "appendix" / "disclosure.html").read_text("utf-8"), "html.parser")
    rows = {tr.th.text: int(tr.td.text) for tr in page.select("#table-disclosure tbody tr")}
    assert rows["a count behind an estimate: rounded"] > 0
    assert sum("not shown" in rule for rule in rows) == 4
    assert 'href="disclosure.html"' in (pack / "appendix" / "index.html").read_text("utf-8")


def test_no_small_count_is_shown(pack):
    for name, text in texts(pack).items():
        if name.endswith(".html"):
            shown = re.sub(r"<style>.*?</style>|data:image[^\"]*", "", text, flags=re.S)
            assert not re.findall(r">[1-7] of \d+<|> ?\d+ of [1-7]<", shown), name


def test_released_counts_are_rounded(pack):
    for path in (pack / "estimates").glob("*.csv"):
        for row in Estimates.read_csv(path):
            for count in (row.n, row.events, row.n_reference, row.events_reference):
                assert count is None or count % 5 == 0, row.id


def test_every_page_says_what_kind_of_data_it_is(pack):
    for name, text in texts(pack).items():
        if name.endswith(".html"):
            assert "Patient-level data of one study" in text, name


def test_a_release_one_person_apart_is_refused_until_someone_says_why(pack):
    # last: it replaces the pack
    project = Project(pack.parents[1])
    manifest = (pack / "manifest.json").read_text("utf-8")
    raw = project.raw("clinic")
    left = pd.read_csv(raw / "participants.csv", dtype=str)["participant_id"].iloc[-1]
    for name in ("participants", "visits", "events", "treatments"):
        rows = pd.read_csv(raw / f"{name}.csv", dtype=str)
        rows[rows["participant_id"] != left].to_csv(raw / f"{name}.csv", index=False)
    with pytest.raises(SmallDifference, match="--allow-difference") as refused:
        run_report("clinic", project=project)
    assert MARK not in str(refused.value)
    assert (pack / "manifest.json").read_text("utf-8") == manifest  # the earlier one stands
    why = "one person withdrew consent"
    run_report("clinic", project=project, allow_difference=why)
    recorded = json.loads((pack / "manifest.json").read_text("utf-8"))
    assert recorded["parameters"]["allow_difference"] == why
