"""Trial tables: the cells of a table of published trials, checked one by one and given their types.

Words are ``str`` afterwards (``""`` where empty), numbers ``float64`` (NaN where empty); columns
that always hold a number of people become ``int64``, years ``Int64``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ctevidence.data.cells import FAULTS, read_number
from ctevidence.data.files import RawTable
from ctevidence.data.problems import Problem
from ctevidence.data.trial_columns import (
    FIXED_WORDS,
    ROB_PREFIX,
    ROB_WORDS,
    WORDS,
    TrialColumn,
    Vocabulary,
    split_flags,
)
from ctevidence.terms import did_you_mean


@dataclass(frozen=True, eq=False)
class TrialTable:
    """A typed table, and the cells that were refused.

    Parameters
    ----------
    file : str
    frame : DataFrame
        The index holds the lines of the file; refused cells are empty.
    refused : DataFrame of bool
        Of the known columns: where a value was found that cannot be used. That is a problem
        already, and no check between rows repeats it.
    """

    file: str
    frame: pd.DataFrame
    refused: pd.DataFrame

    def given(self, column: str) -> pd.Series:
        """Where the file has a value, usable or not."""
        values = self.frame[column]
        return self.refused[column] | (values.notna() & values.ne(""))

    def problems(
        self, where: pd.Series, why: str, do: str, column: str, value: pd.Series | None = None
    ) -> list[Problem]:
        """A problem for each row that `where` marks, with the cell of `column` if no `value`."""
        found = self.frame[column] if value is None else value
        return [
            Problem(self.file, why, do, column=column, row=int(row), value=_shown(cell))
            for row, cell in found[where].items()
        ]


def _shown(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return "" if pd.isna(cell) else f"{cell:g}"


#: Kinds of numbers: what is accepted, else why not and what to do.
_NUMBER_KINDS = {
    "positive": (lambda x: x > 0, "The value must be above 0.", "Correct the value."),
    "people": (
        lambda x: x >= 1 and x.is_integer(),
        "A number of people is a whole number above 0.",
        "Enter the number of people behind this row; without people, delete the row.",
    ),
    "count": (
        lambda x: x >= 0 and x.is_integer(),
        "A count is a whole number, 0 or above.",
        'Enter the count; one worked out as round(percent x n) is marked counts = "from_percent".',
    ),
}


def check_columns(
    raw: RawTable,
    columns: Mapping[str, TrialColumn],
    vocabulary: Vocabulary = WORDS,
    decimal: str = ".",
) -> tuple[TrialTable | None, list[Problem]]:
    """Check every cell by itself and give the columns their types.

    Parameters
    ----------
    raw : RawTable
    columns : dict of str to TrialColumn
    vocabulary : dict of str to tuple of str
        Known words by column.
    decimal : {".", ","}

    Returns
    -------
    TrialTable or None
        Columns in the order of `columns`, then the others as text; refused cells are missing.
        None when a required column is missing, or all rows are.
    list of Problem
    """
    missing = _missing_columns(raw, columns)
    problems = [*missing, *_near_misses(raw, columns)]
    if raw.frame.empty and not raw.problems:
        problems.append(Problem(raw.file, "The table has no rows.", "Add the rows."))
    if missing or raw.frame.empty:
        return None, problems
    typed, refused = {}, {}
    for name, column in columns.items():
        if not column.added and name not in raw.frame:
            continue
        cells = raw.frame.get(name, pd.Series("", index=raw.frame.index, dtype=object))
        faults = {cell: _fault(cell, name, column, vocabulary, decimal) for cell in cells.unique()}
        if name in raw.frame:
            problems += [
                Problem(raw.file, *faults[cell], column=name, row=int(row), value=cell)
                for row, cell in cells.items()
                if faults[cell]
            ]
        refused[name] = cells.map(faults).notna() & cells.ne("")
        typed[name] = _typed(cells.mask(refused[name], ""), column, decimal)
    problems += _judgements(raw)
    others = raw.frame.columns.difference([*columns], sort=False)
    typed |= {name: raw.frame[name] for name in others}
    frame = pd.DataFrame(typed, index=raw.frame.index)
    table = TrialTable(raw.file, frame, pd.DataFrame(refused, index=frame.index))
    return table, sorted(problems, key=lambda p: p.row or 0)


def _missing_columns(raw: RawTable, columns: Mapping[str, TrialColumn]) -> list[Problem]:
    found = ", ".join(raw.frame.columns)
    return [
        Problem(
            raw.file,
            "A required column is missing.",
            f'Add the column "{name}" to the header; found: {found}.',
            column=name,
            row=1,
        )
        for name, column in columns.items()
        if column.required and name not in raw.frame
    ]


def _judgements(raw: RawTable) -> list[Problem]:
    """Cells of ``rob_*`` columns that are no judgement."""
    return [
        Problem(
            raw.file,
            "The cell is no judgement of the risk of bias.",
            f"Use one of {', '.join(ROB_WORDS)}, or leave it empty where it was not assessed.",
            column=name,
            row=int(row),
            value=cell,
        )
        for name in raw.frame
        if name.startswith(ROB_PREFIX)
        for row, cell in raw.frame[name].items()
        if cell and cell not in ROB_WORDS
    ]


def _near_misses(raw: RawTable, columns: Mapping[str, TrialColumn]) -> list[Problem]:
    """A misspelt optional column would otherwise be taken for one of the user's own."""
    absent = [name for name in columns if name not in raw.frame]
    problems = []
    for name in raw.frame.columns.difference([*columns], sort=False):
        plain = name.lower().replace(" ", "_")
        if close := difflib.get_close_matches(plain, absent, n=1, cutoff=0.8):
            why = f'The column is not known; did you mean "{close[0]}"?'
            do = "Correct the name; rename the column if it means something else."
            problems.append(Problem(raw.file, why, do, column=name, row=1, value=name))
    return problems


def _fault(
    cell: str, name: str, column: TrialColumn, vocabulary: Vocabulary, decimal: str
) -> tuple[str, str] | None:
    """Why a cell cannot be used, and what to do; None when it can."""
    if not cell:
        return FAULTS["empty"] if column.filled else None
    if column.kind == "text":
        return None
    if column.kind in ("word", "flags"):
        words = split_flags(cell) if column.kind == "flags" else (cell,)
        unknown = next((word for word in words if word not in vocabulary[name]), None)
        return None if unknown is None else _unknown_word(unknown, name, vocabulary[name])
    value, fault = read_number(cell, decimal)
    if fault:
        return FAULTS[fault]
    if column.kind == "number":
        return None
    accepted, why, do = _NUMBER_KINDS[column.kind]
    return None if accepted(value) else (why, do)


def _unknown_word(word: str, name: str, known: tuple[str, ...]) -> tuple[str, str]:
    why = f'"{word}" is not a known word{did_you_mean(word, known)}'
    if name in FIXED_WORDS:
        return why, "Use one of these words."
    return why, f'Correct it, or declare it in trials.toml: [vocabulary] {name} = ["{word}"].'


def _typed(cells: pd.Series, column: TrialColumn, decimal: str) -> pd.Series:
    if column.kind in ("text", "word", "flags"):
        return cells.astype(object)
    return cells.map(lambda cell: read_number(cell, decimal)[0]).astype(float)


def with_whole_numbers(frame: pd.DataFrame, columns: Mapping[str, TrialColumn]) -> pd.DataFrame:
    """A sound table, with whole numbers where no cell can be empty; years may be."""
    whole = {
        name: "int64"
        for name, column in columns.items()
        if column.kind == "people" and column.filled
    }
    years = {"year": "Int64"} if "year" in frame else {}
    return frame.astype(whole | years)
