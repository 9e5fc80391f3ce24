"""Mutated studies: folders and files damaged at random, and what must not happen to them.

A reader answers with a study or with a list of problems. Anything else is a fault: another error,
or a number in the study that is not the number in the file. The file is read again here by Python's
own `csv` and `decimal`, so that this does not rest on the reader's words.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import unicodedata
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random

from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.study import Study

# fmt: off
#: Cells that spreadsheets, programs and people write.
CELLS = (
    "", " ", "NA", "nan", "NULL", "-", "?", "0", "-0", "00", "007", "1e3", "1E-7", "1_000", "0x1F",
    "1,5", "1.234,5", "1,234", "1 234", "1\u00a0234", "١٢", "５", "½", "+5", "--5", "5.", ".5",
    "5.0", "1e400", "-1e400", "inf", "-Infinity", "1e-400", "9" * 400, "0." + "1" * 60,
    "12345678901234567", "45000", "2024-03-29", "29/03/24", "TRUE", "=1+1", "'5", '"', '""', '"5',
    "5\n6", "5\r6", "a\tb", "\0", "\ufeff5", "\u200b5", "5\u200b", "Å", "A\u030a", "<script>",
    "{{x}}", "$x_1", "💊", "\ud7ff",
)
BYTES = (b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\r", b"\n", b",", b'"', b";")
# fmt: on


# -- damage ---------------------------------------------------------------------------------------


def mutate(files: dict[str, bytes], rng: Random) -> dict[str, bytes]:
    """The files with one to six things done to them.

    Parameters
    ----------
    files : dict of str to bytes
        By name.
    rng : Random
    """
    files = dict(files)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        name = rng.choice(sorted(files))
        change = rng.choice([_cell, _cell, _cell, _row, _column, _bytes])
        files[name] = (
            change(files[name], rng) if name.endswith(".csv") else _bytes(files[name], rng)
        )
    if rng.random() < 0.02:
        files.pop(rng.choice(sorted(files)))
    return files


def _table(data: bytes) -> list[list[str]]:
    text = data.decode("utf-8", "surrogateescape").replace("\0", "")
    return [row.split(",") for row in text.split("\n")]


def _data(table: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in table).encode("utf-8", "surrogateescape")


def _cell(data: bytes, rng: Random) -> bytes:
    table = _table(data)
    row = rng.choice(table)
    place = rng.randrange(len(row))
    words = rng.choice(CELLS)
    row[place] = rng.choice([words, row[place] + words, words + row[place]])
    return _data(table)


def _row(data: bytes, rng: Random) -> bytes:
    """A row twice, gone, or somewhere else."""
    table = _table(data)
    row = table[rng.randrange(len(table))]
    if rng.random() < 0.5:
        table.remove(row)
    if rng.random() < 0.7:
        table.insert(rng.randrange(len(table) + 1), row)
    return _data(table)


def _column(data: bytes, rng: Random) -> bytes:
    """A column gone, or two in exchanged places."""
    table = _table(data)
    one, other = rng.randrange(len(table[0])), rng.randrange(len(table[0]))
    for row in table:
        if max(one, other) < len(row):
            if one == other:
                del row[one]
            else:
                row[one], row[other] = row[other], row[one]
    return _data(table)


def _bytes(data: bytes, rng: Random) -> bytes:
    """Bytes changed, added, taken away, or the end cut off."""
    place = rng.randrange(len(data) + 1)
    return rng.choice(
        [
            data[:place] + rng.choice(BYTES) + data[place:],
            data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :],
            data[:place] + data[place + rng.randrange(1, 30) :],
            data[:place],
            data[:place] + data[place : place + 20] * rng.randrange(2, 5) + data[place:],
        ]
    )


# -- what must not happen -------------------------------------------------------------------------


def outcome(folder: Path) -> str:
    """``study``, ``problems``, or what is wrong in a few words."""
    try:
        study = read_study(folder)
    except DataProblems as error:
        str(error)  # the message itself must not fail
        return "problems"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    return changed_numbers(folder, study) or "study"


def changed_numbers(folder: Path, study: Study) -> str:
    """The table and column whose numbers are not those of the file; empty when all are."""
    columns = {
        "participants": [c for c in study.participants if study.participants[c].dtype == float],
        "visits": ["day", "score"],
        "events": ["day"],
        "treatments": ["start_day", "stop_day", "sessions"],
    }
    for name, names in columns.items():
        path = folder / f"{name}.csv"
        if not path.is_file():
            continue
        rows = _rows(path)
        frame = study.tables[name]
        for column in names:
            kept = Counter(zip(frame["participant_id"], frame[column].map(_shown), strict=True))
            held = Counter((row["participant_id"], _number(row.get(column, ""))) for row in rows)
            if kept != held:
                return f"{name}.{column}: {dict(kept - held)} instead of {dict(held - kept)}"[:200]
    return ""


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV, read by other means than the package's."""
    data = path.read_bytes()
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = unicodedata.normalize("NFC", data.decode("utf-16" if utf_16 else "utf-8-sig"))
    table = [
        [cell.strip() for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    ]
    header, *rows = [row for row in table if any(row)]
    if header[0].startswith("sep="):
        header, *rows = rows
    return [dict(zip(header, row, strict=False)) for row in rows]


def _number(cell: str) -> str:
    """A number as exact text; missing when empty."""
    if not cell:
        return "missing"
    try:
        return _shown(float(Decimal(cell)))
    except (InvalidOperation, ValueError):
        return cell


def _shown(value: float) -> str:
    return "missing" if math.isnan(value) else repr(float(value) + 0.0)
