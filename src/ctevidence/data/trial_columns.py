"""Columns of published trials: which there are, what their cells hold, which words are known.

Afterwards words are ``str`` (``""`` where empty), numbers ``float64`` (NaN where empty); columns
that always hold a number of people become ``int64``, years ``Int64``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ctevidence.data.cells import FAULTS, read_number
from ctevidence.data.files import RawTable
from ctevidence.data.problems import Problem
from ctevidence.terms import Treatment, did_you_mean

#: Words that columns may hold; ``[vocabulary]`` in ``trials.toml`` adds to all but `FIXED_WORDS`.
WORDS: Mapping[str, tuple[str, ...]] = {
    "treatment": tuple(t.value for t in Treatment),
    "phase": ("acute", "continuation", "maintenance"),
    "outcome": (
        *("response", "remission", "relapse", "recurrence", "dropout", "score"),
        *("adverse_event", "hospitalisation", "self_harm", "switch", "death"),
    ),
    "condition": (
        *("depression", "adolescent_depression", "late_life_depression", "persistent_depression"),
        *("panic", "social_anxiety", "paediatric_anxiety", "bipolar", "ptsd", "ocd", "alcohol_use"),
    ),
    "age_group": ("adults", "older adults", "adolescents", "children and adolescents"),
    "control_type": (
        *("pill_placebo", "clinical_management", "usual_care", "waiting_list", "attention"),
    ),
    "counts": ("reported", "from_percent", "reconstructed"),
    "flags": (
        *("taper_in_therapy_arm", "taper_both_arms", "therapy_arm_without_pill"),
        *("drugs_allowed_in_control", "prior_nonresponse", "completers", "group_therapy"),
        *("survival_estimate", "response_by_cutoff", "relapse_from_start", "arms_missing"),
        *("dropout_only", "bipolar_depression_recovery"),
    ),
    "measure": (
        *("odds_ratio", "risk_ratio", "hazard_ratio"),
        *("risk_difference", "mean_difference", "std_mean_difference"),
    ),
}

FIXED_WORDS = ("treatment", "measure")


@dataclass(frozen=True)
class TrialColumn:
    """What a column holds.

    Parameters
    ----------
    kind : {"text", "word", "flags", "number", "positive", "count", "people"}
        ``word``: one of `WORDS` of the column's name; ``flags``: several, separated by semicolons;
        ``people``: a whole number above 0.
    required : bool
        The table must have it.
    filled : bool
        Every cell must have a value.
    added : bool
        A table without the column gets it, empty.
    """

    kind: str = "text"
    required: bool = False
    filled: bool = False
    added: bool = True


def _filled(kind: str = "text") -> TrialColumn:
    return TrialColumn(kind, required=True, filled=True)


#: One row is one arm, outcome and time of a trial; columns ``rob_*`` and others may follow.
ARM_COLUMNS: Mapping[str, TrialColumn] = {
    "trial_id": _filled(),
    "year": TrialColumn("count"),
    "citation": TrialColumn(),
    "identifier": TrialColumn(),
    "condition": _filled("word"),
    "age_group": TrialColumn("word"),
    "population": TrialColumn(),
    "phase": _filled("word"),
    "arm": _filled(),
    "treatment": _filled("word"),
    "medication": TrialColumn(),
    "therapy": TrialColumn(),
    "control_type": TrialColumn("word"),
    "outcome": _filled("word"),
    "outcome_definition": TrialColumn(),
    "weeks": TrialColumn("positive", required=True),
    "events": TrialColumn("count"),
    "n": _filled("people"),
    "mean": TrialColumn("number"),
    "sd": TrialColumn("positive"),
    "counts": TrialColumn("word"),
    "flags": TrialColumn("flags"),
    "caution": TrialColumn(),
    "source": TrialColumn(),
}

#: One row is one contrast of a trial: `treat1` against `treat2`, on the scale declared.
CONTRAST_COLUMNS: Mapping[str, TrialColumn] = {
    "study": _filled(),
    "treat1": _filled(),
    "treat2": _filled(),
    "estimate": _filled("number"),
    "std_error": _filled("positive"),
    "measure": _filled("word"),
    "outcome": _filled("word"),
    "n1": TrialColumn("people"),
    "n2": TrialColumn("people"),
    "events1": TrialColumn("count"),
    "events2": TrialColumn("count"),
    "year": TrialColumn("count", added=False),
    "citation": TrialColumn(added=False),
    "condition": TrialColumn("word", added=False),
    "age_group": TrialColumn("word", added=False),
    "phase": TrialColumn("word", added=False),
    "weeks": TrialColumn("positive", added=False),
    "flags": TrialColumn("flags", added=False),
    "caution": TrialColumn(added=False),
}

#: One row is one outcome of a factorial trial: the mean of each of the four cells.
CELL_MEAN_COLUMNS: Mapping[str, TrialColumn] = {
    "trial_id": _filled(),
    "year": TrialColumn("count"),
    "citation": TrialColumn(),
    "identifier": TrialColumn(),
    "condition": _filled("word"),
    "population": TrialColumn(),
    "phase": _filled("word"),
    "outcome": _filled(),
    "unit": _filled(),
    "weeks": TrialColumn("positive", required=True),
    **{t.value: _filled("number") for t in Treatment},
    **{f"n_{t.value}": _filled("people") for t in Treatment},
    "std_error": TrialColumn("positive"),
    "caution": TrialColumn(),
    "source": TrialColumn(),
}

TABLE_COLUMNS = {
    "arms": ARM_COLUMNS,
    "contrasts": CONTRAST_COLUMNS,
    "cell_means": CELL_MEAN_COLUMNS,
}


@dataclass(frozen=True, eq=False)
class TrialTable:
    """A typed table, and the cells that were refused.

    Parameters
    ----------
    file : str
    frame : DataFrame
        The index holds the lines of the file; refused cells are empty.
    refused : DataFrame of bool
        Same shape: where a value was found that cannot be used. It is a problem already, and no
        check between rows repeats it.
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


Vocabulary = Mapping[str, tuple[str, ...]]

_NUMBER_FAULTS = {
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
        None when a required column is missing.
    list of Problem
    """
    problems = [*_missing_columns(raw, columns), *_near_misses(raw, columns)]
    if any(name not in raw.frame for name, column in columns.items() if column.required):
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


def _near_misses(raw: RawTable, columns: Mapping[str, TrialColumn]) -> list[Problem]:
    """A misspelt optional column would otherwise be taken for one of the user's own."""
    absent = [name for name, column in columns.items() if name not in raw.frame]
    problems = []
    for name in raw.frame.columns.difference([*columns], sort=False):
        hint = did_you_mean(name, absent)
        if "did you mean" in hint:
            why = f"The column is not known{hint}"
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
    accepted, why, do = _NUMBER_FAULTS.get(column.kind, (lambda x: True, "", ""))
    return None if accepted(value) else (why, do)


def _unknown_word(word: str, name: str, known: tuple[str, ...]) -> tuple[str, str]:
    why = f'"{word}" is not a known word{did_you_mean(word, known)}'
    if name in FIXED_WORDS:
        return why, "Use one of these words."
    return why, f'Correct it, or declare it in trials.toml: [vocabulary] {name} = ["{word}"].'


def split_flags(cell: str) -> tuple[str, ...]:
    """The flags of a semicolon list.

    >>> split_flags("completers; group_therapy")
    ('completers', 'group_therapy')
    """
    return tuple(word.strip() for word in cell.split(";") if word.strip())


def _typed(cells: pd.Series, column: TrialColumn, decimal: str) -> pd.Series:
    if column.kind in ("text", "word", "flags"):
        return cells.astype(object)
    return cells.map(lambda cell: read_number(cell, decimal)[0]).astype(float)


def with_whole_numbers(frame: pd.DataFrame, columns: Mapping[str, TrialColumn]) -> pd.DataFrame:
    """A sound table, with whole numbers where no cell can be empty; years may be."""
    whole = {name: "int64" for name, column in columns.items() if column == _filled("people")}
    years = {"year": "Int64"} if "year" in frame else {}
    return frame.astype(whole | years)
