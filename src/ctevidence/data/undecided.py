"""Undecided: what a proposed declaration leaves to a person, marked so that nothing can be read.

`ctevidence new --from` writes ``"?"`` where it will not guess, with a remark on the same line that
says what has to be decided.
"""

from __future__ import annotations

import re
from pathlib import Path

from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.toml_file import read_toml

#: The mark of an open decision.
OPEN = "?"
#: Files of a folder that may hold marks.
FILES = ("study.toml", "trials.toml", "prepare.toml")

_MARK = re.compile(r"""["']\?["']""")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|([\w.-]+))\s*=""")


def undecided(folder: Path) -> list[Problem]:
    """A problem for each open decision in the declarations of a folder.

    Lines that cannot be read are left to those who read the file.
    """
    return [problem for file in FILES for problem in _open(folder / file)]


def _open(path: Path) -> list[Problem]:
    if not path.is_file():
        return []
    try:
        if not _holds_mark(read_toml(path).values):
            return []
    except DataProblems:
        return []
    problems = []
    for row, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        code, _, remark = line.partition("#")
        if _MARK.search(code):
            key = _KEY.match(code)
            why = "This has to be decided by someone who knows the data."
            do = remark.strip().rstrip(".") or "Replace the question mark"
            column = (key[1] or key[2]) if key else ""
            problems.append(Problem(path.name, why, f"{do}.", column=column, row=row, value=OPEN))
    why, do = "A question mark stands for a decision.", "Replace it."
    return problems or [Problem(path.name, why, do, value=OPEN)]


def _holds_mark(values: object) -> bool:
    if isinstance(values, dict):
        return any(map(_holds_mark, values.values()))
    if isinstance(values, list):
        return any(map(_holds_mark, values))
    return values == OPEN
