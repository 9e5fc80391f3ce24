"""Mapping: tables of the data contract, made from files as received.

``prepare.toml`` has one table for each table to make::

    [visits]
    from = "scores.csv"                 # or a sheet of a workbook, a query ...: see `origin`

    [visits.columns]
    participant_id = "patient"                                       # copied
    scale = { constant = "PHQ-9" }                                   # the same in every row
    visit = { column = "time", values = { t0 = "start" } }           # recoded
    person = { column = "number", prefix = "P", digits = 3 }         # 7 becomes P007
    arm = [                                                          # by cases, over columns
        { value = "combined", where = { drug = "Yes", talk = "Yes" } },
    ]

    day = { date = "seen", since = "start" }                         # days between two dates
    day = { study_day = "ADY" }                                      # CDISC: there is no day 0

    [visits.beside]                     # columns of another file, by one that both have
    from = "people.csv"
    by = "patient"
    columns = ["start"]

    [visits.long]                       # each of these columns makes a row, where it has a value
    into = "score"
    columns = [{ column = "phq_0", day = 0 }, { column = "phq_8", day = 56 }]

A table that has several origins, or several questionnaires in one row, is written ``[[visits]]``,
once for each. Every value that no line covers is a problem, and an empty cell stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ctevidence.data.column_rules import (
    ByCases,
    Case,
    Constant,
    Copied,
    DaysSince,
    Numbered,
    Recoded,
    Rule,
    StudyDay,
)
from ctevidence.data.file_format import FileFormat
from ctevidence.data.origin import Beside, Origin, read_beside, read_origin
from ctevidence.data.problems import DataProblems
from ctevidence.data.toml_file import read_file_format, read_toml
from ctevidence.data.toml_table import TomlTable


@dataclass(frozen=True)
class LongColumn:
    """A column of the file that makes rows, and what else these rows hold."""

    column: str
    constants: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class TableMapping:
    """How one table, or one part of it, is made.

    Parameters
    ----------
    table : str
        ``visits`` makes ``visits.csv``.
    origin : Origin
        Where its rows come from.
    rules : dict of str to Rule
        By column of the new table.
    into : str
        Column that takes the values of the `long` columns; empty when each row makes one row.
    long : tuple of LongColumn
    beside : Beside, optional
        Columns that another file adds.
    """

    table: str
    origin: Origin
    rules: Mapping[str, Rule] = field(default_factory=dict)
    into: str = ""
    long: tuple[LongColumn, ...] = ()
    beside: Beside | None = None

    @property
    def origins(self) -> tuple[Origin, ...]:
        """All that it reads."""
        return (self.origin, self.beside.origin) if self.beside else (self.origin,)

    @property
    def used(self) -> list[str]:
        """Columns that it reads, each once."""
        columns = [column for rule in self.rules.values() for column in rule.columns]
        return list(dict.fromkeys([*columns, *(long.column for long in self.long)]))


# -- reading prepare.toml -------------------------------------------------------------------------


def read_mapping(
    path: Path, tables: tuple[str, ...]
) -> tuple[tuple[TableMapping, ...], FileFormat]:
    """Read ``prepare.toml``.

    Parameters
    ----------
    path : Path
    tables : tuple of str
        The tables that can be made.

    Returns
    -------
    tuple of TableMapping
    FileFormat
        How the files as received are written.

    Raises
    ------
    DataProblems
        With all problems of the file.
    """
    root = read_toml(path)
    file_format = read_file_format(root.table("files", required=False))
    found = [(name, part) for name in tables for part in root.parts(name)]
    mappings = tuple(_read_table(name, table) for name, table in found)
    root.close()
    if not mappings and not root.problems:
        root.refuse("", "No table is made.", f"Add one of [{'], ['.join(tables)}].")
    if root.problems:
        raise DataProblems(root.problems, path.name)
    return mappings, file_format


def _read_table(name: str, table: TomlTable) -> TableMapping:
    origin, beside = read_origin(table), read_beside(table.table("beside", required=False))
    columns = table.table("columns")
    given = columns.raw() if columns else {}
    rules = {column: _read_rule(columns, column, spec) for column, spec in given.items()}
    into, long = _read_long(table.table("long", required=False))
    from_long = {into, *(key for column in long for key in column.constants)}
    for twice in sorted(from_long & set(rules)):
        columns.refuse(twice, "The column is made twice: here and under long.", "Remove one.")
    table.close()
    return TableMapping(name, origin, rules, into, long, beside)


def _read_rule(columns: TomlTable, name: str, spec) -> Rule | None:  # noqa: PLR0911 (one per way)
    match spec:
        case str():
            return Copied(spec)
        case {"constant": str() | int() | float() as constant, **rest} if not rest:
            return Constant(str(constant))
        case {"column": str(column), "values": dict(values), **rest} if not rest:
            return Recoded(column, {key: str(value) for key, value in values.items()})
        case {"column": str(column), "prefix": str(prefix), "digits": int(n), **rest} if not rest:
            return Numbered(column, prefix, n)
        case {"study_day": str(column), **rest} if not rest:
            return StudyDay(column)
        case {"date": str(date), "since": str(since), **rest} if _is_form(rest):
            return DaysSince(date, since, rest.get("format", ""))
        case [{"value": str(), "where": dict()}, *_] if all(map(_is_case, spec)):
            return ByCases(tuple(Case(c["value"], _texts(c["where"])) for c in spec))
    columns.refuse(
        name,
        "This does not say how the column is made.",
        'Give the name of a column, "column"; or { constant = "x" }; or { column = "c", values = '
        '{ old = "new" } }; or { column = "c", prefix = "P", digits = 3 }; or { date = "c", '
        'since = "c2" }; or { study_day = "c" }; or a list of cases '
        '{ value = "x", where = { column = "value" } }.',
        str(spec),
    )
    return None


def _is_form(rest: Mapping) -> bool:
    """Whether nothing stands beside the two dates, or the way in which they are written."""
    form = rest.get("format", "%d")
    return rest.keys() <= {"format"} and isinstance(form, str) and "%" in form


def _is_case(spec) -> bool:
    return isinstance(spec, dict) and spec.keys() == {"value", "where"} and bool(spec["where"])


def _texts(values: Mapping) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def _read_long(long: TomlTable | None) -> tuple[str, tuple[LongColumn, ...]]:
    if long is None:
        return "", ()
    into = long.text("into") or ""
    columns = []
    for row in long.rows("columns"):
        column = row.text("column") or ""
        constants = {key: str(value) for key, value in row.raw().items() if key != "column"}
        columns.append(LongColumn(column, constants))
    if not columns:
        long.refuse(
            "columns", "No column is named.", 'Add columns = [{ column = "...", day = 0 }].'
        )
    long.close()
    return into, tuple(columns)
