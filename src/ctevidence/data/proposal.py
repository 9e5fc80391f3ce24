"""Proposal: a raw folder for files as received, with all that is not plain left open.

`ctevidence new NAME --from FILE` copies the files, writes ``prepare.toml`` and ``study.toml``, and
shows what it understood of each column. What it does not know stands as ``"?"``, with a remark that
says what has to be decided; nothing can be read before that.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import pandas as pd

from ctevidence.data.csv_records import DELIMITERS
from ctevidence.data.file_format import FileFormat
from ctevidence.data.folder_paths import name_fault
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.proposed_adam import adam_mapping
from ctevidence.data.proposed_mapping import propose_mapping, scales_of
from ctevidence.data.received import READABLE, read_received
from ctevidence.data.sources import SOURCE_FILE, checksum
from ctevidence.data.study import STUDY_NAME
from ctevidence.data.toml_text import quoted
from ctevidence.data.undecided import OPEN, undecided
from ctevidence.data.understood import Meaning, understand
from ctevidence.data.whole_folder import made_whole
from ctevidence.data.workbook_cells import SUFFIXES as WORKBOOKS
from ctevidence.data.workbook_cells import sheet_names

_MOST_SHOWN = 12


@dataclass(frozen=True, eq=False)
class ReceivedTable:
    """A table of a file, and what its columns seem to hold.

    Parameters
    ----------
    origin : Origin
    frame : DataFrame
        Cells as text.
    meanings : list of Meaning
    labelled : tuple of str
        Columns that hold codes with labels.
    declares_missing : bool
        Whether the file declares values missing that occur.
    """

    origin: Origin
    frame: pd.DataFrame
    meanings: list[Meaning]
    labelled: tuple[str, ...] = ()
    declares_missing: bool = False


@dataclass(frozen=True, eq=False)
class Proposal:
    """What was written and understood.

    Parameters
    ----------
    folder : Path
    tables : tuple of ReceivedTable
    open : list of Problem
        What has to be decided.
    """

    folder: Path
    tables: tuple[ReceivedTable, ...]
    open: list[Problem]

    def __str__(self) -> str:
        lines = [f"{self.folder}", ""]
        for table in self.tables:
            lines.append(f"{table.origin.name}: {len(table.frame)} rows")
            for m in table.meanings:
                what = " ".join(filter(None, [m.scale.label if m.scale else "", _what(m)]))
                lines.append(f"  {m.column:<24.24} {what:<28} {m.why}")
            lines.append("")
        lines.append(f'To be decided, {len(self.open)} in all, each where a file says "?":')
        for file in dict.fromkeys(p.file for p in self.open):
            lines.append(f"  {file}")
            of_file = [p for p in self.open if p.file == file]
            lines += [f"    {p.row or '':>4}  {p.column:<24} {p.do}" for p in of_file]
        # names of columns may hold signs that act on a terminal
        return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


def _what(meaning: Meaning) -> str:
    what = meaning.what or "not understood: not used"
    if meaning.number:
        return f"{what} {meaning.number}"
    return what if meaning.day is None else f"{what}, day {meaning.day}"


def propose(paths: Iterable[str | Path], folder: str | Path, name: str) -> Proposal:
    """Make a raw folder for files as received.

    Parameters
    ----------
    paths : iterable of path
        Files of any kind that can be read; a folder stands for the files in it.
    folder : path
        The new folder.
    name : str
        Name of the study: small letters, digits, hyphens.

    Raises
    ------
    ValueError
        When the name cannot name a study.
    FileExistsError
        When the folder exists.
    DataProblems
        When a file cannot be read.
    StorageError
        When the disk or the rights on it do not let it be written.
    """
    folder = Path(folder)
    if not re.fullmatch(STUDY_NAME, name):
        raise ValueError(
            f'"{name}" cannot be the name of a study: use small letters, digits and hyphens.'
        )
    if folder.exists():
        raise FileExistsError(f"{folder} exists already, and nothing is overwritten.")
    sources = _files(paths)
    file_format, tables = _read_all(sources)
    mapping = adam_mapping(tables) or propose_mapping(tables)
    with made_whole(folder) as fresh:
        for source in sources:
            shutil.copyfile(source, fresh / source.name)
        _write(fresh / "prepare.toml", _files_table(file_format) + mapping)
        _write(fresh / "study.toml", _study(name, tables))
        _write(fresh / SOURCE_FILE, _source(name, fresh, sources))
    return Proposal(folder, tuple(tables), undecided(folder))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


# -- reading --------------------------------------------------------------------------------------


def _files(paths: Iterable[str | Path]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(p for p in path.glob("*") if p.suffix.lower() in READABLE)
        found += inside if path.is_dir() else [path]
    problems = []
    for path in found:
        if not path.is_file():
            problems.append(Problem(str(path), "There is no such file.", "Correct the path."))
        elif path.suffix.lower() not in READABLE:
            why = f"Files of this kind are not read; these are: {', '.join(READABLE)}."
            problems.append(Problem(path.name, why, "Save the table as one of them."))
        elif fault := name_fault(path.name):
            problems.append(Problem(path.name, fault, "Rename the file."))
        elif [other.name for other in found].count(path.name) > 1:
            why = "Two of the files have the same name; in one folder one would replace the other."
            problems.append(Problem(str(path), why, "Rename one of them."))
    if not found:
        problems = [Problem("--from", "There is no file that can be read.", "Name the files.")]
    if problems:
        raise DataProblems(problems, "The files")
    return found


def _read_all(sources: list[Path]) -> tuple[FileFormat, list[ReceivedTable]]:
    file_format, tables = FileFormat(), []
    for path in sources:
        if path.suffix.lower() in (".csv", ".txt", ".tsv"):
            file_format = _format_of(path)
        sheets = sheet_names(path) if path.suffix.lower() in WORKBOOKS else [""]
        for sheet in sheets:
            origin = Origin(path.name, sheet if len(sheets) > 1 else "")
            tables.append(_read(origin, path.parent, file_format))
    return file_format, tables


def _read(origin: Origin, folder: Path, file_format: FileFormat) -> ReceivedTable:
    bold = replace(origin, labels=(), user_missing="value")
    raw = read_received(bold, folder, file_format, ())
    labelled: list[str] = []
    missing = False
    try:  # once more as if every column were used: what has to be declared is refused
        read_received(origin, folder, file_format, raw.frame.columns)
    except DataProblems as error:
        labelled = [p.column for p in error.problems if "labels = " in p.do]
        missing = any("user_missing" in p.do for p in error.problems)
    return ReceivedTable(origin, raw.frame, understand(raw.frame), tuple(labelled), missing)


def _format_of(path: Path) -> FileFormat:
    """The separator that gives columns; the letters as UTF-8, else as Windows writes them."""
    refusal = None
    for encoding in ("utf-8", "cp1252"):
        for delimiter in DELIMITERS:
            shape = FileFormat(encoding, delimiter)
            try:
                raw = read_received(Origin(path.name), path.parent, shape, ())
            except DataProblems as error:
                refusal = refusal or error
                continue
            if raw.frame.shape[1] > 1 or delimiter == "|":
                commas = raw.frame.map(re.compile(r"[+-]?\d+,\d+").fullmatch).notna().any(axis=None)
                decimal = "," if commas and delimiter != "," else "."
                return FileFormat(encoding, delimiter, decimal)
    raise refusal


# -- writing --------------------------------------------------------------------------------------


def _files_table(file_format: FileFormat) -> str:
    lines = []
    if file_format.encoding != "utf-8":
        lines.append('encoding = "?"     # not UTF-8; cp1252 if letters look right with it')
    if file_format.delimiter != ",":
        lines.append(f"delimiter = {quoted(file_format.delimiter)}")
    if file_format.decimal != ".":
        lines.append(f"decimal = {quoted(file_format.decimal)}")
    return "\n".join(["[files]", *lines, "\n"]) if lines else ""


def _study(name: str, tables: list[ReceivedTable]) -> str:
    """``study.toml``: arms, scale and visits that were found, everything else open."""
    text = files(__package__).joinpath("new_from", "study.toml").read_text(encoding="utf-8")
    arms = _values(tables, "arm") or ["?"]
    blocks = [
        f'[arms.{quoted(arm)}]\ntreatment = "?"                           '
        "# control, medication, therapy or combined\n"
        for arm in arms
    ]
    found = scales_of(tables)
    filled = {
        '"NAME"': quoted(name),
        '"SCALE"': quoted(found[0] if len(found) == 1 else "?"),
        "WHICH": f"; found: {', '.join(found)}" if len(found) > 1 else "",
        "ARMS\n": "\n".join(blocks) + "\n",
        "SCHEDULE\n": _schedule(tables),
    }  # all in one pass: what one of them says is no place for the next
    return re.sub("|".join(filled), lambda place: filled[place[0]], text)


def _schedule(tables: list[ReceivedTable]) -> str:
    days = sorted({m.day for t in tables for m in t.meanings if m.day})
    names = {f"day {day}": f"{day / 7:.0f}" for day in days}
    names = names or dict.fromkeys(_values(tables, "visit")[:_MOST_SHOWN], "") or {"?": ""}
    remark = "                              # "
    return "".join(
        f"[[schedule.visits]]                       # remove it where it is the baseline\n"
        f"name = {quoted(name)}{remark + 'how the visit is called' if name == OPEN else ''}\n"
        f'week = "?"{remark}nominal week{f", perhaps {week}" if week else ""}\n'
        f'days = ["?", "?"]{remark[7:]}first and last day that count as this visit\n\n'
        for name, week in names.items()
    )


def _values(tables: list[ReceivedTable], what: str) -> list[str]:
    """Values of the first column of this meaning, in order."""
    for table in tables:
        for m in table.meanings:
            if m.what == what:
                return sorted(set(table.frame[m.column]) - {""})
    return []


def _source(name: str, folder: Path, sources: list[Path]) -> str:
    rows = "\n".join(f"| {p.name} | `{checksum(folder / p.name)}` |" for p in sources)
    return (
        f"# {name}\n\nWhere the data come from, how they were obtained, their licence and known "
        f"cautions: to be written.\n\n| file | sha256 |\n|---|---|\n{rows}\n"
    )
