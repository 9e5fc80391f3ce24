"""Sources: which data the project has, and whether raw files are still as received."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ctevidence.data.folder_paths import links_out, name_fault
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.project import Project, find_project
from ctevidence.data.toml_file import read_toml
from ctevidence.terms import UsageError, nearest

SOURCE_FILE = "SOURCE.md"
#: Sources that a message lists where none is spelt like the one asked for.
EXAMPLES = 8
#: The file that says what a folder holds, by kind.
DECLARATIONS = {"study": "study.toml", "trials": "trials.toml"}

_CHECKSUM = re.compile(r"^\|\s*`?([^|`]+?)`?\s*\|\s*`?([0-9a-fA-F]{64})`?\s*\|", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A data source of the project.

    Parameters
    ----------
    name : str
        Name of its folder.
    kind : {"study", "trials"}
    title : str
        As declared; empty when the declaration cannot be read.
    raw, processed : Path or None
        Its folders, where they exist.
    """

    name: str
    kind: str
    title: str
    raw: Path | None = None
    processed: Path | None = None


def list_sources(root: Path | str | None = None) -> tuple[Source, ...]:
    """The sources under ``data/raw`` and ``data/processed``, by name.

    Folders that hold neither ``study.toml`` nor ``trials.toml`` are no sources.

    Parameters
    ----------
    root : path, optional
        The project's folder; found from the current folder when absent.
    """
    project = find_project() if root is None else Project(Path(root))
    folders = {
        part: {
            folder.name: folder
            for folder in sorted((project.root / "data" / part).glob("[!.]*"))
            if any((folder / file).is_file() for file in DECLARATIONS.values())
        }
        for part in ("raw", "processed")
    }
    return tuple(
        _source(name, folders["raw"].get(name), folders["processed"].get(name))
        for name in sorted({*folders["raw"], *folders["processed"]})
    )


def _source(name: str, raw: Path | None, processed: Path | None) -> Source:
    folder = raw or processed
    kind = next(k for k, file in DECLARATIONS.items() if (folder / file).is_file())
    try:
        title = str(read_toml(folder / DECLARATIONS[kind]).values[kind]["title"])
    except (DataProblems, KeyError, TypeError):
        title = ""
    return Source(name, kind, title, raw, processed)


class MissingSource(UsageError, FileNotFoundError):  # noqa: N818 (it says what happened)
    """No data have the name that is asked for.

    Parameters
    ----------
    name : str
    root : Path
        The project, in which was looked.
    """

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root
        super().__init__(name, root)

    def __str__(self) -> str:
        there = [source.name for source in list_sources(self.root)]
        words = f"Looked for a folder of that name in data/raw and data/processed of {self.root}"
        if close := nearest(self.name, there):
            hint = "; did you mean " + " or ".join(f'"{name}"' for name in close) + "?"
            all_of_them = "`ctevidence list` names all that is there."
        elif there:
            hint, more = ".", ", ..." if len(there) > EXAMPLES else ""
            all_of_them = f"there: {', '.join(there[:EXAMPLES])}{more}."
        else:
            hint = "."
            all_of_them = "nothing is there yet, and `ctevidence new NAME` begins a study."
        return f'There are no data "{self.name}"{hint} {words}; {all_of_them}'


def kind_of(folder: Path) -> str:
    """Whether a folder holds a study or published trials.

    Raises
    ------
    DataProblems
        When the folder is missing, or declares neither or both.
    """
    kinds = [kind for kind, file in DECLARATIONS.items() if (folder / file).is_file()]
    if len(kinds) == 1:
        return kinds[0]
    if not folder.is_dir():
        why, do = "There is no such folder.", "Correct the name, or start with `ctevidence new`."
    elif kinds:
        why = "The folder holds study.toml and trials.toml: it is a study or published trials."
        do = "Make two folders of it."
    else:
        why = "Nothing says what the folder holds: it has neither study.toml nor trials.toml."
        do = "Write one of them; `ctevidence new` makes a commented template."
    raise DataProblems([Problem(folder.name, why, do, value=str(folder))], folder.name)


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def declared_checksums(folder: Path) -> dict[str, str]:
    """Checksums that ``SOURCE.md`` declares, by file; empty without such a file.

    They stand in a table, one file a row: ``| visits.csv | 9f86d0... |``.
    """
    path = folder / SOURCE_FILE
    if not path.is_file():
        return {}
    return {file: sha.lower() for file, sha in _CHECKSUM.findall(path.read_text(encoding="utf-8"))}


def changed_files(folder: Path) -> list[Problem]:
    """A problem for each raw file that is no longer what ``SOURCE.md`` says was received."""
    problems = []
    for file, declared in declared_checksums(folder).items():
        if fault := name_fault(file):
            do = f"Correct the name in {SOURCE_FILE}: the files stand in the folder."
            problems.append(Problem(file, fault, do))
        elif found := links_out(folder, [file]):
            problems += found
        elif not (folder / file).is_file():
            why, do = f"{SOURCE_FILE} lists the file, but it is missing.", "Restore the file."
            problems.append(Problem(file, why, do))
        elif (found := checksum(folder / file)) != declared:
            why = f"The file is not the one received: its checksum is not that in {SOURCE_FILE}."
            do = (
                "Restore the file. If a new version was received, say so in "
                f"{SOURCE_FILE}, where its line becomes: | {file} | {found} |"
            )
            problems.append(Problem(file, why, do, column="sha256"))
    return problems
