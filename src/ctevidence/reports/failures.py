"""What failed, where and why, in words that hold no value of a person.

The message of an exception may quote what it stumbled over: a name, a score, a free text. Logs,
tables of failures and executed copies therefore show a message only after every word of it that
stands in the patient-level tables, every number and everything quoted has been replaced - unless
the study's declaration, the parameters or the notebook itself hold the word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ctevidence.data.claim import InUse
from ctevidence.data.project import OWN_FILES, Project
from ctevidence.data.storage import REASONS, StorageError, not_written
from ctevidence.reports.checks.check import FailedCheckError
from ctevidence.reports.orders import Order
from ctevidence.terms import UsageError

HIDDEN = "[hidden]"
_TOKEN = re.compile(r"[^\W_]+(?:[-.'][^\W_]+)*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CHUNK = 1 << 20
#: classes of errors that no message for a person stands in; ours, and what we raise, hold one
_OF_THE_PROGRAM = {
    "ArithmeticError", "AssertionError", "AttributeError", "FloatingPointError", "ImportError",
    "IndexError", "LinAlgError", "ModuleNotFoundError", "NameError", "NotImplementedError",
    "OverflowError", "RecursionError", "SyntaxError", "TypeError", "UnboundLocalError",
    "ZeroDivisionError",
}  # fmt: skip
#: a kernel that is no more
_DIED = {"DeadKernelError", "MemoryError"}


@dataclass(frozen=True)
class Failure:
    """One step of a report that failed.

    Parameters
    ----------
    report, step : str
        The report, and the notebook (or ``data``, ``pages``) that failed.
    cell : int, optional
        Number of the cell in the executed copy, counted from 0.
    kind : str
        Class of the error.
    message : str
        Without any value of a person.
    error : Exception
        The error itself; not for logs.
    """

    report: str
    step: str
    cell: int | None
    kind: str
    message: str
    error: Exception = field(compare=False, repr=False)

    @property
    def words(self) -> str:
        """What happened, for a person: without the class of the error, which the log names.

        Examples
        --------
        >>> Failure("demo", "02_response", 5, "KeyError", "No week 9.", KeyError()).words
        'No week 9.'
        """
        text = " ".join(self.message.split())
        if self.kind in _DIED:
            return (
                "The process of the notebook ended by itself, most often because memory ran out: "
                "try --workers 1."
            )
        if self.kind in _OF_THE_PROGRAM or " " not in text:
            said = f" It says: {text}" if text else ""
            return f"A fault of the program, not of the data: please report it with the log.{said}"
        return text

    @property
    def plain(self) -> dict[str, object]:
        """For machines."""
        names = ("report", "step", "cell", "kind", "message")
        return {name: getattr(self, name) for name in names}


class NotebookError(RuntimeError):
    """A notebook stopped; says which cell and why.

    Parameters
    ----------
    notebook : str
    cell : int
        Number of the cell in the executed copy, counted from 0.
    kind, message : str
        Class and text of what was raised.
    """

    def __init__(self, notebook: str, cell: int | None, kind: str, message: str) -> None:
        self.notebook, self.cell, self.kind, self.message = notebook, cell, kind, message
        super().__init__(notebook, cell, kind, message)

    def __str__(self) -> str:
        return f"{self.notebook} stopped in cell {self.cell}: {self.kind}: {self.message}"


class SmallDifference(RuntimeError):  # noqa: N818 (it says what happened)
    """A release would differ from an earlier one by so few people that they could be told apart."""


#: errors that are raised before any table is read, or say nothing of its cells; a failed check
#: quotes pages, which have passed the disclosure gate
_WITHOUT_DATA = (
    FailedCheckError, FileNotFoundError, InUse, SmallDifference, StorageError, UsageError,
)  # fmt: skip


def explain(order: Order, step: str, error: Exception, project: Project, text: str) -> Failure:
    """A failure in words that may stand in a log.

    Parameters
    ----------
    order : Order
    step : str
        The notebook, or ``data``, ``pages``.
    error : Exception
    project : Project
    text : str
        Of the notebook, whose words may be named.
    """
    target = project.report(order.report)
    if (number := _error_number(error)) in REASONS:
        error = not_written(number, getattr(error, "filename", None), target)
    if isinstance(error, StorageError):
        return Failure(order.report, step, None, type(error).__name__, str(error), error)
    names = list(filter(None, order.sources.values()))
    folders = [f(name) for name in names for f in (project.raw, project.processed)]
    declared = declared_text(folders, order.parameters) + text + " ".join(names)
    message = describe(error, declared, patient_tables(folders))
    cell, kind = getattr(error, "cell", None), getattr(error, "kind", type(error).__name__)
    return Failure(order.report, step, cell, kind, message, error)


def describe(error: Exception, declared: str = "", tables: Iterable[Path] = ()) -> str:
    """The message of an error without any value of a person.

    Parameters
    ----------
    error : Exception
    declared : str
        Text whose words may be shown: the declaration of the study, parameters, the notebook.
    tables : iterable of Path
        Patient-level tables, no word of which may be shown.
    """
    problems = getattr(error, "problems", None)
    if problems and {Path(p.file).name for p in problems} <= {*OWN_FILES}:
        return str(error)  # claims, judgements and the service hold nobody's data
    if problems:
        kinds = dict.fromkeys((p.file, p.column, p.why) for p in problems)
        shown = [" ".join(filter(None, (file, column))) + f": {why}" for file, column, why in kinds]
        more = f" (and {len(shown) - 3} further kinds)" if len(shown) > 3 else ""
        hint = f" `ctevidence check {error.source}` shows each with its row."
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return f"{count} of the data: " + " ".join(shown[:3]) + more + hint
    if isinstance(error, _WITHOUT_DATA):
        return str(error)
    text = str(getattr(error, "message", error)).strip()
    if len(text) > 1 and text[0] == text[-1] in "'\"" and " " in text:
        text = text[1:-1]  # a KeyError quotes its whole message
    return without_values(text, declared, tables)


def without_values(text: str, declared: str = "", tables: Iterable[Path] = ()) -> str:
    """A text with every value that may be of a person replaced.

    Examples
    --------
    >>> without_values("no score for 'P-017' at week 9: 23", declared="weeks = [9]")
    'no score for [hidden] at week 9: [hidden]'
    """
    allowed = set(_TOKEN.findall(declared.lower()))
    quoted = {t.lower() for q in _QUOTED.findall(text) for t in _TOKEN.findall(q)}
    words = {t.lower() for t in _TOKEN.findall(text)} - allowed
    hidden = {w for w in words if any(c.isdigit() for c in w)} | (quoted - allowed)
    for table in tables:
        hidden |= _found_in(table, words - hidden)

    def quote(match: re.Match) -> str:
        inside = {t.lower() for t in _TOKEN.findall(match.group())}
        return HIDDEN if inside & hidden else match.group()

    def word(match: re.Match) -> str:
        return HIDDEN if match.group().lower() in hidden else match.group()

    pieces = _QUOTED.sub(quote, text).split(HIDDEN)
    return HIDDEN.join(_TOKEN.sub(word, piece) for piece in pieces)


def _found_in(table: Path, words: set[str]) -> set[str]:
    """Which of some words stand in a table."""
    if table.suffix == ".parquet":
        return words  # not searched: without knowing, all are hidden
    found: set[str] = set()
    with table.open(encoding="utf-8", errors="replace") as file:
        file.readline()  # names of columns
        while lines := file.readlines(_CHUNK):
            found |= words & {t.lower() for line in lines for t in _TOKEN.findall(line)}
    return found


def _error_number(error: Exception) -> int | None:
    """The number of an error of the system, also of one that stopped a notebook."""
    if isinstance(error, OSError):
        return error.errno
    told = re.match(r"\[Errno (\d+)\]", getattr(error, "message", ""))
    return int(told.group(1)) if told else None


def scrub(executed: Path, message: str) -> str:
    """The text of an executed notebook whose errors say where, and no value of a person."""
    content = json.loads(executed.read_text(encoding="utf-8"))
    content["metadata"].pop("papermill", None)
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                output["evalue"] = message
                output["traceback"] = [f"{output['ename']}: {message}", *_places(output)]
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _places(output: dict) -> list[str]:
    """Where a traceback passed: file, line and function, without source or values."""
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", part) for part in output["traceback"]]
    places = [re.match(r"(?:File |Cell In)[^\n]*", part) for part in plain]
    return [place.group() for place in places if place]


def patient_tables(folders: Iterable[Path]) -> list[Path]:
    """The tables of those folders that hold a study."""
    studies = [folder for folder in folders if (folder / "study.toml").is_file()]
    return sorted(
        p for f in studies for p in f.iterdir() if p.suffix in (".csv", ".parquet", ".tsv")
    )


def declared_text(folders: Iterable[Path], values: Mapping[str, object]) -> str:
    """What may be named in a message: the declarations of the data, and the parameters."""
    files = [f / n for f in folders for n in ("study.toml", "trials.toml")]
    texts = [f.read_text(encoding="utf-8", errors="replace") for f in files if f.is_file()]
    return "\n".join([*texts, *map(str, values), *map(str, values.values())])
