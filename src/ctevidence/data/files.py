"""Files: CSV and Parquet as text cells with their line numbers, nothing guessed.

What a file says about itself is followed: a byte order mark (UTF-8, UTF-16). What would be a guess
is declared in ``study.toml`` or refused with the line to declare::

    [files]
    encoding = "cp1252"
    delimiter = ";"
    decimal = ","

A byte that is not UTF-8 could be any of a hundred encodings, and a semicolon may be part of a word.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ctevidence.data.problems import DataProblems, Problem

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
DECIMALS = (".", ",")
SUFFIXES = (".csv", ".parquet")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class FileFormat:
    """How the CSV files of a study are written.

    Parameters
    ----------
    encoding : str
        Python's name of the encoding, used for files without a byte order mark.
    delimiter : {",", ";", "\\t", "|"}
    decimal : {".", ","}
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ValueError(
                f'encoding is "{self.encoding}", which is not known; say "utf-8" or "cp1252".'
            ) from None
        if self.delimiter not in DELIMITERS:
            raise ValueError(
                f'delimiter is "{self.delimiter}"; it can be ",", ";", "|" or "\\t" (tab).'
            )
        if self.decimal not in DECIMALS:
            raise ValueError(f'decimal is "{self.decimal}"; it can be "." or ",".')
        if self.decimal == self.delimiter:
            raise ValueError(
                'delimiter and decimal are both ","; one of them must be another sign.'
            )


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
        Rows that could not be read and are not in `frame`.
    """

    file: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...] = ()


def read_raw(path: Path, file_format: FileFormat | None = None) -> RawTable:
    """Read a CSV or Parquet file as text cells.

    Blank lines are skipped, spaces around cells removed and letters composed (Unicode NFC), so
    that the same name is the same text; mixed line ends do not matter.

    Parameters
    ----------
    path : Path
        Ends in ``.csv`` or ``.parquet``.
    file_format : FileFormat, optional
        UTF-8, comma and decimal point when absent.

    Raises
    ------
    DataProblems
        When the file cannot be read as a table at all; bad rows are in `RawTable.problems`.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path)
    return _read_csv(path, file_format or FileFormat())


def _fatal(file: str, why: str, do: str, **where) -> DataProblems:
    return DataProblems([Problem(file, why, do, **where)], file)


# -- text -----------------------------------------------------------------------------------------


def decode(data: bytes, encoding: str, file: str) -> str:
    """The text of a file, by its byte order mark or the declared encoding.

    Raises
    ------
    DataProblems
        When the bytes are not text in this encoding.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            encoding = name
    is_utf8 = codecs.lookup(encoding).name.startswith("utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(data, error.start, encoding, file) from None
    if "\0" in text:
        raise _fatal(
            file,
            "The file holds zero bytes: it is UTF-16 without a byte order mark, or no text.",
            'Save it as "CSV UTF-8", or declare encoding = "utf-16-le" under [files].',
        )
    if not is_utf8 and "utf-16" not in encoding and not data.isascii() and _is_utf8(data):
        raise _fatal(
            file,
            f"The file is UTF-8, but study.toml declares {encoding}: letters would be garbled.",
            "Remove encoding from [files] in study.toml, or save all files in one encoding.",
            column="encoding",
        )
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wrong_encoding(data: bytes, start: int, encoding: str, file: str) -> DataProblems:
    line_start = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
    row = len(data[:line_start].splitlines()) + 1
    line = data[line_start : start + 20].decode("cp1252", errors="replace").splitlines()[0]
    return _fatal(
        file,
        f"The line is not {encoding}; read as Windows-1252 it gives the text shown.",
        'Save the file as "CSV UTF-8". If the text shown is right, you may instead declare '
        'encoding = "cp1252" under [files] in study.toml.',
        row=row,
        value=line[:60],
    )


# -- CSV ------------------------------------------------------------------------------------------


def _read_csv(path: Path, file_format: FileFormat) -> RawTable:
    file = path.name
    text = decode(path.read_bytes(), file_format.encoding, file)
    records = _records(text, file_format.delimiter, file)
    first = next(records, None)
    if first and text.startswith(f"sep={file_format.delimiter}"):
        first = next(records, None)  # a line that spreadsheets write and hide
    if first is None:
        raise _fatal(file, "The file is empty.", "Write a header line with the column names.")
    names = _header(first[1], file_format.delimiter, file)
    problems, rows, lines = [], [], []
    for line, cells in records:
        extra = any(cells[len(names) :])
        if extra or len(cells) < len(names):
            problems.append(_ragged(file, line, cells, len(names), file_format.delimiter))
        else:
            rows.append(cells[: len(names)])
            lines.append(line)
    frame = pd.DataFrame(rows, columns=names, index=pd.Index(lines, dtype=int), dtype=object)
    return _named(file, frame, tuple(problems))


def _records(text: str, delimiter: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Line of its start and cells of each record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise _fatal(
                file,
                'A quotation mark (") opens here and is not closed, or text follows its end.',
                'Close the quotation; write a quotation mark inside a cell twice ("").',
                row=line,
            ) from None
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def _header(cells: list[str], delimiter: str, file: str) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    line = cells[0] if len(cells) == 1 else ""
    for other, name in DELIMITERS.items():
        if other != delimiter and other in line:
            sign = "\\t" if other == "\t" else other
            raise _fatal(
                file,
                f"The columns are separated by a {name}; expected is a {DELIMITERS[delimiter]}.",
                f'Save the file with {DELIMITERS[delimiter]}s, or declare delimiter = "{sign}" '
                "under [files] in study.toml.",
                row=1,
                value=line[:60],
            )
    return cells


def _ragged(file: str, line: int, cells: list[str], wanted: int, delimiter: str) -> Problem:
    more = len(cells) > wanted
    return Problem(
        file,
        f"The row has {'more' if more else 'fewer'} cells than the header, which has {wanted}.",
        (
            f"Look for a {DELIMITERS[delimiter]} inside a cell (a decimal comma, a remark) and put "
            'the cell in quotation marks ("...").'
            if more
            else "Complete the row; an empty cell still needs its separator."
        ),
        row=line,
        value=delimiter.join(cells)[:60],
    )


def _named(file: str, frame: pd.DataFrame, problems: tuple[Problem, ...]) -> RawTable:
    """The table, if every column has a name of its own."""
    names = pd.Series(frame.columns, dtype=object)
    faults = [
        Problem(
            file, "Two columns have the same name.", "Rename or remove one.", column=name, row=1
        )
        for name in names[names.duplicated()].unique()
        if name
    ]
    faults += [
        Problem(file, "The column has no name.", "Name it, or remove it.", column=f"number {i + 1}")
        for i in names.index[names == ""]
    ]
    if faults:
        raise DataProblems([*faults, *problems], file)
    return RawTable(file, frame, problems)


# -- Parquet --------------------------------------------------------------------------------------


def _read_parquet(path: Path) -> RawTable:
    import pyarrow as pa  # noqa: PLC0415 (half a second, for CSV users too)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _fatal(
            path.name,
            f"This is not a readable Parquet file ({str(error).splitlines()[0]}).",
            "Write it again, or save the table as CSV.",
        ) from None
    columns = {i: _as_text(table.column(i)) for i in range(table.num_columns)}
    frame = pd.DataFrame(columns, index=range(2, table.num_rows + 2), dtype=object)
    frame.columns = [str(name).strip() for name in table.column_names]
    return _named(path.name, frame, ())


def _as_text(column) -> list[str]:
    """Values as a CSV would hold them."""
    return [_cell(value) for value in column.to_pylist()]


def _cell(value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"  # whole numbers become decimal where a column has gaps
    return unicodedata.normalize("NFC", str(value)).strip()
