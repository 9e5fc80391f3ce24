"""The brief of a service that says what it is, and of one that does not."""

import pytest
from bs4 import BeautifulSoup

from ctevidence.data.readers import read_study
from ctevidence.data.trials import read_trials
from ctevidence.reports.brief import brief_page
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
    assert len(BeautifulSoup(brief, "html.parser").main.get_text(" ").split()) <= 680
    weasyprint = pytest.importorskip("weasyprint", exc_type=ImportError)
    assert len(weasyprint.HTML(string=for_print(brief)).render().pages) <= 2
