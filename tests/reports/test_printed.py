"""How the report prints: how many pages, and what ends them."""

import importlib
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from ctevidence.reports.pdf import for_print

#: pages of the report of a study with trials; with a network of trials beside them
MOST, MOST_WITH_NETWORK = 10, 11
#: of the height of a page: below it there is no room for two lines and the foot
LAST_HEADING = 0.92
#: between the margins of A4, in CSS pixels (96 an inch)
ROOM = (210 - 2 * 13) / 25.4 * 96


@pytest.fixture(scope="module")
def report(pack):
    return (Path(pack[1].path) / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def printed():
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as missing:
        pytest.skip(f"needs WeasyPrint and Pango: {missing}")
    return lambda html: weasyprint.HTML(string=html).render()


@pytest.fixture(scope="module")
def whole(printed, report):
    return printed(for_print(report))


def test_the_report_of_a_study_with_trials_prints_on_ten_pages(printed, report, whole):
    assert len(whole.pages) <= MOST_WITH_NETWORK
    page = BeautifulSoup(for_print(report), "html.parser")
    page.find("section", id="network").decompose()
    assert len(printed(str(page)).pages) <= MOST


def test_every_section_prints_its_heading_and_none_ends_a_page(report, whole):
    headings = [
        (number, label, place[1] / page.height)
        for number, page in enumerate(whole.pages, start=1)
        for _, label, place, _ in page.bookmarks
    ]
    titles = {" ".join(h.get_text().split()) for h in BeautifulSoup(report, "html.parser")("h2")}
    assert titles <= {label for _, label, _ in headings}
    assert [h for h in headings if h[2] > LAST_HEADING] == []


def test_nothing_is_wider_than_the_paper(whole):
    """Pictures are scaled; a table that does not fit would be cut off at the edge."""
    wide = [
        (number, box.element_tag, round(box.width))
        for number, page in enumerate(whole.pages, start=1)
        for box in page._page_box.descendants()
        if box.element_tag in ("table", "img", "ul", "dl", "p") and box.width > ROOM + 1
    ]
    assert wide == []
