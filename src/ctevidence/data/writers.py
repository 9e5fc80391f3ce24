"""Writers: a `Study` becomes a folder that `read_study` reads back as the same study."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from ctevidence.data.columns import TABLE_COLUMNS, item_columns
from ctevidence.data.declaration import FILE
from ctevidence.data.files import SUFFIXES
from ctevidence.data.study import Study
from ctevidence.data.study_toml import study_toml
from ctevidence.data.table_names import TABLES
from ctevidence.data.whole_folder import made_whole

#: Tables that are left out when they have no rows.
_OPTIONAL = ("events", "treatments")
#: Rows of a group of a Parquet file.
_ROWS_AT_ONCE = 500_000


def write_study(study: Study, folder: str | Path, *, suffix: str = ".csv") -> Path:
    """Write ``study.toml`` and the tables.

    Parameters
    ----------
    study : Study
    folder : str or Path
        A new or empty folder.
    suffix : {".csv", ".parquet"}
        Kind of the tables. Parquet is for many rows: smaller, and read many times faster.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        When the folder holds something: data are never overwritten.
    ValueError
        For another kind of file.
    StorageError
        When the disk or the rights on it do not let it be written.
    """
    if suffix not in SUFFIXES:
        raise ValueError(f'suffix is "{suffix}"; tables are written as {" or ".join(SUFFIXES)}.')
    folder = _new_folder(folder)
    write = _write_parquet if suffix == ".parquet" else _write_csv
    with made_whole(folder) as fresh:
        (fresh / FILE).write_text(study_toml(study), encoding="utf-8", newline="\n")
        for name in TABLES:
            if _is_written(study, name):
                write(_as_written(study, name), fresh / f"{name}{suffix}")
    return folder


def write_parts(parts: Iterable[Study], folder: str | Path) -> Path:
    """Write a study that comes in parts as Parquet: a group of rows for each, none kept.

    Parameters
    ----------
    parts : iterable of Study
        With the same declarations and columns, and other people.
    folder : str or Path
        As for `write_study`.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError
        When the folder holds something.
    ValueError
        When a part has a table or a column that the first one does not have.
    StorageError
        When the disk or the rights on it do not let it be written.
    """
    folder = _new_folder(folder)
    with made_whole(folder) as fresh, ExitStack() as open_files:
        like: dict[str, pd.DataFrame] = {}
        files: dict[str, Callable[[pd.DataFrame], None]] = {}
        for part in parts:
            tables = {name: _as_written(part, name) for name in TABLES if _is_written(part, name)}
            if not files:
                (fresh / FILE).write_text(study_toml(part), encoding="utf-8", newline="\n")
                for name, rows in tables.items():
                    like[name], path = rows.iloc[:0], fresh / f"{name}.parquet"
                    files[name] = open_files.enter_context(_open_parquet(rows, path))
            _refuse_more(tables, like)
            for name, write in files.items():
                write(part.tables[name])
    return folder


def _refuse_more(tables: dict[str, pd.DataFrame], like: dict[str, pd.DataFrame]) -> None:
    """Nothing of a later part may get lost because the first one did not have it."""
    more = [name for name in tables if name not in like]
    more += [f"{name}.{c}" for name in like for c in tables.get(name, ()) if c not in like[name]]
    if more:
        raise ValueError(f"A part has {', '.join(more)}, which the first one does not have.")


def _new_folder(folder: str | Path) -> Path:
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} is not empty, and data are never overwritten. Give a new folder, or remove "
            "this one."
        )
    return folder


def _is_written(study: Study, name: str) -> bool:
    needed = name not in _OPTIONAL or (name == "events" and _needs_events(study))
    return needed or len(study.tables[name]) > 0


def _write_csv(rows: pd.DataFrame, path: Path) -> None:
    cells = rows.map(_cell)
    # Python before 3.13 leaves a carriage return inside a cell unquoted
    returns = cells.map(lambda cell: "\r" in cell).any(axis=None)
    quoting = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    cells.to_csv(path, index=False, lineterminator="\n", quoting=quoting)


def _write_parquet(rows: pd.DataFrame, path: Path) -> None:
    with _open_parquet(rows, path) as write:
        for start in range(0, max(len(rows), 1), _ROWS_AT_ONCE):
            write(rows.iloc[start : start + _ROWS_AT_ONCE])


@contextmanager
def _open_parquet(like: pd.DataFrame, path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """A function that writes a group of rows with the columns of `like`.

    Numbers are written as numbers; each different word once for a group.
    """
    import pyarrow as pa  # noqa: PLC0415 (half a second that others need not spend)
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = [(c, pa.string() if like[c].dtype == object else pa.float64()) for c in like]
    with pq.ParquetWriter(path, pa.schema(types)) as file:

        def write(rows: pd.DataFrame) -> None:
            # a column of words may hold numbers without a word among them, where all are missing
            columns = [
                pa.array(rows[name].astype(object).where(rows[name].notna(), None), type_)
                for name, type_ in types
            ]
            file.write_table(pa.table(columns, pa.schema(types)))

        yield write


def _needs_events(study: Study) -> bool:
    """Whether a rule looks at events: then no events are a finding, not a missing file."""
    relapse, retention = study.rules.relapse, study.rules.retention
    return bool(relapse and relapse.from_events) or bool(retention and retention.source == "events")


def _as_written(study: Study, name: str) -> pd.DataFrame:
    """A table without optional columns that are empty throughout."""
    frame = study.tables[name]
    if items := item_columns(frame):
        # totals are calculated again when they are read
        frame = frame.assign(score=frame["score"].mask(frame[items].notna().any(axis=1)))
    optional = [c for c, spec in TABLE_COLUMNS[name].items() if not spec.required and c in frame]
    empty = [c for c in optional if (frame[c].isna() | (frame[c] == "")).all()]
    return frame.drop(columns=empty)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or math.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
