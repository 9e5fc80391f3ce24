"""Files: CSV and Parquet as text cells with their line numbers, nothing guessed.

What a file says about itself is followed: a byte order mark (UTF-8, UTF-16). What would be a guess
is declared (`file_format.FileFormat`) or refused with the line to declare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ctevidence.data.csv_records import read_records
from ctevidence.data.file_format import FileFormat
from ctevidence.data.limits import MOST_CSV_BYTES, refuse_bytes, refuse_shape
from ctevidence.data.parquet_cells import read_cells
from ctevidence.data.parquet_size import refuse_parquet_size
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.text_encoding import decode

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as text.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    frame : DataFrame
        Cells as text without spaces around them, empty where missing; the index holds the line of
        each row in the file (the header is line 1; of a Parquet file, as if it were a CSV).
    problems : tuple of Problem
        Rows that could not be read and are not in `frame`, and cells without a certain value.
    left_out : int
        Rows that a declared choice of rows left out.
    is_text : bool
        Whether numbers were written as text, so that a declared decimal comma applies.
    """

    file: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    left_out: int = 0
    is_text: bool = False


def read_raw(path: Path, file_format: FileFormat | None = None, *, coded: bool = False) -> RawTable:
    """Read a CSV or Parquet file as text cells.

    Blank lines are skipped, spaces around cells removed and letters composed (Unicode NFC); mixed
    line ends do not matter.

    Parameters
    ----------
    path : Path
        Ends in ``.csv`` or ``.parquet``.
    file_format : FileFormat, optional
        UTF-8, comma and decimal point when absent.
    coded : bool
        Give the cells of a Parquet file as categories: the same texts, each held once.

    Raises
    ------
    DataProblems
        When the file cannot be read as a table at all; bad rows are in `RawTable.problems`.
    """
    if path.suffix == ".parquet":
        refuse_parquet_size(path)
        names, columns = read_cells(path)
        lines = range(2, 2 + (len(columns[0]) if columns else 0))
        frame = pd.DataFrame(dict(enumerate(columns)), index=lines)
        frame = frame if coded else frame.astype(object)
        return named_table(path.name, frame, names)
    file_format = file_format or FileFormat()
    refuse_bytes(path, MOST_CSV_BYTES)
    text = decode(path.read_bytes(), file_format.encoding, path.name)
    records = read_records(text, file_format.delimiter, path.name)
    refuse_shape(path.name, len(records.rows), len(records.names))
    frame = pd.DataFrame(
        records.rows,
        columns=range(len(records.names)),
        index=pd.Index(records.lines, dtype=int),
        dtype=object,
    )
    table = named_table(path.name, frame, records.names, records.problems)
    return replace(table, is_text=True)


def named_table(
    file: str, frame: pd.DataFrame, names: list[str], problems: list[Problem] | tuple = ()
) -> RawTable:
    """The table, if every column has a name of its own.

    Parameters
    ----------
    file : str
    frame : DataFrame
        Cells as text; its columns are named here.
    names : list of str
    problems : list of Problem
        Of its rows or cells.

    Raises
    ------
    DataProblems
        When columns have no name, or share one.
    """
    faults = [
        Problem(
            file, "Two columns have the same name.", "Rename or remove one.", column=name, row=1
        )
        for name in sorted({name for name in names if name and names.count(name) > 1})
    ]
    faults += [
        Problem(file, "The column has no name.", "Name it, or remove it.", column=f"number {i}")
        for i, name in enumerate(names, start=1)
        if not name
    ]
    if faults:
        raise DataProblems([*faults, *problems], file)
    return RawTable(file, frame.set_axis(names, axis="columns"), tuple(problems))
