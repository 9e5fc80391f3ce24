"""Column rules: how ``prepare.toml`` makes one column from the columns of a file as received.

A rule makes a new cell from the cells of one row, or says why it cannot: nothing is guessed, and an
empty cell stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from ctevidence.terms import did_you_mean

MAPPING_FILE = "prepare.toml"

#: A day, perhaps with a time of day.
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?", re.ASCII)

#: Why a cell cannot be mapped, and what to do.
Fault = tuple[str, str]


class Rule(Protocol):
    """How one column is made, row by row."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that it reads."""

    def value(self, *cells: str) -> str | Fault:
        """The new cell from those of `columns`, or why there is none."""


@dataclass(frozen=True)
class Copied:
    """As in the file."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def value(self, cell: str) -> str:
        return cell


@dataclass(frozen=True)
class Constant:
    """The same in every row."""

    constant: str
    columns: tuple[str, ...] = ()

    def value(self) -> str:
        return self.constant


@dataclass(frozen=True)
class Recoded:
    """By a list of all values."""

    column: str
    values: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def value(self, cell: str) -> str | Fault:
        if not cell or cell in self.values:
            return self.values.get(cell, "")
        why = f"{MAPPING_FILE} does not say what the value becomes{did_you_mean(cell, self.values)}"
        return why, f"Add it to the values of the column in {MAPPING_FILE}."


@dataclass(frozen=True)
class Numbered:
    """A prefix and a whole number with leading zeros.

    Examples
    --------
    >>> Numbered("patient", "P", 3).value("7")
    'P007'
    """

    column: str
    prefix: str
    digits: int

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def value(self, cell: str) -> str | Fault:
        if cell.isascii() and cell.isdigit() and len(cell) <= self.digits:
            return f"{self.prefix}{int(cell):0{self.digits}d}"
        why = f"This is not a whole number of at most {self.digits} digits."
        return why, f"Correct the cell, or copy the column as it is in {MAPPING_FILE}."


@dataclass(frozen=True)
class Case:
    """A value, and what the columns hold where it applies."""

    value: str
    where: Mapping[str, str]


@dataclass(frozen=True)
class ByCases:
    """The value of the one case that applies."""

    cases: tuple[Case, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column for case in self.cases for column in case.where))

    def value(self, *cells: str) -> str | Fault:
        row = dict(zip(self.columns, cells, strict=True))
        found = [c.value for c in self.cases if all(row[k] == v for k, v in c.where.items())]
        if len(found) == 1:
            return found[0]
        which = f"{len(found)} cases apply ({', '.join(found)})" if found else "No case applies"
        return f"{which}.", f"Let exactly one case in {MAPPING_FILE} hold for each row."


@dataclass(frozen=True)
class StudyDay:
    """Days as CDISC counts them: the first day is 1, the day before it -1, and there is no day 0.

    Examples
    --------
    >>> StudyDay("ADY").value("1"), StudyDay("ADY").value("-1")
    ('0', '-1')
    """

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def value(self, cell: str) -> str | Fault:
        if not cell:
            return ""
        digits = cell.removeprefix("-").removesuffix(".0")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10) or not int(digits):
            why = "This is not a study day: a whole number, from 1 after the start, and never 0."
            return why, f"Correct the cell, or copy the column as it is in {MAPPING_FILE}."
        return f"-{int(digits)}" if cell.startswith("-") else str(int(digits) - 1)


@dataclass(frozen=True)
class DaysSince:
    """Days from one date to another, written as `form` says (``%Y-%m-%d``); times do not count.

    Examples
    --------
    >>> DaysSince("seen", "start").value("2024-03-08", "2024-03-01 09:30")
    '7'
    """

    date: str
    since: str
    form: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return self.date, self.since

    def value(self, cell: str, start: str) -> str | Fault:
        if not cell:
            return ""
        days = [_day(text, self.form) for text in (cell, start)]
        if None not in days:
            return str((days[0] - days[1]).days)
        if not start:
            return "The date to count from is missing.", "Enter it, or give the days themselves."
        form = self.form or "2024-03-29"
        why = f"This is not a date written as {form}, or one that no calendar has."
        return why, f'Correct the date, or say format = "%d.%m.%Y" (or the like) in {MAPPING_FILE}.'


def _day(text: str, form: str) -> date | None:
    try:
        if form:
            return datetime.strptime(text, form).date()
        return date.fromisoformat(text[:10]) if _ISO.fullmatch(text) else None
    except ValueError:
        return None
