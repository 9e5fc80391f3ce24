"""The brief of a service that says what it is, and of one that does not."""

import pytest
from bs4 import BeautifulSoup

from ctevidence.data.readers import read_study
from ctevidence.data.trials import read_trials
from ctevidence.estimates import Estimate
from ctevidence.reports.brief import brief_page
from ctevidence.reports.brief_numbers import _is_turned
from ctevidence.reports.checks.wording import BRIEF_WORDS, SERVICE_WORDS
from ctevidence.reports.material import Material
from ctevidence.reports.pdf import for_print

SERVICE = """
[service]
name = "North clinic"
people_per_year = 400
[medication]
contacts = 4
hours_per_contact = 0.5
places_per_year = 500
weeks_waiting = 2
[therapy]
contacts = 12
hours_per_contact = 1.5
places_per_year = 150
weeks_waiting = 10
"""


@pytest.fixture(scope="module")
def brief(pack):
    """The brief after a service was declared beside the data."""
    project = pack[0]
    file = project.processed("beat-the-blues") / "service.toml"
    file.write_text(SERVICE, "utf-8")
    trials, network = (read_trials(project.processed(n)) for n in ("published-trials", "linde2016"))
    study = read_study(project.processed("beat-the-blues"))
    results = project.work("beat-the-blues")
    material = Material(study.name, study, trials, results, "2026-01-01", "0", network, project)
    html = brief_page(material).html
    file.unlink()
    return html


def test_people_hours_room_and_waiting_are_computed_and_assumptions_printed(brief):
    section = BeautifulSoup(brief, "html.parser").select_one("#service")
    words = " ".join(section.get_text(" ").split())
    # 13 of every 100 (5 fewer to 37 more), of 400 people
    assert "Of 400 people a year" in words
    assert "52 more who respond or reach remission (from 20 fewer to 148 more)" in words
    both = [cell.get_text() for cell in section.select("tbody tr:nth-of-type(3) td")]
    assert both == ["20.0", "8\u202f000", "150", "10"]
    for declared in ("North clinic", "12 contacts", "1.5 hours", "150 places", "10 weeks"):
        assert declared in words


def test_with_a_service_it_still_fits_on_two_pages(brief):
    words = BeautifulSoup(brief, "html.parser").main.get_text(" ").split()
    assert len(words) <= BRIEF_WORDS + SERVICE_WORDS
    weasyprint = pytest.importorskip("weasyprint", exc_type=ImportError)
    assert len(weasyprint.HTML(string=for_print(brief)).render().pages) <= 2


def _words(page, where):
    return " ".join(page.select_one(where).get_text(" ").split())


def test_the_picture_is_of_the_trials_and_the_table_says_that_the_answer_is_not_its(brief):
    page = BeautifulSoup(brief, "html.parser")
    sections = [section["id"] for section in page.select("section")]
    assert sections.index("picture") < sections.index("numbers")
    alts = [image["alt"] for image in page.select("#picture img")]
    assert len(alts) == 2
    for alt, reference in zip(alts, ("medication", "therapy"), strict=True):
        assert f"{reference} alone, and both" in alt
        limits = _words(page, f'#answer li[data-claim="better-than-{reference}"]')
        # the picture and the answer tell one range
        assert alt.split("(range ")[1].split(")")[0] in limits
    assert "one study of 90 people, medication not assigned by chance" in _words(page, "caption")
    assert "not behind the answer above" in _words(page, "caption")
    # medication is behind both at week 9 and ahead of both at week 35
    assert "The order of treatments differs between columns." in _words(page, "#numbers")


def test_harms_of_the_young_are_told_against_each_treatment_in_one_line(brief):
    line = _words(BeautifulSoup(brief, "html.parser"), '#ages li[data-claim="harms-young"]')
    # of arms.csv, by hand: 5 of 107 with both, 10 of 109 with medication, 5 of 111 with therapy
    against_medication, against_therapy = line.split("; against therapy: ")
    assert "both against medication: 5 fewer" in against_medication
    assert against_therapy.startswith("no more (range 3 fewer to 11 more")


def test_columns_in_one_order_are_not_called_turned():
    def column(**risks):
        return {arm: Estimate("t", "response", arm, "risk", r) for arm, r in risks.items()}

    up = column(control=0.2, therapy=0.4)
    assert not _is_turned([up, column(control=0.3, therapy=0.5)])
    assert not _is_turned([up, column(control=0.401, therapy=0.399)])  # 40 and 40 to a reader
    assert _is_turned([up, column(control=0.5, therapy=0.4)])
