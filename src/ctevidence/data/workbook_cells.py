"""Workbook cells: one sheet of an Excel workbook as text, with its own row numbers.

What a person sees is read where that is certain, else the stored number: a number stored as text
stays text (007), a number shown with leading zeros keeps them, days are written as 2024-03-29. A
formula gives the value that Excel last calculated; without one, or with an error, it is a problem.

A workbook is a ZIP archive of XML: its unpacked size is looked at before it is opened, and XML that
defines entities is refused.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ctevidence.data.cell_text import cell_text
from ctevidence.data.extras import need
from ctevidence.data.files import RawTable, named_table
from ctevidence.data.limits import (
    MOST_CELLS,
    MOST_PARTS,
    MOST_UNPACKED_BYTES,
    refuse_shape,
)
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems, Problem

SUFFIXES = (".xlsx", ".xlsm")
#: The last row that a sheet can have.
_LAST_ROW = 1_048_576
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="[A-Z]+(\d+):[A-Z]+(\d+)"')
_PADDED = re.compile(r"0{2,}")


@dataclass
class _Sheet:
    """Rows of a sheet below its header, and what is wrong with cells."""

    file: str
    names: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_workbook(path: Path, origin: Origin) -> RawTable:
    """Read a sheet of a workbook as text cells.

    Parameters
    ----------
    path : Path
        Ends in ``.xlsx`` or ``.xlsm``; macros are never run.
    origin : Origin
        Names the sheet, and the row of the column names.

    Returns
    -------
    RawTable
        Its index holds the rows of the sheet; cells that have no certain value are problems.

    Raises
    ------
    DataProblems
        When the workbook, or the sheet, cannot be read at all.
    """
    _check_archive(path)
    openpyxl = need("openpyxl", "formats", path.name)
    need("defusedxml", "formats", path.name)
    if not openpyxl.DEFUSEDXML:
        why = "Workbooks are read with the protection of defusedxml only, which is switched off."
        do = "Remove the variable OPENPYXL_DEFUSEDXML from the environment."
        raise DataProblems([Problem(path.name, why, do)], path.name)
    try:
        with warnings.catch_warnings(action="ignore"):
            return _table(_read(openpyxl, path, origin))
    except DataProblems:
        raise
    except Exception as error:  # the library fails in many ways on XML that is not a workbook
        why = f"This is not a readable workbook ({type(error).__name__})."
        do = "Open it in Excel or LibreOffice and save it again as .xlsx, or as CSV UTF-8."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets of a workbook that hold cells."""
    _check_archive(path)
    openpyxl = need("openpyxl", "formats", path.name)
    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(path, read_only=True)
        names = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        book.close()
    return names


def _check_archive(path: Path) -> None:
    """Refuse what is no archive, or one that would unpack beyond measure."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        why = "This is not a workbook of the kind .xlsx; it may be an old one, or have a password."
        do = "Save it as .xlsx without a password, or as CSV UTF-8."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    size = sum(part.file_size for part in parts)  # no part unpacks to more than it says
    if size > MOST_UNPACKED_BYTES or len(parts) > MOST_PARTS:
        why = (
            f"The workbook unpacks to {size:,} bytes in {len(parts):,} parts; at most "
            f"{MOST_UNPACKED_BYTES:,} in {MOST_PARTS:,} are read."
        )
        do = "Save the table as Parquet or CSV; a small file that unpacks so far is a trap."
        raise DataProblems([Problem(path.name, why, do)], path.name)


# -- one sheet ------------------------------------------------------------------------------------


def _read(openpyxl, path: Path, origin: Origin) -> _Sheet:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        source = _chosen(book, path, origin)
        # the library hides where merged cells are when it streams
        with zipfile.ZipFile(path) as archive:
            xml = archive.read(source._worksheet_path)
        sheet = _Sheet(f"{path.name}, sheet {source.title}")
        formulas = _formulas(openpyxl, path, source.title) if b"<f" in xml or b":f" in xml else {}
        for number, cells in _numbered(source, path.name):
            _add(sheet, number, cells, origin.header, formulas.get(number, ()))
        sheet.problems += _merged(sheet, xml, origin.header)
        return sheet
    finally:
        book.close()


def _chosen(book, path: Path, origin: Origin) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if origin.sheet in sheets:
        return sheets[origin.sheet]
    if not origin.sheet and len(sheets) == 1:
        return next(iter(sheets.values()))
    why = f'There is no sheet "{origin.sheet}".' if origin.sheet else "The sheet is not named."
    do = f'Say sheet = "..." in prepare.toml; there are: {", ".join(sheets)}.'
    raise DataProblems([Problem(path.name, why, do, column="sheet")], path.name)


def _numbered(source, file: str) -> Iterator[tuple[int, tuple]]:
    """Rows that are not empty, with their numbers."""
    source.reset_dimensions()  # what the file says of its size need not be true
    counted = 0
    for number, cells in enumerate(source.iter_rows(), start=1):
        counted += len(cells)
        refuse_shape(file, number, len(cells))
        refuse_shape(file, counted, 1, MOST_CELLS)
        if number > _LAST_ROW:
            why = f"A sheet has at most {_LAST_ROW:,} rows."
            raise DataProblems([Problem(file, why, "Save the workbook again.")], file)
        if any(cell.value is not None for cell in cells):
            yield number, cells


def _formulas(openpyxl, path: Path, title: str) -> dict[int, set[int]]:
    """Columns that hold formulas, by row."""
    book = openpyxl.load_workbook(path, read_only=True, keep_links=False)
    try:
        found = {}
        for number, cells in _numbered(book[title], path.name):
            columns = {i for i, cell in enumerate(cells) if cell.data_type == "f"}
            if columns:
                found[number] = columns
        return found
    finally:
        book.close()


def _add(sheet: _Sheet, number: int, cells: tuple, header: int, formulas) -> None:
    """Take one row of the sheet."""
    if number < header:
        return
    texts = [_text(cell) for cell in cells]
    if number == header:
        while texts and not texts[-1]:
            texts.pop()
        sheet.names = texts
        return
    width = len(sheet.names)
    where = {"row": number}
    for i, cell in enumerate(cells[:width]):
        column = {"column": sheet.names[i]}
        if cell.data_type == "e":
            why = "Excel shows an error here, not a value."
            do = "Correct the formula, or empty the cell if there is no value."
            sheet.problems.append(Problem(sheet.file, why, do, **column, **where, value=texts[i]))
        elif i in formulas and cell.value is None and cell.data_type != "str":
            why = "The formula has not been calculated: the file holds no value for it."
            do = "Open the workbook in Excel or LibreOffice and save it, or enter the value."
            sheet.problems.append(Problem(sheet.file, why, do, **column, **where))
    if any(texts[width:]):
        why = f"The row has cells beyond the header, which has {width} columns."
        do = "Name the column, or move the remark."
        beyond = ", ".join(filter(None, texts[width:]))
        sheet.problems.append(Problem(sheet.file, why, do, **where, value=beyond))
    texts = (texts + [""] * width)[:width]
    if any(texts):
        sheet.rows.append(texts)
        sheet.lines.append(number)


def _text(cell) -> str:
    """As the sheet shows it where that is certain: 7 in a column shown as 007 is 007."""
    value = cell.value
    if type(value) is int and value >= 0 and _PADDED.fullmatch(cell.number_format or ""):
        return str(value).zfill(len(cell.number_format))
    return cell_text(value)


def _merged(sheet: _Sheet, xml: bytes, header: int) -> list[Problem]:
    """Merged cells hold one value for several cells; all but the first would read as empty."""
    why = "Cells are merged here: only the first of them holds the value, the others are empty."
    do = "Split the cells and write the value into each."
    rows = [int(first) for first, last in _MERGED.findall(xml) if int(last) >= header]
    return [Problem(sheet.file, why, do, row=max(row, header)) for row in rows]


def _table(sheet: _Sheet) -> RawTable:
    if not sheet.names:
        why = "The sheet has no column names in the row of the header."
        do = "Write them there, or say header = 3 in prepare.toml if they stand in row 3."
        raise DataProblems([Problem(sheet.file, why, do)], sheet.file)
    frame = pd.DataFrame(
        sheet.rows,
        columns=range(len(sheet.names)),
        index=pd.Index(sheet.lines, dtype=int),
        dtype=object,
    )
    return named_table(sheet.file, frame, sheet.names, sheet.problems)
