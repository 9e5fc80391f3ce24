"""StudyTables: the tables of a study beside what it declares, for checks that need both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctevidence.data.checked_table import CheckedTable
from ctevidence.data.declaration import Declaration


@dataclass(frozen=True, eq=False)
class StudyTables:
    """The tables of a study and what it declares.

    Parameters
    ----------
    declared : Declaration
    tables : dict of str to CheckedTable
        By name; a table that could not be read is absent, one that the study does not have is
        empty.
    without_file : frozenset of str
        Tables that the study does not have.
    """

    declared: Declaration
    tables: Mapping[str, CheckedTable]
    without_file: frozenset[str] = frozenset()

    def read(self, *names: str) -> bool:
        """Whether all these tables could be read; without them a check has nothing to say."""
        return all(name in self.tables for name in names)

    def __getitem__(self, name: str) -> CheckedTable:
        return self.tables[name]
