"""Mapping: tables of the data contract, made from files as received.

``prepare.toml`` has one table for each table to make::

    [visits]
    from = "scores.csv"

    [visits.columns]
    participant_id = "patient"                                       # copied
    scale = { constant = "PHQ-9" }                                   # the same in every row
    visit = { column = "time", values = { t0 = "start" } }           # recoded
    person = { column = "number", prefix = "P", digits = 3 }         # 7 becomes P007
    arm = [                                                          # by cases, over columns
        { value = "combined", where = { drug = "Yes", talk = "Yes" } },
    ]

    [visits.long]                       # each of these columns makes a row, where it has a value
    into = "score"
    columns = [{ column = "phq_0", day = 0 }, { column = "phq_8", day = 56 }]

Every value that no line covers is a problem, and an empty cell stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ctevidence.data.cells import read_number
from ctevidence.data.column_rules import (
    MAPPING_FILE,
    ByCases,
    Case,
    Constant,
    Copied,
    Numbered,
    Recoded,
    Rule,
)
from ctevidence.data.files import FileFormat, RawTable, read_raw
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.toml_file import read_file_format, read_toml
from ctevidence.data.toml_table import TomlTable
from ctevidence.terms import did_you_mean


@dataclass(frozen=True)
class LongColumn:
    """A column of the file that makes rows, and what else these rows hold."""

    column: str
    constants: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class TableMapping:
    """How one table is made.

    Parameters
    ----------
    table : str
        ``visits`` makes ``visits.csv``.
    file : str
        The file as received.
    rules : dict of str to Rule
        By column of the new table.
    into : str
        Column that takes the values of the `long` columns; empty when each row makes one row.
    long : tuple of LongColumn
    """

    table: str
    file: str
    rules: Mapping[str, Rule] = field(default_factory=dict)
    into: str = ""
    long: tuple[LongColumn, ...] = ()


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
    found = [(name, root.table(name, required=False)) for name in tables]
    mappings = tuple(_read_table(name, table) for name, table in found if table is not None)
    root.close()
    if not mappings and not root.problems:
        root.refuse("", "No table is made.", f"Add one of [{'], ['.join(tables)}].")
    if root.problems:
        raise DataProblems(root.problems, path.name)
    return mappings, file_format


def _read_table(name: str, table: TomlTable) -> TableMapping:
    file = table.text("from") or ""
    columns = table.table("columns")
    given = columns.raw() if columns else {}
    rules = {column: _read_rule(columns, column, spec) for column, spec in given.items()}
    into, long = _read_long(table.table("long", required=False))
    from_long = {into, *(key for column in long for key in column.constants)}
    for twice in sorted(from_long & set(rules)):
        columns.refuse(twice, "The column is made twice: here and under long.", "Remove one.")
    table.close()
    return TableMapping(name, file, rules, into, long)


def _read_rule(columns: TomlTable, name: str, spec) -> Rule | None:
    match spec:
        case str():
            return Copied(spec)
        case {"constant": str() | int() | float() as constant, **rest} if not rest:
            return Constant(str(constant))
        case {"column": str(column), "values": dict(values), **rest} if not rest:
            return Recoded(column, {key: str(value) for key, value in values.items()})
        case {"column": str(column), "prefix": str(prefix), "digits": int(n), **rest} if not rest:
            return Numbered(column, prefix, n)
        case [{"value": str(), "where": dict()}, *_] if all(map(_is_case, spec)):
            return ByCases(tuple(Case(c["value"], _texts(c["where"])) for c in spec))
    columns.refuse(
        name,
        "This does not say how the column is made.",
        'Give the name of a column, "column"; or { constant = "x" }; or { column = "c", values = '
        '{ old = "new" } }; or { column = "c", prefix = "P", digits = 3 }; or a list of cases '
        '{ value = "x", where = { column = "value" } }.',
        str(spec),
    )
    return None


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


# -- making tables --------------------------------------------------------------------------------


def make_tables(
    mappings: tuple[TableMapping, ...], folder: Path, file_format: FileFormat
) -> dict[TableMapping, pd.DataFrame]:
    """Make tables as text; the index holds the line of the file that each row comes from.

    Rows keep the order of the file; those of one line keep the order of the long columns.

    Raises
    ------
    DataProblems
        With every cell that no mapping covers.
    """
    made, problems = {}, []
    for mapping in mappings:
        try:
            made[mapping] = _make_table(mapping, folder, file_format)
        except DataProblems as error:
            problems += error.problems
    if problems:  # a cell that two tables are made from is one problem
        raise DataProblems(dict.fromkeys(problems), folder.name)
    return made


def _make_table(mapping: TableMapping, folder: Path, file_format: FileFormat) -> pd.DataFrame:
    raw = _read_source(mapping, folder, file_format)
    problems = list(raw.problems)
    made = {}
    for name, rule in mapping.rules.items():
        made[name], faults = _apply(rule, raw)
        problems += faults
    if problems:
        raise DataProblems(problems, raw.file)
    table = pd.DataFrame(made, index=raw.frame.index, dtype=object)
    if mapping.long:
        table = _lengthen(table, raw.frame, mapping)
    _refuse_empty_rows(table, mapping)
    return table


def _refuse_empty_rows(table: pd.DataFrame, mapping: TableMapping) -> None:
    """An empty row would be skipped by every reader, without a word."""
    why = f"The row makes an empty row of {mapping.table}."
    do = f"Let {MAPPING_FILE} take a column that this row has."
    empty = table.index[table.eq("").all(axis=1)]
    if len(empty):
        problems = [Problem(mapping.file, why, do, row=int(row)) for row in empty]
        raise DataProblems(problems, mapping.file)


def _read_source(mapping: TableMapping, folder: Path, file_format: FileFormat) -> RawTable:
    path = folder / mapping.file
    if not path.is_file():
        why = f"{MAPPING_FILE} makes {mapping.table} from this file, but it is missing."
        raise DataProblems([Problem(mapping.file, why, "Restore the file.")], folder.name)
    raw = read_raw(path, file_format)
    wanted = [column for rule in mapping.rules.values() for column in rule.columns]
    wanted += [long.column for long in mapping.long]
    missing = [column for column in dict.fromkeys(wanted) if column not in raw.frame]
    if missing:
        raise DataProblems([_missing(column, mapping, raw) for column in missing], raw.file)
    if file_format.decimal == ",":
        raw = RawTable(raw.file, raw.frame.map(_with_point), raw.problems)
    return raw


def _missing(column: str, mapping: TableMapping, raw: RawTable) -> Problem:
    why = f"The file has no such column{did_you_mean(column, raw.frame.columns)}"
    do = f"Correct the name under [{mapping.table}] in {MAPPING_FILE}."
    return Problem(raw.file, why, do, column=column, row=1)


def _with_point(cell: str) -> str:
    """A number with a decimal comma, written with a point."""
    return cell.replace(",", ".") if not read_number(cell, ",")[1] else cell


def _apply(rule: Rule, raw: RawTable) -> tuple[list[str], list[Problem]]:
    values, problems = [], []
    cells = raw.frame[list(rule.columns)].to_numpy()
    for row, found in zip(raw.frame.index, cells, strict=True):
        value = rule.value(*found)
        if isinstance(value, tuple):
            where = {"column": " + ".join(rule.columns), "row": int(row)}
            problems.append(Problem(raw.file, *value, **where, value=" + ".join(found)))
        values.append(value)
    return values, problems


def _lengthen(table: pd.DataFrame, cells: pd.DataFrame, mapping: TableMapping) -> pd.DataFrame:
    parts = [
        table.assign(**long.constants, **{mapping.into: cells[long.column]})
        for long in mapping.long
    ]
    longer = pd.concat(parts).fillna("")
    # a stable sort keeps the order of the long columns within each line
    return longer[longer[mapping.into] != ""].sort_index(kind="stable")
