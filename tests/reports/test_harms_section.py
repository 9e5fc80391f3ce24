"""Harms in the report: what a study did not record is a sentence of that study, not a table."""

from dataclasses import replace

from bs4 import BeautifulSoup

from ctevidence.display.harms import table_harm_differences, table_harms
from ctevidence.models.harms import fit_harms_by_kind
from ctevidence.reports.material import Material
from ctevidence.reports.results import write_table
from ctevidence.reports.staying_sections import harms_section
from ctevidence.simulate.study import simulate_study


def page_of(study, folder):
    results = folder / "reports" / ".work" / "x"
    harms = fit_harms_by_kind(study)
    write_table(table_harms(harms), results)
    write_table(table_harm_differences(harms), results)
    section = harms_section(Material("x", study, None, results, "2026-01-01", "0"))
    return BeautifulSoup("".join(block.html for block in section.blocks), "html.parser")


def test_a_study_that_records_no_harm_says_so_in_one_sentence(tmp_path):
    study = replace(simulate_study(n=60, seed=1), title="Short: and long")
    tables = {**study.tables, "events": study.events.iloc[:0]}
    page = page_of(replace(study, tables=tables), tmp_path)
    assert page.find("table") is None
    told = page.get_text().strip()
    assert told.startswith("In the study of 60 people alone (Short) none of these was recorded: ")
    assert "self-harm" in told
    assert told.endswith("Not recorded is not none.")


def test_kinds_that_are_recorded_keep_their_table(tmp_path):
    page = page_of(simulate_study(n=60, seed=1), tmp_path)
    assert "not recorded" in page.find("table").get_text()
    assert "alone" not in page.get_text()
