"""What is declared of intercurrent events is read, checked and written back."""

import pytest

from ctevidence.data.intercurrent_events import IntercurrentEvent
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_study

DECLARED = """
[[intercurrent]]
event = "death"
strategy = "composite"

[[intercurrent]]
event = "stopping therapy"
strategy = "hypothetical"
before_week = 8
"""


def declare(folder, more):
    file = folder / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    return folder


def problems(folder):
    with pytest.raises(DataProblems) as error:
        read_study(folder)
    return [(p.column, p.why) for p in error.value.problems]


def test_they_are_read_in_order_and_written_back(small_study_folder, tmp_path):
    study = read_study(declare(small_study_folder, DECLARED))
    assert study.rules.intercurrent[1] == IntercurrentEvent("stopping therapy", "hypothetical", 8)
    assert [e.event for e in study.rules.intercurrent] == ["death", "stopping therapy"]
    write_study(study, tmp_path / "again")
    again = read_study(tmp_path / "again").rules.intercurrent
    assert repr(again) == repr(study.rules.intercurrent)


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('"death"', '"deth"', "intercurrent[1].event", 'did you mean "death"'),
        ('"composite"', '"composit"', "intercurrent[1].strategy", "The word is not known."),
        ('"composite"', '"treatment policy"', "intercurrent[1]", "Nothing can be seen after"),
        ("before_week = 8", "", "intercurrent[2]", "needs before_week"),
        ('"stopping therapy"', '"death"', "intercurrent[2].event", "has a strategy already"),
        ('strategy = "composite"', "", "intercurrent[1].strategy", "The key is missing."),
    ],
)
def test_what_is_wrong_is_said(small_study_folder, old, new, key, says):
    ((found, why),) = problems(declare(small_study_folder, DECLARED.replace(old, new)))
    assert found.rstrip(".") == key
    assert says in why


@pytest.mark.parametrize("table", ["events", "treatments"])
def test_events_of_a_table_that_there_is_not(small_study_folder, table):
    folder = declare(small_study_folder, DECLARED)
    (folder / f"{table}.csv").unlink()
    found = [why for _, why in problems(folder) if "the table" in why]
    assert any(f"read off the table {table}" in why for why in found)
