"""TOML text from plain values: what ``tomllib`` reads back as the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_WIDTH = 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(values: Mapping[str, Any]) -> str:
    """Values as TOML: keys first, then tables, each in the order given; None is left out.

    Parameters
    ----------
    values : mapping
        Text, numbers, booleans, lists of these, mappings (tables) and lists of mappings.

    Examples
    --------
    >>> print(toml_text({"arms": {"a b": {"label": "A", "weeks": [1.0, 2.5]}}}), end="")
    [arms."a b"]
    label = "A"
    weeks = [1, 2.5]
    """
    return "\n".join(_table(values, "")).strip("\n") + "\n"


def _table(values: Mapping[str, Any], path: str) -> list[str]:
    given = {key: value for key, value in values.items() if value is not None}
    tables = {key: value for key, value in given.items() if _holds_tables(value)}
    lines = [_line(key, value) for key, value in given.items() if key not in tables]
    for key, value in tables.items():
        inner = f"{path}.{_key(key)}".strip(".")
        rows = value if isinstance(value, list) else [value]
        header = f"[[{inner}]]" if isinstance(value, list) else f"[{inner}]"
        for row in rows:
            body = _table(row, inner)
            # a table of nothing but tables needs no header of its own
            own = [] if body and not body[0] else ["", header]
            lines += [*own, *body]
    return lines


def _line(key: str, value: Any) -> str:
    line = f"{_key(key)} = {_value(value)}"
    if isinstance(value, (list, tuple)) and len(line) > _WIDTH:
        rows = "".join(f"    {_value(v)},\n" for v in value)
        return f"{_key(key)} = [\n{rows}]"
    return line


def _holds_tables(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else quoted(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def quoted(text: str) -> str:
    """Words as a basic string; TOML escapes as JSON does, and the delete character too.

    >>> quoted('a "b"')
    '"a \\\\"b\\\\""'
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
