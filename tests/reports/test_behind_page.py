"""What the report folds away stands open in the appendix, and print says so."""

from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ctevidence.display.figure import canvas, finished
from ctevidence.display.table import Table
from ctevidence.reports.behind_page import behind_page
from ctevidence.reports.page import Page, Section, beside, folded, grid, joined, picture, prose


def table(name, **about):
    frame = pd.DataFrame({"outcome": ["response"], "of 100": ["38"]})
    return Table(name, f"Table {name}", frame, **about)


def figure(name):
    drawing, _ = canvas(2, 1)
    alt = f"A figure called {name} that draws nothing but an empty pair of axes."
    return finished(drawing, name, f"Figure {name}", alt, table(f"{name}-data"))


def report(*blocks, **about):
    sections = (Section("plain", "Plain", (prose("Nothing is folded."),)),)
    sections += (Section("one", "One", blocks),)
    return Page("report", "Both?", "OPEN DATA", sections, ("Made today.",), "1.0", **about)


def test_everything_folded_is_open_there_whatever_holds_it():
    made = behind_page(
        report(
            folded("Alone", table("alone")),
            folded("Holding a figure", picture(figure("inner"))),
            beside(picture(figure("left")), picture(figure("right"))),
            joined(prose("Words."), folded("Joined", table("joined"))),
            grid(table("made-so", methods=("By logistic regression.",))),
        )
    ).html
    page = BeautifulSoup(made, "html.parser")
    assert not page.find("details")
    tables = [tag["id"] for tag in page.select(".table")]
    assert tables == [
        "table-alone", "table-inner-data", "table-left-data", "table-right-data", "table-joined"
    ]  # fmt: skip
    assert [tag.get_text() for tag in page.find_all("h3")] == [
        "Alone", "Holding a figure", "Joined", "Table made-so: how these numbers were made"
    ]  # fmt: skip
    assert "By logistic regression." in page.main.get_text()
    assert page.find("img")["alt"].startswith("A figure called inner")
    assert [tag["id"] for tag in page.find_all("section")] == ["one"]


def test_print_names_what_it_leaves_out_once():
    blocks = [folded("Same", table("a")), folded("Same", table("b")), picture(figure("c"))]
    page = BeautifulSoup(report(*blocks, folds_in_appendix=True).html, "html.parser")
    lines = [tag.get_text() for tag in page.select(".paper")]
    assert lines == ["In the appendix: Same; the numbers in its figures."]
    assert not BeautifulSoup(report(*blocks).html, "html.parser").select(".paper")


@pytest.mark.parametrize(
    "name", ['</style><script>alert("x")</script>', '"; } body { display:none', "\\", "Größe 5 µg"]
)
def test_no_title_can_leave_the_foot_of_printed_pages(name):
    html = report(running=name).html
    style = BeautifulSoup(html, "html.parser").style.string
    rule = style[style.index("@page { @bottom-left") :]
    assert rule.count("{") == rule.count("}") == 2
    assert rule.count('"') == 2
    assert "<script" not in html


def test_the_shipped_report_hides_nothing_that_the_appendix_lacks(pack):
    folder = Path(pack[1].path)
    pages = [folder / "report.html", folder / "appendix" / "behind.html"]
    report, behind = (BeautifulSoup(p.read_text("utf-8"), "html.parser") for p in pages)
    hidden = report.select("details .table")
    assert len(hidden) > 30
    for tag in hidden:
        copy = behind.find(id=tag["id"])
        assert copy is not None, tag["id"]
        assert copy.get_text() == tag.get_text()
    there = {image["src"] for image in behind.find_all("img")}
    assert {image["src"] for image in report.select("details img")} <= there
    words = " ".join(behind.main.get_text(" ").split())
    for tag in report.select("details p, details li, details dd"):
        assert " ".join(tag.get_text(" ").split()) in words
    assert not behind.find("details")
