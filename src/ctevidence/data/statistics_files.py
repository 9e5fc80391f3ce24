"""Files of SAS, SPSS and Stata as text cells, with codes, labels and missing values as declared.

Such a file can hold a code and its label for one cell (1, "CBT"), and can declare a number missing
(999). Which of the two is meant is said in ``prepare.toml``, for the columns that are used::

    labels = ["arm"]            # the labels of these columns, of all others the codes
    user_missing = "empty"      # numbers that the file declares missing are empty cells

Rows are numbered as in the program that shows them, from 1.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctevidence.data.cell_text import cell_text
from ctevidence.data.extras import need
from ctevidence.data.files import FileFormat, RawTable, named_table
from ctevidence.data.limits import MOST_CELLS, refuse_shape
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems, Problem

#: Function of pyreadstat, by the end of the file's name.
_FUNCTIONS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".dta": "read_dta",
    ".xpt": "read_xport",
    ".sas7bdat": "read_sas7bdat",
}
SUFFIXES = tuple(_FUNCTIONS)


def read_statistics_file(
    path: Path, origin: Origin, file_format: FileFormat, used: Iterable[str]
) -> RawTable:
    """Read a file of SAS, SPSS or Stata as text cells.

    Parameters
    ----------
    path : Path
        Ends in ``.xpt``, ``.sas7bdat``, ``.sav``, ``.zsav`` or ``.dta``.
    origin : Origin
        Says whether codes or labels are read, and what values declared missing are.
    file_format : FileFormat
        Its encoding counts where one is declared; else what the file says.
    used : iterable of str
        Columns that are used: only these need a decision.

    Returns
    -------
    RawTable
        Its index counts rows from 1.

    Raises
    ------
    DataProblems
        When the file cannot be read, or a decision is missing.
    """
    data, about = _read(path, file_format)
    problems = _undecided(path.name, data, about, origin, set(used))
    if problems:
        raise DataProblems(problems, path.name)
    columns = []
    for name, found_values in data.items():
        labels = about.variable_value_labels.get(name) if name in (origin.labels or ()) else None
        missing = _missing(about, name) if origin.user_missing == "empty" else []
        values = [None if _is_missing(v, missing) else v for v in found_values]
        single = about.readstat_variable_types.get(name) == "float"
        texts, found = _texts(path.name, name, values, labels, single)
        columns.append(texts)
        problems += found
    rows = range(1, 1 + (len(columns[0]) if columns else 0))
    frame = pd.DataFrame(dict(enumerate(columns)), index=rows, dtype=object)
    return named_table(path.name, frame, [str(name).strip() for name in data], problems)


def _read(path: Path, file_format: FileFormat) -> tuple[dict[str, list], Any]:
    """Values of each column, and what the file says about them."""
    pyreadstat = need("pyreadstat", "formats", path.name)
    read = getattr(pyreadstat, _FUNCTIONS[path.suffix.lower()])
    options = {} if file_format.encoding == "utf-8" else {"encoding": file_format.encoding}
    try:
        with warnings.catch_warnings(action="ignore"):
            _, about = read(path, metadataonly=True, **options)
            refuse_shape(path.name, about.number_rows or 0, about.number_columns, MOST_CELLS)
            if path.suffix.lower() != ".xpt":  # which knows no values declared missing
                options["user_missing"] = True
            frame, about = read(path, **options)
    except DataProblems:
        raise
    except Exception as error:  # of the library, of the encoding, or of a date beyond all calendars
        why = (
            f"The file cannot be read ({str(error).splitlines()[0][:80] or type(error).__name__})."
        )
        do = "Write it again; if its letters are the trouble, declare encoding under [files]."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    return {name: frame[name].tolist() for name in frame}, about


# -- what has to be decided -----------------------------------------------------------------------


def _undecided(file: str, data: dict, about, origin: Origin, used: set[str]) -> list[Problem]:
    problems = []
    labelled = [name for name in data if name in used and about.variable_value_labels.get(name)]
    if labelled and origin.labels is None:
        why = "The column holds codes with labels, and nothing says which are read."
        do = "Say labels = [...] in prepare.toml: columns of which labels are read; [] for none."
        problems += [Problem(file, why, do, column=name) for name in labelled]
    for name in origin.labels or ():
        if name in data and not about.variable_value_labels.get(name):
            why = "prepare.toml asks for the labels of the column, but it has none."
            problems.append(Problem(file, why, "Remove it from labels.", column=name))
    for name in data if not origin.user_missing else ():
        missing = _missing(about, name)
        found = [v for v in data[name] if _is_missing(v, missing)] if name in used else []
        if found:
            why = "The file declares these values missing, and prepare.toml does not say so."
            do = 'Say user_missing = "empty", or "value" where they are values after all.'
            problems.append(Problem(file, why, do, column=name, value=cell_text(found[0])))
    return problems


def _missing(about, name: str) -> list[Any]:
    """Ranges and values that the file declares missing."""
    ranges = about.missing_ranges.get(name, [])
    return [(r["lo"], r["hi"]) for r in ranges] + list(about.missing_user_values.get(name, []))


def _is_missing(value: Any, missing: list[Any]) -> bool:
    for one in missing:
        if isinstance(one, tuple):
            same = isinstance(value, str) == isinstance(one[0], str)
            if same and value is not None and one[0] <= value <= one[1]:
                return True
        elif value == one:
            return True
    return False


# -- text -----------------------------------------------------------------------------------------


def _texts(
    file: str, name: str, values: list, labels: dict | None, single: bool
) -> tuple[list[str], list[Problem]]:
    if labels is None:
        return [_single(v) if single else cell_text(v) for v in values], []
    texts, problems = [], []
    for row, value in enumerate(values, start=1):
        text = cell_text(value)
        if text and value not in labels:
            why = "The code has no label, and prepare.toml asks for labels."
            do = "Correct the code or its labels, or take the column out of labels."
            problems.append(Problem(file, why, do, column=name, row=row, value=text))
        texts.append(cell_text(labels.get(value, "")) if text else "")
    return texts, problems


def _single(value: Any) -> str:
    """A number that Stata stores with about seven digits: its 0.1 is not 0.10000000149."""
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return cell_text(float(str(np.float32(value))))
    return cell_text(value)
