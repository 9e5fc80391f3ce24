"""Time and memory of the main job on the shipped data, and of a matrix of small reports.

The report pack of `beat-the-blues` with `published-trials` is made as a user makes it, in a process
of its own and in a temporary project: cold (nothing compiled, nothing kept), warm (everything made
anew) and cached (nothing has changed). A forked kernel and a started one are then timed side by
side, and a matrix of 24 reports of simulated studies is made by one worker and by two.

Run: ``python benchmarks/report.py``, or ``make bench``.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import psutil
from rich.console import Console
from rich.table import Table

from ctevidence.data.writers import write_study
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.notebooks import read_notebook
from ctevidence.reports.runner import run_notebook
from ctevidence.simulate.study import simulate_study

ROOT = Path(__file__).parents[1]
STUDY, TRIALS = "beat-the-blues", "published-trials"
REPEATS = 5
SAMPLE_SECONDS = 0.1
MEGABYTE = 2**20
#: one BLAS thread per process, as in the Makefile
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

JOB = """
import json, sys, time
start = time.perf_counter()
from pathlib import Path
from ctevidence.data.project import Project
from ctevidence.reports.making import make_reports
from ctevidence.reports.orders import Order, read_matrix
asked, workers, fresh = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "fresh"
orders = read_matrix(asked) if asked.endswith(".toml") else [Order(*asked.split("+"))]
made = make_reports(orders, Project(Path.cwd()), workers=workers, fresh=fresh)
assert not any(m.failures for m in made), made
parts = {"start": time.perf_counter() - start - sum(made[0].seconds.values()), **made[0].seconds}
print(json.dumps({"parts": parts, "notebooks": dict(made[0].notebooks)}))
"""

#: 24 reports: four studies, three weeks, two outcomes
MATRIX = """
studies = ["one", "two", "three", "four"]
outcomes = ["response", "relapse"]
[parameters]
week = [4, 12, 26]
"""


@dataclass(frozen=True)
class Job:
    """One run of the job: wall time from outside, its parts from inside, processor and memory."""

    seconds: float
    parts: dict[str, float]
    notebooks: dict[str, float]
    processor_seconds: float
    peak_megabytes: float


def run_job(folder: Path, asked: str, workers: int = 2, how: str = "", **more: str) -> Job:
    """Make reports in a fresh process that works in `folder`, and watch its memory."""
    processor, start = processor_seconds(), time.perf_counter()
    process = psutil.Popen(
        [sys.executable, "-c", JOB, asked, str(workers), how],
        cwd=folder,
        env=ENVIRONMENT | more,
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
    said = json.loads(process.stdout.read())
    used = processor_seconds() - processor
    return Job(seconds, said["parts"], said["notebooks"], used, peak / MEGABYTE)


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


PROBE = "import ctevidence as ct\nct.fit_response, ct.fit_course, ct.plot_course, ct.pool_network"


def kernel_seconds(forked: bool) -> list[float]:
    """Seconds of a notebook that only loads what notebooks use, from start to end of its kernel."""
    cells = [nbformat.v4.new_code_cell("name: str = 'x'  # none"), nbformat.v4.new_code_cell(PROBE)]
    cells[0].metadata["tags"] = ["parameters"]
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    took = []
    with tempfile.TemporaryDirectory() as folder, Kernels(forked=forked) as kernels:
        here = Path(folder)
        nbformat.write(notebook, here / "x.ipynb")
        kernels.call("json:dumps", obj=1)  # the server is there
        for _ in range(REPEATS):
            start = time.perf_counter()
            given = (read_notebook(here / "x.ipynb"), {}, here / "done.ipynb", kernels, here, {})
            run_notebook(*given)
            took.append(time.perf_counter() - start)
    return took


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


def jobs_table(jobs: dict[str, Job]) -> Table:
    parts = ("start", "prepare", "notebooks", "publish")
    words = ("start of the job itself", "imports and data", "notebooks, two at a time", "pages")
    rows = [
        (word, *(job.parts[part] for job in jobs.values()))
        for part, word in zip(parts, words, strict=True)
    ]
    rows.append(("whole job", *(job.seconds for job in jobs.values())))
    rows.append(("processor time", *(job.processor_seconds for job in jobs.values())))
    rows.append(("peak memory, MB", *(job.peak_megabytes for job in jobs.values())))
    return table(f"Report of {STUDY} with {TRIALS}, seconds", ["part", *jobs], rows)


def notebooks_table(jobs: dict[str, Job]) -> Table:
    names = next(iter(jobs.values())).notebooks
    rows = [(name, *(job.notebooks[name] for job in jobs.values())) for name in names]
    return table("Seconds of each notebook, two at a time", ["notebook", *jobs], rows)


def report_jobs(folder: Path) -> dict[str, Job]:
    for source in (STUDY, TRIALS):
        shutil.copytree(ROOT / "data" / "raw" / source, folder / "data" / "raw" / source)
    asked = f"{STUDY}+{TRIALS}"
    compiled = {
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        "MPLCONFIGDIR": str(folder / "mpl"),
    }
    return {
        "cold": run_job(folder, asked, **compiled),
        "warm": run_job(folder, asked, 2, "fresh", **compiled),
        "cached": run_job(folder, asked, **compiled),
    }


def matrix_jobs(folder: Path) -> dict[str, Job]:
    for seed, name in enumerate(("one", "two", "three", "four")):
        study = replace(simulate_study(n=120, seed=seed), name=name)
        write_study(study, folder / "data" / "raw" / name)
    (folder / "matrix.toml").write_text(MATRIX, encoding="utf-8")
    return {f"{n} at a time": run_job(folder, "matrix.toml", n, "fresh") for n in (1, 2)}


def main() -> None:
    console = Console()
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    console.print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load before: {load}\n")
    with tempfile.TemporaryDirectory(prefix="ctevidence-bench-") as name:
        jobs = report_jobs(Path(name))
        console.print(jobs_table(jobs))
        console.print(notebooks_table({how: jobs[how] for how in ("cold", "warm")}))
    medians = {
        how: statistics.median(kernel_seconds(how == "forked")) for how in ("forked", "started")
    }
    rows = [(f"kernel {how}, with imports", seconds) for how, seconds in medians.items()]
    rows.append(("ctevidence --help", help_seconds()))
    console.print(table(f"Median of {REPEATS}, seconds", ["what", "seconds"], rows))
    if "--no-matrix" in sys.argv:
        return
    with tempfile.TemporaryDirectory(prefix="ctevidence-bench-") as name:
        jobs = matrix_jobs(Path(name))
        rows = [(how, job.seconds, job.processor_seconds) for how, job in jobs.items()]
        console.print(table("Matrix of 24 reports", ["notebooks", "seconds", "processor"], rows))
        one, two = (job.seconds for job in jobs.values())
        console.print(f"two at a time: {one / two:.2f} times as fast")


if __name__ == "__main__":
    main()
