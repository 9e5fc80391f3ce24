"""Readers: a folder with ``study.toml`` and tables becomes a `Study`, or says all that is wrong."""

from __future__ import annotations

import difflib
from pathlib import Path

import pandas as pd

from ctevidence.data.checked_table import CheckedTable
from ctevidence.data.coded_cells import as_text
from ctevidence.data.columns import KEY
from ctevidence.data.cross_checks import cross_check
from ctevidence.data.declaration import FILE, Declaration, read_declaration
from ctevidence.data.files import SUFFIXES, read_raw
from ctevidence.data.folder_paths import links_out
from ctevidence.data.item_scores import total_items
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.project import OWN_FILES
from ctevidence.data.study import Study
from ctevidence.data.study_tables import StudyTables
from ctevidence.data.table_names import TABLES
from ctevidence.data.tables import check_table, empty_table
from ctevidence.data.undecided import undecided

REQUIRED = ("participants", "visits")


def read_study(path: str | Path) -> Study:
    """Read a study: ``study.toml``, ``participants``, ``visits``, perhaps ``events, treatments``.

    Parameters
    ----------
    path : str or Path
        The folder. Tables are CSV or Parquet; their columns stand in ``data/README.md``.

    Returns
    -------
    Study
        Tables sorted by participant, so that the order of rows in the files does not matter.

    Raises
    ------
    DataProblems
        With every problem of every file. Nothing is dropped, clipped or guessed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ctevidence.data.template import write_template
    >>> with TemporaryDirectory() as here:
    ...     study = read_study(write_template(f"{here}/my-trial", "my-trial"))
    >>> study.weeks
    (4.0, 12.0, 26.0)
    """
    folder = Path(path)
    source = str(path)
    if not folder.is_dir():
        raise DataProblems([_no_folder(folder)], source)
    tables = [f"{name}{suffix}" for name in TABLES for suffix in SUFFIXES]
    if found := [*undecided(folder), *links_out(folder, [FILE, *OWN_FILES, *tables])]:
        raise DataProblems(found, source)
    try:
        declared, problems = read_declaration(folder / FILE)
    except DataProblems as error:
        declared, problems = Declaration(), list(error.problems)
    tables, found = _read_tables(folder, declared)
    problems += [*misnamed_files(folder), *found, *cross_check(tables)]
    if problems:
        raise DataProblems(_in_order(problems), source)
    return _study(tables)


#: Order of the rows of each table.
_ORDER = {
    "participants": [KEY],
    "visits": [KEY, "scale", "day"],
    "events": [KEY, "day", "event", "reason", "severity"],
    "treatments": [KEY, "component", "start_day", "name"],
}


def _no_folder(folder: Path) -> Problem:
    if folder.exists():
        do = f"Give the folder that holds {FILE}."
        return Problem(str(folder), "This is a file; a study is a folder.", do)
    near = [p.name for p in folder.parent.glob("*") if p.is_dir()] if folder.parent.is_dir() else []
    found = f" In {folder.parent}: {', '.join(sorted(near))}." if near else ""
    do = f"Check the path. `ctevidence prepare` and `ctevidence new` make such folders.{found}"
    return Problem(str(folder), "There is no such folder.", do)


def _read_tables(folder: Path, declared: Declaration) -> tuple[StudyTables, list[Problem]]:
    tables: dict[str, CheckedTable] = {}
    problems: list[Problem] = []
    without_file = set()
    for name in TABLES:
        files = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
        files = [file for file in files if file.is_file()]
        if len(files) > 1:
            why = f"The table stands twice, also as {files[1].name}."
            problems.append(Problem(files[0].name, why, "Remove one of the two files."))
        elif files:
            table, found = _read_table(name, files[0], declared)
            tables |= {} if table is None else {name: table}
            problems += found
        elif name in REQUIRED:
            problems.append(_missing_file(name, folder))
        else:
            tables[name] = CheckedTable(f"{name}.csv", empty_table(name))
            without_file.add(name)
    return StudyTables(declared, tables, frozenset(without_file)), problems


def _missing_file(name: str, folder: Path) -> Problem:
    do = f"Add {name}.csv or {name}.parquet to the folder."
    if (folder / "prepare.toml").is_file():
        do = (
            "These are data as received: run `ctevidence prepare`, then read the folder under "
            "data/processed."
        )
    return Problem(f"{name}.csv", "The file is missing.", do)


def _read_table(
    name: str, file: Path, declared: Declaration
) -> tuple[CheckedTable | None, list[Problem]]:
    try:
        raw = read_raw(file, declared.file_format, coded=True)
    except DataProblems as error:
        return None, list(error.problems)
    table, problems = check_table(name, raw, declared.file_format.decimal, declared.covariates)
    problems = [*raw.problems, *problems]
    if name == "visits" and table is not None:
        table, found = total_items(table, declared)
        problems += found
    # a table with rows left out would make the checks across tables complain about the wrong thing
    return (None if raw.problems else table), problems


def misnamed_files(folder: Path) -> list[Problem]:
    """Files that look like a table under another name would be ignored without a word."""
    problems = []
    present = {path.name for path in folder.iterdir()}
    for path in sorted(folder.iterdir()):
        stem = difflib.get_close_matches(path.stem.lower(), TABLES, n=1, cutoff=0.75)
        if not path.is_file() or not stem or path.name in {stem[0] + s for s in SUFFIXES}:
            continue
        if present & {stem[0] + suffix for suffix in SUFFIXES}:
            continue
        suffix = path.suffix.lower() if path.suffix.lower() in SUFFIXES else ".csv"
        why = f"The file is not read; it may be meant as {stem[0]}{suffix}."
        do = f"Save it as {stem[0]}{suffix}, or move it out of the folder."
        problems.append(Problem(path.name, why, do))
    return problems


def _in_order(problems: list[Problem]) -> list[Problem]:
    """As a person goes through the files: what the study is, its tables, each from the top."""
    order = {FILE: 0} | {f"{n}{s}": i for i, n in enumerate(TABLES, 1) for s in SUFFIXES}
    return sorted(problems, key=lambda p: (order.get(p.file, len(order)), p.row or 0))


def _in_reading_order(name: str, table: CheckedTable) -> pd.DataFrame:
    """Rows in the order of `_ORDER`, whatever that of the file; words as plain text."""
    rows = table.frame.sort_values(_ORDER[name], kind="stable").reset_index(drop=True)
    return pd.DataFrame({column: as_text(rows[column]) for column in rows})


def _study(checked: StudyTables) -> Study:
    declared, scales = checked.declared, checked.declared.scales
    tables = {name: _in_reading_order(name, table) for name, table in checked.tables.items()}
    words = dict.fromkeys([scales.primary, *tables["visits"]["scale"].unique()])
    return Study(
        **declared.about,
        randomised=declared.randomised,
        arms=declared.arms,
        primary_scale=scales.primary,
        scales={word: scales.find(word) for word in words},
        schedule=declared.schedule,
        rules=declared.rules,
        primary_week=declared.primary_week,
        tables=tables,
        adjust=declared.adjust,
        several_arms=declared.several_arms,
        not_worse_margin=declared.not_worse_margin,
        disclosure=declared.disclosure,
        notes=declared.notes,
        baseline_days=declared.baseline_days,
        inactive=declared.inactive,
        missing_items=scales.missing_items,
    )
