"""Cross checks: each finds its fault alone, and none speaks of a table that could not be read.

What each finds is in the catalogue of test_readers.py.
"""

import inspect

import pytest

from ctevidence.data import event_checks, intercurrent_checks, people_checks, visit_checks
from ctevidence.data.checked_table import CheckedTable
from ctevidence.data.columns import TABLE_COLUMNS
from ctevidence.data.cross_checks import CHECKS, cross_check
from ctevidence.data.declaration import Declaration
from ctevidence.data.study_tables import StudyTables
from ctevidence.data.tables import empty_table


def test_every_check_that_is_written_is_run() -> None:
    written = [
        function
        for module in (people_checks, visit_checks, event_checks, intercurrent_checks)
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    ]
    assert list(CHECKS) == written


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_without_tables_there_is_nothing_to_say(check) -> None:
    assert check(StudyTables(Declaration(), {})) == []


@pytest.mark.parametrize("absent", TABLE_COLUMNS)
def test_each_table_may_be_the_one_that_could_not_be_read(absent: str) -> None:
    tables = {
        name: CheckedTable(f"{name}.csv", empty_table(name))
        for name in TABLE_COLUMNS
        if name != absent
    }
    assert cross_check(StudyTables(Declaration(), tables)) == []
