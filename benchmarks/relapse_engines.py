"""Curves, tests and Cox regression side by side with lifelines and R's survival, in one run.

Two arms with daily ties. "curves" is Kaplan-Meier of both arms, the restricted mean at a year with
its error, and the log-rank test; Cox regression has 10 covariates. All get the same arrays; reading
files and building tables is not timed. Seconds are those of the processor, which others at work on
the machine hardly change; of up to three rounds within ten of them the best counts.
"apart" is the largest relative difference from our numbers, "GiB" the largest memory of a task with
its data, each task being a process of its own.

Run: ``python benchmarks/relapse_engines.py``; ``--slow`` adds what takes lifelines minutes,
``--no-million`` leaves out the million people. R is asked where it is present.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time
from rich.console import Console
from rich.table import Table

from ctevidence.models.cox import fit_cox
from ctevidence.models.fine_gray import fit_fine_gray
from ctevidence.models.gray_test import gray_test
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.models.weighted_log_rank import max_combo, weighted_log_rank

ROUNDS, ENOUGH, YEAR, COVARIATES = 3, 10.0, 365.0, 10
SIZES = (1_000, 100_000, 1_000_000)
#: beyond this lifelines takes minutes for the task
LIFELINES_UP_TO = {"curves": 1_000_000, "Cox": 100_000}
SCRIPT = """
suppressMessages(library(survival))
m <- matrix(readBin("data", "double", {columns} * {rows}), {rows}, byrow = TRUE)
d <- data.frame(time = m[, 1], event = m[, 2], arm = m[, 3]); X <- m[, -(1:3)]
best <- Inf; spent <- 0; rounds <- 0
while (rounds < {rounds} && spent < {enough}) {{
  s <- system.time({{ {task} }}); s <- s[["user.self"]] + s[["sys.self"]]
  best <- min(best, s); spent <- spent + s; rounds <- rounds + 1
}}
peak <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\\\1", grep("VmHWM", readLines("/proc/self/status"),
                                                        value = TRUE))) / 2^20
cat(best, peak, format(found, digits = 15))
"""
IN_R = {
    "curves": """f <- survfit(Surv(time, event) ~ arm, d)
      t <- summary(f, rmean = {year})$table
      found <- c(t[, "rmean"], t[, "se(rmean)"], survdiff(Surv(time, event) ~ arm, d)$chisq)""",
    "Cox": """f <- coxph(Surv(d$time, d$event) ~ X)
      found <- c(coef(f), sqrt(diag(vcov(f))))""",
}


def people(n: int, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Days until relapse or the end of follow-up, cause (2 competes), arm and covariates."""
    rng = np.random.default_rng(seed)
    arm, X = rng.integers(0, 2, n), rng.normal(size=(n, COVARIATES))
    slow = np.exp(0.3 * arm - X @ np.linspace(-0.2, 0.2, COVARIATES))
    relapse, death = np.ceil(rng.exponential(400 * slow)), np.ceil(rng.exponential(2000, n))
    end = np.ceil(rng.uniform(100, 730, n))
    time = np.minimum(np.minimum(relapse, death), end)
    cause = np.where(relapse == time, 1, np.where(death == time, 2, 0))
    return time, cause, arm, X


def ours_curves(time, cause, arm, X) -> list[float]:
    event = cause == 1
    found = [restricted_mean(kaplan_meier(time[arm == a], event[arm == a]), [YEAR]) for a in (0, 1)]
    test = weighted_log_rank(time, event, arm)
    means = [float(estimate[0]) for estimate, _ in found]
    return [*means, *(float(np.sqrt(cov[0, 0])) for _, cov in found), test.statistic]


def ours_cox(time, cause, arm, X) -> list[float]:
    fit = fit_cox(time, cause == 1, X)
    return [*fit.coef, *fit.std_error]


def ours_max_combo(time, cause, arm, X) -> list[float]:
    return [max_combo(time, cause == 1, arm).p_value]


def ours_gray(time, cause, arm, X) -> list[float]:
    return [gray_test(time, cause, arm).statistic]


def ours_fine_gray(time, cause, arm, X) -> list[float]:
    return [*fit_fine_gray(time, cause, X).coef]


def lifelines_curves(time, cause, arm, X) -> list[float]:
    """Means without their errors: those of lifelines are of another quantity."""
    event = cause == 1
    curves = [KaplanMeierFitter().fit(time[arm == a], event[arm == a]) for a in (0, 1)]
    means = [float(restricted_mean_survival_time(curve, t=YEAR)) for curve in curves]
    test = logrank_test(time[arm == 0], time[arm == 1], event[arm == 0], event[arm == 1])
    return [*means, np.nan, np.nan, float(test.test_statistic)]


def lifelines_cox(time, cause, arm, X) -> list[float]:
    frame = pd.DataFrame(X).assign(time=time, event=cause == 1)
    fit = CoxPHFitter().fit(frame, "time", "event")
    return [*fit.params_, *fit.standard_errors_]


TASKS: dict[str, dict[str, Callable]] = {
    "curves": {"ctevidence": ours_curves, "lifelines": lifelines_curves},
    "Cox": {"ctevidence": ours_cox, "lifelines": lifelines_cox},
    "MaxCombo": {"ctevidence": ours_max_combo},
    "Gray": {"ctevidence": ours_gray},
    "Fine-Gray": {"ctevidence": ours_fine_gray},
}


def in_own_process(task: str, engine: str, n: int) -> tuple[float, float, list[float]]:
    """Seconds, GiB and numbers of one engine."""
    data, solve = people(n), TASKS[task][engine]
    times: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while len(times) < ROUNDS and sum(times) < ENOUGH:
            start = time.process_time()
            found = solve(*data)
            times.append(time.process_time() - start)
    return min(times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, found


def in_r(task: str, n: int) -> tuple[float, float, list[float]] | None:
    """The same of R; None without R or survival, or for a task that it does not have."""
    if task not in IN_R or not shutil.which("Rscript"):
        return None
    days, cause, arm, X = people(n)
    with tempfile.TemporaryDirectory() as folder:
        rows = np.column_stack([days, cause == 1, arm, X]).astype("<f8")
        rows.tofile(Path(folder) / "data")
        script = SCRIPT.format(
            columns=rows.shape[1], rows=n, rounds=ROUNDS, enough=ENOUGH,
            task=IN_R[task].format(year=YEAR),
        )  # fmt: skip
        (Path(folder) / "fit.R").write_text(script)
        done = subprocess.run(
            ["Rscript", "fit.R"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, peak, *found = map(float, done.stdout.split())
    return seconds, peak, found


def compared(task: str, n: int, slow: bool):
    """Engine, seconds, GiB, and how far apart, of every engine that is asked."""
    results = {}
    for engine in TASKS[task]:
        if engine == "lifelines" and n > LIFELINES_UP_TO[task] and not slow:
            continue
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            results[engine] = pool.submit(in_own_process, task, engine, n).result()
    r = in_r(task, n)
    if r:
        results["R survival"] = r
    own = np.array(results["ctevidence"][2])
    for engine, (seconds, peak, found) in results.items():
        apart = np.nanmax(np.abs(np.array(found) / own - 1))
        yield engine, seconds, peak, apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--no-million", action="store_true")
    options = parser.parse_args()
    table = Table("task", "people", "engine", "seconds", "times ours", "GiB", "apart")
    for task in TASKS:
        for n in SIZES[: -1 if options.no_million else None]:
            ours = np.nan
            for engine, seconds, peak, apart in compared(task, n, options.slow):
                ours = seconds if engine == "ctevidence" else ours
                table.add_row(task, f"{n:,}", engine, f"{seconds:.4f}", f"{seconds / ours:.1f}",
                              f"{peak:.2f}", f"{apart:.0e}")  # fmt: skip
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
