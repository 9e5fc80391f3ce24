"""Parquet cells: the values of a Parquet file as the text that a CSV would hold.

Each distinct value is made text once, however many rows hold it, and one column is read at a time:
a registry of millions of visits has some hundred different days and a score for each step.
"""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctevidence.data.problems import DataProblems, Problem


def read_cells(path: Path) -> tuple[list[str], list[pd.Categorical]]:
    """Names and cells of each column; equal cells share one text.

    Raises
    ------
    DataProblems
        When the file is not Parquet.
    """
    # half a second that readers of CSV need not spend
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            columns = [
                # columns of one name are refused later, and until then told apart by their order
                _cells(file.read(columns=[name]).column(names[:i].count(name)))
                for i, name in enumerate(names)
            ]
    except (pa.ArrowException, OSError) as error:
        why = f"This is not a readable Parquet file ({str(error).splitlines()[0]})."
        do = "Write it again, or save the table as CSV."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    except (ValueError, OverflowError, MemoryError) as error:  # damaged bytes, impossible dates
        why = f"A value in the file cannot be read ({str(error).splitlines()[0]})."
        do = "Write it again, or save the table as CSV."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    if len(lengths := {len(column) for column in columns}) > 1:
        told = ", ".join(f"{n:,}" for n in sorted(lengths))
        why = f"The columns of the file have different numbers of rows ({told})."
        do = "Write it again, or save the table as CSV."
        raise DataProblems([Problem(path.name, why, do)], path.name)
    return [str(name).strip() for name in names], columns


def _cells(column) -> pd.Categorical:
    """The cells of one column (a chunked array), as codes of sorted texts."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_nested(column.type):  # no values to be found equal; refused as text later
        return pd.Categorical([_cell(value) for value in column.to_pylist()])
    if pa.types.is_dictionary(column.type):
        # several row groups have several dictionaries, and a dictionary may repeat itself
        column = column.cast(column.type.value_type)
    coded = column.dictionary_encode().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # of no rows
        return pd.Categorical.from_codes(np.empty(0, dtype=np.int32), [])
    missing = coded.indices.null_count > 0
    codes = coded.indices.fill_null(len(coded.dictionary)).to_numpy()
    texts = [_cell(value) for value in coded.dictionary.to_pylist()] + [""] * missing
    # different values may be one text: 5 and 5.0, a word with a space behind it
    which, distinct = pd.factorize(np.array(texts, dtype=object), sort=True)
    return pd.Categorical.from_codes(which.astype(np.int32)[codes], distinct)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"  # whole numbers become decimal where a column has gaps
    return unicodedata.normalize("NFC", str(value)).strip()
