"""Writers: a `Study` becomes a folder that `read_study` reads back as the same study."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pandas as pd

from ctevidence.data.columns import TABLE_COLUMNS, item_columns
from ctevidence.data.declaration import FILE
from ctevidence.data.study import TABLES, Study
from ctevidence.data.study_toml import study_toml

#: Tables that are left out when they have no rows.
_OPTIONAL = ("events", "treatments")


def write_study(study: Study, folder: str | Path) -> Path:
    """Write ``study.toml`` and the tables as CSV.

    Parameters
    ----------
    study : Study
    folder : str or Path
        A new or empty folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        When the folder holds something: data are never overwritten.
    """
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} is not empty, and data are never overwritten. Give a new folder, or remove "
            "this one."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(study_toml(study), encoding="utf-8", newline="\n")
    for name in TABLES:
        table = _as_text(study, name)
        if len(table) or name not in _OPTIONAL or (name == "events" and _needs_events(study)):
            _write_csv(table, folder / f"{name}.csv")
    return folder


def _write_csv(cells: pd.DataFrame, path: Path) -> None:
    # Python before 3.13 leaves a carriage return inside a cell unquoted
    returns = cells.map(lambda cell: "\r" in cell).any(axis=None)
    quoting = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    cells.to_csv(path, index=False, lineterminator="\n", quoting=quoting)


def _needs_events(study: Study) -> bool:
    """Whether a rule looks at events: then no events are a finding, not a missing file."""
    relapse, retention = study.rules.relapse, study.rules.retention
    return bool(relapse and relapse.from_events) or bool(retention and retention.source == "events")


def _as_text(study: Study, name: str) -> pd.DataFrame:
    """A table as cells of a CSV, without optional columns that are empty throughout."""
    frame = study.tables[name]
    if items := item_columns(frame):
        # totals are calculated again when they are read
        frame = frame.assign(score=frame["score"].mask(frame[items].notna().any(axis=1)))
    cells = frame.map(_cell)
    optional = [c for c, spec in TABLE_COLUMNS[name].items() if not spec.required and c in cells]
    return cells.drop(columns=[c for c in optional if (cells[c] == "").all()])


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or math.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
