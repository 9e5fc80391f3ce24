"""Parquet size: what a Parquet file would take in memory, from its footer alone."""

from __future__ import annotations

from pathlib import Path

from ctevidence.data.limits import refuse_shape
from ctevidence.data.problems import DataProblems, Problem

#: Bytes of one row group when unpacked; writers make groups of a few hundred megabytes at most.
_MOST_GROUP_BYTES = 4 * 2**30
#: Rows for each byte of the file: repeats pack well, but not beyond measure.
_MOST_ROWS_PER_BYTE = 1_000
_MOST_CELLS = 2_000_000_000


def refuse_parquet_size(path: Path) -> None:
    """Refuse a file whose footer promises more rows, columns or bytes than can be meant.

    Raises
    ------
    DataProblems
        Also when the file is not Parquet.
    """
    # half a second that readers of CSV need not spend
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        about = pq.read_metadata(path)
        groups = [about.row_group(i) for i in range(about.num_row_groups)]
    except (pa.ArrowException, ValueError, OSError, MemoryError) as error:  # names may be damaged
        why = f"This is not a readable Parquet file ({str(error).splitlines()[0]})."
        do = "Write it again, or save the table as CSV."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    refuse_shape(path.name, about.num_rows, about.num_columns, _MOST_CELLS)
    rows = sum(group.num_rows for group in groups)
    unpacked = max((group.total_byte_size for group in groups), default=0)
    size = path.stat().st_size
    if rows != about.num_rows or rows > size * _MOST_ROWS_PER_BYTE or unpacked > _MOST_GROUP_BYTES:
        why = (
            f"The file has {size:,} bytes and promises {about.num_rows:,} rows, {unpacked:,} bytes "
            "in one group when unpacked: that cannot be."
        )
        raise DataProblems([Problem(path.name, why, "Write the file again.")], path.name)
