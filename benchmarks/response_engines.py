"""The logistic random intercept side by side with R's glmer, in one run.

Both get the same arrays and 25 quadrature points; reading files and building designs is not timed.
glmer runs with its default settings (its Hessian included, as ours). "apart" is the largest
difference of a coefficient, "errors" that of a standard error, both in standard errors.

Run: ``python benchmarks/response_engines.py [--slow]``; R is asked where it is present.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ctevidence.models.logistic_mixed import fit_logistic_mixed

ROUNDS = 3
SCRIPT = """
suppressMessages(library(lme4))
m <- matrix(readBin("data", "double", {columns} * {rows}), {rows}, byrow = TRUE)
d <- data.frame(y = m[, 1], person = m[, 2]); d$X <- m[, -(1:2)]
seconds <- system.time(f <- suppressWarnings(suppressMessages(
  glmer(y ~ 0 + X + (1 | person), d, binomial, nAGQ = 25))))[["elapsed"]]
errors <- sqrt(diag(as.matrix(vcov(f))))
cat(seconds, as.numeric(logLik(f)), format(c(unname(fixef(f)), unname(errors)), digits = 15))
"""


def visits(people: int, each: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four arms, a line over visits and a covariate; every person with a level of their own."""
    rng = np.random.default_rng(seed)
    arm = np.eye(4)[rng.integers(0, 4, people)]
    person = np.repeat(np.arange(people), each)
    week = np.tile(np.arange(each, dtype=float), people)
    severity = rng.normal(size=people)
    eta = arm @ [-1.4, -0.8, -0.7, 0.1] + 1.4 * rng.normal(size=people) - 0.4 * severity
    y = (rng.random(len(person)) < 1 / (1 + np.exp(-(eta[person] + 0.4 * week)))).astype(float)
    return y, np.column_stack([arm[person], week, severity[person]]), person


def with_glmer(y: np.ndarray, X: np.ndarray, person: np.ndarray):
    """Seconds, log-likelihood, coefficients and standard errors; None without R or lme4."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.column_stack([y, person, X]).astype("<f8").tofile(Path(folder) / "data")
        script = SCRIPT.format(columns=X.shape[1] + 2, rows=len(y))
        (Path(folder) / "fit.R").write_text(script)
        done = subprocess.run(
            ["Rscript", "fit.R"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, loglik, *numbers = map(float, done.stdout.split())
    return seconds, loglik, *np.split(np.array(numbers), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", action="store_true", help="add 5,000 people")
    options = parser.parse_args()
    columns = ("task", "ours, s", "glmer, s", "times ours", "loglik", "apart", "errors")
    table = Table(*columns, title="Logistic random intercept, 25 points")
    for people, each in [(160, 4), (680, 5)] + [(5_000, 6)] * options.slow:
        y, X, person = visits(people, each)
        seconds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            ours = fit_logistic_mixed(y, X, person)
            seconds.append(time.perf_counter() - started)
        task, best = f"{people:,} people x {each}", min(seconds)
        theirs = with_glmer(y, X, person)
        if theirs is None:
            table.add_row(task, f"{best:.3f}", "not run", "", "", "", "")
            continue
        taken, loglik, coef, error = theirs
        own = np.sqrt(np.diag(ours.cov))
        apart, errors = np.max(np.abs(ours.coef - coef) / own), np.max(np.abs(own - error) / own)
        table.add_row(task, f"{best:.3f}", f"{taken:.3f}", f"{taken / best:.1f}",
                      f"{ours.loglik - loglik:+.0e}", f"{apart:.0e}", f"{errors:.0e}")  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
