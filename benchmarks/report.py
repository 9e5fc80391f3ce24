"""Time and memory of the main job on the shipped data, and where they go.

The report pack of `beat-the-blues` with `published-trials` is made once, as a user makes it, in a
process of its own and in a temporary project. Kernel start and imports are then measured by
themselves, in fresh processes, one at a time: what it costs that two notebooks run side by side
stands with the rest of each notebook.

Run: ``python benchmarks/report.py``, or ``make bench``.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from jupyter_client import KernelManager
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
STUDY, TRIALS = "beat-the-blues", "published-trials"
REPEATS = 5
SAMPLE_SECONDS = 0.1
MEGABYTE = 2**20
#: one BLAS thread per process, as in the Makefile
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

JOB = f"""
import json
from pathlib import Path
from ctevidence.data.project import Project
from ctevidence.reports.run import run_report
pack = run_report({STUDY!r}, {TRIALS!r}, project=Project(Path.cwd()))
print(json.dumps(dict(pack.seconds)))
"""


@dataclass(frozen=True)
class Job:
    """One run of the job: wall time from outside, its parts from inside, processor and memory."""

    seconds: float
    parts: dict[str, float]
    processor_seconds: float
    peak_megabytes: float


def run_job(folder: Path) -> Job:
    """Make the pack in a fresh process that works in `folder`, and watch its memory."""
    processor, start = processor_seconds(), time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-c", JOB],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory_of(process))
        time.sleep(SAMPLE_SECONDS)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"The job failed with exit status {process.returncode}; its message is above.")
    parts = json.loads(process.stdout.read())
    return Job(seconds, parts, processor_seconds() - processor, peak / MEGABYTE)


def processor_seconds() -> float:
    """Processor time of all processes that were started from here and have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def memory_of(process: psutil.Process) -> int:
    """Bytes held by a process and its kernels; what they share counts once where known."""
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            memory = each.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
    except psutil.Error:
        pass  # it ended while being looked at: the next sample sees what is left
    return total


def kernel_start() -> float:
    """Seconds from nothing to a kernel that answers, over private sockets as in the job."""
    with tempfile.TemporaryDirectory() as private:
        manager = KernelManager(
            kernel_name="python3", transport="ipc", ip=str(Path(private) / "kernel")
        )
        start = time.perf_counter()
        manager.start_kernel(env=ENVIRONMENT)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            return time.perf_counter() - start
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def import_seconds(notebook: Path) -> float:
    """Seconds to load all public names that a notebook uses, in a fresh process."""
    cells = nbformat.read(notebook, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    names = sorted(set(re.findall(r"\bct\.(\w+)", code)))
    probe = f"""
import time
start = time.perf_counter()
import ctevidence as ct
for name in {names!r}:
    getattr(ct, name)
print(time.perf_counter() - start)
"""
    run = [sys.executable, "-c", probe]
    done = subprocess.run(run, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def notebook_seconds(executed: Path) -> float:
    """Wall time of a notebook within the job, as papermill recorded it."""
    return nbformat.read(executed, as_version=4).metadata.papermill.duration


def help_seconds() -> float:
    """Median wall time of ``ctevidence --help``."""
    command = [str(Path(sys.executable).with_name("ctevidence")), "--help"]
    return statistics.median(_timed(command) for _ in range(REPEATS))


def _timed(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def table(title: str, heads: list[str], rows: list[tuple]) -> Table:
    made = Table(title=title, title_justify="left")
    for i, head in enumerate(heads):
        made.add_column(head, justify="right" if i else "left")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, str) else f"{cell:.2f}" for cell in row))
    return made


def job_table(job: Job) -> Table:
    rest = job.seconds - sum(job.parts.values())
    rows = [
        ("start and imports of the job itself", rest),
        ("preparing the data", job.parts["prepare"]),
        ("notebooks, two at a time", job.parts["notebooks"]),
        ("publishing", job.parts["publish"]),
        ("whole job", job.seconds),
        ("processor time with all kernels", job.processor_seconds),
    ]
    return table(f"Report of {STUDY} with {TRIALS}", ["part", "seconds"], rows)


def notebooks_table(executed: list[Path]) -> Table:
    """Every notebook: kernel and imports measured alone, the rest is models, tables, figures."""
    kernel = statistics.median(kernel_start() for _ in range(REPEATS))
    rows = []
    for path in executed:
        whole, imports = notebook_seconds(path), import_seconds(path)
        rows.append((path.stem, whole, kernel, imports, whole - kernel - imports))
    rows.append(("sum", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
    heads = ["notebook", "in the job", "kernel start", "imports", "rest: models, tables, figures"]
    return table("Seconds of each notebook", heads, rows)


def main() -> None:
    console = Console()
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    console.print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load before: {load}\n")
    with tempfile.TemporaryDirectory(prefix="ctevidence-bench-") as name:
        folder = Path(name)
        for source in (STUDY, TRIALS):
            shutil.copytree(ROOT / "data" / "raw" / source, folder / "data" / "raw" / source)
        job = run_job(folder)
        executed = sorted((folder / "reports" / ".work" / STUDY / "notebooks").glob("*.ipynb"))
        console.print(job_table(job))
        console.print(f"peak memory with all kernels: {job.peak_megabytes:.0f} MB\n")
        console.print(notebooks_table(executed))
    console.print(f"\nctevidence --help: {help_seconds():.2f} s (median of {REPEATS})")


if __name__ == "__main__":
    main()
