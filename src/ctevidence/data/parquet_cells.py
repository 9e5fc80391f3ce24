"""Parquet cells: the values of a Parquet file as the text that a CSV would hold."""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path
from typing import Any

from ctevidence.data.problems import DataProblems, Problem


def read_cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Names and cells of each column.

    Raises
    ------
    DataProblems
        When the file is not Parquet.
    """
    # half a second that readers of CSV need not spend
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        why = f"This is not a readable Parquet file ({str(error).splitlines()[0]})."
        do = "Write it again, or save the table as CSV."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    try:
        columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    except (ValueError, OverflowError, MemoryError) as error:  # damaged bytes, impossible dates
        why = f"A value in the file cannot be read ({str(error).splitlines()[0]})."
        do = "Write it again, or save the table as CSV."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    return [str(name).strip() for name in table.column_names], columns


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"  # whole numbers become decimal where a column has gaps
    return unicodedata.normalize("NFC", str(value)).strip()
