"""Undecided: what a proposed declaration leaves to a person, marked so that nothing can be read.

`ctevidence new --from` writes ``"?"`` where it will not guess, with a remark on the same line that
says what has to be decided.
"""

from __future__ import annotations

import re
from pathlib import Path

from ctevidence.data.problems import TO_DECIDE, DataProblems, Problem
from ctevidence.data.toml_file import read_toml

#: The mark of an open decision.
OPEN = "?"
#: Files of a folder that may hold marks.
#: in the order in which they are decided: what the columns are comes before what they mean
FILES = ("prepare.toml", "study.toml", "trials.toml")
#: Tables that a study may leave out; its reports then say that they are not declared.
MAY_BE_ABSENT = ("response", "remission", "relapse", "retention")

_QUOTED = r""""(?:\\.|[^"\\])*"|'[^']*'"""
_QUOTED_OR_REMARK = re.compile(rf"{_QUOTED}|#.*")
#: begins with a word, since ["a"] alone on a line belongs to a list
_TABLE = re.compile(
    rf"\s*\[{{1,2}}\s*([A-Za-z][\w-]*(?:\s*\.\s*(?:{_QUOTED}|[\w-]+))*)\s*\]{{1,2}}\s*(#.*)?"
)
_KEY = re.compile(r"""\s*(?:"([^"]*)"|([\w.-]+))\s*=""")


def undecided(folder: Path) -> list[Problem]:
    """A problem for each open decision in the declarations of a folder.

    What has to be answered comes first, what may be left out last.

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
    needed, optional, table, key, told = [], [], "", "", set()
    for row, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if head := _TABLE.fullmatch(line):
            table, key = head[1].replace('"', ""), ""
        if named := _KEY.match(line):  # a list of several lines has its key on the first
            key = named[1] or named[2]
        parts = _QUOTED_OR_REMARK.findall(line)
        if {'"?"', "'?'"}.intersection(parts):
            remark = parts[-1][1:] if parts[-1].startswith("#") else ""
            do = f"{remark.strip().rstrip('.') or 'Replace the question mark'}."
            may_be_absent = path.name == "study.toml" and table in MAY_BE_ABSENT
            if may_be_absent and table not in told:
                told.add(table)
                do += f" The table [{table}] may be left out."
            column = ".".join(filter(None, [table, key]))
            found = Problem(path.name, TO_DECIDE, do, column=column, row=row, value=OPEN)
            (optional if may_be_absent else needed).append(found)
    problems = [*needed, *optional]
    why, do = "A question mark stands for a decision.", "Replace it."
    return problems or [Problem(path.name, why, do, value=OPEN)]


def _holds_mark(values: object) -> bool:
    if isinstance(values, dict):
        return any(map(_holds_mark, values.values()))
    if isinstance(values, list):
        return any(map(_holds_mark, values))
    return values == OPEN
