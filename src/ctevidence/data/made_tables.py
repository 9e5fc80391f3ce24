"""Made tables: rows of the data contract, each with the line of the file it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ctevidence.data.cells import read_number
from ctevidence.data.column_rules import MAPPING_FILE, Rule
from ctevidence.data.files import FileFormat, RawTable
from ctevidence.data.mapping import TableMapping
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.received import read_received, set_beside


@dataclass(frozen=True, eq=False)
class MadeRows:
    """A table that was made, as text.

    Parameters
    ----------
    frame : DataFrame
    origins : list of (str, int)
        Name and line of the file that each row comes from.
    counts : list of dict
        For each part: where it comes from, its rows, and those that ``where`` left out.
    """

    frame: pd.DataFrame
    origins: list[tuple[str, int]]
    counts: list[dict[str, str | int]]


def make_tables(
    mappings: tuple[TableMapping, ...], folder: Path, file_format: FileFormat
) -> dict[str, MadeRows]:
    """Make tables as text, each of one or several parts.

    Rows keep the order of the file; those of one line keep the order of the long columns.

    Parameters
    ----------
    mappings : tuple of TableMapping
    folder : Path
        The raw folder.
    file_format : FileFormat

    Returns
    -------
    dict of str to MadeRows
        By name of the table.

    Raises
    ------
    DataProblems
        With every cell that no mapping covers.
    """
    parts: dict[str, list[MadeRows]] = {}
    problems: list[Problem] = []
    for mapping in mappings:
        try:
            parts.setdefault(mapping.table, []).append(_make_part(mapping, folder, file_format))
        except DataProblems as error:
            problems += error.problems
    if problems:  # a cell that two tables are made from is one problem
        raise DataProblems(dict.fromkeys(problems), folder.name)
    return {table: _joined(made) for table, made in parts.items()}


def _joined(parts: list[MadeRows]) -> MadeRows:
    """Parts below each other; a column that a part does not have is empty there."""
    frame = pd.concat([part.frame for part in parts], ignore_index=True).fillna("")
    origins = [origin for part in parts for origin in part.origins]
    return MadeRows(frame, origins, [count for part in parts for count in part.counts])


def _make_part(mapping: TableMapping, folder: Path, file_format: FileFormat) -> MadeRows:
    raw = _read(mapping, folder, file_format)
    problems = list(raw.problems)
    made = {}
    for name, rule in mapping.rules.items():
        made[name], faults = _apply(rule, raw)
        problems += faults
    # a cell that cannot be made holds its fault, so that its row does not count as empty
    table = pd.DataFrame(made, index=raw.frame.index, dtype=object)
    if mapping.long:
        table = _lengthen(table, raw.frame, mapping)
    problems += _empty_rows(table, mapping, raw.file)
    if problems:
        raise DataProblems(problems, raw.file)
    count = {"from": raw.file, "rows": len(raw.frame), "left out by where": raw.left_out}
    return MadeRows(table, [(raw.file, int(row)) for row in table.index], [count])


def _empty_rows(table: pd.DataFrame, mapping: TableMapping, file: str) -> list[Problem]:
    """An empty row would be skipped by every reader, without a word."""
    why = f"The row makes an empty row of {mapping.table}."
    do = f"Let {MAPPING_FILE} take a column that this row has."
    empty = table.index[table.eq("").all(axis=1)]
    return [Problem(file, why, do, row=int(row)) for row in empty]


def _read(mapping: TableMapping, folder: Path, file_format: FileFormat) -> RawTable:
    """The rows of a part, with those columns of another file that stand beside them."""
    beside = mapping.beside
    own = [c for c in mapping.used if beside is None or c not in beside.columns]
    by = [beside.by] if beside else []
    found: list[RawTable] = []
    problems: list[Problem] = []
    asked = [(mapping.origin, own + by)]
    asked += [(beside.origin, [beside.by, *beside.columns])] if beside else []
    for origin, columns in asked:
        try:
            found.append(_with_points(origin, folder, file_format, columns))
        except DataProblems as error:
            problems += error.problems
    if problems:
        problems += [problem for raw in found for problem in raw.problems]
        raise DataProblems(problems, mapping.origin.name)
    return found[0] if beside is None else set_beside(found[0], beside, found[1])


def _with_points(
    origin: Origin, folder: Path, file_format: FileFormat, used: Iterable[str]
) -> RawTable:
    raw = read_received(origin, folder, file_format, used)
    if file_format.decimal == "," and raw.is_text:
        return replace(raw, frame=raw.frame.map(_with_point))
    return raw


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
