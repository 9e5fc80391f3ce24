"""Coverage of synergy intervals and type I error of the min test, in four-arm trials of counts.

Every replicate draws the counts of a trial with 25, 50 or 150 people in each arm, where the outcome
is common or rare, and where the combination is just what one model of no synergy predicts, or more.
All intervals are calculated for all replicates at once; on the first replicates of every trial they
are held to what `synergy`, `relative_excess`, `compare_with_singles` and `better_than_both` say.

An interval is called fit for a size and rate when there it covers in 93 to 97.5 % of trials and is
missing in fewer than 5 %. The checks ask that of every interval where `DECLARED` says that it is
fit; the range for the better single treatment must cover in 95 % or more, and the min test claim in
no more than 3.5 % of trials.

Run: ``python validation/synergy.py [--replicates 2000]`` (about three minutes); ``--record`` writes
the results to docs/validation.md. Exit status 1 when a threshold is missed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from page import Column, Section, Table, record
from scipy.stats import norm

import ctevidence as ct

SEED = 2105
PER_ARM = (25, 50, 150)
#: medication, therapy, control
RATES = {"common": (0.45, 0.40, 0.30), "rare": (0.10, 0.08, 0.05)}
#: what the combination does: a model of no synergy, or 10 (rare: 5) of 100 more than additivity
COMBINED = {
    "additive": lambda m, t, c: m + t - c,
    "multiplicative": lambda m, t, c: m * t / c,
    "additive log odds": lambda m, t, c: 1 / (1 + (1 - m) * (1 - t) * c / (m * t * (1 - c))),
    "synergy": lambda m, t, c: m + t - c + c / 2,
}
WEIGHTS = np.array([1.0, -1.0, -1.0, 1.0])
BOOTSTRAP = 999
HELD_TO_THE_PACKAGE = 5
Z = float(norm.ppf(0.975))
FIT, MISSING = (0.93, 0.975), 0.05
#: Monte-Carlo errors by which a threshold may be missed
SLACK = 2.0
#: one-sided 2.5 % tests of counts are lumpy: this many claims are accepted
CLAIMS = 0.035
LEAST_OF_UNION = 0.95


@dataclass(frozen=True)
class Intervals:
    """Limits of one quantity in every replicate; nan where there are none."""

    measure: str
    interval: str
    low: np.ndarray
    high: np.ndarray
    truth: float


# -- all replicates at once ------------------------------------------------------------------------


def wilson(x: np.ndarray, n: int, z: float = Z) -> tuple[np.ndarray, np.ndarray]:
    p, half = x / n, z * z / (2 * n)
    reach = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (p + half - reach) / (1 + 2 * half), (p + half + reach) / (1 + 2 * half)


def by_mover(x: np.ndarray, n: int, weights: np.ndarray, z: float = Z):
    """Newcombe's interval of a weighted sum of independent shares, x of shape (replicates, k)."""
    p, (low, high) = x / n, wilson(x, n, z)
    below, above = p - low, high - p
    down = weights * np.where(weights > 0, below, above)
    up = weights * np.where(weights > 0, above, below)
    total = p @ weights
    return total - np.sqrt((down**2).sum(axis=1)), total + np.sqrt((up**2).sum(axis=1))


def excess(p: np.ndarray, over: int) -> np.ndarray:
    """RERI (over 3, control) or attributable proportion (over 0, combined)."""
    return p @ WEIGHTS / p[..., over]


def excess_by_delta(p: np.ndarray, n: int, over: int):
    value, slopes = excess(p, over), np.tile(WEIGHTS, (len(p), 1))
    slopes[:, over] -= value
    slopes /= p[:, [over]]
    error = np.sqrt((slopes**2 * p * (1 - p) / n).sum(axis=1))
    return value - Z * error, value + Z * error


def excess_by_mover(p: np.ndarray, n: int, over: int):
    """Zou's interval from the three ratios to one cell, whose logarithms share its variance."""
    others = [i for i in range(4) if i != over]
    variance = (1 - p) / (n * p)
    ratio = p[:, others] / p[:, [over]]
    error = np.sqrt(variance[:, others] + variance[:, [over]])
    below, above = ratio - ratio * np.exp(-Z * error), ratio * np.exp(Z * error) - ratio
    weights = WEIGHTS[others]
    correlation = variance[:, [over], None] / (error[:, :, None] * error[:, None, :])
    correlation[:, range(3), range(3)] = 1.0
    limits = []
    for towards, sign in (
        (weights * np.where(weights > 0, below, above), -1.0),
        (weights * np.where(weights > 0, above, below), 1.0),
    ):
        squared = np.einsum("ri,rij,rj->r", towards, correlation, towards)
        limits.append(excess(p, over) + sign * np.sqrt(np.maximum(squared, 0)))
    return limits


def excess_by_bootstrap(x: np.ndarray, n: int, over: int, rng: np.random.Generator):
    low, high = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for i, counts in enumerate(x):
        drawn = excess(rng.binomial(n, counts / n, (BOOTSTRAP, 4)) / n, over)
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) >= 0.99 * BOOTSTRAP:
            low[i], high[i] = np.quantile(drawn, [0.025, 0.975])
    return low, high


def wald_of_logs(p: np.ndarray, n: int, scale: str):
    """The ratio interaction of risks or odds, on the log scale."""
    value = np.log(p) if scale == "log" else np.log(p / (1 - p))
    variance = (1 - p) / (n * p) if scale == "log" else 1 / (n * p * (1 - p))
    estimate, error = value @ WEIGHTS, np.sqrt(variance.sum(axis=1))
    return estimate - Z * error, estimate + Z * error


def index_by_delta(p: np.ndarray, n: int):
    """Synergy index on the log scale."""
    top, bottom = p[:, 0] - p[:, 3], p[:, 1] + p[:, 2] - 2 * p[:, 3]
    slopes = np.stack([1 / top, -1 / bottom, -1 / bottom, -1 / top + 2 / bottom], axis=1)
    error = np.sqrt((slopes**2 * p * (1 - p) / n).sum(axis=1))
    value = np.log(top / bottom)
    return value - Z * error, value + Z * error


def best_single(x: np.ndarray, n: int):
    """Combined against the better single treatment: union of one-sided Newcombe limits."""
    pairs = [x[:, [0, 1]], x[:, [0, 2]]]
    gap = np.array([1.0, -1.0])
    low = np.min([by_mover(pair, n, gap)[0] for pair in pairs], axis=0)
    strict = float(norm.ppf(1 - 0.05 / 4))
    high = np.min([by_mover(pair, n, gap, strict)[1] for pair in pairs], axis=0)
    return low, high


def intervals_of(x: np.ndarray, n: int, truth: np.ndarray, rng) -> Iterator[Intervals]:
    """Every interval of every replicate; x counts of shape (replicates, 4)."""
    p = x / n
    index = math.log((truth[0] - truth[3]) / (truth[1] + truth[2] - 2 * truth[3]))
    wald = p @ WEIGHTS, np.sqrt((p * (1 - p) / n).sum(axis=1))
    yield Intervals("difference", "MOVER", *by_mover(x, n, WEIGHTS), truth @ WEIGHTS)
    yield Intervals(
        "difference", "Wald", wald[0] - Z * wald[1], wald[0] + Z * wald[1], truth @ WEIGHTS
    )
    yield Intervals("ratio", "Wald, log", *wald_of_logs(p, n, "log"), np.log(truth) @ WEIGHTS)
    odds = np.log(truth / (1 - truth)) @ WEIGHTS
    yield Intervals("odds ratio", "Wald, log", *wald_of_logs(p, n, "logit"), odds)
    for measure, over in (("RERI", 3), ("attributable proportion", 0)):
        true = excess(truth, over)
        yield Intervals(measure, "delta", *excess_by_delta(p, n, over), true)
        yield Intervals(measure, "MOVER", *excess_by_mover(p, n, over), true)
        yield Intervals(measure, "bootstrap", *excess_by_bootstrap(x, n, over, rng), true)
    yield Intervals("synergy index", "delta, log", *index_by_delta(p, n), index)
    gap = truth[0] - max(truth[1], truth[2])
    yield Intervals("best single", "union", *best_single(x, n), gap)


# -- what is counted -------------------------------------------------------------------------------


def row_of(found: Intervals, trial: dict) -> dict:
    """Coverage among the replicates that have an interval, and how many have none."""
    there = np.isfinite(found.low) & np.isfinite(found.high)
    covered = (found.low[there] <= found.truth) & (found.truth <= found.high[there])
    share = float(covered.mean()) if there.any() else 0.0
    error = math.sqrt(share * (1 - share) / max(1, there.sum()))
    return trial | {
        "measure": found.measure,
        "interval": found.interval,
        "coverage": share,
        "coverage_error": error,
        "missing": float(1 - there.mean()),
        "fit": "yes" if is_fit(share, error, 1 - there.mean()) else "no",
    }


def is_fit(coverage: float, error: float, missing: float) -> bool:
    low, high = FIT[0] - SLACK * error, FIT[1] + SLACK * error
    return bool(low <= coverage <= high and missing < MISSING)


def claims_of_min_test(replicates: int, rng) -> list[dict]:
    """How often the min test claims, where the combination only equals the better single."""
    rows = []
    for rate, (m, _, c) in RATES.items():
        for other, single in (("as good", m), ("far behind", c / 2)):
            for n in PER_ARM:
                x = rng.binomial(n, [m, m, single], (replicates, 3))
                low, _ = best_single(x, n)
                share = float((low > 0).mean())
                error = math.sqrt(share * (1 - share) / replicates)
                rows.append(
                    {"rate": rate, "per_arm": n, "other": other, "claims": share,
                     "claims_error": error}
                )  # fmt: skip
    return rows


def all_rows(replicates: int, seed: int) -> tuple[list[dict], list[dict]]:
    rng, rows = np.random.default_rng(seed), []
    for rate, parts in RATES.items():
        for combination, predicted in COMBINED.items():
            truth = np.array([predicted(*parts), *parts])
            for n in PER_ARM:
                x = rng.binomial(n, truth, (replicates, 4))
                trial = {"rate": rate, "combination": combination, "per_arm": n}
                with np.errstate(all="ignore"):
                    found = list(intervals_of(x, n, truth, rng))
                hold_to_the_package(x[:HELD_TO_THE_PACKAGE], n, found)
                rows += [row_of(intervals, trial) for intervals in found]
    return rows, claims_of_min_test(replicates, rng)


# -- against the package ---------------------------------------------------------------------------


def hold_to_the_package(x: np.ndarray, n: int, found: list[Intervals]) -> None:
    """The limits above are those of the public functions, on the first replicates.

    Raises
    ------
    AssertionError
        Where they differ.
    """
    mine = {(i.measure, i.interval): i for i in found}
    for k, counts in enumerate(x):
        levels = ct.counted_levels(counts, (n,) * 4)
        for key, row, is_log in _public(levels):
            low, high = mine[key].low[k], mine[key].high[k]
            if is_log:
                low, high = np.exp(low), np.exp(high)
            theirs = row.conf_low, row.conf_high
            if math.isfinite(row.conf_low):
                np.testing.assert_allclose((low, high), theirs, rtol=1e-9, atol=1e-9)


def _public(levels):
    table = ct.synergy(levels)
    yield ("difference", "MOVER"), table.where(measure="interaction_difference").one(), False
    yield ("ratio", "Wald, log"), table.where(measure="interaction_ratio").one(), True
    yield ("odds ratio", "Wald, log"), table.where(measure="interaction_odds_ratio").one(), True
    for row in ct.relative_excess(levels):
        interval = row.id.rsplit("/", 1)[-1].replace("mover", "MOVER")
        if row.measure == "reri":
            yield ("RERI", interval), row, False
        elif row.measure == "attributable_proportion":
            yield ("attributable proportion", interval), row, False
        elif interval == "delta":
            yield ("synergy index", "delta, log"), row, True
    best = ct.compare_with_singles(levels).where(reference="best single treatment").one()
    yield ("best single", "union"), best, False


# -- judging and showing ---------------------------------------------------------------------------

#: interval -> fewest people in each arm from which it is declared fit, by rate. Where ratios are,
#: at least seven people with the outcome are expected in the smallest cell: `synergy` warns where
#: it finds fewer than five.
DECLARED = {
    ("difference", "MOVER"): {"common": 25, "rare": 50},
    ("ratio", "Wald, log"): {"common": 25, "rare": 150},
    ("odds ratio", "Wald, log"): {"common": 25, "rare": 150},
    ("RERI", "delta"): {"common": 25},
    ("RERI", "MOVER"): {"common": 25, "rare": 150},
    ("attributable proportion", "delta"): {"common": 25, "rare": 150},
    ("attributable proportion", "MOVER"): {"common": 25, "rare": 150},
    ("synergy index", "delta, log"): {"common": 150},
}


def missed(rows: list[dict], claims: list[dict]) -> list[str]:
    """Thresholds that were missed, in words."""
    found = []
    for row in rows:
        where = (
            f"{row['measure']}, {row['interval']}: {row['rate']}, {row['combination']}, "
            f"{row['per_arm']} per arm: coverage {row['coverage']:.3f}"
        )
        least = DECLARED.get((row["measure"], row["interval"]), {}).get(row["rate"])
        if least and row["per_arm"] >= least and row["fit"] == "no":
            found.append(where)
        slack = SLACK * row["coverage_error"]
        if row["interval"] == "union" and row["coverage"] < LEAST_OF_UNION - slack:
            found.append(where)
    for row in claims:
        if row["claims"] > CLAIMS + SLACK * row["claims_error"]:
            found.append(
                f"min test: {row['rate']}, other {row['other']}, {row['per_arm']} per arm: claims "
                f"in {row['claims']:.3f}"
            )
    return found


def section(rows: list[dict], claims: list[dict], replicates: int) -> Section:
    """The results as docs/validation.md shows them."""
    columns = (
        Column("outcome", "rate"),
        Column("combination is", "combination"),
        Column("per arm", "per_arm"),
        Column("interval", "interval"),
        Column("coverage, %", "coverage", "coverage_error", 1, True),
        Column("missing, %", "missing", "", 1, True),
        Column("fit", "fit"),
    )
    measures = dict.fromkeys(row["measure"] for row in rows)
    tables = [
        Table(f"Coverage: {m}", columns, tuple(r for r in rows if r["measure"] == m))
        for m in measures
    ]
    of_claims = (
        Column("outcome", "rate"),
        Column("the other single treatment is", "other"),
        Column("per arm", "per_arm"),
        Column("claims, %", "claims", "claims_error", 1, True),
    )
    tables.append(Table("Claims of the min test that are false", of_claims, tuple(claims)))
    declared = "; ".join(
        f"{m} by {i} from {' and '.join(f'{n} per arm ({r})' for r, n in least.items())}"
        for (m, i), least in DECLARED.items()
    )
    return Section(
        script=Path(__file__).name,
        title="Synergy: coverage of interactions, claims of the min test",
        text=(
            "Counts of four-arm trials, the outcome common (45, 40 and 30 of 100 with medication, "
            "therapy and control) or rare (10, 8 and 5), the combination as one model of no "
            "synergy predicts, or with a synergy of half the control risk. At the model that it "
            "tests, what an interval does not cover is the type I error of its test. A bootstrap "
            f"has {BOOTSTRAP} replicates. Coverage is that of the trials which have an interval.",
        ),
        accepted=(
            "An interval is fit when it covers in 93 to 97.5 % of trials and is missing in fewer "
            "than 5 %, within two Monte-Carlo errors; fit are declared: " + declared + ".",
            "The range for the better single treatment covers in 95 % or more.",
            "The min test claims wrongly in no more than 3.5 % of trials.",
        ),
        tables=tuple(tables),
        missed=tuple(missed(rows, claims)),
        remarks=(
            "The delta interval of RERI was first declared fit for rare outcomes from 150 per arm "
            "too, and missed that threshold: it covers too often there. So it is no longer "
            "declared fit there, and MOVER is the default of RERI and the attributable proportion; "
            "delta stands in for it where a cell has nobody with the outcome. They differ most in "
            "skewed data: `relative_excess` gives both.",
            "Percentile intervals of RERI are often missing where the outcome is rare, because "
            "replicates have nobody with it in control.",
            "Where the outcome is rare and arms are small only the difference keeps an interval.",
            "The min test claims hardly ever where both single treatments equal the combination: "
            "that is the price of needing no correction.",
        ),
        replicates=replicates,
        seed=SEED,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--record", action="store_true", help="write docs/validation.md")
    arguments = parser.parse_args()
    rows, claims = all_rows(arguments.replicates, SEED)
    for row in rows:
        print(
            f"{row['rate']:7}{row['combination']:18}{row['per_arm']:4}  {row['measure']:24}"
            f"{row['interval']:11}{100 * row['coverage']:6.1f} ({100 * row['coverage_error']:.1f})"
            f"  missing {100 * row['missing']:5.1f}  {row['fit']}"
        )
    for row in claims:
        print(
            f"min test, {row['rate']}, other {row['other']}, {row['per_arm']} per arm: "
            f"{100 * row['claims']:.1f} ({100 * row['claims_error']:.1f})"
        )
    for threshold in (found := missed(rows, claims)):
        print("MISSED", threshold)
    if arguments.record:
        record(section(rows, claims, arguments.replicates))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
