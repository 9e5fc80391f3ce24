"""Damaged data: a study or a list of problems, never another error, never a changed number.

Run: ``python validation/fuzz_readers.py`` (100,000 damaged studies take about an hour on two idle
cores; ``--replicates 2000`` a few minutes). With ``--keep FOLDER`` a run that was stopped goes on
from the batches that had ended; give another folder after a change of the package.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd
import pyreadstat
from guided import Branch, guided
from held_numbers import READ, REFUSED, outcome
from joblib import Memory, Parallel, delayed
from mutated import CELLS, mutate
from page import Column, Section, Table, record

from ctevidence.data.cells import read_number
from ctevidence.data.files import FileFormat
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.received import read_received
from ctevidence.data.template import write_template
from ctevidence.data.trials import read_trials

SEED = 20_260
#: Folders of one batch, all made from one that is sound; files of one batch.
FOLDERS, FILES = 2_000, 250
#: One damaged folder or file of a kind for so many damaged studies; SPSS, SAS and Stata files are
#: read in a process of their own, which takes a second.
STUDIES_FOR_ONE = {
    **{"study": 1, "trials": 20, "xlsx": 10, "parquet": 10},
    **{"sav": 400, "dta": 400, "xpt": 400},
}
SHIPPED = Path(__file__).parents[1] / "data" / "raw" / "published-trials"
#: Lines of the shipped trials that are damaged: whole trials, and what is declared for all.
TRIAL_LINES = {"arms.csv": 17, "trials.toml": 18}

TEXT = (
    "The example study of `ctevidence new`, as CSV, with one to six things done to it: cells "
    "replaced by what spreadsheets, programs and people write (decimal commas, separators of "
    "thousands, dates, infinities, foreign digits, invisible signs, formulas), rows repeated, "
    "removed or moved, columns removed or exchanged, bytes of tables and of `study.toml` changed, "
    "inserted, removed or cut off, keys given other values, remarks made keys, files missing. "
    "Damage is guided: a study that reaches a branch of the code of `ctevidence.data` that none "
    "before it reached is kept, and damaged further. Where a study is read, every number is "
    "compared with the file as Python's own csv and decimal modules read it.",
    "The first of the published trials that are shipped are damaged and read in the same way.",
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


def folders(kind: str, seed: int, count: int) -> tuple[Counter, set[Branch]]:
    """Outcomes of damaged folders of a kind, and the branches that reading them reached."""
    make, reader = SOUND[kind]
    with tempfile.TemporaryDirectory() as here:
        sound = make(Path(here) / "sound")
        files = {p.name: p.read_bytes() for p in sound.iterdir() if p.suffix in (".csv", ".toml")}
        folder = Path(here) / "damaged"
        folder.mkdir()

        def read(files: dict[str, bytes]) -> str:
            for path in folder.iterdir():
                path.unlink()
            for name, data in files.items():
                (folder / name).write_bytes(data)
            return outcome(folder, reader)

        # what the batch before it has left in memory would hide branches from this one
        read_number.cache_clear()
        reached = guided(files, mutate, read, Random(seed), count)
    return reached.found, reached.branches


def some_trials(folder: Path) -> Path:
    """The first trials of those that are shipped."""
    folder.mkdir()
    for name, lines in TRIAL_LINES.items():
        text = (SHIPPED / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(text[:lines]), encoding="utf-8")
    return folder


#: How a sound folder is made, and read.
SOUND = {
    "study": (lambda folder: write_template(folder, "sound"), read_study),
    "trials": (some_trials, read_trials),
}


def files_of(kind: str, seed: int, count: int) -> tuple[Counter, set[Branch]]:
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
                found[READ] += 1
            except DataProblems:
                found[REFUSED] += 1
            except Exception as error:
                found[f"{type(error).__name__}: {error}"[:200]] += 1
    return found, set()


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


def rows_of(found: dict[str, Counter], branches: dict[str, set[Branch]]) -> list[dict]:
    """Counts by kind of data."""
    return [
        {
            "kind": kind,
            "damaged": sum(counts.values()),
            "read": counts[READ],
            "refused": counts[REFUSED],
            "faults": sum(counts.values()) - counts[READ] - counts[REFUSED],
            "branches": len(branches[kind]) or None,
        }
        for kind, counts in found.items()
    ]


def section(
    found: dict[str, Counter], branches: dict[str, set[Branch]], replicates: int
) -> Section:
    rows = rows_of(found, branches)
    missed = tuple(
        f"{kind}: {fault}, {n} times"
        for kind, counts in found.items()
        for fault, n in counts.items()
        if fault not in (READ, REFUSED)
    )
    columns = (
        Column("data", "kind"),
        Column("damaged", "damaged"),
        Column("read", "read"),
        Column("refused", "refused"),
        Column("faults", "faults"),
        Column("branches reached", "branches"),
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


def jobs_of(replicates: int, seed: int) -> list[tuple[str, Callable, tuple[str, int, int]]]:
    """What is damaged: a kind, the function that damages it, and what it is given."""
    jobs = []
    for kind, each in STUDIES_FOR_ONE.items():
        run, size = (folders, FOLDERS) if kind in SOUND else (files_of, FILES)
        count = max(replicates // each, 1)
        jobs += [(kind, run, (kind, seed + i, min(size, count - i))) for i in range(0, count, size)]
    return jobs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", metavar="FOLDER", help="where batches that have ended are kept")
    parser.add_argument("--record", action="store_true", help="write docs/validation.md")
    options = parser.parse_args()
    memory, jobs = Memory(options.keep, verbose=0), jobs_of(options.replicates, options.seed)
    counted = Parallel(n_jobs=options.jobs)(
        delayed(memory.cache(run))(*given) for _, run, given in jobs
    )
    found: dict[str, Counter] = {}
    branches: dict[str, set[Branch]] = {}
    for (kind, *_), (counts, seen) in zip(jobs, counted, strict=True):
        found.setdefault(kind, Counter()).update(counts)
        branches.setdefault(kind, set()).update(seen)
    result = section(found, branches, options.replicates)
    print(pd.DataFrame(rows_of(found, branches)).to_string(index=False))
    print("missed: " + "; ".join(result.missed) if result.missed else "all thresholds are met")
    if options.record:
        record(result)
    return 1 if result.missed else 0


if __name__ == "__main__":
    sys.exit(main())
