"""TOML files: opened as a `TomlTable`, with a message where a line cannot be read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ctevidence.data.csv_records import DELIMITERS
from ctevidence.data.file_format import DECIMALS, FileFormat
from ctevidence.data.limits import (
    DEEPEST_TOML,
    LONGEST_TOML_LINE,
    MOST_TOML_BYTES,
    MOST_TOML_POINTS,
    refuse_bytes,
)
from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.text_encoding import decode
from ctevidence.data.toml_table import TomlTable, line_numbers


def read_toml(path: Path) -> TomlTable:
    """The whole file as one table, whose ``problems`` grow while its keys are taken.

    Raises
    ------
    DataProblems
        When the file is missing or not TOML at all.
    """
    if not path.is_file():
        why, do = "The file is missing.", f"Write it into the folder {path.parent.name}."
        raise DataProblems([Problem(path.name, why, do)], path.name)
    refuse_bytes(path, MOST_TOML_BYTES, "A declaration is short; move what is data into a table.")
    text = decode(path.read_bytes(), "utf-8", path.name).removeprefix("\ufeff")
    _refuse_long_lines(text, path.name)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataProblems([_not_toml(path.name, error, text)], path.name) from None
    except RecursionError:
        raise _too_deep(path.name) from None
    except ValueError:  # Python reads no whole number of more than 4300 digits
        why, do = "A number in the file has thousands of digits.", "Correct the number."
        raise DataProblems([Problem(path.name, why, do)], path.name) from None
    if _depth(values) > DEEPEST_TOML:
        raise _too_deep(path.name)
    return TomlTable(values, "", path.name, line_numbers(text), [])


def _refuse_long_lines(text: str, file: str) -> None:
    """The time to read a key grows with the square of its parts: a.a.a.a and so on."""
    why = f"The line has more than {LONGEST_TOML_LINE:,} letters or {MOST_TOML_POINTS} points."
    problems = [
        Problem(file, why, "Break the line; give data as a table.", row=row, value=line[:80])
        for row, line in enumerate(text.splitlines(), start=1)
        if len(line) > LONGEST_TOML_LINE or line.count(".") > MOST_TOML_POINTS
    ]
    if problems:
        raise DataProblems(problems, file)


def _depth(values: object) -> int:
    """Tables and lists within each other, level by level: a deep file must not nest our calls."""
    level, depth = [values], 0
    while level := [v for v in level if isinstance(v, (dict, list))]:
        depth += 1
        level = [w for v in level for w in (v.values() if isinstance(v, dict) else v)]
    return depth


def _too_deep(file: str) -> DataProblems:
    why = f"Tables or lists stand within each other, more than {DEEPEST_TOML} deep."
    return DataProblems([Problem(file, why, "A declaration is flat: correct the brackets.")], file)


def _not_toml(file: str, error: tomllib.TOMLDecodeError, text: str) -> Problem:
    found = re.search(r"line (\d+)", str(error))
    row = int(found[1]) if found else None
    lines = text.splitlines()
    fault = re.sub(r"\s*\(at .*\)$", "", str(error))
    return Problem(
        file,
        f"The line cannot be read: {fault}.",
        'Words stand in quotation marks, key = "words"; lists in brackets; each key and each '
        "[table] stands once.",
        row=row,
        value=lines[row - 1].strip() if row and row <= len(lines) else "",
    )


def read_file_format(files: TomlTable | None) -> FileFormat:
    """How CSV files are written, from the table ``[files]``; the usual way when it is absent."""
    if files is None:
        return FileFormat()
    given = {
        "encoding": files.text("encoding", required=False),
        "delimiter": files.choice("delimiter", DELIMITERS, required=False),
        "decimal": files.choice("decimal", DECIMALS, required=False),
    }
    files.close()
    try:
        return FileFormat(**{key: value for key, value in given.items() if value})
    except ValueError as error:
        files.refuse("", str(error), "Correct the keys under [files].")
        return FileFormat()
