"""The two course engines side by side with what else is installed, in one run.

MMRM (unstructured, REML): R's nlme::gls where R is present; statsmodels has none. Random slopes
(REML): statsmodels MixedLM always, R's lme4 and lmerTest where present. All get the same arrays;
reading files and building designs is not timed. "apart" is the largest difference of a
coefficient, in standard errors.

Run: ``make bench`` (one BLAS thread), or ``python benchmarks/course_engines.py``; ``--slow`` adds
the comparisons that take minutes, ``--no-million`` leaves out the million people.
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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from statsmodels.regression.mixed_linear_model import MixedLM

from ctevidence.models.mixed import fit_mixed
from ctevidence.models.mmrm import fit_mmrm

# Rounds of our own fits; the best is reported, as it is for timeit.
ROUNDS = 3


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


def timed(fit: Callable[[], object], rounds: int = 1) -> tuple[float, object]:
    """Best time of some rounds, in seconds, and the last result."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = fit()
        times.append(time.perf_counter() - start)
    return min(times), result


def with_statsmodels(data: Data) -> tuple[float, np.ndarray]:
    """Seconds and coefficients of MixedLM with random intercepts and slopes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, result = timed(
            lambda: MixedLM(data.y, data.X, data.person, data.X[:, :2]).fit(reml=True)
        )
    return seconds, result.fe_params


R_FITS = {
    "nlme::gls": """
        library(nlme); d <- d[order(d$person, d$visit), ]; d$visit <- as.integer(d$visit)
        seconds <- system.time(f <- gls(y ~ 0 + X, d, correlation = corSymm(form = ~visit | person),
          weights = varIdent(form = ~1 | visit)))[["elapsed"]]; coefficients <- coef(f)""",
    "lme4": """
        suppressMessages(library(lme4))
        seconds <- system.time(f <- lmer(y ~ 0 + X + (visit | person), d))[["elapsed"]]
        coefficients <- fixef(f)""",
    "lmerTest": """
        suppressMessages(library(lmerTest))
        seconds <- system.time({f <- lmer(y ~ 0 + X + (visit | person), d)
          s <- summary(f)})[["elapsed"]]; coefficients <- fixef(f)""",
}


def with_r(data: Data, fit: str) -> tuple[float, np.ndarray] | None:
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
            cat(seconds, format(unname(coefficients), digits = 15))"""
        (Path(folder) / "fit.R").write_text(script)
        done = subprocess.run(
            ["Rscript", "fit.R"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, *coefficients = done.stdout.split()
    return float(seconds), np.array(coefficients, dtype=float)


def compare(table: Table, task: str, method: str, fit: Callable, others: dict) -> None:
    """Time our fit and add it to the table with one row for each of the others."""
    rounds = 1 if "1,000,000" in task else ROUNDS
    seconds, ours = timed(fit, rounds)
    table.add_row(task, f"ctevidence, {method}", f"{seconds:.3f}", "1", "")
    for name, found in others.items():
        if found is None:
            table.add_row(task, name, "not run", "", "")
            continue
        theirs, coefficients = found
        apart = np.abs(coefficients - ours.coef) / np.sqrt(np.diag(ours.cov))
        ratio = f"{theirs / seconds:.1f}"
        table.add_row(task, name, f"{theirs:.3f}", ratio, f"{apart.max():.0e}")


def main() -> None:
    """Run all tasks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", action="store_true", help="add comparisons that take minutes")
    parser.add_argument("--no-million", action="store_true", help="leave out a million people")
    options = parser.parse_args()
    table = Table("task", "engine", "seconds", "times ours", "apart", title="Course engines")

    sizes = [(172, 4), (2_000, 6), (20_000, 6)] + [(1_000_000, 6)] * (not options.no_million)
    for people, visits in sizes:
        data = trial(people, visits)
        task = f"MMRM {people:,} x {visits}"
        gls = people < 1000 or (options.slow and people < 10_000)
        others = {"nlme::gls": with_r(data, "nlme::gls") if gls else None}
        for method in ("satterthwaite", "kenward-roger"):
            fit = partial(fit_mmrm, data.y, data.X, data.person, data.visit, method=method)
            compare(table, task, method, fit, others if method == "satterthwaite" else {})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

    for people, each in ((557, 12.6), (100_000, 12.0)):
        data = registry(people, each)
        task = f"random slopes, {people:,} people, {len(data.y):,} visits"
        few = people < 1000
        others = {
            "statsmodels MixedLM": with_statsmodels(data) if few or options.slow else None,
            "lme4": with_r(data, "lme4"),
            "lmerTest, with df": with_r(data, "lmerTest") if few or options.slow else None,
        }
        for method in ("satterthwaite", "kenward-roger"):
            fit = partial(fit_mixed, data.y, data.X, data.X[:, :2], data.person, method=method)
            compare(table, task, method, fit, others if method == "satterthwaite" else {})

    console = Console(width=110)
    console.print(table)
    console.print(f"Largest memory up to the end of the MMRM tasks: {peak:.1f} GiB.")


if __name__ == "__main__":
    main()
