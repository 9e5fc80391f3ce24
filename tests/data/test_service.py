"""service.toml: read, checked, and nothing invented where a number is not declared."""

import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.data.service import Offer, Service, read_service

WHOLE = """
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


def written(folder, text):
    path = folder / "service.toml"
    path.write_text(text, "utf-8")
    return path


def test_both_takes_the_hours_of_both_and_the_scarcer_part_decides(tmp_path):
    service = read_service([written(tmp_path, WHOLE)])
    # by hand: 400 people x (4 x 0.5 + 12 x 1.5) hours
    assert service.hours("combined") == 400 * (2 + 18)
    assert service.hours("therapy") == 7200
    assert service.places("combined") == 150
    assert service.weeks_waiting("combined") == 10
    assert service.places("medication") == 500


def test_the_file_beside_the_data_stands_before_that_of_the_project(tmp_path):
    other = tmp_path / "study"
    other.mkdir()
    own = written(other, WHOLE.replace("400", "90"))
    assert read_service([written(tmp_path, WHOLE), own]).people_per_year == 90
    assert read_service([]) is None


def test_what_is_not_declared_is_not_computed():
    service = Service("", 100, therapy=Offer(contacts=10))
    assert service.hours("therapy") is None
    assert service.hours("combined") is None
    assert service.places("combined") is None
    assert service.weeks_waiting("control") is None


def test_all_problems_of_the_file_are_told_at_once(tmp_path):
    text = '[service]\npeople_per_year = 0\n[therapy]\ncontacts = -1\nsesions = "twelve"\n'
    with pytest.raises(DataProblems) as found:
        read_service([written(tmp_path, text)])
    told = str(found.value)
    for words in ("people_per_year", "contacts", "cannot be negative", "sesions", "not known"):
        assert words in told


@pytest.mark.parametrize(
    "name",
    ["North\\u202eclinic", "a\\u0007b", "two\\nlines", "zero\\u200bwidth", "x" * 201],
)
def test_a_name_that_hides_or_turns_text_is_refused(name, tmp_path):
    path = tmp_path / "service.toml"
    path.write_text(f'[service]\nname = "{name}"\npeople_per_year = 4\n', "utf-8")
    with pytest.raises(DataProblems) as caught:
        read_service([path])
    (problem,) = caught.value.problems
    assert (problem.file, problem.column) == ("service.toml", "service.name")
    assert str(caught.value).replace("\n", "").isprintable()


def test_a_name_may_hold_what_pages_escape(tmp_path):
    path = tmp_path / "service.toml"
    path.write_text("[service]\nname = '<b>=1+1</b> Zürich'\npeople_per_year = 4\n", "utf-8")
    assert read_service([path]).name == "<b>=1+1</b> Zürich"
