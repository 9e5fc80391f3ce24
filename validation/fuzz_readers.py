"""Damaged data: a study or a list of problems, never another error, never a changed number.

Run: ``python validation/fuzz_readers.py`` (100,000 damaged studies take about two hours on two
cores; ``--replicates 2000`` a few minutes).
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd
import pyreadstat
from joblib import Parallel, delayed
from mutated import CELLS, mutate, outcome
from page import Column, Section, Table, record

from ctevidence.data.files import FileFormat
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems
from ctevidence.data.received import read_received
from ctevidence.data.template import write_template

SEED = 20_260
BATCH = 250
#: One damaged file of each format for so many damaged studies; SPSS, SAS and Stata files are read
#: in a process of their own, which takes a second.
STUDIES_PER_FILE = {"xlsx": 10, "parquet": 10, "sav": 400, "dta": 400, "xpt": 400}

TEXT = (
    "The example study of `ctevidence new`, as CSV, with one to six things done to it: cells "
    "replaced by what spreadsheets, programs and people write (decimal commas, separators of "
    "thousands, dates, infinities, foreign digits, invisible signs, formulas), rows repeated, "
    "removed or moved, columns removed or exchanged, bytes of tables and of `study.toml` changed, "
    "inserted, removed or cut off, files missing. Where a study is read, every number is compared "
    "with the file as Python's own csv and decimal modules read it.",
    "Beside them, files of other formats with bytes changed; of workbooks also the XML inside.",
)
ACCEPTED = (
    "Each damaged study gives a study or a list of problems, and nothing else.",
    "Every number of a study that is read is the number in its file.",
    "Each damaged file of another format gives a table or a list of problems, and nothing else.",
)
REMARKS = (
    "Files of SPSS, SAS and Stata are read in a process of their own because damaged ones can end "
    "the process that reads them; such an end counts as a problem of the file, as it is told.",
)


def studies(seed: int, count: int) -> Counter:
    """Outcomes of damaged studies."""
    rng, found = Random(seed), Counter()
    with tempfile.TemporaryDirectory() as here:
        sound = write_template(Path(here) / "sound", "sound")
        files = {p.name: p.read_bytes() for p in sound.iterdir() if p.suffix in (".csv", ".toml")}
        folder = Path(here) / "damaged"
        folder.mkdir()
        for _ in range(count):
            for path in folder.iterdir():
                path.unlink()
            for name, data in mutate(files, rng).items():
                (folder / name).write_bytes(data)
            found[outcome(folder)] += 1
    return found


def files_of(kind: str, seed: int, count: int) -> Counter:
    """Outcomes of damaged files of a format."""
    rng, found = Random(seed), Counter()
    frame = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(12)],
            "score": [i / 10 for i in range(12)],
            "seen": [date(2024, 3, 1 + i) for i in range(12)],
            "arm": [1.0, 2.0] * 6,
        }
    )
    write = {
        "xlsx": lambda p: frame.to_excel(p, index=False),
        "parquet": frame.to_parquet,
        "sav": lambda p: pyreadstat.write_sav(frame, p),
        "dta": lambda p: pyreadstat.write_dta(frame, p),
        "xpt": lambda p: pyreadstat.write_xport(frame, p),
    }
    with tempfile.TemporaryDirectory() as here:
        path = Path(here) / f"a.{kind}"
        write[kind](path)
        sound = path.read_bytes()
        for _ in range(count):
            inner = kind == "xlsx" and rng.random() < 0.8
            path.write_bytes(_damaged_workbook(sound, rng) if inner else damaged(sound, rng))
            try:
                read_received(Origin(path.name), path.parent, FileFormat(), [])
                found["study"] += 1
            except DataProblems:
                found["problems"] += 1
            except Exception as error:
                found[f"{type(error).__name__}: {error}"[:200]] += 1
    return found


def damaged(data: bytes, rng: Random) -> bytes:
    """Bytes changed, inserted, removed, or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        place = rng.randrange(len(changed))
        what = rng.random()
        if what < 0.7:
            changed[place] = rng.choice([0, 127, 128, 255, rng.randrange(256)])
        elif what < 0.8:
            changed[place : place + 4] = rng.choice([b"\xff\xff\xff\x7f", b"\xff" * 4, b"\0" * 4])
        elif what < 0.9:
            del changed[place : place + rng.randrange(1, 100)]
        else:
            changed[place:place] = rng.randbytes(rng.randrange(1, 50))
        changed = changed or bytearray(b"x")
    return bytes(changed)


def _damaged_workbook(data: bytes, rng: Random) -> bytes:
    """A sound archive of which one part is damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(parts))
    if rng.random() < 0.5 and b"<v>" in parts[name]:
        cell = rng.choice(CELLS).encode("utf-8", "replace")
        parts[name] = parts[name].replace(b"<v>", b"<v>" + cell, rng.randrange(1, 4))
    else:
        parts[name] = damaged(parts[name], rng)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return made.getvalue()


def rows_of(found: dict[str, Counter]) -> list[dict]:
    """Counts by kind of data."""
    return [
        {
            "kind": kind,
            "damaged": sum(counts.values()),
            "read": counts["study"],
            "refused": counts["problems"],
            "faults": sum(counts.values()) - counts["study"] - counts["problems"],
        }
        for kind, counts in found.items()
    ]


def section(found: dict[str, Counter], replicates: int) -> Section:
    rows = rows_of(found)
    missed = tuple(
        f"{kind}: {fault}, {n} times"
        for kind, counts in found.items()
        for fault, n in counts.items()
        if fault not in ("study", "problems")
    )
    columns = (
        Column("data", "kind"),
        Column("damaged", "damaged"),
        Column("read", "read"),
        Column("refused", "refused"),
        Column("faults", "faults"),
    )
    return Section(
        script=Path(__file__).name,
        title="Damaged data",
        text=TEXT,
        accepted=ACCEPTED,
        tables=(Table("What became of them", columns, tuple(rows)),),
        missed=missed,
        remarks=REMARKS,
        replicates=replicates,
        seed=SEED,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--record", action="store_true", help="write docs/validation.md")
    options = parser.parse_args()
    batches = [min(BATCH, options.replicates - i) for i in range(0, options.replicates, BATCH)]
    jobs = [("study", delayed(studies)(options.seed + i, n)) for i, n in enumerate(batches)]
    for kind, each in STUDIES_PER_FILE.items():
        count = max(options.replicates // each, 1)
        jobs += [
            (kind, delayed(files_of)(kind, options.seed + i, min(BATCH, count - i)))
            for i in range(0, count, BATCH)
        ]
    found: dict[str, Counter] = {}
    counted = Parallel(n_jobs=options.jobs)(job for _, job in jobs)
    for (kind, _), counts in zip(jobs, counted, strict=True):
        found.setdefault(kind, Counter()).update(counts)
    result = section(found, options.replicates)
    print(pd.DataFrame(rows_of(found)).to_string(index=False))
    print("missed: " + "; ".join(result.missed) if result.missed else "all thresholds are met")
    if options.record:
        record(result)
    return 1 if result.missed else 0


if __name__ == "__main__":
    sys.exit(main())
