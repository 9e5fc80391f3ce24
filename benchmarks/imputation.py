"""Imputing missing scores: 200 imputations under four strategies, and R mice beside it.

400 people in four arms at six visits. Ours draws once from the joint posterior and imputes and
pools all arms and visits under each strategy. R mice (its normal regressions, one iteration for
each of ten rounds) imputes as missing at random, and analyses one visit; it has no other strategy.
Reading files is not timed.

Run: ``python benchmarks/imputation.py [--slow]``; R is asked where it is present.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ctevidence.outcomes import derive_course, derive_response
from ctevidence.outcomes.outcome import Outcome
from ctevidence.sensitivity.conditional_means import impute_means
from ctevidence.sensitivity.impute import impute
from ctevidence.sensitivity.strategies import STRATEGIES
from ctevidence.sensitivity.tipping_point import tipping_point
from ctevidence.simulate.study import simulate_study

SCRIPT = """
suppressMessages(library(mice))
d <- read.csv("scores.csv"); d$arm <- factor(d$arm)
seconds <- system.time({{
  made <- mice(d, m = {m}, method = "norm", maxit = 10, seed = 1, printFlag = FALSE)
  p <- pool(with(made, lm({last} ~ arm + baseline)))
}})[["elapsed"]]
cat(seconds)
"""


def with_mice(course: Outcome, imputations: int) -> float | None:
    """Seconds that R mice takes; None without R or mice."""
    if not shutil.which("Rscript"):
        return None
    wide = course.frame.pivot(index="participant_id", columns="week", values="score")
    wide.columns = [f"w{week:g}" for week in wide.columns]
    people = course.study.entering().set_index("participant_id")[["arm", "baseline"]]
    with tempfile.TemporaryDirectory() as folder:
        people.join(wide).to_csv(Path(folder) / "scores.csv", index=False)
        script = SCRIPT.format(m=imputations, last=wide.columns[-1])
        (Path(folder) / "impute.R").write_text(script, encoding="utf-8")
        done = subprocess.run(
            ["Rscript", "impute.R"], cwd=folder, capture_output=True, text=True, check=False
        )
    return None if done.returncode else float(done.stdout)


def timed(task) -> tuple[float, object]:
    started = time.perf_counter()
    result = task()
    return time.perf_counter() - started, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", action="store_true", help="add 20,000 people, 20 imputations")
    options = parser.parse_args()
    table = Table("task", "ours, s", "R mice, s", title="Missing scores")
    for people, imputations in [(400, 200)] + [(20_000, 20)] * options.slow:
        study = simulate_study(n=people, seed=1)
        course, week = derive_course(study), study.primary_week
        size = f"{people:,} people x 6, {imputations} imputations"

        def four_strategies(course=course, imputations=imputations, week=week):
            start = impute(course, imputations=imputations, seed=1)
            for strategy in STRATEGIES[:4]:
                made = start.under(strategy, "control")
                made.compare("combined", against="medication", week=week)
            return start

        seconds, start = timed(four_strategies)
        mice = with_mice(course, imputations) if people <= 400 else None
        table.add_row(f"four strategies, {size}", f"{seconds:.2f}",
                      "not run" if mice is None else f"{mice:.1f} (one strategy)")  # fmt: skip
        seconds, _ = timed(lambda s=start, w=week: tipping_point(s, "combined",
                           against="medication", week=w))  # fmt: skip
        table.add_row(
            "tipping-point grid of 81 cells, and its tipping points", f"{seconds:.2f}", ""
        )
        if people > 400:
            continue
        response = derive_response(study, week)
        seconds, _ = timed(lambda r=response, m=imputations: impute(r, imputations=m, seed=1)
                           .compare("combined", against="medication"))  # fmt: skip
        table.add_row("response by the rule, standardised", f"{seconds:.2f}", "")
        seconds, _ = timed(lambda c=course, w=week: impute_means(c, "jump to reference",
                           reference="control").compare("combined", against="medication",
                                                        week=w))  # fmt: skip
        table.add_row("conditional means, jackknife of 400 fits", f"{seconds:.2f}", "")
        seconds, _ = timed(lambda c=course, m=imputations: impute(c, imputations=m, seed=1,
                           method="chained equations").levels())  # fmt: skip
        table.add_row("chained equations, ten rounds", f"{seconds:.2f}", "")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
