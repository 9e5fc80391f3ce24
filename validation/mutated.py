"""Mutated studies: folders of tables and declarations, damaged at random."""

from __future__ import annotations

from random import Random

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
#: Values of keys of study.toml.
VALUES = (
    "true", "0", "-1", "1e400", "nan", "inf", "0.5", "99999999999999999999", '""', '" "', '"x"',
    "[]", "[[]]", "[1, 2]", '["a"]', '["observed", "non-response"]', "{}", "{a = 1}", "1979-05-27",
    '"events"', '"baseline"', '"remission"', '"combined"', '"PHQ-9"', '"../x"', '"a\\u0000b"',
)
BYTES = (b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\r", b"\n", b",", b'"', b";")
# fmt: on


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
        table = name.endswith(".csv")
        changes = [_cell, _cell, _cell, _row, _column, _bytes] if table else [_line, _line, _bytes]
        files[name] = rng.choice(changes)(files[name], rng)
    # the last file stays: what damage is built upon has lost others before
    if rng.random() < 0.02 and len(files) > 1:
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


def _line(data: bytes, rng: Random) -> bytes:
    """A line of a declaration with another value, gone, twice, elsewhere; a remark made a key."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    keys = [i for i, line in enumerate(lines) if "=" in line or "[" in line] or [0]
    place = rng.choice(keys)
    line = lines[place]
    if line.startswith("# "):
        # with the keys of its table, where it is the head of one
        last = place + 1
        while line.startswith("# [") and last < len(lines) and lines[last].startswith("# "):
            last += 1
        lines[place:last] = [remark[2:] for remark in lines[place:last]]
    elif rng.random() < 0.6:
        lines[place] = f"{line.partition('=')[0]}= {rng.choice(VALUES)}"
    else:
        lines[place : place + 1] = [line] * rng.randrange(3)
        lines.insert(rng.choice(keys) if rng.random() < 0.3 else place, line)
    return "\n".join(lines).encode("utf-8", "surrogateescape")


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
