"""Coverage and type I error of every interval of a risk difference, by size and by how rare.

Each replicate draws the people of two arms of 25, 50 or 150, response common (35 and 55 per 100) or
rare (4 and 10 per 100), or alike in both arms; the engines get arrays. Stated before anything was
run: a 95 % interval is fit for use in a cell when its coverage lies between 0.93 and 0.985 - too
long is a fault too, but small counts are discrete - and a standard error when it is within 7 % of
the spread of the estimates. A cell is refused when what is measured lies outside by more than two
Monte-Carlo standard errors. Nothing is promised where fewer than five events are expected in an
arm; those cells are shown, not judged.

Run: ``python validation/response.py [--replicates 2000] [--quadrature 1000] [--jobs 2]``. Writes
``validation/results/response.json``. Exit status 1 when a promised cell is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from ctevidence.contrasts.combination import mover, wilson
from ctevidence.models.firth_risk import penalised_risks
from ctevidence.models.logistic_mixed import NORMAL_NODES, NORMAL_WEIGHTS, fit_logistic_mixed
from ctevidence.models.standardised_risk import (
    counted_risks,
    standardised_risks,
    why_not_adjustable,
)
from ctevidence.models.two_by_two import mantel_haenszel, score_interval

RESULTS = Path(__file__).parent / "results" / "response.json"
SIZES = (25, 50, 150)
#: how rare -> risk of the reference and of the arm
RISKS = {"common": (0.35, 0.55), "rare": (0.04, 0.10), "alike": (0.40, 0.40)}
COVERAGE, SE_OVER_SD = (0.93, 0.985), (0.93, 1.07)
EVENTS_PROMISED = 5
SLACK = 2.0
Z = 1.959963984540054

#: log odds of a standard deviation of the covariate; spread of the log odds of strata and people
BY_COVARIATE, BY_STRATUM, BY_PERSON = 0.8, 0.6, 1.5
STRATA, VISITS = 5, 3


def expit(x):
    # scipy's cannot be sent to a worker from a script
    return 1 / (1 + np.exp(-x))


def logit_for(risk: float, spread: float) -> float:
    """Log odds in the middle whose average over normal log odds of this spread is the risk."""
    low, high = -15.0, 15.0
    for _ in range(80):
        middle = (low + high) / 2
        too_high = expit(middle + spread * NORMAL_NODES) @ NORMAL_WEIGHTS > risk
        low, high = (low, middle) if too_high else (middle, high)
    return (low + high) / 2


def two_arms(people: int) -> np.ndarray:
    return np.repeat([0, 1], people)


def wald(estimate: float, error: float) -> tuple[float, float, float, float]:
    return estimate, error, estimate - Z * error, estimate + Z * error


# -- one replicate of each method: estimate, standard error, limits; nan where there is none ------


def counts(rng, people: int, risks) -> tuple[int, int]:
    return tuple(int(rng.binomial(people, risk)) for risk in risks)


def newcombe(rng, people: int, risks):
    e0, e1 = counts(rng, people, risks)
    limits = np.array([wilson(e1, people), wilson(e0, people)])
    shares = np.array([e1, e0]) / people
    error = math.sqrt(float(np.sum(shares * (1 - shares))) / people)
    return (shares[0] - shares[1], error, *mover(np.array([1.0, -1.0]), shares, limits))


def miettinen_nurminen(rng, people: int, risks):
    e0, e1 = counts(rng, people, risks)
    shares = np.array([e1, e0]) / people
    error = math.sqrt(float(np.sum(shares * (1 - shares))) / people)
    limits = score_interval("risk_difference", e1, people, e0, people)
    return (shares[0] - shares[1], error, *limits)


def strata(rng, people: int, risks):
    """Mantel-Haenszel over five strata: the same difference in all, on top of different risks."""
    shift = np.linspace(-0.6, 0.6, STRATA) * min(risks[0], 0.3)
    where = rng.integers(0, STRATA, (2, people))
    y = rng.random((2, people)) < np.array(risks)[:, None] + shift[where]
    n = np.array([np.bincount(w, minlength=STRATA) for w in where])
    e = np.array([np.bincount(w, v, minlength=STRATA) for w, v in zip(where, y, strict=True)])
    return wald(*mantel_haenszel("risk_difference", e[1], n[1], e[0], n[0]))


def with_covariate(rng, people: int, risks):
    arm = two_arms(people)
    x = rng.normal(size=2 * people)
    middle = np.array([logit_for(risk, BY_COVARIATE) for risk in risks])
    y = (rng.random(2 * people) < expit(middle[arm] + BY_COVARIATE * x)).astype(float)
    return y, arm, (x - x.mean())[:, None]


def difference(risks) -> tuple[float, float, float, float]:
    influence = risks.influence[:, 1] - risks.influence[:, 0]
    return wald(
        float(risks.estimate[1] - risks.estimate[0]), math.sqrt(float(influence @ influence))
    )


def standardised(rng, people: int, risks):
    """As `fit_response` without a named model: counted where a regression cannot be had."""
    y, arm, columns = with_covariate(rng, people, risks)
    if why_not_adjustable(y, arm, columns):
        e0, e1 = y[arm == 0].sum(), y[arm == 1].sum()
        limits = np.array([wilson(e1, people), wilson(e0, people)])
        shares = np.array([e1, e0]) / people
        estimate, error, *_ = difference(counted_risks(y, arm, 2))
        return (estimate, error, *mover(np.array([1.0, -1.0]), shares, limits))
    return difference(standardised_risks(y, arm, 2, columns))


def firth(rng, people: int, risks):
    y, arm, columns = with_covariate(rng, people, risks)
    return difference(penalised_risks(y, arm, 2, columns))


def visits(rng, people: int, risks):
    """Three visits of each person; risks are those of every visit."""
    arm = two_arms(people)
    middle = np.array([logit_for(risk, BY_PERSON) for risk in risks])
    own = BY_PERSON * rng.normal(size=2 * people)
    responses = rng.binomial(VISITS, expit(middle[arm] + own))
    # people of one arm with as many responses are alike: the likelihood counts them
    kinds, many = np.unique(np.column_stack([arm, responses]), axis=0, return_counts=True)
    y = (np.arange(VISITS) < kinds[:, 1:]).astype(float).ravel()
    kind = np.repeat(np.arange(len(kinds)), VISITS)
    X = (kinds[kind, :1] == [0, 1]).astype(float)
    if any(responses[arm == a].sum() in (0, VISITS * people) for a in (0, 1)):
        return None
    return fit_logistic_mixed(y, X, kind, frequency=many[kind]), middle


def quadrature(rng, people: int, risks):
    """The log odds ratio within people, and the risk difference in the population, of one fit."""
    found = visits(rng, people, risks)
    if found is None or not found[0].converged:
        return (math.nan,) * 8
    model = found[0]
    c = np.array([-1.0, 1.0])
    odds = wald(float(c @ model.coef), math.sqrt(float(c @ model.cov @ c)))
    risk, by_eta, by_sigma = model.marginal(model.coef)
    slope = np.array([-by_eta[0], by_eta[1], by_sigma[1] - by_sigma[0]])
    error = math.sqrt(float(slope @ model.joint_cov @ slope))
    return *odds, *wald(float(risk[1] - risk[0]), error)


METHODS = {
    "Newcombe": newcombe,
    "Miettinen-Nurminen": miettinen_nurminen,
    "Mantel-Haenszel, 5 strata": strata,
    "standardised, HC3": standardised,
    "standardised, Firth": firth,
    "AGQ": quadrature,
}
#: The names of what a method gives, where it is more than one thing.
SEVERAL = {"AGQ": ("AGQ, log odds ratio", "AGQ, risk difference")}


def truth_of(method: str, risks) -> float:
    if method == "AGQ, log odds ratio":
        return logit_for(risks[1], BY_PERSON) - logit_for(risks[0], BY_PERSON)
    return risks[1] - risks[0]


# -- running and judging ---------------------------------------------------------------------------


def replicate(method: str, people: int, how: str, seed: int):
    rng = np.random.default_rng([seed, people, list(RISKS).index(how), list(METHODS).index(method)])
    with np.errstate(all="ignore"):
        return METHODS[method](rng, people, RISKS[how])


def cells(method: str, people: int, how: str, replicates: int, workers: Parallel) -> list[dict]:
    """The rows of all that a method gives, from one set of replicates."""
    drawn = workers(delayed(replicate)(method, people, how, seed) for seed in range(replicates))
    names = SEVERAL.get(method, (method,))
    values = np.array(drawn, float).reshape(replicates, len(names), 4)
    return [judged(name, people, how, values[:, i]) for i, name in enumerate(names)]


def judged(method: str, people: int, how: str, found: np.ndarray) -> dict:
    known = np.isfinite(found).all(axis=1)
    estimate, error, low, high = found[known].T
    truth = truth_of(method, RISKS[how])
    coverage = float(np.mean((low <= truth) & (truth <= high)))
    ratio = float(np.mean(error) / np.std(estimate, ddof=1))
    mc = math.sqrt(max(coverage * (1 - coverage), 0.95 * 0.05) / known.sum())
    fit = within(coverage, mc, COVERAGE)
    if method.startswith("AGQ"):
        fit = fit and within(ratio, ratio / math.sqrt(2 * known.sum()), SE_OVER_SD)
    return {
        "method": method,
        "people in each arm": people,
        "response": how,
        "replicates": int(known.sum()),
        "not estimable": int((~known).sum()),
        "bias": float(np.mean(estimate) - truth),
        "coverage": coverage,
        "MC error": mc,
        "type I error": 1 - coverage if how == "alike" else math.nan,
        "SE / SD": ratio,
        "mean width": float(np.mean(high - low)),
        "promised": people * min(RISKS[how]) >= EVENTS_PROMISED,
        "fit for use": bool(fit),
    }


def _on_file(anew: tuple[str, ...]) -> list[dict]:
    """Rows of the methods that are not run again."""
    if not RESULTS.exists():
        return []
    names = {name for method in anew for name in SEVERAL.get(method, (method,))}
    kept = json.loads(RESULTS.read_text())
    return [row for row in kept if row["method"] not in names]


def within(value: float, error: float, band: tuple[float, float]) -> bool:
    return band[0] - SLACK * error <= value <= band[1] + SLACK * error


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=2_000)
    parser.add_argument("--quadrature", type=int, default=1_000, help="replicates of AGQ")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=METHODS, nargs="+", default=tuple(METHODS))
    options = parser.parse_args()
    rows = _on_file(options.only)
    with Parallel(n_jobs=options.jobs, batch_size=50) as workers:
        for method in options.only:
            for people in SIZES:
                for how in RISKS:
                    replicates = options.quadrature if method == "AGQ" else options.replicates
                    rows += cells(method, people, how, replicates, workers)
                print(f"{method}, {people} done", file=sys.stderr)
    order = [name for method in METHODS for name in SEVERAL.get(method, (method,))]
    rows.sort(key=lambda row: order.index(row["method"]))  # stable: sizes stay in order
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format="{:.3f}".format))
    RESULTS.parent.mkdir(exist_ok=True)
    kept = table.round(6)
    RESULTS.write_text(json.dumps(json.loads(kept.to_json(orient="records")), indent=1) + "\n")
    missed = table[table["promised"] & ~table["fit for use"]]
    names = [
        f"{r['method']}, {r['people in each arm']}, {r['response']}" for _, r in missed.iterrows()
    ]
    print("missed: " + "; ".join(names) if names else "every promised interval is fit for use")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
