"""Coverage and type I error of every interval of a risk difference, by size and by how rare.

Each replicate draws the people of two arms of 25, 50 or 150, response common (35 and 55 per 100) or
rare (4 and 10 per 100), or alike in both arms; the engines get arrays. Judged are intervals where
at least five events are expected in each arm; all others are shown.

Run: ``python validation/response.py [--replicates 2000] [--repeated 1000] [--jobs 2]`` (about 12
minutes on one core); ``--record`` writes the results to docs/validation.md. Exit status 1 when a
threshold is missed.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from page import Column, Section, Table, record
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from ctevidence.contrasts.combination import mover, wilson
from ctevidence.models.firth_risk import penalised_risks
from ctevidence.models.logistic_mixed import NORMAL_NODES, NORMAL_WEIGHTS, fit_logistic_mixed
from ctevidence.models.standardised_risk import (
    counted_risks,
    standardised_risks,
    why_not_adjustable,
)
from ctevidence.models.two_by_two import mantel_haenszel, score_interval

#: The first replicate's seed; each further one has the next.
SEED = 0
SIZES = (25, 50, 150)
#: how rare -> risk of the reference and of the arm
RISKS = {"common": (0.35, 0.55), "rare": (0.04, 0.10), "alike": (0.40, 0.40)}
COVERAGE, SE_OVER_SD = (0.93, 0.985), (0.93, 1.07)
EVENTS_PROMISED = 5
#: Monte-Carlo errors by which a result may lie outside a threshold.
SLACK = 2.0
Z = 1.959963984540054

#: log odds of a standard deviation of the covariate; spread of the log odds of people
BY_COVARIATE, BY_PERSON = 0.8, 1.5
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
    """Arm, responses at three visits, and the log odds in the middle; risks are of every visit."""
    arm = two_arms(people)
    middle = np.array([logit_for(risk, BY_PERSON) for risk in risks])
    own = BY_PERSON * rng.normal(size=2 * people)
    return arm, rng.binomial(VISITS, expit(middle[arm] + own))


def in_one_arm_all_or_none(arm, responses) -> bool:
    return any(responses[arm == a].sum() in (0, VISITS * np.sum(arm == a)) for a in (0, 1))


def rows_of_visits(arm, responses):
    """Outcome, design and person of each visit; which of the three responded does not matter."""
    y = (np.arange(VISITS) < responses[:, None]).astype(float).ravel()
    person = np.repeat(np.arange(len(arm)), VISITS)
    return y, (arm[person, None] == [0, 1]).astype(float), person


def quadrature(rng, people: int, risks):
    """The log odds ratio within people, and the risk difference in the population, of one fit."""
    arm, responses = visits(rng, people, risks)
    if in_one_arm_all_or_none(arm, responses):
        return (math.nan,) * 8
    # people of one arm with as many responses are alike: the likelihood counts them
    kinds, many = np.unique(np.column_stack([arm, responses]), axis=0, return_counts=True)
    y, X, kind = rows_of_visits(*kinds.T)
    model = fit_logistic_mixed(y, X, kind, frequency=many[kind])
    if not model.converged:
        return (math.nan,) * 8
    c = np.array([-1.0, 1.0])
    odds = wald(float(c @ model.coef), math.sqrt(float(c @ model.cov @ c)))
    risk, by_eta, by_sigma = model.marginal(model.coef)
    slope = np.array([-by_eta[0], by_eta[1], by_sigma[1] - by_sigma[0]])
    error = math.sqrt(float(slope @ model.joint_cov @ slope))
    return *odds, *wald(float(risk[1] - risk[0]), error)


def equations(rng, people: int, risks):
    """The risk difference of generalised estimating equations, as `fit_response` has them."""
    arm, responses = visits(rng, people, risks)
    if in_one_arm_all_or_none(arm, responses):
        return (math.nan,) * 4
    y, X, person = rows_of_visits(arm, responses)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GEE(y, X, person, family=Binomial(), cov_struct=Exchangeable()).fit(
            maxiter=200, ctol=1e-10, cov_type="bias_reduced"
        )
    risk = expit(model.params)
    slope = risk * (1 - risk) * [-1.0, 1.0]
    error = math.sqrt(float(slope @ np.asarray(model.cov_params()) @ slope))
    return wald(float(risk[1] - risk[0]), error)


METHODS = {
    "Newcombe": newcombe,
    "Miettinen-Nurminen": miettinen_nurminen,
    "Mantel-Haenszel, 5 strata": strata,
    "standardised, HC3": standardised,
    "standardised, Firth": firth,
    "quadrature": quadrature,
    "estimating equations": equations,
}
ODDS = "quadrature, log odds ratio within people"
#: The names of what a method gives, where it is more than one thing.
SEVERAL = {"quadrature": (ODDS, "quadrature, risk difference")}
#: Methods for several visits of a person: slower, and judged by their standard errors as well.
REPEATED = ("quadrature", "estimating equations")
#: Sizes of methods that take too long with many people.
FEWER_SIZES = {"estimating equations": (25, 50)}


def truth_of(name: str, risks) -> float:
    if name == ODDS:
        return logit_for(risks[1], BY_PERSON) - logit_for(risks[0], BY_PERSON)
    return risks[1] - risks[0]


# -- running and judging ---------------------------------------------------------------------------


def replicate(method: str, people: int, how: str, number: int):
    cell = [people, list(RISKS).index(how), list(METHODS).index(method)]
    rng = np.random.default_rng([SEED + number, *cell])
    with np.errstate(all="ignore"):
        return METHODS[method](rng, people, RISKS[how])


def cells(method: str, people: int, how: str, replicates: int, workers: Parallel) -> list[dict]:
    """The rows of all that a method gives, from one set of replicates."""
    drawn = workers(delayed(replicate)(method, people, how, i) for i in range(replicates))
    names = SEVERAL.get(method, (method,))
    values = np.array(drawn, float).reshape(replicates, len(names), 4)
    return [summarised(name, people, how, values[:, i]) for i, name in enumerate(names)]


def summarised(name: str, people: int, how: str, found: np.ndarray) -> dict:
    """Operating characteristics with their Monte-Carlo errors.

    Parameters
    ----------
    found : ndarray, shape (replicates, 4)
        Estimate, standard error and limits; nan where there is no result.
    """
    known = np.isfinite(found).all(axis=1)
    estimate, error, low, high = found[known].T
    n, truth, spread = len(estimate), truth_of(name, RISKS[how]), float(np.std(estimate, ddof=1))
    coverage = float(np.mean((low <= truth) & (truth <= high)))
    ratio = float(np.mean(error)) / spread
    coverage_error = math.sqrt(max(coverage * (1 - coverage), 0.95 * 0.05) / n)
    return {
        "method": name,
        "per_arm": people,
        "response": how,
        "judged": "yes" if people * min(RISKS[how]) >= EVENTS_PROMISED else "no",
        "replicates": n,
        "lost": float(1 - known.mean()),
        "bias": float(np.mean(estimate) - truth),
        "bias_error": spread / math.sqrt(n),
        "ratio": ratio,
        "ratio_error": ratio / math.sqrt(2 * n),
        "coverage": coverage,
        "coverage_error": coverage_error,
        "type_1": 1 - coverage if how == "alike" else None,
        "type_1_error": coverage_error if how == "alike" else None,
        "width": float(np.mean(high - low)),
    }


def misses(row: dict):
    """The thresholds that a row misses, in words."""
    if row["judged"] == "no":
        return
    where = f"{row['method']}, {row['per_arm']} per arm, {row['response']}"
    if not within(row["coverage"], row["coverage_error"], COVERAGE):
        yield f"{where}: coverage"
    if row["method"].startswith(REPEATED) and not within(row["ratio"], row["ratio_error"],
                                                         SE_OVER_SD):  # fmt: skip
        yield f"{where}: standard error"


def within(value: float, error: float, band: tuple[float, float]) -> bool:
    return band[0] - SLACK * error <= value <= band[1] + SLACK * error


# -- report ----------------------------------------------------------------------------------------

TEXT = (
    "Two arms of equal size. Response is common (35 and 55 per 100), rare (4 and 10 per 100), or "
    "alike (40 per 100 in both arms: there coverage is one less the type I error of the test that "
    "the interval makes). Intervals of 95 %:",
    "\n".join((
        "- Newcombe, the default for counts, and Miettinen-Nurminen: binomial counts.",
        f"- Mantel-Haenszel: {STRATA} strata of people at random, with different risks and one "
        "difference.",
        "- Standardised: a prognostic covariate, log odds "
        f"{BY_COVARIATE:g} higher per standard deviation; HC3 as the default with covariates, "
        "which falls back to counts where a regression cannot be had; Firth's penalty with its "
        "model-based variance.",
        f"- Several visits: {VISITS} of each person, whose log odds have a standard deviation of "
        f"{BY_PERSON:g} between people; a random intercept by adaptive quadrature (25 points) and "
        "generalised estimating equations (exchangeable, bias-reduced sandwich). Both give the "
        "risk difference in the population; the random intercept also the log odds ratio within "
        "people.",
    )),
    "*SE / SD* is the mean standard error over the standard deviation of the estimates. Bias and "
    "width of risk differences are in percentage points. *No result*: an arm in which nobody or "
    "everybody responds, or a search that does not end.",
)  # fmt: skip
ACCEPTED = (
    f"Judged where at least {EVENTS_PROMISED:g} events are expected in each arm (column *judged*); "
    "nothing is promised elsewhere, those rows are shown.",
    f"Coverage {100 * COVERAGE[0]:g} to {100 * COVERAGE[1]:g} %, and {SLACK:g} Monte-Carlo errors: "
    "too long is a fault too, but small counts are discrete.",
    "Quadrature and estimating equations: mean standard error within "
    f"{100 * (SE_OVER_SD[1] - 1):.0f} % of the spread of the estimates, and {SLACK:g} Monte-Carlo "
    "errors.",
)
REMARKS = (
    "Mantel-Haenszel is at the lower edge with 25 people per arm, some five in each stratum and "
    "arm; where response is rare as well it covers too little, and nothing is promised.",
    "Where response is rare, intervals with Firth's penalty cover somewhat more than they claim; "
    "so do those with HC3 with 25 people per arm, which there often fall back to counts. The "
    "penalty draws a difference towards zero, which shows with 25 people per arm.",
    "Estimating equations were not run with 150 people per arm, where they take long.",
    "Standard errors of Newcombe and Miettinen-Nurminen are shown for completeness: neither "
    "interval is made from one.",
)


def columns(name: str) -> tuple[Column, ...]:
    points = name != ODDS
    return (
        Column("per arm", "per_arm"),
        Column("response", "response"),
        Column("judged", "judged"),
        Column("bias", "bias", "bias_error", 2, points),
        Column("SE / SD", "ratio", "ratio_error", 3),
        Column("coverage, %", "coverage", "coverage_error", 1, True),
        Column("type I error, %", "type_1", "type_1_error", 1, True),
        Column("mean width", "width", "", 1, points),
        Column("no result, %", "lost", "", 1, True),
    )


def section(rows: list[dict], replicates: int, repeated: int) -> Section:
    tables = []
    for method in METHODS:
        for name in SEVERAL.get(method, (method,)):
            fewer = f" ({repeated:,} replicates)" if method in REPEATED else ""
            own = tuple(row for row in rows if row["method"] == name)
            tables.append(Table(f"{name[0].upper()}{name[1:]}{fewer}", columns(name), own))
    return Section(
        script=Path(__file__).name,
        title="Response: intervals of a risk difference",
        text=TEXT,
        accepted=ACCEPTED,
        tables=tuple(tables),
        missed=tuple(line for row in rows for line in misses(row)),
        remarks=REMARKS,
        replicates=replicates,
        seed=SEED,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=2_000)
    parser.add_argument("--repeated", type=int, default=1_000, help="of models for several visits")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", action="store_true", help="write docs/validation.md")
    options = parser.parse_args()
    rows: list[dict] = []
    with Parallel(n_jobs=options.jobs, batch_size=50) as workers:
        for method in METHODS:
            number = options.repeated if method in REPEATED else options.replicates
            for people in FEWER_SIZES.get(method, SIZES):
                for how in RISKS:
                    rows += cells(method, people, how, number, workers)
                print(f"{method}, {people} per arm", file=sys.stderr)
    result = section(rows, options.replicates, options.repeated)
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))
    print("missed: " + "; ".join(result.missed) if result.missed else "all thresholds are met")
    if options.record:
        record(result)
    return 1 if result.missed else 0


if __name__ == "__main__":
    sys.exit(main())
