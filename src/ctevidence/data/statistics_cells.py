"""Statistics cells: the cells of a file of SAS, SPSS or Stata as text, read in this process.

A damaged file can end the process that reads it (the library is written in C), so that only the
process that `statistics_files` starts does this: it is told what to read on its input, in JSON, and
writes the cells, or the problems, to its output.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

try:
    import resource
except ImportError:  # not on Windows
    resource = None

from ctevidence.data.cell_text import cell_text
from ctevidence.data.extras import need
from ctevidence.data.limits import MOST_CELLS, refuse_shape
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems, Problem

#: Bytes of memory that reading may take.
_MEMORY = 8 * 2**30
#: Function of pyreadstat, by the end of the file's name.
_FUNCTIONS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".dta": "read_dta",
    ".xpt": "read_xport",
    ".sas7bdat": "read_sas7bdat",
}


def read_cells(
    path: Path, origin: Origin, encoding: str, used: set[str]
) -> tuple[list[str], list[list[str]], list[Problem]]:
    """Names and cells of each column, and what is wrong with cells.

    Parameters
    ----------
    path : Path
    origin : Origin
        Says whether codes or labels are read, and what values declared missing are.
    encoding : str
        Empty for what the file says itself.
    used : set of str
        Columns that are used: only these need a decision.

    Raises
    ------
    DataProblems
        When the file cannot be read, or a decision is missing.
    """
    data, about = _read(path, encoding)
    if problems := _undecided(path.name, data, about, origin, used):
        raise DataProblems(problems, path.name)
    columns, problems = [], []
    for name, found_values in data.items():
        labels = about.variable_value_labels.get(name) if name in (origin.labels or ()) else None
        missing = _missing(about, name) if origin.user_missing == "empty" else []
        values = [None if _is_missing(v, missing) else v for v in found_values]
        single = about.readstat_variable_types.get(name) == "float"
        texts, found = _texts(path.name, name, values, labels, single)
        columns.append(texts)
        problems += found
    return [str(name).strip() for name in data], columns, problems


def _read(path: Path, encoding: str) -> tuple[dict[str, list], Any]:
    """Values of each column, and what the file says about them."""
    pyreadstat = need("pyreadstat", "formats", path.name)
    read = getattr(pyreadstat, _FUNCTIONS[path.suffix.lower()])
    options: dict[str, Any] = {"encoding": encoding} if encoding else {}
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


def main() -> None:
    """Read what the input asks for, and answer in JSON."""
    if resource:  # a file that promises billions of rows must not take the memory of the machine
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    labels = None if asked["labels"] is None else tuple(asked["labels"])
    origin = Origin("", labels=labels, user_missing=asked["user_missing"])
    try:
        names, columns, problems = read_cells(
            Path(asked["path"]), origin, asked["encoding"], set(asked["used"])
        )
        answer = {"names": names, "columns": columns, "problems": list(map(astuple, problems))}
    except DataProblems as error:
        answer = {"refused": list(map(astuple, error.problems))}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
