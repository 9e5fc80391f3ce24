"""TOML files: opened as a `TomlTable`, with a message where a line cannot be read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ctevidence.data.files import DECIMALS, DELIMITERS, FileFormat, decode
from ctevidence.data.problems import DataProblems, Problem
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
    text = decode(path.read_bytes(), "utf-8", path.name).removeprefix("\ufeff")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataProblems([_not_toml(path.name, error, text)], path.name) from None
    return TomlTable(values, "", path.name, line_numbers(text), [])


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
