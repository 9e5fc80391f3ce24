"""Tables: which columns a study's tables have, what their cells may hold, as which type.

pandera finds every cell that the schema of a table refuses; the words are ours. A refused cell
becomes missing, so that the checks across tables can go on and find what else is wrong.

Types afterwards: identifiers and words are text (``str``), days, scores, items and sessions
``float``. An empty cell is ``""`` in a column of words and NaN in a column of numbers or in a
covariate.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ctevidence.data.cells import DAY_FAULTS, FAULTS, day_fault, read_number
from ctevidence.data.files import RawTable
from ctevidence.data.problems import Problem
from ctevidence.terms import COMPONENTS

KEY = "participant_id"
ITEM = re.compile(r"item_([1-9]\d*)")
_LIKE_ITEM = re.compile(r"(item|question|q)[ _.-]?0*\d+", re.IGNORECASE)
COVARIATE_KINDS = ("number", "category")
#: Columns of `participants` that stay text, whatever they look like.
TEXT_COVARIATES = ("site", "therapist")
#: Names that covariates may not have: outcomes make columns of these names.
RESERVED = (
    *("baseline", "day", "week", "scale", "score", "value"),
    *("entry", "lower", "upper", "state", "weight"),
)


@dataclass(frozen=True)
class ColumnSpec:
    """What a column holds.

    Parameters
    ----------
    kind : {"text", "number", "score", "day", "component"}
    required : bool
        The table must have it.
    filled : bool
        Every cell must have a value.
    """

    kind: str = "text"
    required: bool = True
    filled: bool = True


_KEY = ColumnSpec()
_OPTIONAL = ColumnSpec(required=False, filled=False)

#: The tables, by column in the order in which they are written; `participants` may have more.
TABLE_COLUMNS: Mapping[str, Mapping[str, ColumnSpec]] = {
    "participants": {KEY: _KEY, "arm": ColumnSpec()},
    "visits": {
        KEY: _KEY,
        "day": ColumnSpec("day"),
        "scale": ColumnSpec(),
        "score": ColumnSpec("score"),
        "visit": _OPTIONAL,
    },
    "events": {
        KEY: _KEY,
        "day": ColumnSpec("day"),
        "event": ColumnSpec(),
        "reason": _OPTIONAL,
        "severity": _OPTIONAL,
    },
    "treatments": {
        KEY: _KEY,
        "component": ColumnSpec("component"),
        "name": ColumnSpec(),
        "start_day": ColumnSpec("day"),
        "stop_day": ColumnSpec("day", required=False, filled=False),
        "dose": _OPTIONAL,
        "sessions": ColumnSpec("number", required=False, filled=False),
    },
}

_ITEM_FAULT = "Enter the answer; leave the cell empty where it is missing."
_COVARIATE_FAULT = (
    "The column holds numbers, and this is none that can be read.",
    "Enter the number with a decimal point, or leave the cell empty; if the column holds words, "
    'declare it as "category" under [covariates] in study.toml.',
)


@dataclass(frozen=True, eq=False)
class CheckedTable:
    """A typed table whose index holds the lines of the file.

    Parameters
    ----------
    file : str
    frame : DataFrame
        Refused cells are missing.
    """

    file: str
    frame: pd.DataFrame

    def problems(
        self, where, why: str, do: str, column: str, beside: tuple[str, pd.Series] | None = None
    ) -> list[Problem]:
        """A problem for each row that `where` (shape (n,), bool) marks.

        The value is the cell of `column`; `beside` names another value that it contradicts.
        """
        marked = self.frame.index[np.asarray(where, dtype=bool)]
        problems = []
        for row in marked:
            value = _shown(self.frame.at[row, column])
            if beside is not None:
                value += f" ({beside[0]}: {_shown(beside[1].at[row])})"
            problems.append(Problem(self.file, why, do, column=column, row=int(row), value=value))
        return problems

    def repeats(self, by: list[str], why: str, do: str, column: str) -> list[Problem]:
        """A problem for each row but the first of those that agree on `by`, naming the first.

        Rows without an identifier or with a refused number in `by` agree with no other.
        """
        numbers = [name for name in by if self.frame[name].dtype == float]
        rows = self.frame[self.frame[KEY] != ""].dropna(subset=numbers)
        first = pd.Series(rows.index, index=rows.index)
        first = first.groupby([rows[name] for name in by], sort=False).transform("first")
        again = first.index[first != first.index]
        shown = list(dict.fromkeys([KEY, *by]))
        return [
            Problem(
                self.file,
                why,
                do,
                column=column,
                row=int(row),
                value=f"{', '.join(map(_shown, rows.loc[row, shown]))} (as row {first[row]})",
            )
            for row in again
        ]


def _shown(cell) -> str:
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:g}"
    return str(cell)


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


def item_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of answers to items, in the order of their numbers."""
    items = [column for column in frame.columns if ITEM.fullmatch(column)]
    return sorted(items, key=lambda column: int(column.removeprefix("item_")))


# -- which columns, of which kind -----------------------------------------------------------------


def _specs(
    table: str, frame: pd.DataFrame, decimal: str, covariates: Mapping[str, str]
) -> dict[str, ColumnSpec]:
    specs = dict(TABLE_COLUMNS[table])
    if table == "visits" and (items := item_columns(frame)):
        specs |= {"score": ColumnSpec("score", required=False, filled=False)}
        specs |= {item: ColumnSpec("item", required=False, filled=False) for item in items}
    if table == "participants":
        for name in frame.columns.difference([*specs], sort=False):
            kind = covariates.get(name) or _covariate_kind(name, frame[name], decimal)
            spec = "covariate" if kind == "number" else "category"
            specs[name] = ColumnSpec(spec, required=False, filled=False)
    return specs


def _covariate_kind(name: str, cells: pd.Series, decimal: str) -> str:
    """A column with any number, even one that cannot be read (12,5), is a column of numbers."""
    if name in TEXT_COVARIATES:
        return "category"
    faults = {read_number(cell, decimal)[1] for cell in cells.unique()}
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


def _words(cell: str, spec: ColumnSpec, fault: str) -> tuple[str, str]:
    """Why a cell is refused, and what to do."""
    if fault == "component":
        return f"A component is one of {' and '.join(COMPONENTS)}.", "Use one of the two words."
    if spec.kind == "day":
        return DAY_FAULTS[fault]
    why, do = FAULTS[fault]
    if spec.kind == "score" and fault in ("empty", "text", "infinite"):
        do = "Enter the score; delete the row if there is none (a missed visit has no row)."
    if spec.kind == "item" and fault in ("text", "infinite"):
        do = _ITEM_FAULT
    if spec.kind == "covariate" and fault in ("text", "date"):
        return _COVARIATE_FAULT
    return why, do


def _schema(specs: Mapping[str, ColumnSpec], decimal: str) -> pa.DataFrameSchema:
    def column(spec: ColumnSpec) -> pa.Column:
        def accepted(cells: pd.Series) -> pd.Series:
            faults = {cell: _fault(cell, spec, decimal) for cell in cells.unique()}
            return cells.map(faults) == ""

        return pa.Column(object, pa.Check(accepted, name="accepted"), required=spec.required)

    return pa.DataFrameSchema({name: column(spec) for name, spec in specs.items()})


def _refused(raw: RawTable, specs: Mapping[str, ColumnSpec], decimal: str) -> list[Problem]:
    """All that the schema refuses, by row."""
    try:
        _schema(specs, decimal).validate(raw.frame, lazy=True)
    except SchemaErrors as errors:
        failures = errors.failure_cases
    else:
        return []
    problems = []
    for case in failures.itertuples():
        if case.check == "column_in_dataframe":
            problems.append(_missing_column(case.failure_case, raw))
            continue
        spec, cell = specs[case.column], case.failure_case
        why, do = _words(cell, spec, _fault(cell, spec, decimal))
        row = int(case.index)
        problems.append(Problem(raw.file, why, do, column=case.column, row=row, value=cell))
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
            columns[name] = cells.astype(object)
        elif spec.kind == "category":
            columns[name] = cells.astype(object).mask(cells == "", np.nan)
        else:
            values = {cell: _number(cell, spec, decimal) for cell in cells.unique()}
            columns[name] = cells.map(values).astype(float)
    for name in frame.columns.difference([*specs], sort=False):
        columns[name] = frame[name].astype(object)
    return pd.DataFrame(columns, index=frame.index.rename("row"))


def _number(cell: str, spec: ColumnSpec, decimal: str) -> float:
    return np.nan if _fault(cell, spec, decimal) else read_number(cell, decimal)[0]
