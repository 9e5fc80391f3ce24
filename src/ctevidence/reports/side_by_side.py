"""How many notebooks run side by side when nobody says: as many as memory holds.

Each notebook holds the tables of its study. Of a registry of a million people one takes about six
gigabytes at its peak, so that two at once would not fit where one does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ctevidence.data.table_names import TABLES

WORKERS = 2
#: Rows of all tables of a study from which its notebooks run one at a time.
MANY_ROWS = 5_000_000
#: A row of a CSV file has about so many bytes.
BYTES_PER_ROW = 30


def side_by_side(folders: Iterable[Path]) -> int:
    """Notebooks to run at once.

    Parameters
    ----------
    folders : iterable of Path
        The data of the studies, raw or processed; those that are not there count as small.

    Examples
    --------
    >>> side_by_side([])
    2
    """
    return 1 if any(rows_in(folder) >= MANY_ROWS for folder in folders) else WORKERS


def rows_in(folder: Path) -> int:
    """Rows of all tables of a study, as Parquet files say, or by the size of other files.

    Of data as received, whose tables are made later, the size of all files stands for them.
    """
    tables = [folder / f"{name}{suffix}" for name in TABLES for suffix in (".parquet", ".csv")]
    files = [path for path in tables if path.is_file()] or [p for p in folder.glob("*.*")]
    return sum(_rows(path) for path in files)


def _rows(path: Path) -> int:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 (half a second that others need not spend)

        try:
            return pq.read_metadata(path).num_rows
        except (OSError, ValueError):  # damaged: whoever reads it says so
            return 0
    return path.stat().st_size // BYTES_PER_ROW
