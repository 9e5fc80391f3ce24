"""Limits: sizes beyond which a file is refused before it fills the memory.

Far above what studies hold, so that only a mistake or a trap meets them: a workbook of a megabyte
can unpack to gigabytes, a header can promise more rows than there are stars.
"""

from __future__ import annotations

from pathlib import Path

from ctevidence.data.problems import DataProblems, Problem

MOST_COLUMNS = 10_000
#: Rows of a table; Parquet, and queries, are the way to many.
MOST_ROWS = 100_000_000
#: Cells of a workbook or of a file of SAS, SPSS or Stata, which are held in memory as text.
MOST_CELLS = 20_000_000
#: Letters of one cell.
LONGEST_CELL = 131_072
#: Bytes of a CSV, and of a workbook when unpacked.
MOST_CSV_BYTES = 4 * 2**30
MOST_UNPACKED_BYTES = 400 * 2**20
#: Parts of a workbook (sheets, styles, pictures).
MOST_PARTS = 5_000
#: Bytes of a declaration (``study.toml`` ...), letters and points of one line, tables in tables.
MOST_TOML_BYTES = 2**19
LONGEST_TOML_LINE = 10_000
MOST_TOML_POINTS = 300
DEEPEST_TOML = 12

_SPLIT = "Split it, or save the table as Parquet, which is read column by column."


def refuse_bytes(path: Path, most: int, do: str = _SPLIT) -> None:
    """Refuse a file of more than `most` bytes, without reading it.

    Raises
    ------
    DataProblems
    """
    size = path.stat().st_size
    if size > most:
        why = f"The file has {size:,} bytes; at most {most:,} are read."
        raise DataProblems([Problem(path.name, why, do)], path.name)


def refuse_shape(file: str, rows: int, columns: int, most_cells: int | None = None) -> None:
    """Refuse a table with more rows, columns or cells than can be meant.

    Parameters
    ----------
    file : str
        For messages.
    rows, columns : int
        As found, or as the header of the file promises.
    most_cells : int, optional
        Where all cells are held in memory.

    Raises
    ------
    DataProblems

    Examples
    --------
    >>> refuse_shape("t.csv", rows=3, columns=2)
    """
    why = ""
    if columns > MOST_COLUMNS:
        why = f"The table has {columns:,} columns; at most {MOST_COLUMNS:,} are read."
    elif rows > MOST_ROWS:
        why = f"The table has {rows:,} rows; at most {MOST_ROWS:,} are read."
    elif most_cells and rows * columns > most_cells:
        why = f"The table has {rows * columns:,} cells; at most {most_cells:,} are read."
    if why:
        raise DataProblems([Problem(file, why, _SPLIT)], file)
