"""Prepare: makes what analyses read (``data/processed``) from the data as received (``data/raw``).

A raw folder holds ``study.toml`` or ``trials.toml`` and either tables in the form of the data
dictionary, which are copied as they are, or other files and a ``prepare.toml`` that says how the
tables are made from them. Raw folders are only read.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ctevidence.data.claim import alone_in
from ctevidence.data.column_rules import MAPPING_FILE
from ctevidence.data.files import SUFFIXES, read_raw
from ctevidence.data.mapping import make_tables, read_mapping
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.project import find_project
from ctevidence.data.readers import misnamed_files, read_study
from ctevidence.data.sources import DECLARATIONS, changed_files, checksum, kind_of
from ctevidence.data.study import TABLES
from ctevidence.data.trials import TRIAL_TABLES, read_trials
from ctevidence.data.whole_folder import put_in_place, restore

RECORD = "prepared.json"
READERS = {"study": read_study, "trials": read_trials}
CONTRACT_TABLES = {"study": TABLES, "trials": TRIAL_TABLES}


@dataclass(frozen=True)
class MadeTable:
    """Where the rows of a table that was made come from: line of the raw file, by line here."""

    raw_file: str
    raw_lines: Mapping[int, int]


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
    """
    if raw is None or processed is None:
        data = find_project().root / "data"
        raw, processed = raw or data / "raw", processed or data / "processed"
    if Path(name).name != name or name.startswith("."):
        raise ValueError(f'"{name}" is not the name of a folder in {raw}; give the name alone.')
    source, target = Path(raw) / name, Path(processed) / name
    kind = kind_of(source)
    problems = changed_files(source)
    if kind == "study" and not (source / MAPPING_FILE).is_file():
        # a table under a near miss of its name would not be copied, and so never be missed
        problems += misnamed_files(source)
    if problems:
        raise DataProblems(problems, str(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    # the lock of a process that was killed is free: what it left aside can go
    with alone_in(target.parent):
        restore(target)
        for left in target.parent.glob(f".{name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as aside:
            fresh = Path(aside) / name
            fresh.mkdir()
            read, made = _make_tables(source, fresh, kind)
            _check(fresh, kind, made, source)
            _write_record(source, read, fresh)
            put_in_place(fresh, target)
    return target


def _make_tables(source: Path, fresh: Path, kind: str) -> tuple[list[str], dict[str, MadeTable]]:
    """Fill the new folder; returns the raw files that were read, and the tables that were made."""
    read, made = [DECLARATIONS[kind]], {}
    if (source / MAPPING_FILE).is_file():
        mappings, file_format = read_mapping(source / MAPPING_FILE, CONTRACT_TABLES[kind])
        read += [MAPPING_FILE, *(mapping.file for mapping in mappings)]
        for mapping, table in make_tables(mappings, source, file_format).items():
            file = fresh / f"{mapping.table}.csv"
            table.to_csv(file, index=False, lineterminator="\n")
            lines = dict(zip(read_raw(file).frame.index, table.index, strict=True))
            made[file.name] = MadeTable(mapping.file, lines)
    done = {Path(file).stem for file in made}
    tables = [f"{t}{s}" for t in CONTRACT_TABLES[kind] for s in SUFFIXES if t not in done]
    copied = [file for file in tables if (source / file).is_file()]
    for file in [DECLARATIONS[kind], *copied]:
        shutil.copyfile(source / file, fresh / file)
    return [*read, *copied], made


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
    return replace(
        problem,
        file=f"{table.raw_file} (as {problem.file})",
        row=table.raw_lines.get(problem.row, problem.row),
    )


def _write_record(source: Path, read: list[str], fresh: Path) -> None:
    record = {
        "name": source.name,
        "read": {file: checksum(source / file) for file in sorted(set(read))},
        "made": {path.name: checksum(path) for path in sorted(fresh.iterdir())},
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (fresh / RECORD).write_text(text, encoding="utf-8", newline="\n")


__all__ = ["RECORD", "prepare"]
