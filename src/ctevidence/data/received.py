"""Received: rows as text cells, from wherever ``prepare.toml`` says that they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ctevidence.data import statistics_files, workbook_cells
from ctevidence.data.column_rules import MAPPING_FILE
from ctevidence.data.files import SUFFIXES, FileFormat, RawTable, read_raw
from ctevidence.data.folder_paths import inside
from ctevidence.data.origin import Beside, Origin
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.query_rows import read_query
from ctevidence.data.statistics_files import read_statistics_file
from ctevidence.data.workbook_cells import read_workbook
from ctevidence.terms import did_you_mean

#: Ends of the names of files that can be read.
READABLE = (*SUFFIXES, ".txt", ".tsv", *workbook_cells.SUFFIXES, *statistics_files.SUFFIXES)


def read_received(
    origin: Origin, folder: Path, file_format: FileFormat, used: Iterable[str]
) -> RawTable:
    """The rows that an origin names.

    Parameters
    ----------
    origin : Origin
    folder : Path
        The raw folder; nothing outside is read but a database that a variable names.
    file_format : FileFormat
        How CSV files are written.
    used : iterable of str
        Columns that are used: problems of the cells of others do not matter.

    Raises
    ------
    DataProblems
        When there is no such file, column or value, or the file cannot be read.
    """
    used = {*used, *origin.columns}
    raw = (
        read_query(origin, folder)
        if origin.query
        else _read_file(origin, folder, file_format, used)
    )
    kept = tuple(p for p in raw.problems if not p.column or p.column in used)
    if missing := [column for column in sorted(used) if column not in raw.frame]:
        # rows of another length may be why: the names of columns are told with them
        named = [_missing_column(column, raw) for column in missing]
        raise DataProblems([*named, *kept], raw.file)
    return _chosen_rows(replace(raw, problems=kept), origin)


def _missing_column(column: str, raw: RawTable) -> Problem:
    """A problem for a column that is not there."""
    why = f"The file has no such column{did_you_mean(column, raw.frame.columns)}"
    return Problem(raw.file, why, f"Correct the name in {MAPPING_FILE}.", column=column, row=1)


def _read_file(origin: Origin, folder: Path, file_format: FileFormat, used: set[str]) -> RawTable:
    path = inside(folder, origin.file)
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        why = f"Files of this kind are not read; these are: {', '.join(READABLE)}."
        raise DataProblems([Problem(path.name, why, "Save the table as one of them.")], path.name)
    if not path.is_file():
        why = f"{MAPPING_FILE} names this file, but it is missing."
        raise DataProblems([Problem(origin.file, why, "Restore the file.")], folder.name)
    if suffix in workbook_cells.SUFFIXES:
        return read_workbook(path, origin)
    if suffix in statistics_files.SUFFIXES:
        return read_statistics_file(path, origin, file_format, used)
    return read_raw(path, file_format)


def _chosen_rows(raw: RawTable, origin: Origin) -> RawTable:
    """The rows that `where` chooses; a value that no row has is a mistake, not an empty choice."""
    frame, problems = raw.frame, []
    for column, wanted in origin.where:
        found = set(raw.frame[column])
        for value in (v for v in wanted if v not in found):
            why = f"No row has the value that chooses rows{did_you_mean(value, found)}"
            do = f"Correct where in {MAPPING_FILE}."
            problems.append(Problem(raw.file, why, do, column=column, value=value or "(empty)"))
        frame = frame[frame[column].isin(wanted)]
    if problems:
        raise DataProblems([*raw.problems, *problems], raw.file)
    return replace(raw, frame=frame, left_out=len(raw.frame) - len(frame))


def set_beside(raw: RawTable, beside: Beside, other: RawTable) -> RawTable:
    """A table with columns of another one, by the row there that has the same value.

    Columns of the same name give way: an export can stand beside itself.

    Raises
    ------
    DataProblems
        When a value has several rows there, or none; with the problems of both tables.
    """
    keys = other.frame[beside.by]
    twice = other.frame.index[keys.duplicated() & (keys != "")]
    why = "The value stands in several rows of the file beside, so that none can be chosen."
    problems = [
        Problem(other.file, why, "Choose the row with where.", beside.by, int(row), keys.at[row])
        for row in twice
    ]
    unknown = raw.frame.index[~raw.frame[beside.by].isin(set(keys) - {""})]
    why = f"{other.file} has no row with this value."
    do = f"Add the row, or choose other rows with where in {MAPPING_FILE}."
    if all(problem.column for problem in other.problems):  # else rows there could not be read
        problems += [
            Problem(raw.file, why, do, beside.by, int(row), raw.frame.at[row, beside.by])
            for row in unknown
        ]
    known = (*raw.problems, *other.problems)
    if problems or len(unknown):
        raise DataProblems([*known, *problems], raw.file)
    found = other.frame.set_index(beside.by)
    added = {column: raw.frame[beside.by].map(found[column]) for column in beside.columns}
    return replace(raw, frame=raw.frame.assign(**added), problems=known)
