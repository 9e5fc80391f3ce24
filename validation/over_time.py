"""Treatment over time: registries in which whoever fares badly is given more, with known truth.

Scores decide at each visit who starts and stops medication and therapy, and are changed by both.
Truth is what happens to 400,000 people who are simulated under each strategy. Regression that
ignores scores on the way, and regression that adjusts for them, stand beside the weighted answers.

Run: ``python validation/over_time.py [--replicates 48] [--jobs 2]`` (about half a minute);
``--record`` writes the results to docs/validation.md. Exit status 1 when a threshold is
missed.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from page import Column, Section, Table, record

import ctevidence as ct
from ctevidence.sensitivity.treatment_history import treatment_history
from ctevidence.simulate.changing import Changing

#: The first replicate's seed; each further one has the next.
SEED, PEOPLE, WEEK, WITHIN = 0, 2000, 24, 8
COVERAGE, SE_OVER_SD, BIAS, REGRESSION_COVERS_AT_MOST = (0.92, 0.98), (0.85, 1.15), 0.25, 0.80
SLACK, Z = 2.0, 1.959963984540054
#: Odds of starting rise by 1.6 for each ten points, those of stopping fall by 1.3.
WORLD = Changing(decided=0.5, stops=0.25)
EXPOSED = np.array([-1.0, 0, 0, 1]), np.array([0.0, -1, 0, 1]), np.array([1.0, -1, -1, 1])
KEPT = ("combined against control", "combined against medication", "interaction")
#: Rows in the order of the results: what, contrast, way.
ROWS = (
    *(("score, kept throughout", contrast, way) for way in
      ("marginal structural model", "regression on treatment", "regression on treatment and scores")
      for contrast in KEPT),
    *(("survival without relapse, kept throughout", contrast, "marginal structural model")
      for contrast in KEPT),
    ("score, therapy added to medication", "added against alone", "clones"),
    ("survival without relapse, therapy added to medication", "added against alone", "clones"),
)  # fmt: skip
TEXT = (
    f"Registries of {PEOPLE} people, visits every four weeks, scores at week {WEEK}; therapy added "
    f"to medication by week {WITHIN}. A bad score at a visit makes starting either treatment more "
    "likely, a good one stopping; people with bad scores are lost more often. Relapse depends on "
    "the baseline score, which decided treatment at the start.",
)
ACCEPTED = (
    f"Coverage of the weighted answers between {100 * COVERAGE[0]:g} % and {100 * COVERAGE[1]:g} % "
    f"(plus or minus {SLACK:g} Monte-Carlo errors).",
    f"Their bias at most {BIAS:g} of the spread, their errors within "
    f"{100 * (SE_OVER_SD[1] - 1):.0f} % of it, with the same slack.",
    f"Regression fails where it should: its interval for {KEPT[0]} covers at most "
    f"{100 * REGRESSION_COVERS_AT_MOST:g} % of the time.",
)
REMARKS = (
    "The model of the time spent on each treatment is right in this world, where every four weeks "
    "add the same. Hazard ratios are nearly constant here, not quite.",
)


def replicate(i: int) -> np.ndarray:
    """Estimate and standard error of each of `ROWS`, shape (rows, 2)."""
    study = ct.simulate_changing_treatment(n=PEOPLE, seed=SEED + i, world=WORLD)
    course, relapse = ct.derive_course(study), ct.derive_relapse(study)
    kept = ct.fit_if_kept(course).levels(week=WEEK)
    found = [contrast(c, kept.estimate, kept.cov) for c in EXPOSED]
    history = treatment_history(study)
    for with_scores in (False, True):
        fitted = regression(history, course, with_scores)
        found += [contrast(c, *fitted) for c in EXPOSED]
    survival = ct.fit_if_kept(relapse).levels("survival", WEEK)
    found += [contrast(c, survival.estimate, survival.cov) for c in EXPOSED]
    for outcome in (course, relapse):
        added = ct.fit_if_added(outcome, "therapy", to="medication", within=WITHIN)
        levels = added.levels(week=WEEK)
        found.append(contrast(np.array([-1.0, 1]), levels.estimate, levels.cov))
    return np.array(found)


def contrast(c: np.ndarray, estimate: np.ndarray, cov: np.ndarray) -> tuple[float, float]:
    return float(c @ estimate), float(np.sqrt(c @ cov @ c))


def regression(history, course, with_scores: bool) -> tuple[np.ndarray, np.ndarray]:
    """Least squares on the time spent on each treatment and baseline, with or without scores."""
    on = history.on.astype(float)
    time = np.stack([on[:, :, 0], on[:, :, 1], on[:, :, 0] * on[:, :, 1]], axis=2).mean(axis=1)
    last = course.frame.query("week == @WEEK").set_index("participant_id")["score"]
    y = last.reindex(history.people).to_numpy(float)
    more = history.scores[:, [0, 3] if with_scores else [0], 0]
    seen = ~np.isnan(y)
    x = np.column_stack([np.ones(seen.sum()), time[seen], (more - more.mean(axis=0))[seen]])
    coef, *_ = np.linalg.lstsq(x, y[seen], rcond=None)
    e = y[seen] - x @ coef
    cov = np.linalg.inv(x.T @ x) * (e @ e / (len(e) - x.shape[1]))
    rows = np.zeros((4, x.shape[1]))
    rows[:, :4] = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]
    return rows @ coef, rows @ cov @ rows.T


def truths() -> np.ndarray:
    """True value of each of `ROWS`."""
    truth = ct.simulate_changing_treatment(n=50, seed=1, world=WORLD).truth
    kept, adding = truth.kept(WEEK), truth.adding(WEEK, WITHIN)
    names = ("control", "medication", "therapy", "combined")
    score, survival = (np.array([kept[a][k] for a in names]) for k in (0, 1))
    scores = [float(c @ score) for c in EXPOSED]
    return np.array(
        [
            *scores * 3,
            *(float(c @ survival) for c in EXPOSED),
            *(adding["added"][k] - adding["alone"][k] for k in (0, 1)),
        ]
    )


def summarised(found: np.ndarray, truth: float, what: str, of: str, way: str) -> dict:
    estimate, error = found.T
    r, spread = len(estimate), estimate.std(ddof=1)
    covered = float(np.mean(np.abs(estimate - truth) <= Z * error))
    return {
        "outcome": what,
        "contrast": of,
        "way": way,
        "truth": truth,
        "bias": float(estimate.mean() - truth),
        "bias_error": float(spread / math.sqrt(r)),
        "spread": float(spread),
        "ratio": float(error.mean() / spread),
        "ratio_error": float(error.mean() / spread / math.sqrt(2 * (r - 1))),
        "coverage": covered,
        "coverage_error": math.sqrt(max(covered * (1 - covered), 0.05 * 0.95) / r),
    }


def misses(row: dict):
    name = f"{row['outcome']}, {row['contrast']}, {row['way']}"
    if row["way"].startswith("regression"):
        if row["contrast"] == KEPT[0] and row["coverage"] > REGRESSION_COVERS_AT_MOST:
            yield f"{name}: covers {row['coverage']:.3f}"
        return
    slack = SLACK * row["coverage_error"]
    if not COVERAGE[0] - slack <= row["coverage"] <= COVERAGE[1] + slack:
        yield f"{name}: coverage {row['coverage']:.3f}"
    if abs(row["bias"]) > BIAS * row["spread"] + SLACK * row["bias_error"]:
        yield f"{name}: bias {row['bias']:.3f}"
    slack = SLACK * row["ratio_error"]
    if not SE_OVER_SD[0] - slack <= row["ratio"] <= SE_OVER_SD[1] + slack:
        yield f"{name}: errors {row['ratio']:.2f} of the spread"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=48)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args(argv)
    with Parallel(options.jobs) as workers:
        found = np.array(workers(delayed(replicate)(i) for i in range(options.replicates)))
    rows = [summarised(found[:, j], truth, *ROWS[j]) for j, truth in enumerate(truths())]
    missed = tuple(m for row in rows for m in misses(row))
    for row in rows:
        print(
            f"{row['outcome']:<54}{row['contrast']:<28}{row['way']:<36}"
            f"bias {row['bias']:+.3f} ({row['bias_error']:.3f})  SD {row['spread']:.3f}  "
            f"SE/SD {row['ratio']:.2f}  coverage {100 * row['coverage']:.1f}"
        )
    print("missed:", *(missed or ("nothing",)), sep="\n  ")
    if options.record:
        columns = (
            Column("outcome", "outcome"),
            Column("contrast", "contrast"),
            Column("way", "way"),
            Column("truth", "truth", decimals=3),
            Column("bias", "bias", "bias_error", 3),
            Column("spread", "spread", decimals=3),
            Column("SE / SD", "ratio", "ratio_error", 2),
            Column("coverage, %", "coverage", "coverage_error", 1, percent=True),
        )
        record(Section(
            Path(__file__).name, "Treatment over time: kept throughout, and added on the way", TEXT,
            ACCEPTED, (Table("Registries with time-varying confounding", columns, tuple(rows)),),
            missed, REMARKS, options.replicates, SEED,
        ))  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
