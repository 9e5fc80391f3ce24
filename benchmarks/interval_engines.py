"""Interval-censored times side by side with R's survival and lifelines, in one run.

The non-parametric curve: `fit_npmle` against ``survfit(Surv(type = "interval2"))`` and lifelines'
``fit_interval_censoring``; "apart" is the largest difference of the curves where they are one value
(survfit stops its EM early). The Weibull model with two covariates: `fit_intervals` against
``survreg``, "apart" our log-likelihood minus R's. Reading files is not timed. Only with ``--slow``:
lifelines with 400 people, and R's curve of 10,000, which is stopped after a minute.

Run: ``python benchmarks/interval_engines.py [--slow]``; R is asked where it is present.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from lifelines import KaplanMeierFitter
from rich.console import Console
from rich.table import Table

from ctevidence.models.emicm import fit_npmle
from ctevidence.models.interval_regression import fit_intervals

ROUNDS = 3
SCRIPT = """
suppressMessages(library(survival))
m <- matrix(readBin("data", "double", 4 * {people}), {people}, byrow = TRUE)
d <- data.frame(lower = m[, 1], upper = m[, 2], arm = m[, 3], age = m[, 4])
d$upper[is.infinite(d$upper)] <- NA
s <- with(d, Surv(ifelse(lower == 0, NA, lower), upper, type = "interval2"))
"""
CURVE = """
seconds <- system.time(f <- survfit(s ~ 1))[["elapsed"]]
cat(seconds, format(c(f$time, f$surv), digits = 15))
"""
MODEL = """
seconds <- system.time(f <- survreg(s ~ d$arm + d$age))[["elapsed"]]
cat(seconds, format(f$loglik[2], digits = 15))
"""
#: seconds after which R is stopped
PATIENCE = 60
#: people from which R's curve is asked only with ``--slow``: it takes minutes
LARGE = 10_000


def people_seen(n: int, every: float | None, seed: int = 5):
    """Weibull times; visits on days around every so many weeks, or at random in time."""
    rng = np.random.default_rng(seed)
    arm, age = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
    relapse = 30 * np.exp(0.4 * arm - 0.2 * age) * rng.weibull(1.3, n)
    if every:
        visits = np.arange(every, 53, every) + rng.integers(-4, 5, (n, int(52 // every))) / 7
    else:
        visits = np.cumsum(rng.exponential(5.0, (n, 14)), axis=1)
    came = rng.random(visits.shape) < 0.9
    lower = np.where(came & (visits < relapse[:, None]), visits, 0).max(axis=1)
    upper = np.where(came & (visits >= relapse[:, None]), visits, np.inf).min(axis=1)
    return lower, upper, np.column_stack([arm, age])


def fastest(task):
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        result = task()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def with_r(task: str, lower, upper, X):
    """Seconds and numbers of a task in R; a word where there are none."""
    if not shutil.which("Rscript"):
        return "not run", None
    with tempfile.TemporaryDirectory() as folder:
        np.column_stack([lower, upper, X]).astype("<f8").tofile(Path(folder) / "data")
        (Path(folder) / "fit.R").write_text(SCRIPT.format(people=len(lower)) + task)
        try:
            done = subprocess.run(
                ["Rscript", "fit.R"], cwd=folder, capture_output=True, text=True, check=True,
                timeout=PATIENCE,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"> {PATIENCE}", None
        except subprocess.CalledProcessError:
            return "failed", None
    seconds, *numbers = map(float, done.stdout.split())
    return seconds, np.array(numbers)


def apart(curve, times, survival) -> float:
    """Largest difference of R's curve from ours where ours is one value."""
    weeks = curve.right[np.isfinite(curve.right)] + 1e-9
    place = np.searchsorted(times, weeks, side="right")
    return float(np.abs(np.append(1.0, survival)[place] - curve.at(weeks)[:, 1]).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", action="store_true", help="lifelines, and R with 10,000 people")
    options = parser.parse_args()
    columns = ("task", "ours, s", "R, s", "times ours", "apart", "lifelines, s", "times ours")
    table = Table(*columns, title="Times known to lie between two visits")
    for n, every, words in [
        (400, 4, "visits every 4 weeks"),
        (400, None, "visits at random"),
        (LARGE, 4, "visits every 4 weeks"),
        (LARGE, None, "visits at random"),
    ]:
        lower, upper, X = people_seen(n, every)
        seconds, curve = fastest(lambda lo=lower, up=upper: fit_npmle(lo, up))
        in_r = options.slow or n < LARGE
        taken, numbers = with_r(CURVE, lower, upper, X) if in_r else ("not run", None)
        theirs = [taken, "", ""]
        if numbers is not None:
            distance = apart(curve, *np.split(numbers, 2))
            theirs = [f"{taken:.3f}", f"{taken / seconds:.0f}", f"{distance:.0e}"]
        other = ["not run", ""]
        if options.slow and n == 400:
            fitter = KaplanMeierFitter()
            started = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitter.fit_interval_censoring(lower, upper)
            taken = time.perf_counter() - started
            other = [f"{taken:.1f}", f"{taken / seconds:.0f}"]
        table.add_row(f"curve, {n:,} people, {words}", f"{seconds:.3f}", *theirs, *other)
        seconds, fit = fastest(lambda lo=lower, up=upper, x=X: fit_intervals(lo, up, x))
        taken, numbers = with_r(MODEL, lower, upper, X)
        theirs = [taken, "", ""]
        if numbers is not None:
            ahead = fit.loglik - numbers[0]
            theirs = [f"{taken:.3f}", f"{taken / seconds:.1f}", f"{ahead:+.0e}"]
        table.add_row(f"Weibull, {n:,} people, {words}", f"{seconds:.3f}", *theirs, "", "")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
