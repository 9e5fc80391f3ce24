"""Problems in data: what was found where, why it cannot be used, and what to do."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Values of one kind that a message shows; all of them are in `DataProblems.problems`.
EXAMPLES = 5
#: Problems of one kind that are kept one by one; the last of them counts the others.
KEPT = 1_000
_kept: ContextVar[float] = ContextVar("kept", default=KEPT)
#: Kinds of one reason, a problem each, from which a message says the reason once.
MANY = 4
#: Why an open decision of a proposal cannot be read: nothing is wrong, but not all is said.
TO_DECIDE = "This has to be decided by someone who knows the data."
_WIDTH = 96
_LONGEST = 60


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be used.

    Parameters
    ----------
    file : str
        Name of the file or folder.
    why, do : str
        Why it cannot be used, and what to do: whole sentences that do not repeat the value, so
        that problems of one kind share them.
    column : str
        Column of a table, or key of ``study.toml`` (``response.percent``); empty for a whole file.
    row : int, optional
        Line as a person sees it in the file, the header being line 1.
    value : str
        What was found; empty when nothing was.
    times : int
        This row, and as many more of the same kind as are not kept one by one; see `alike`.
    """

    file: str
    why: str
    do: str
    column: str = ""
    row: int | None = None
    value: str = ""
    times: int = 1

    def __post_init__(self) -> None:
        if not (self.file and self.why and self.do):
            raise ValueError("A problem says its file, why it is one, and what to do.")

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """What problems that are shown together have in common."""
        return self.file, self.column, self.why, self.do


def alike(rows: Sequence, made: Callable[..., Problem]) -> list[Problem]:
    """A problem for each row, in order; beyond `KEPT` the last one counts the rest.

    A wrong column of ten million rows is one mistake: naming the first thousand rows is enough to
    find it, and ten million problems would not fit into memory.

    Parameters
    ----------
    rows : sequence
    made : callable
        From a row to its problem; all are of one kind.

    Examples
    --------
    >>> found = alike(range(2, 5002), lambda row: Problem("t.csv", "Why.", "Do.", row=row))
    >>> len(found), found[-1].row, found[-1].times
    (1000, 1001, 4001)
    """
    if len(rows) <= _kept.get():
        return [made(row) for row in rows]
    first = [made(row) for row in rows[: int(_kept.get())]]
    return [*first[:-1], replace(first[-1], times=1 + len(rows) - len(first))]


@contextmanager
def every_problem() -> Iterator[None]:
    """Inside, all problems are kept one by one, however many there are."""
    token = _kept.set(float("inf"))
    try:
        yield
    finally:
        _kept.reset(token)


class DataProblems(ValueError):  # noqa: N818 (it is what it carries)
    """All problems of a folder or file at once.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.
    source : str
        What was read, for the first line of the message.

    Attributes
    ----------
    problems : tuple of Problem
        All of them, or of very many of one kind the first `KEPT`, the last of which counts the
        rest (`alike`); the message shows the first `EXAMPLES` of each kind.
    count : int
        How many there are in the data.
    frame : DataFrame
        One row per problem: file, row, column, value, times, why, do.

    Examples
    --------
    >>> print(DataProblems([Problem("visits.csv", "PHQ-9 runs from 0 to 27.",
    ...     "Correct the score.", column="score", row=41, value="29")], "demo"))
    demo cannot be used: 1 problem.
    <BLANKLINE>
    visits.csv
      score: "29" (row 41)
        Why: PHQ-9 runs from 0 to 27.
        Do:  Correct the score.
    """

    def __init__(self, problems: Iterable[Problem], source: str = "The data") -> None:
        self.problems = tuple(problems)
        self.source = source
        if not self.problems:
            raise ValueError("DataProblems needs at least one problem.")
        super().__init__(self.problems, source)  # the arguments, so that pickling works

    @property
    def frame(self) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415 (what finds nothing wrong starts without tables)

        columns = [f.name for f in fields(Problem)]
        frame = pd.DataFrame([astuple(p) for p in self.problems], columns=columns)
        frame["row"] = frame["row"].astype("Int64")
        return frame[["file", "row", "column", "value", "times", "why", "do"]]

    def write_csv(self, path: str | Path) -> Path:
        """Write `frame`; what a spreadsheet would calculate gets an apostrophe in front."""
        from ctevidence.estimates import no_formula  # noqa: PLC0415 (loads what tables need)

        table = self.frame
        words = ["file", "column", "value", "why", "do"]
        table[words] = table[words].map(no_formula)
        table.to_csv(path, index=False, lineterminator="\n")
        return Path(path)

    @property
    def count(self) -> int:
        return sum(problem.times for problem in self.problems)

    def __str__(self) -> str:
        files: dict[str, dict[tuple[str, ...], list[Problem]]] = {}
        for problem in self.problems:
            files.setdefault(problem.file, {}).setdefault(problem.kind, []).append(problem)
        n, kinds = self.count, sum(len(of_file) for of_file in files.values())
        count = f"{n} problem{'s' if n > 1 else ''}"
        if kinds < n:
            count += f" of {kinds} kind{'s' if kinds > 1 else ''}"
        if all(problem.why == TO_DECIDE for problem in self.problems):
            count = f"{n} decision{' is' if n == 1 else 's are'} open"
        blocks = [f"{self.source} cannot be used: {count}."]
        for file, of_file in files.items():
            blocks.append("\n".join([file, *_described(list(of_file.values()))]))
        # a reason may name what stands in the data, and signs there can act on a terminal
        return "\n\n".join("\n".join(map(_plain, block.split("\n"))) for block in blocks)


def _described(kinds: list[list[Problem]]) -> list[str]:
    """The kinds of one file; where many have one reason, and one problem each, it stands once."""
    single = [same for same in kinds if len(same) == 1]
    counts = Counter(same[0].why for same in single)
    shared = {why for why, n in counts.items() if n >= MANY} | {TO_DECIDE}
    lines, done = [], set()
    for same in kinds:
        why = same[0].why
        if why not in shared or (len(same) > 1 and why != TO_DECIDE):
            lines.append(_describe(same))
        elif why not in done:
            done.add(why)
            among = kinds if why == TO_DECIDE else single
            together = [problem for kind in among for problem in kind if problem.why == why]
            lines += [_filled(why, "  ", "  "), *map(_line, together)]
    return lines


def _line(problem: Problem) -> str:
    """One problem of a reason that stands above: row, column, what to do."""
    row = "" if problem.row is None else f"row {problem.row}"
    found = f'"{_shown(problem.value)}": ' if problem.value not in ("", "?") else ""
    column = f"{_shown(problem.column)}: " if problem.column else ""
    text = f"{row:<8} {column}{found}{problem.do}"
    return _filled(text, "    ", " " * 13)


def _describe(same: list[Problem]) -> str:
    """Problems of one kind: where and what, then why and what to do."""
    first = same[0]
    shown = ", ".join(_place(p) for p in same[:EXAMPLES])
    times = sum(problem.times for problem in same)
    if times > EXAMPLES:
        shown += f" and {times - EXAMPLES} more"
    head = _shown(first.column) or ("the whole row" if first.row else "the whole file")
    if times > 1:
        head += f", {times} times"
    lines = [(f"{head}: {shown}" if shown else head, "  ", "      ")]
    lines += [(f"Why: {first.why}", "    ", " " * 9), (f"Do:  {first.do}", "    ", " " * 9)]
    return "\n".join(_filled(*line) for line in lines)


def _filled(text: str, start: str, rest: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=start, subsequent_indent=rest)


def _place(problem: Problem) -> str:
    found = f'"{_shown(problem.value)}"' if problem.value else ""
    if problem.row is None:
        return found
    return f"{found} (row {problem.row})" if found else f"row {problem.row}"


def _shown(text: str) -> str:
    """Text on one line, without signs that act on a terminal, and not too long."""
    plain = _plain(text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
