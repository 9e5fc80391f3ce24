"""Time and memory of a large registry from `simulate` through `check` to the report.

For each number of people the commands are run as a user runs them, one after the other, each
in a process of its own and in a temporary project. Wall time is that of the command; peak memory is
that of all its processes together, what they share counted once.

Run: ``python benchmarks/registry.py``, or with numbers of people: ``... registry.py 100000``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.table import Table

PEOPLE = (10_000, 100_000, 1_000_000)
#: looking at gigabytes takes time itself
SAMPLE_SECONDS = 1.0
GIGABYTE = 2**30
COMMANDS = {
    "simulate": "simulate registry --patients {n} --design registry --anxiety --tables parquet",
    "check": "check data/raw/registry",
    "report, one worker": "report registry --quiet --workers 1",
    "report, two workers": "report registry --quiet --workers 2 --fresh",
}
#: one BLAS thread per process, as in the Makefile
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass
class Watched:
    """What a command took: seconds of the clock and of processors, bytes at the peak."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak: int = 0


def watched(command: str, folder: str) -> Watched:
    """Run a command line of ctevidence and watch all its processes."""
    found, processors = Watched(), {}
    start = time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-m", "ctevidence.cli", *command.split()],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
    )
    while process.poll() is None:
        found.peak = max(found.peak, _look(process, processors))
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        sys.exit(f"{command} failed with exit status {process.returncode}; see above.")
    found.seconds = time.perf_counter() - start
    found.processor_seconds = sum(processors.values())
    return found


def _look(process: psutil.Process, processors: dict[int, float]) -> int:
    """Bytes held by a process and those it started; notes the processor time of each."""
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            memory, times = each.memory_full_info(), each.cpu_times()
            total += getattr(memory, "pss", memory.rss)
            processors[each.pid] = times.user + times.system
    except psutil.Error:
        pass  # it ended while being looked at: the next sample sees what is left
    return total


def main() -> None:
    """Run all commands for each number of people, and show one table."""
    asked = tuple(map(int, sys.argv[1:])) or PEOPLE
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    shown = Table(title=f"Registry; {os.cpu_count()} cores, load before: {load}")
    for head in ("people", "command", "seconds", "processor seconds", "peak memory, GiB"):
        shown.add_column(head, justify="left" if head == "command" else "right")
    for n in asked:
        with tempfile.TemporaryDirectory(prefix="ctevidence-bench-") as folder:
            os.makedirs(os.path.join(folder, "data", "raw"))
            for name, command in COMMANDS.items():
                took = watched(command.format(n=n), folder)
                numbers = (took.seconds, took.processor_seconds, took.peak / GIGABYTE)
                shown.add_row(f"{n:,}", name, *(f"{number:.1f}" for number in numbers))
    Console().print(shown)


if __name__ == "__main__":
    main()
