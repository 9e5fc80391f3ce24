"""Tables: which cells the columns of a table refuse, and the types of the others.

Every cell that its column refuses is a problem of its own. A refused cell becomes missing, so that
the checks across tables can go on and find what else is wrong.

Types afterwards: identifiers and words are text (``str``, coded where it was read so), days,
scores, items and sessions ``float``. An empty cell is ``""`` in a column of words and NaN in a
column of numbers or in a covariate.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ctevidence.data.cells import DAY_FAULTS, FAULTS, day_fault, read_number
from ctevidence.data.checked_table import CheckedTable
from ctevidence.data.coded_cells import as_text, by_text, distinct
from ctevidence.data.columns import (
    ITEM,
    RESERVED,
    TABLE_COLUMNS,
    TEXT_COVARIATES,
    ColumnSpec,
    item_columns,
    optional,
)
from ctevidence.data.files import RawTable
from ctevidence.data.problems import Problem, alike
from ctevidence.terms import COMPONENTS

_LIKE_ITEM = re.compile(r"(item|question|q)[ _.-]?0*\d+", re.IGNORECASE)
_COVARIATE_FAULT = (
    "The column holds numbers, and this is none that can be read.",
    "Enter the number with a decimal point, or leave the cell empty; if the column holds words, "
    'declare it as "category" under [covariates] in study.toml.',
)


def check_table(
    table: str, raw: RawTable, decimal: str = ".", covariates: Mapping[str, str] | None = None
) -> tuple[CheckedTable | None, list[Problem]]:
    """Check the cells of one table and give them their types.

    Parameters
    ----------
    table : str
        A key of `TABLE_COLUMNS`.
    raw : RawTable
    decimal : {".", ","}
        Declared decimal sign.
    covariates : dict of str to {"number", "category"}, optional
        Declared kinds of covariates. Otherwise a column with any number is one of numbers.

    Returns
    -------
    CheckedTable or None
        None when required columns are missing.
    list of Problem
    """
    specs = _specs(table, raw.frame, decimal, covariates or {})
    problems = _unknown_columns(table, raw) + _refused(raw, specs, decimal)
    missing = [name for name, spec in specs.items() if spec.required and name not in raw.frame]
    if missing:
        return None, problems
    return CheckedTable(raw.file, _typed(table, raw.frame, specs, decimal)), problems


def empty_table(table: str) -> pd.DataFrame:
    """The table without rows, for a study that has no such file."""
    no_rows = pd.DataFrame(columns=list(TABLE_COLUMNS[table]), dtype=object)
    return _typed(table, no_rows, dict(TABLE_COLUMNS[table]), ".")


# -- which columns, of which kind -----------------------------------------------------------------


def _specs(
    table: str, frame: pd.DataFrame, decimal: str, covariates: Mapping[str, str]
) -> dict[str, ColumnSpec]:
    specs = dict(TABLE_COLUMNS[table])
    if table == "visits" and (items := item_columns(frame)):
        specs |= {"score": optional("score")} | {item: optional("item") for item in items}
    if table == "participants":
        for name in frame.columns.difference([*specs], sort=False):
            kind = covariates.get(name) or _covariate_kind(name, frame[name], decimal)
            specs[name] = optional("covariate" if kind == "number" else "category")
    return specs


def _covariate_kind(name: str, cells: pd.Series, decimal: str) -> str:
    """A column with any number, even one that cannot be read (12,5), is a column of numbers."""
    if name in TEXT_COVARIATES:
        return "category"
    faults = {read_number(cell, decimal)[1] for cell in distinct(cells)}
    return "number" if faults & {"", "grouped", "comma", "point", "infinite"} else "category"


def _unknown_columns(table: str, raw: RawTable) -> list[Problem]:
    """Names that cannot be: reserved ones, and near misses of columns that may be absent."""
    known = TABLE_COLUMNS[table]
    problems = []
    for name in raw.frame.columns.difference([*known], sort=False):
        if table == "visits" and _LIKE_ITEM.fullmatch(name) and not ITEM.fullmatch(name):
            why = "Answers to items stand in columns named item_1, item_2, ..."
            problems.append(Problem(raw.file, why, "Rename the column.", column=name, row=1))
        if table == "participants" and name in RESERVED:
            why = "The package makes a column of this name itself."
            problems.append(Problem(raw.file, why, "Rename the column.", column=name, row=1))
        absent = [c for c, spec in known.items() if not spec.required and c not in raw.frame]
        if close := difflib.get_close_matches(name, absent, n=1, cutoff=0.75):
            why = f'The column is not known; did you mean "{close[0]}"?'
            do = "Correct the name; rename the column if it means something else."
            problems.append(Problem(raw.file, why, do, column=name, row=1))
    return problems


# -- which cells ----------------------------------------------------------------------------------


def _fault(cell: str, spec: ColumnSpec, decimal: str) -> str:
    """What is wrong with a cell, in one word; empty when nothing is."""
    if not cell:
        return "empty" if spec.filled else ""
    if spec.kind in ("text", "category"):
        return ""
    if spec.kind == "component":
        return "" if cell in COMPONENTS else "component"
    if spec.kind == "day":
        return day_fault(cell, decimal)
    return read_number(cell, decimal)[1]


def _words(spec: ColumnSpec, fault: str) -> tuple[str, str]:
    """Why a cell is refused, and what to do."""
    if fault == "component":
        return f"A component is one of {' and '.join(COMPONENTS)}.", "Use one of the two words."
    if spec.kind == "day":
        return DAY_FAULTS[fault]
    why, do = FAULTS[fault]
    if spec.kind == "score" and fault in ("empty", "text", "infinite"):
        do = "Enter the score; delete the row if there is none (a missed visit has no row)."
    if spec.kind == "item" and fault in ("text", "infinite"):
        do = "Enter the answer; leave the cell empty where it is missing."
    if spec.kind == "covariate" and fault in ("text", "date"):
        return _COVARIATE_FAULT
    return why, do


def _refused(raw: RawTable, specs: Mapping[str, ColumnSpec], decimal: str) -> list[Problem]:
    """Columns that are missing and cells that are refused, by row."""
    problems = []
    for name, spec in specs.items():
        if name not in raw.frame:
            problems += [_missing_column(name, raw)] if spec.required else []
            continue
        cells = raw.frame[name]
        faults = by_text(cells, lambda cell, spec=spec: _fault(cell, spec, decimal), object)
        for fault in faults[faults != ""].unique():
            why, do = _words(spec, fault)

            def problem(row, name=name, cells=cells, why=why, do=do) -> Problem:
                return Problem(raw.file, why, do, column=name, row=int(row), value=cells.at[row])

            problems += alike(faults.index[faults == fault], problem)
    return sorted(problems, key=lambda p: p.row or 0)


def _missing_column(name: str, raw: RawTable) -> Problem:
    spaced = {c.lower().replace(" ", "_"): c for c in raw.frame.columns}
    do = f'Add the column "{name}" to the header; found: {", ".join(raw.frame.columns)}.'
    if like := spaced.get(name):
        do = f'Write "{name}" instead of "{like}" in the header.'
    return Problem(raw.file, "A required column is missing.", do, column=name, row=1)


# -- types ----------------------------------------------------------------------------------------


def _typed(
    table: str, frame: pd.DataFrame, specs: Mapping[str, ColumnSpec], decimal: str
) -> pd.DataFrame:
    """Columns in the order of the schema, then the others as text; missing optional ones added."""
    columns = {}
    for name, spec in specs.items():
        cells = frame[name] if name in frame else pd.Series("", index=frame.index, dtype=object)
        if spec.kind in ("text", "component"):
            columns[name] = cells
        elif spec.kind == "category":
            columns[name] = as_text(cells).mask(cells == "", np.nan)
        else:
            columns[name] = by_text(cells, lambda c, spec=spec: _number(c, spec, decimal), float)
    for name in frame.columns.difference([*specs], sort=False):
        columns[name] = frame[name]
    return pd.DataFrame(columns, index=frame.index.rename("row"))


def _number(cell: str, spec: ColumnSpec, decimal: str) -> float:
    return np.nan if _fault(cell, spec, decimal) else read_number(cell, decimal)[0]
