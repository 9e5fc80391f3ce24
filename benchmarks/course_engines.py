"""The two course engines side by side with what else is installed, in one run.

MMRM (unstructured, REML): R's nlme::gls where R is present. statsmodels has no such model; the one
it can fit, compound symmetry as random intercepts, is compared beside it. Random slopes (REML):
statsmodels MixedLM always, R's lme4 and lmerTest where present. All get the same arrays; reading
files and building designs is not timed. Of up to three rounds within ten seconds the best counts,
for every engine. Ratios are those of processor time, which others at work on the machine hardly
change. "apart" is the largest difference of a coefficient, in standard errors; "GiB" the largest
memory of a task with its data, each task being a process of its own.

Run: ``make bench`` (one BLAS thread), or ``python benchmarks/course_engines.py``; ``--slow`` adds
the comparisons that take minutes, ``--no-million`` leaves out the million people.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from statsmodels.regression.mixed_linear_model import MixedLM

from ctevidence.models.mixed import fit_mixed
from ctevidence.models.mmrm import fit_mmrm

# No further round once this many rounds, or seconds, are over.
ROUNDS, ENOUGH = 3, 10.0


@dataclass(frozen=True)
class Data:
    """Arrays of one task; ``visit`` is a number of visit, or a time for random slopes."""

    y: np.ndarray
    X: np.ndarray
    person: np.ndarray
    visit: np.ndarray


def trial(people: int, visits: int, seed: int = 1) -> Data:
    """Four arms, baseline x visit + arm x visit, monotone and some intermittent missing visits."""
    rng = np.random.default_rng(seed)
    baseline, arm = rng.normal(24, 5, people), rng.integers(0, 4, people)
    lag = abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    errors = rng.normal(size=(people, visits)) @ np.linalg.cholesky(20 * 0.6**lag + 10).T
    seen = np.cumprod(rng.random((people, visits)) > 0.05, axis=1).astype(bool)
    seen[:, 0] = True
    seen[:, 1:] &= rng.random((people, visits - 1)) > 0.003
    person, visit = np.nonzero(seen)
    y = (baseline[:, None] - np.outer(1 + 0.3 * arm, np.arange(visits)) + errors)[seen]
    X = np.zeros((len(y), 5 * visits))
    row = np.arange(len(y))
    X[row, visit] = 1
    X[row, visits + visit] = baseline[person]
    treated = arm[person] > 0
    X[row[treated], ((1 + arm[person]) * visits + visit)[treated]] = 1
    return Data(y, X, person, visit)


def registry(people: int, visits_each: float, seed: int = 2) -> Data:
    """Irregular visits over half a year, random intercepts and slopes, arm x week."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), np.maximum(1, rng.poisson(visits_each, people)))
    week = rng.uniform(0, 26, len(person))
    arm = np.eye(4)[rng.integers(0, 4, people)][person][:, 1:]
    own = rng.normal(size=(people, 2)) * [4, 0.3]
    y = 25 - 0.3 * week + own[person, 0] + own[person, 1] * week + rng.normal(0, 3, len(person))
    X = np.column_stack([np.ones(len(y)), week, arm, arm * week[:, None]])
    return Data(y, X, person, week)


Seconds = tuple[float, float]


def timed(fit: Callable[[], object]) -> tuple[Seconds, object]:
    """Least processor and elapsed time of some rounds, in seconds, and the last result."""
    times: list[Seconds] = []
    while len(times) < ROUNDS and sum(elapsed for _, elapsed in times) < ENOUGH:
        start = time.process_time(), time.perf_counter()
        result = fit()
        times.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    used, elapsed = zip(*times, strict=True)
    return (min(used), min(elapsed)), result


def with_statsmodels(data: Data, effects: int) -> tuple[Seconds, np.ndarray]:
    """Seconds and coefficients of MixedLM: random intercepts (1) and slopes (2 ``effects``)."""
    Z = np.column_stack([np.ones(len(data.y)), data.visit])[:, :effects]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, result = timed(lambda: MixedLM(data.y, data.X, data.person, Z).fit(reml=True))
    return seconds, result.fe_params


R_FITS = {
    "nlme::gls": """
        suppressMessages(library(nlme)); d <- d[order(d$person, d$visit), ]
        d$visit <- as.integer(d$visit)
        fit <- function() { f <- gls(y ~ 0 + X, d, correlation = corSymm(form = ~visit | person),
          weights = varIdent(form = ~1 | visit)); coef(f) }""",
    "lme4": """
        suppressMessages(library(lme4))
        fit <- function() fixef(lmer(y ~ 0 + X + (visit | person), d))""",
    "lmerTest": """
        suppressMessages(library(lmerTest))
        fit <- function() { f <- lmer(y ~ 0 + X + (visit | person), d); s <- summary(f); fixef(f) }
        """,
}


def with_r(data: Data, fit: str) -> tuple[Seconds, np.ndarray] | None:
    """Seconds and coefficients of an R fit; None where R or the package is missing."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        columns = np.column_stack([data.y, data.person, data.visit + 1.0 * (fit == "nlme::gls")])
        np.column_stack([columns, data.X]).astype("<f8").tofile(Path(folder) / "data")
        script = f"""
            m <- matrix(readBin("data", "double", {data.X.shape[1] + 3} * {len(data.y)}),
              {len(data.y)}, byrow = TRUE)
            d <- data.frame(y = m[, 1], person = m[, 2], visit = m[, 3])
            d$X <- m[, -(1:3)]
            {R_FITS[fit]}
            used <- c(); elapsed <- c()
            while (length(elapsed) < {ROUNDS} && sum(elapsed) < {ENOUGH}) {{
              t <- system.time(coefficients <- fit())
              used <- c(used, t[["user.self"]] + t[["sys.self"]])
              elapsed <- c(elapsed, t[["elapsed"]]) }}
            cat(min(used), min(elapsed), format(unname(coefficients), digits = 15))"""
        (Path(folder) / "fit.R").write_text(script)
        done = subprocess.run(
            ["Rscript", "fit.R"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"{fit} did not run:\n{done.stderr}", file=sys.stderr)
        return None
    used, elapsed, *coefficients = map(float, done.stdout.split())
    return (used, elapsed), np.array(coefficients)


# -- tasks, each in a process of its own -----------------------------------------------------------

Row = tuple[str, str, str, str, str]


def compare(method: str, fit: Callable, others: dict) -> list[Row]:
    """Rows of the table: our fit, and one for each of the others."""
    (used, elapsed), ours = timed(fit)
    rows = [(f"ctevidence, {method}", f"{used:.3f}", f"{elapsed:.3f}", "1", "")]
    for name, found in others.items():
        if found is None:
            rows.append((name, "not run", "", "", ""))
            continue
        theirs, coefficients = found
        apart = np.abs(coefficients - ours.coef) / np.sqrt(np.diag(ours.cov))
        times, ratio = (f"{seconds:.3f}" for seconds in theirs), f"{theirs[0] / used:.1f}"
        rows.append((name, *times, ratio, f"{apart.max():.0e}"))
    return rows


def peak() -> float:
    """Largest memory of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def mmrm_task(people: int, visits: int, slow: bool) -> tuple[list[Row], float]:
    """MMRM of one size; memory is taken before the others run in this process."""
    data = trial(people, visits)
    fit = partial(fit_mmrm, data.y, data.X, data.person, data.visit)
    few = people < 1000
    gls = with_r(data, "nlme::gls") if few or (slow and people < 10_000) else None
    rows = compare("satterthwaite", partial(fit, method="satterthwaite"), {"nlme::gls": gls})
    rows += compare("kenward-roger", partial(fit, method="kenward-roger"), {})
    simple = partial(fit, covariance="compound-symmetry", method="satterthwaite")
    if people > 100_000:
        return rows + compare("compound symmetry", simple, {}), peak()
    memory = peak()
    other = with_statsmodels(data, 1) if people < 10_000 else None
    return rows + compare("compound symmetry", simple, {"statsmodels MixedLM": other}), memory


def slopes_task(people: int, visits_each: float, slow: bool) -> tuple[list[Row], float]:
    """Random intercepts and slopes of one size."""
    data = registry(people, visits_each)
    fit = partial(fit_mixed, data.y, data.X, data.X[:, :2], data.person)
    few = people < 1000
    lme4 = {"lme4": with_r(data, "lme4")}
    rows = compare("satterthwaite", partial(fit, method="satterthwaite"), lme4)
    rows += compare("kenward-roger", partial(fit, method="kenward-roger"), {})
    memory = peak()
    more = {
        "lmerTest, with df": with_r(data, "lmerTest") if few or slow else None,
        "statsmodels MixedLM": with_statsmodels(data, 2) if few or slow else None,
    }
    return rows + compare("satterthwaite", partial(fit, method="satterthwaite"), more), memory


def main() -> None:
    """Run all tasks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", action="store_true", help="add comparisons that take minutes")
    parser.add_argument("--no-million", action="store_true", help="leave out a million people")
    parser.add_argument("--only", default="", help="tasks whose name contains this")
    options = parser.parse_args()
    sizes = [(172, 4), (2_000, 6), (20_000, 6)] + [(1_000_000, 6)] * (not options.no_million)
    tasks = {f"MMRM, {n:,} x {m}": partial(mmrm_task, n, m, options.slow) for n, m in sizes}
    for n, each in ((557, 12.6), (100_000, 12.0)):
        tasks[f"random slopes, {n:,} people"] = partial(slopes_task, n, each, options.slow)

    columns = ("task", "engine", "processor s", "elapsed s", "times ours", "apart", "GiB")
    table = Table(*columns, title="Course engines")
    before = os.getloadavg()[0]
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as process:
        for name, task in tasks.items():
            if options.only in name:
                rows, memory = process.submit(task).result()
                table.add_row(name, *rows[0], f"{memory:.2f}")
                for row in rows[1:]:
                    table.add_row("", *row)
    console = Console(width=120)
    console.print(table)
    console.print(
        f"{os.cpu_count()} cores; load average {before:.1f} before, {os.getloadavg()[0]:.1f} after."
    )


if __name__ == "__main__":
    main()
