"""Prepare: makes what analyses read (``data/processed``) from the data as received (``data/raw``).

A raw folder holds ``study.toml`` or ``trials.toml`` and either tables in the form of the data
dictionary, which are copied as they are, or other files and a ``prepare.toml`` that says how the
tables are made from them. Raw folders are only read.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ctevidence.data.column_rules import MAPPING_FILE
from ctevidence.data.declaration import read_declaration
from ctevidence.data.files import SUFFIXES, read_raw
from ctevidence.data.folder_paths import folder_name, links_out
from ctevidence.data.made_tables import MadeRows, make_tables
from ctevidence.data.mapping import read_mapping
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.project import OWN_FILES, find_project
from ctevidence.data.readers import misnamed_files, read_study
from ctevidence.data.sources import DECLARATIONS, SOURCE_FILE, changed_files, checksum, kind_of
from ctevidence.data.table_names import TABLES
from ctevidence.data.toml_file import read_toml
from ctevidence.data.trials import TRIAL_TABLES, read_trials
from ctevidence.data.trials_declaration import declaration
from ctevidence.data.undecided import undecided
from ctevidence.data.whole_folder import made_whole

RECORD = "prepared.json"
READERS = {"study": read_study, "trials": read_trials}
CONTRACT_TABLES = {"study": TABLES, "trials": TRIAL_TABLES}


@dataclass(frozen=True)
class MadeTable:
    """Where the rows of a table that was made come from.

    Parameters
    ----------
    raw : dict of int to (str, int)
        Raw file and line, by line of the table.
    counts : list of dict
        Rows of each raw file, and those that were left out as declared.
    """

    raw: Mapping[int, tuple[str, int]]
    counts: list[dict[str, str | int]]


def prepare(
    name: str, *, raw: Path | str | None = None, processed: Path | str | None = None
) -> Path:
    """Make ``data/processed/<name>`` from ``data/raw/<name>``.

    The same raw folder gives the same bytes. The new folder is read as analyses will read it, and
    takes the place of an older one only when it is sound.

    Parameters
    ----------
    name : str
        Name of the folder under `raw`.
    raw, processed : path, optional
        Folders that hold the sources; ``data/raw`` and ``data/processed`` of the project that the
        current folder belongs to when absent.

    Returns
    -------
    Path
        The processed folder, with ``prepared.json``: checksums of all files read and made.

    Raises
    ------
    DataProblems
        When a raw file is not the one received, ``prepare.toml`` does not cover it, or the result
        cannot be used. Rows are those of the raw files.
    StorageError
        When the disk or the rights on it do not let it be written.
    """
    if raw is None or processed is None:
        data = find_project().root / "data"
        raw, processed = raw or data / "raw", processed or data / "processed"
    source, target = Path(raw) / folder_name(name), Path(processed) / name
    kind = kind_of(source)
    problems = [*undecided(source), *_links(source, kind)] or changed_files(source)
    if kind == "study" and not (source / MAPPING_FILE).is_file():
        # a table under a near miss of its name would not be copied, and so never be missed
        problems += misnamed_files(source)
    if problems:
        raise DataProblems(problems, str(source))
    with made_whole(target) as fresh:
        try:
            read, made = _make_tables(source, fresh, kind)
        except DataProblems as error:
            problems = [*_declared_wrong(source, kind), *error.problems]
            raise DataProblems(problems, str(source)) from None
        _check(fresh, kind, made, source)
        _write_record(source, read, made, fresh)
    return target


def _declared_wrong(source: Path, kind: str) -> list[Problem]:
    """What is wrong with the declaration itself, before any table can be held against it."""
    path = source / DECLARATIONS[kind]
    try:
        if kind == "study":
            return read_declaration(path)[1]
        root = read_toml(path)
        declaration(root)
        return root.problems
    except DataProblems as error:
        return list(error.problems)


def _links(source: Path, kind: str) -> list[Problem]:
    """Links that lead out of the folder, among the files that are read by their names."""
    tables = [f"{table}{suffix}" for table in CONTRACT_TABLES[kind] for suffix in SUFFIXES]
    named = [*DECLARATIONS.values(), MAPPING_FILE, SOURCE_FILE, *OWN_FILES]
    return links_out(source, [*named, *tables])


def _make_tables(source: Path, fresh: Path, kind: str) -> tuple[list[str], dict[str, MadeTable]]:
    """Fill the new folder; returns the raw files that were read, and the tables that were made."""
    read, made = [DECLARATIONS[kind]], {}
    if (source / MAPPING_FILE).is_file():
        mappings, file_format = read_mapping(source / MAPPING_FILE, CONTRACT_TABLES[kind])
        origins = [origin for mapping in mappings for origin in mapping.origins]
        read += [MAPPING_FILE, *(origin.file for origin in origins if origin.is_file)]
        for name, rows in make_tables(mappings, source, file_format).items():
            made[f"{name}.csv"] = _write_table(rows, fresh / f"{name}.csv")
    done = {Path(file).stem for file in made}
    tables = [f"{t}{s}" for t in CONTRACT_TABLES[kind] for s in SUFFIXES if t not in done]
    copied = [file for file in tables if (source / file).is_file()]
    for file in [DECLARATIONS[kind], *copied]:
        shutil.copyfile(source / file, fresh / file)
    return [*read, *copied], made


def _write_table(rows: MadeRows, file: Path) -> MadeTable:
    """Write a table that was made, and note which of its lines comes from where."""
    rows.frame.to_csv(file, index=False, lineterminator="\n")
    return MadeTable(dict(zip(read_raw(file).frame.index, rows.origins, strict=True)), rows.counts)


def _check(fresh: Path, kind: str, made: Mapping[str, MadeTable], source: Path) -> None:
    """Read the new folder; its problems are told in terms of the raw files."""
    try:
        READERS[kind](fresh)
    except DataProblems as error:
        problems = [_in_raw_terms(problem, made) for problem in error.problems]
        raise DataProblems(problems, str(source)) from None


def _in_raw_terms(problem: Problem, made: Mapping[str, MadeTable]) -> Problem:
    if problem.file not in made:
        return problem
    table = made[problem.file]
    files = dict.fromkeys(str(count["from"]) for count in table.counts)
    file, row = table.raw.get(problem.row, (" + ".join(files), problem.row))
    return replace(problem, file=f"{file} (as {problem.file})", row=row)


def _write_record(
    source: Path, read: list[str], made: Mapping[str, MadeTable], fresh: Path
) -> None:
    record = {
        "name": source.name,
        "read": {file: checksum(source / file) for file in sorted(set(read))},
        "made": {path.name: checksum(path) for path in sorted(fresh.iterdir())},
        "rows": {file: table.counts for file, table in made.items()},
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (fresh / RECORD).write_text(text, encoding="utf-8", newline="\n")


__all__ = ["RECORD", "prepare"]
