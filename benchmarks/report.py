"""Time and memory of the main job on the shipped data, and of a matrix of small reports.

The report pack of `beat-the-blues` with `published-trials` is made as a user makes it, in a process
of its own and in a temporary project: cold (no list of fonts, nothing kept), warm (everything made
anew) and cached (nothing has changed), the last also by the command line. Beside it stand the
models alone: the same estimates, to the last digit, by the code of the same notebooks in one plain
process, without tables, figures, sentences, kernels and pages. A forked kernel and a started one
are then timed side by side, and a matrix of 24 reports of simulated studies is made by one worker
and by two.

Run: ``python benchmarks/report.py``, or ``make bench``; ``--no-matrix`` leaves the last part out.
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

from ctevidence.data.project import PROJECT_VARIABLE, WORK_VARIABLE
from ctevidence.data.writers import write_study
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.notebooks import read_notebook
from ctevidence.reports.runner import run_notebook
from ctevidence.reports.stages import NEEDS_RESULTS
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

#: what readers look at, left out where models are timed alone
SHOWN = ("plot_", "table_", "write_figure", "write_table", "sentence")
MODELS = """
import sys, time
start = time.perf_counter()
from pathlib import Path
import nbformat
import ctevidence as ct
for name in ct.__all__:
    if name.startswith({shown!r}):
        setattr(ct, name, lambda *_, **__: "")
print(time.perf_counter() - start)
for path in sys.argv[1:]:
    start = time.perf_counter()
    names = {{"display": lambda *_: None, "print": lambda *_, **__: None}}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, path, "exec"), names)
    print(time.perf_counter() - start)
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


def models_alone(folder: Path) -> tuple[float, float, dict[str, float]]:
    """The estimates of a report that was made in `folder`, without all that shows them.

    Returns
    -------
    (float, float, dict of str to float)
        Wall time, processor time, and seconds of the imports and of each notebook.
    """
    made = folder / "reports" / ".work" / STUDY
    # the executed copies hold the parameters that the run has chosen
    copies = sorted((made / "notebooks").glob("*.ipynb"))
    notebooks = [copy for copy in copies if copy.stem not in NEEDS_RESULTS]
    with tempfile.TemporaryDirectory() as aside:
        names = {PROJECT_VARIABLE: str(folder), WORK_VARIABLE: aside}
        command = [sys.executable, "-c", MODELS.format(shown=SHOWN), *map(str, notebooks)]
        processor, start = processor_seconds(), time.perf_counter()
        done = subprocess.run(
            command, env=ENVIRONMENT | names, stdout=subprocess.PIPE, text=True, check=True
        )
        seconds, used = time.perf_counter() - start, processor_seconds() - processor
        for path in sorted((Path(aside) / "estimates").glob("*.csv")):
            if path.read_bytes() != (made / "estimates" / path.name).read_bytes():
                sys.exit(f"{path.name}: the models alone give other estimates than the report.")
    took = map(float, done.stdout.split())
    return seconds, used, dict(zip(["imports", *(p.stem for p in notebooks)], took, strict=True))


def overhead_table(folder: Path, warm: Job) -> Table:
    seconds, used, parts = models_alone(folder)
    rows = [
        *((name, took, warm.notebooks.get(name, "")) for name, took in parts.items()),
        ("whole, wall time", seconds, warm.seconds),
        ("whole, processor time", used, warm.processor_seconds),
        ("times the models alone, processor time", "1", warm.processor_seconds / used),
    ]
    title = "Overhead of a run over the models alone (one process), seconds"
    return table(title, ["part", "models alone", "report, warm"], rows)


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


def command_seconds(folder: Path, *words: str) -> float:
    """Median wall time of a command line."""
    command = [sys.executable, "-m", "ctevidence.cli", *words]
    return statistics.median(_timed(command, folder) for _ in range(REPEATS))


def _timed(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
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
    fonts = {"MPLCONFIGDIR": str(folder / "mpl")}
    return {
        "cold": run_job(folder, asked, **fonts),
        "warm": run_job(folder, asked, 2, "fresh", **fonts),
        "cached": run_job(folder, asked, **fonts),
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
        console.print(overhead_table(Path(name), jobs["warm"]))
        # nothing has changed since
        cached = ("report", STUDY, "--trials", TRIALS, "--quiet")
        rows = [
            (f"ctevidence {' '.join(words)}", command_seconds(Path(name), *words))
            for words in (cached, ("--help",))
        ]
    medians = {
        how: statistics.median(kernel_seconds(how == "forked")) for how in ("forked", "started")
    }
    rows += [(f"kernel {how}, with imports", seconds) for how, seconds in medians.items()]
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
