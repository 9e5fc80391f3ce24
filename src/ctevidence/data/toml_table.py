"""TomlTable: takes the keys of a TOML table one by one and collects what is wrong with them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from ctevidence.data.problems import Problem

_MISSING = ("The table is missing.", "The key is missing.")

#: Signs that show as nothing, or make what stands beside them show in another order: a page would
#: not say what the file says. Tabs and ends of lines are spaces.
HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)

_HEADER = re.compile(r"\s*(\[\[?)([^\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")


def line_numbers(text: str) -> dict[str, int]:
    """Lines of the keys of a TOML text by path: ``response.percent``, ``schedule.visits[2].days``.

    Examples
    --------
    >>> line_numbers('[arms."a b"]' + chr(10) + 'label = "A"')
    {'arms.a b': 1, 'arms.a b.label': 2}
    """
    lines: dict[str, int] = {}
    table = ""
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = re.sub(r"""["']|\s*(?=\.)|(?<=\.)\s*""", "", header[2]).strip()
            outer = next((name for name in counts if table.startswith(f"{name}.")), "")
            if outer:  # a table of the last [[outer]]
                table = f"{outer}[{counts[outer]}]{table.removeprefix(outer)}"
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                table = f"{table}[{counts[table]}]"
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            name = key[1].strip("\"'")
            lines.setdefault(f"{table}.{name}" if table else name, number)
    return lines


class TomlTable:
    """One table of ``study.toml``.

    Every reader takes one key, checks its type and returns its value, or None with a problem.
    `close` makes problems of the keys that no one asked for.

    Parameters
    ----------
    values : dict
    path : str
        Empty for the whole file.
    file : str
    lines : dict of str to int
        See `line_numbers`.
    problems : list of Problem
        Shared by all tables of a file; added to.
    """

    def __init__(
        self,
        values: dict[str, Any],
        path: str,
        file: str,
        lines: dict[str, int],
        problems: list[Problem],
    ) -> None:
        self.values, self.path, self.file = values, path, file
        self.lines, self.problems = lines, problems
        self._asked: list[str] = []

    def _path(self, key: str) -> str:
        return f"{self.path}.{key}".strip(".")

    def refuse(self, key: str, why: str, do: str, value: Any = "") -> None:
        """Note a problem with a key, or with the table itself when `key` is empty."""
        path = self._path(key)
        row = self.lines.get(path, self.lines.get(self.path))
        shown = value if isinstance(value, str) else _toml(value)
        self.problems.append(Problem(self.file, why, do, column=path, row=row, value=shown))

    def _take(self, key: str, wanted: str, accept: Callable[[Any], bool], required: bool) -> Any:
        self._asked.append(key)
        if key not in self.values:
            if required and wanted.startswith("a table"):
                self.refuse(key, _MISSING[0], f"Add {wanted}.")
            elif required:
                self.refuse(key, _MISSING[1], f"Add {key} = ... ({wanted}).")
            return None
        value = self.values[key]
        if accept(value):
            return value
        self.refuse(key, f"Expected is {wanted}.", "Correct the value.", value)
        return None

    def text(self, key: str, *, required: bool = True) -> str | None:
        """Words; not empty when required."""
        wanted = "words in quotation marks" + (", not empty" if required else "")
        value = self._take(
            key, wanted, lambda v: isinstance(v, str) and bool(v.strip() or not required), required
        )
        if value and (hidden := HIDDEN.search(value)):
            why = f"The words hold U+{ord(hidden.group()):04X}, which hides text or turns it round."
            self.refuse(key, why, "Remove the sign.", value)
            return None
        return value.strip() if value else value

    def choice(self, key: str, allowed: Iterable[str], *, required: bool = True) -> str | None:
        """One of several words."""
        allowed = tuple(allowed)
        wanted = "one of " + ", ".join(f'"{word}"' for word in allowed)
        value = self._take(key, wanted, lambda v: isinstance(v, str), required)
        if value is not None and value not in allowed:
            self.refuse(key, "The word is not known.", suggest(value, allowed, allowed), value)
            return None
        return value

    def number(self, key: str, *, required: bool = True) -> float | None:
        """A finite number."""
        value = self._take(key, "a number", _is_number, required)
        return None if value is None else float(value)

    def count(self, key: str, *, required: bool = True) -> int | None:
        """A whole number, not negative."""
        return self._take(key, "a whole number", lambda v: type(v) is int and v >= 0, required)

    def day(self, key: str, *, required: bool = True) -> date | None:
        """A day of the calendar."""
        wanted = "a day without quotation marks, like 2026-03-01"
        return self._take(key, wanted, lambda v: type(v) is date, required)

    def flag(self, key: str, *, required: bool = True) -> bool | None:
        """true or false."""
        return self._take(key, "true or false", lambda v: isinstance(v, bool), required)

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...] | None:
        """A list of words, possibly empty."""
        value = self._take(
            key,
            'a list of words, like ["one", "two"], or []',
            lambda v: isinstance(v, list) and all(isinstance(w, str) and w.strip() for w in v),
            required,
        )
        return None if value is None else tuple(value)

    def numbers(self, key: str, *, required: bool = True) -> tuple[float, ...] | None:
        """A list of finite numbers, possibly empty."""
        wanted = "a list of numbers, like [10, 20]"
        accept = lambda v: isinstance(v, list) and all(map(_is_number, v))  # noqa: E731
        value = self._take(key, wanted, accept, required)
        return None if value is None else tuple(float(v) for v in value)

    def days(self, key: str) -> tuple[float, float] | None:
        """First and last day."""
        value = self._take(
            key,
            "the first and the last day, like [46, 76]",
            lambda v: isinstance(v, list) and len(v) == 2 and all(_is_number(d) for d in v),
            True,
        )
        if value is None:
            return None
        if value[0] > value[1]:
            self.refuse(key, "The first day lies after the last.", "Swap the two days.", value)
            return None
        return float(value[0]), float(value[1])

    def table(self, key: str, *, required: bool = True) -> TomlTable | None:
        """A table inside this one."""
        value = self._take(key, f"a table [{self._path(key)}]", _is_table, required)
        return None if value is None else self._child(value, self._path(key))

    def tables(self, key: str, *, required: bool = True) -> dict[str, TomlTable]:
        """Tables by name: ``[arms.NAME]``."""
        parent = self.table(key, required=required)
        names = parent.values if parent else {}
        found = {name: parent.table(name) for name in names}
        return {name: table for name, table in found.items() if table is not None}

    def rows(self, key: str) -> Iterator[TomlTable]:
        """Tables of a list, ``[[schedule.visits]]``, numbered from 1; none when absent."""
        wanted = f"a list of tables [[{self._path(key)}]]"
        value = self._take(
            key, wanted, lambda v: isinstance(v, list) and all(map(_is_table, v)), False
        )
        for i, row in enumerate(value or [], start=1):
            yield self._child(row, f"{self._path(key)}[{i}]")

    def parts(self, key: str) -> list[TomlTable]:
        """A table ``[key]``, or several ``[[key]]``; none when absent."""
        if isinstance(self.values.get(key), list):
            return list(self.rows(key))
        table = self.table(key, required=False)
        return [] if table is None else [table]

    def _child(self, values: dict[str, Any], path: str) -> TomlTable:
        return TomlTable(values, path, self.file, self.lines, self.problems)

    def raw(self) -> dict[str, Any]:
        """All values as they are, for someone else to check."""
        self._asked.extend(self.values)
        return self.values

    def close(self) -> None:
        """Refuse the keys that no one asked for, with a suggestion.

        A key that is missing because it is misspelt is one problem, not two.
        """
        for key in self.values:
            if key not in self._asked:
                what = "table" if _is_table(self.values[key]) else "key"
                absent = [k for k in self._asked if k not in self.values]
                likely = absent
                if what == "table" and not difflib.get_close_matches(key, absent, n=1):
                    likely = self._asked  # [schedul] beside [[schedule.visits]]
                self.refuse(key, f"The {what} is not known.", suggest(key, likely, self._asked))
                self._forget_missing(key, difflib.get_close_matches(key, likely, n=1))

    def _forget_missing(self, key: str, meant: list[str]) -> None:
        """Drop what is missing only because an unknown key stands for it."""
        inside = self.values[key] if _is_table(self.values[key]) else {}
        missing = {self._path(name) for name in meant}
        missing |= {self._path(f"{name}.{part}") for name in meant for part in inside}
        self.problems[:] = [
            p for p in self.problems if not (p.why in _MISSING and p.column in missing)
        ]


def suggest(word: str, likely: Iterable[str], known: Iterable[str]) -> str:
    """What to do about an unknown word: a likely one that is close to it, and all known ones.

    >>> suggest("titel", ["title"], ["name", "title"])
    'Did you mean "title"? Known here: name, title.'
    """
    close = difflib.get_close_matches(word, likely, n=1)
    hint = f'Did you mean "{close[0]}"? ' if close else ""
    return f"{hint}Known here: {', '.join(known) or 'nothing'}."


def _is_number(value: Any) -> bool:
    # TOML knows inf, nan and whole numbers of any length
    return type(value) in (int, float) and abs(value) < 1e15


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _toml(value: Any) -> str:
    """A value as a person wrote it, near enough for a message."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if _is_table(value):
        return "a table"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return str(value)
