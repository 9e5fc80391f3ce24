"""What must not happen when damaged data are read, and how it is seen.

A reader answers with data or with a list of problems. Anything else is a fault: another error, or a
number in the data that is not the number in the file. The file is read again here by Python's own
`csv` and `decimal`, so that this does not rest on the reader's words.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.study import Study
from ctevidence.data.trials import Trials

READ, REFUSED = "read", "problems"


def outcome(folder: Path, read: Callable[[Path], Study | Trials] = read_study) -> str:
    """`READ`, `REFUSED`, or what is wrong in a few words.

    Parameters
    ----------
    folder : Path
    read : callable
        `read_study` or `read_trials`.
    """
    try:
        data = read(folder)
    except DataProblems as error:
        str(error)  # the message itself must not fail
        return REFUSED
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    changed = changed_numbers if read is read_study else changed_counts
    return changed(folder, data) or READ


def changed_numbers(folder: Path, study: Study) -> str:
    """The table and column whose numbers are not those of the file; empty when all are."""
    columns = {
        "participants": [c for c in study.participants if study.participants[c].dtype == float],
        "visits": ["day", "score"],
        "events": ["day"],
        "treatments": ["start_day", "stop_day", "sessions"],
    }
    for name, names in columns.items():
        found = _changed(folder / f"{name}.csv", study.tables[name], "participant_id", names)
        if found:
            return found
    return ""


def changed_counts(folder: Path, trials: Trials) -> str:
    """The column of trials by arm whose numbers are not those of the file; empty when all are."""
    numbers = ["year", "weeks", "events", "n", "mean", "sd"]
    return _changed(folder / "arms.csv", trials.arms, "trial_id", numbers)


def _changed(path: Path, frame: pd.DataFrame | None, key: str, columns: list[str]) -> str:
    if frame is None or not path.is_file():
        return ""
    form = _form(path.parent)
    rows = _rows(path, form)
    for column in columns:
        kept = Counter(zip(frame[key], frame[column].map(_shown), strict=True))
        held = Counter((row[key], _number(row.get(column, ""), form["decimal"])) for row in rows)
        if kept != held:
            return f"{path.stem}.{column}: {dict(kept - held)} instead of {dict(held - kept)}"[:200]
    return ""


def _form(folder: Path) -> dict[str, str]:
    """How the tables of a folder are written, as its declaration says."""
    (declaration,) = folder.glob("*.toml")
    declared = tomllib.loads(declaration.read_text(encoding="utf-8-sig"))
    return {"encoding": "utf-8-sig", "delimiter": ",", "decimal": "."} | declared.get("files", {})


def _rows(path: Path, form: dict[str, str]) -> list[dict[str, str]]:
    """The rows of a CSV, read by other means than the package's."""
    data = path.read_bytes()
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = unicodedata.normalize("NFC", data.decode("utf-16" if utf_16 else form["encoding"]))
    lines, delimiter = io.StringIO(text, newline=""), form["delimiter"]
    table = [
        [cell.strip() for cell in row]
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    ]
    header, *rows = [row for row in table if any(row)]
    if header[0].startswith("sep="):
        header, *rows = rows
    return [dict(zip(header, row, strict=False)) for row in rows]


def _number(cell: str, decimal: str) -> str:
    """A number as exact text; missing when empty."""
    if not cell:
        return "missing"
    if decimal != "." and "." not in cell:
        cell = cell.replace(decimal, ".")
    try:
        return _shown(float(Decimal(cell)))
    except (InvalidOperation, ValueError):
        return cell


def _shown(value: float) -> str:
    return "missing" if math.isnan(value) else repr(float(value) + 0.0)
