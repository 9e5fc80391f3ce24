"""Trials: published trials as counts by arm or as contrasts, known to be sound.

A folder holds ``trials.toml`` and one table, ``arms`` or ``contrasts`` (CSV or Parquet), perhaps
``cell_means`` beside it. The keys and columns stand in the data dictionary, ``data/README.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ctevidence.data.added_flags import with_added_flags
from ctevidence.data.contrast_limits import on_analysis_scale
from ctevidence.data.files import SUFFIXES, RawTable, read_raw
from ctevidence.data.folder_paths import links_out
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.project import OWN_FILES
from ctevidence.data.toml_file import read_toml
from ctevidence.data.trial_arms import arm_cautions, arm_problems
from ctevidence.data.trial_columns import TABLE_COLUMNS
from ctevidence.data.trial_contrasts import contrast_cautions, contrast_problems
from ctevidence.data.trial_labels import trial_labels
from ctevidence.data.trial_names import declared_of_nothing
from ctevidence.data.trial_table import TrialTable, check_columns, with_whole_numbers
from ctevidence.data.trials_declaration import FILE, MAIN_TABLES, TrialsDeclaration, declaration
from ctevidence.data.undecided import undecided

#: A table that may stand beside the main one.
BESIDE = "cell_means"
TRIAL_TABLES = (*MAIN_TABLES, BESIDE)


@dataclass(frozen=True, eq=False)
class Trials:
    """Published trials, by arm or by contrast.

    Parameters
    ----------
    name, title : str
    arms : DataFrame, optional
        One row for each arm, outcome and time of a trial; columns as in
        `trial_columns.ARM_COLUMNS`, then any further ones as text. Words are ``str``, ``""`` where
        not given; `n` and `year` are whole numbers; `weeks`, `events`, `mean`, `sd` are
        ``float64``, NaN where not given.
    contrasts : DataFrame, optional
        One row for each contrast, `treat1` against `treat2`, on the analysis scale (log for
        ratios); columns as in `CONTRAST_COLUMNS` there. Either this or `arms`.
    notes : tuple of str
        Remarks that every report repeats.
    citation, condition, population : str
        `condition` and `population` of contrasts; those of arms stand in the table.
    reference : str
        Of contrasts: the control against which a network shows the others, and which adds nothing
        as a component.
    cautions : tuple of str
        Oddities found while reading.
    same_trials : dict of str to dict of str to str
        Trials that another source holds too: by source, the study there by the study here.
    several_arms : {"error", "combine", "first"}
        What a treatment with several arms in one trial stands for.
    use_arms : dict of str to str
        The arm to use, by trial, where a treatment has several.
    labels : dict of str to str
        What readers see of a trial, in place of what its citation gives.
    treatments : dict of str to str
        Of contrasts: what a treatment amounts to (`terms.Treatment`), by its name.
    people : dict of str to dict of str to int
        Of contrasts: people by treatment, by study, where the table does not say.
    cell_means : DataFrame, optional
        Means of the four cells of factorial trials, shown and not pooled.

    See Also
    --------
    read_trials : makes one from a folder.
    """

    name: str
    title: str
    arms: pd.DataFrame | None = None
    contrasts: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    citation: str = ""
    condition: str = ""
    population: str = ""
    reference: str = ""
    cautions: tuple[str, ...] = ()
    same_trials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    several_arms: str = "error"
    use_arms: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    treatments: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    cell_means: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if (self.arms is None) == (self.contrasts is None):
            raise ValueError(
                f'Trials "{self.name}" hold either arms or contrasts: give exactly one of the two.'
            )

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the trials, in the order of the table."""
        names = self.contrasts["study"] if self.arms is None else self.arms["trial_id"]
        return tuple(names.unique())

    @property
    def names(self) -> dict[str, str]:
        """What readers see of each trial, by its name in the table."""
        if self.arms is None:
            return {study: self.labels.get(study, study) for study in self.studies}
        return trial_labels(self.arms, self.labels)

    def __repr__(self) -> str:
        if self.arms is None:
            treatments = pd.unique(self.contrasts[["treat1", "treat2"]].to_numpy().ravel())
            what = f"{len(self.contrasts)} contrasts of {len(treatments)} treatments"
        else:
            what = f"{len(self.arms)} rows; outcomes: {', '.join(self.arms['outcome'].unique())}"
        lines = [f'Trials "{self.name}": {self.title}', f"{len(self.studies)} trials, {what}"]
        return "\n  ".join([*lines, *(f"caution: {caution}" for caution in self.cautions)])


def shared_trials(trials: Trials, other: Trials | str) -> dict[str, str]:
    """Trials that two sources both hold, so that none counts twice.

    Parameters
    ----------
    trials : Trials
    other : Trials or str
        Another source, or its name (a study has no list of its own).

    Returns
    -------
    dict of str to str
        The study in `other` by the study in `trials`, whichever of the two declares it.

    Raises
    ------
    ValueError
        When they declare different pairs.
    """
    if isinstance(other, str):
        return dict(trials.same_trials.get(other, {}))
    pairs = dict(trials.same_trials.get(other.name, {}))
    for there, here in other.same_trials.get(trials.name, {}).items():
        if pairs.setdefault(here, there) != there:
            raise ValueError(
                f'"{trials.name}" says that its study {here} is {pairs[here]} of "{other.name}", '
                f"which says that it is {there}. Correct [same_trials] in one {FILE}."
            )
    return pairs


def read_trials(path: str | Path) -> Trials:
    """Read published trials from a folder with ``trials.toml``.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    Trials

    Raises
    ------
    DataProblems
        With every problem of every file. Nothing is dropped, clipped or guessed.
    """
    folder = Path(path)
    if not (folder / FILE).is_file():
        raise DataProblems([_no_declaration(folder)], str(path))
    tables = [f"{name}{suffix}" for name in TRIAL_TABLES for suffix in SUFFIXES]
    if found := [*undecided(folder), *links_out(folder, [FILE, *OWN_FILES, *tables])]:
        raise DataProblems(found, str(path))
    try:
        root = read_toml(folder / FILE)
    except DataProblems as error:
        raise DataProblems(error.problems, str(path)) from None
    declared = declaration(root)
    problems, tables = [*root.problems, *_unread(folder, declared.table)], {}
    for name in filter(None, (declared.table, BESIDE)):
        table, found = _read_table(folder, name, declared)
        problems += found
        if table is not None:
            tables[name] = table
    if declared.table in tables:
        problems += declared_of_nothing(tables[declared.table], declared, root)
    if problems:
        raise DataProblems(problems, str(path))
    return _trials(declared, {name: table.frame for name, table in tables.items()})


def _no_declaration(folder: Path) -> Problem:
    if not folder.is_dir():
        why = "There is no such folder."
        do = "Check the path; `ctevidence prepare` makes the folders under data/processed."
    else:
        why, do = f"The folder holds no {FILE}.", f"Write {FILE}; its keys stand in data/README.md."
    return Problem(str(folder), why, do)


# -- the tables -----------------------------------------------------------------------------------


def _unread(folder: Path, table: str) -> list[Problem]:
    """A main table beside the one that is named would be ignored without a word."""
    return [
        Problem(
            f"{other}{suffix}",
            f"The file is not read: {FILE} names the table {table}.",
            "Give each table a folder of its own.",
        )
        for other in MAIN_TABLES
        for suffix in SUFFIXES
        if table and other != table and (folder / f"{other}{suffix}").is_file()
    ]


def _read_table(
    folder: Path, name: str, declared: TrialsDeclaration
) -> tuple[TrialTable | None, list[Problem]]:
    files = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    found = [file for file in files if file.is_file()]
    if not found and name != declared.table:
        return None, []
    if len(found) != 1:
        return None, [_not_one_file(name, found)]
    try:
        raw = read_raw(found[0], declared.file_format)
    except DataProblems as error:
        return None, list(error.problems)
    problems = list(raw.problems)
    if name == "contrasts":
        raw, twice = _with_constants(raw, declared.constants, declared.file_format.decimal)
        problems += twice
    decimal = declared.file_format.decimal
    table, faults = check_columns(raw, TABLE_COLUMNS[name], declared.vocabulary, decimal)
    problems += faults
    if table is not None and name == "arms":
        problems += arm_problems(table, declared.inactive)
    elif table is not None and name == "contrasts":
        decimals = _decimals(raw, decimal, declared.scale, table)
        table, unusable = on_analysis_scale(table, declared.scale)
        problems += unusable + contrast_problems(table, declared.scale, decimals)
    return table, problems


def _not_one_file(name: str, found: list[Path]) -> Problem:
    if found:
        why = f"The table stands twice, also as {found[1].name}."
        return Problem(found[0].name, why, "Remove one of the two files.")
    why = f"The file is missing, but {FILE} names the table {name}."
    return Problem(f"{name}.csv", why, f"Add {name}.csv or {name}.parquet to the folder.")


def _with_constants(
    raw: RawTable, constants: Mapping[str, str], decimal: str
) -> tuple[RawTable, list[Problem]]:
    """The table with the columns that ``trials.toml`` declares for all rows."""
    constants = {c: v.replace(".", decimal) for c, v in constants.items()}
    why = f"{FILE} declares the same for all rows."
    do = f"Keep the column, or the key in {FILE}."
    twice = [Problem(raw.file, why, do, column=c, row=1) for c in constants if c in raw.frame]
    return replace(raw, frame=raw.frame.assign(**constants)), twice


def _decimals(raw: RawTable, decimal: str, scale: str, table: TrialTable) -> float:
    """Decimal places of the estimates, as written; of their logarithms where they are ratios."""
    cells = raw.frame.get("estimate", pd.Series(dtype=object))
    places = max((len(cell.partition(decimal)[2]) for cell in cells), default=0)
    ratios = table.frame["estimate"]
    # rounding moves a logarithm by the unit over the ratio
    return places + min(0.0, np.log10(ratios[ratios > 0].min())) if scale == "ratio" else places


def _trials(declared: TrialsDeclaration, tables: dict[str, pd.DataFrame]) -> Trials:
    tables = {
        name: with_whole_numbers(frame, TABLE_COLUMNS[name]).reset_index(drop=True)
        for name, frame in tables.items()
    }
    if "arms" in tables:
        tables["arms"] = with_added_flags(tables["arms"], declared.add_flags)
        cautions = arm_cautions(tables["arms"])
    else:
        cautions = contrast_cautions(tables["contrasts"], declared.scale)
    return Trials(
        **declared.about,
        **tables,
        notes=declared.notes,
        cautions=tuple(cautions),
        same_trials=declared.same_trials,
        several_arms=declared.several_arms,
        use_arms=declared.use_arms,
        labels=declared.labels,
        treatments=declared.treatments,
        people=declared.people,
    )
