"""Runs that are killed: the report is whole, nothing lives on, and the next run ends as any.

A report of a small simulated study is made once, undisturbed. Then runs that make everything anew
are killed (SIGKILL) at random moments, every second time with all their processes at once. After
each kill the report on the disk is compared with the undisturbed one, and the processes of the run
are looked for; after every tenth, an ordinary run has to end with the same bytes.

Run: ``python validation/killed_runs.py [--replicates 200] [--record]``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import page
import psutil

from ctevidence.data.project import Project
from ctevidence.data.writers import write_study
from ctevidence.reports.manifest import checksums
from ctevidence.simulate.study import simulate_study

SEED = 20261126
NAME = "demo"
COMMAND = [sys.executable, "-m", "ctevidence.cli", "report", NAME, "--outcome", "relapse"]
#: an ordinary run follows every so many kills
FINISH = 10
#: seconds in which the processes of a killed run must have ended: a machine that is busy with other
#: work may not let them, and one that was forgotten would live for ever
GRACE = 60.0


@dataclass
class Found:
    """What was seen after the kills.

    Parameters
    ----------
    kills, under_way : int
        Runs that were killed, and those of them that had not ended before.
    torn, alive, left, different : int
        Reports that were not whole; runs with a process that lived on; private folders left after
        an ordinary run; ordinary runs after a kill that did not end with the same bytes.
    """

    kills: int = 0
    under_way: int = 0
    torn: int = 0
    alive: int = 0
    left: int = 0
    different: int = 0


def kill_runs(folder: Path, kills: int, seed: int, finish: int = FINISH) -> Found:
    """Kill runs at random moments.

    Parameters
    ----------
    folder : Path
        An empty folder for the project.
    kills, seed : int
    finish : int
        An ordinary run follows every so many kills, and the last.
    """
    project, rng, found = made_project(folder, seed), np.random.default_rng(seed), Found()
    start = time.monotonic()
    run_to_its_end(project)
    longest = time.monotonic() - start
    whole = contents(project)
    raw = checksums([project.raw(NAME)], project.root)
    for number in range(1, kills + 1):
        found.kills += 1
        under_way, alive = kill_one(project, rng.uniform(0.02, longest), everything=number % 2 == 0)
        found.under_way += under_way
        found.alive += alive
        found.torn += contents(project) != whole
        if number % finish == 0 or number == kills:
            # also without what was kept, as after a first run that was killed
            if number % (2 * finish) == 0:
                shutil.rmtree(project.root / "reports")
            run_to_its_end(project)
            is_same = contents(project) == whole
            found.different += not is_same or checksums([project.raw(NAME)], project.root) != raw
            found.left += leftovers(project)
    return found


def made_project(folder: Path, seed: int) -> Project:
    """A project with one small simulated study."""
    study = replace(simulate_study(n=60, seed=seed), name=NAME)
    write_study(study, Project(folder).raw(NAME))
    return Project(folder)


def kill_one(project: Project, wait: float, everything: bool) -> tuple[bool, bool]:
    """Kill one run; whether it was under way, and whether a process of it lives on."""
    run = start_run(project, "--fresh")
    time.sleep(wait)
    under_way = run.poll() is None
    family = psutil.Process(run.pid).children(recursive=True) if under_way else []
    if under_way:
        os.killpg(run.pid, signal.SIGKILL) if everything else run.kill()
    run.wait()
    _, left = psutil.wait_procs(family, timeout=GRACE)
    return under_way, any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in left)


def start_run(project: Project, *words: str, **options) -> subprocess.Popen:
    """Begin a run in a session of its own; `options` are those of `Popen`."""
    paths = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "SOURCE_DATE_EPOCH": "1800000000",
    }
    return subprocess.Popen(
        [*COMMAND, "--quiet", *words],
        cwd=project.root,
        env=os.environ | paths,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        **options,
    )


def run_to_its_end(project: Project) -> None:
    if status := start_run(project).wait():
        raise RuntimeError(f"An ordinary run ended with status {status}.")


def contents(project: Project) -> dict[str, str]:
    report = project.report(NAME)
    return checksums([report], report)


def leftovers(project: Project) -> bool:
    """Whether folders aside are left, in the project or among temporary files."""
    aside = list(project.work(".cells").glob(".making-*"))
    aside += [p for p in project.processed(NAME).parent.glob(f".{NAME}*")]
    return bool(aside)


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--replicates", type=int, default=200)
    given.add_argument("--seed", type=int, default=SEED)
    given.add_argument("--record", action="store_true")
    options = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = kill_runs(Path(folder), options.replicates, options.seed)
    print(found)
    names = {
        "torn": "a report was not whole after a kill",
        "alive": "a process of a killed run lived on",
        "left": "a folder aside was left after the next run",
        "different": "the next run did not end with the same bytes",
    }
    missed = tuple(words for name, words in names.items() if getattr(found, name))
    if options.record:
        page.record(section(found, missed, options))
    return 1 if missed else 0


def section(found: Found, missed: tuple[str, ...], options: argparse.Namespace) -> page.Section:
    columns = (
        page.Column("runs killed", "kills"),
        page.Column("under way at the kill", "under_way"),
        page.Column("reports not whole", "torn"),
        page.Column("runs with a process that lived on", "alive"),
        page.Column("folders left", "left"),
        page.Column("next runs with other bytes", "different"),
    )
    text = (
        "A run that makes everything anew is killed at a random moment, every second time with "
        "all its processes at once; an ordinary run follows every tenth kill, every twentieth "
        "time after all that was kept had been removed.",
    )
    table = page.Table("What was found after the kills", columns, (vars(found),))
    accepted = ("No report that is not whole, no process, no folder, no other byte.",)
    title = __doc__.splitlines()[0].rstrip(".")
    return page.Section(
        Path(__file__).name, title, text, accepted, (table,), missed, (),
        options.replicates, options.seed,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
