"""CSV records: header and rows of a text, with the line on which each begins."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from ctevidence.data.limits import LONGEST_CELL
from ctevidence.data.problems import DataProblems, Problem

#: what the reader says of a cell beyond the limit
_TOO_LONG = "field limit"
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


@dataclass
class Records:
    """What a CSV text holds.

    Parameters
    ----------
    names : list of str
        The header, without empty cells at its end.
    rows : list of list of str
        As many cells as names, without spaces around them.
    lines : list of int
        The line on which each row begins.
    problems : list of Problem
        Rows with more or fewer cells; they are not in `rows`.
    """

    names: list[str]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_records(text: str, delimiter: str, file: str) -> Records:
    """Split a text into header and rows; blank lines are skipped.

    Parameters
    ----------
    text : str
        Line ends may differ from line to line.
    delimiter : str
        A key of `DELIMITERS`.
    file : str
        For messages.

    Raises
    ------
    DataProblems
        An empty text, another delimiter than the one expected; quotations that are not closed or
        are followed by text, all of them, with the rows of another length found until then.
    """
    broken: list[Problem] = []
    lines = _lines(text, delimiter, file, broken)
    first = next(lines, None)
    if first and text.startswith(f"sep={delimiter}"):
        first = next(lines, None)  # a line that spreadsheets write and do not show
    if broken:  # what follows may be anything
        raise DataProblems(broken[:1], file)
    if first is None:
        why, do = "The file is empty.", "Write a header line with the column names."
        raise DataProblems([Problem(file, why, do)], file)
    records = Records(_header(first[1], delimiter, file))
    width = len(records.names)
    for line, cells in lines:
        if len(cells) < width or any(cells[width:]):
            records.problems.append(_ragged(file, line, cells, width, delimiter))
        else:
            records.rows.append(cells[:width])
            records.lines.append(line)
    if broken:
        raise DataProblems(sorted([*records.problems, *broken], key=lambda p: p.row), file)
    return records


def _lines(
    text: str, delimiter: str, file: str, broken: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """First line and cells of each record that is not blank; broken ones go to `broken`."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            broken.append(_broken(file, line, error))
            if _TOO_LONG in str(error):
                return  # the reader stands in the middle of a cell
            cells = []  # it goes on with the next line
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def _broken(file: str, line: int, error: csv.Error) -> Problem:
    if _TOO_LONG in str(error):
        why = f"A cell here is longer than {LONGEST_CELL:,} letters."
        do = "Look for a quotation mark that is not closed; else shorten the cell."
        return Problem(file, why, do, row=line)
    why = 'A quotation mark (") opens here and is not closed, or text follows its end.'
    do = 'Close the quotation; write a quotation mark inside a cell twice ("").'
    return Problem(file, why, do, row=line)


def _header(cells: list[str], delimiter: str, file: str) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    for other, name in DELIMITERS.items():
        if len(cells) == 1 and other != delimiter and other in cells[0]:
            expected = DELIMITERS[delimiter]
            why = f"The columns are separated by a {name}; expected is a {expected}."
            sign = "\\t" if other == "\t" else other
            do = f'Save the file with {expected}s, or declare delimiter = "{sign}" under [files].'
            raise DataProblems([Problem(file, why, do, row=1, value=cells[0])], file)
    return cells


def _ragged(file: str, line: int, cells: list[str], width: int, delimiter: str) -> Problem:
    which, do = "fewer", "Complete the row; an empty cell still needs its separator."
    if len(cells) > width:
        which = "more"
        do = (
            f"Look for a {DELIMITERS[delimiter]} inside a cell (a decimal comma, a remark) and put "
            'the cell in quotation marks ("...").'
        )
    why = f"The row has {which} cells than the header, which has {width}."
    return Problem(file, why, do, row=line, value=delimiter.join(cells))
