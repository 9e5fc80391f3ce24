"""Weighted and doubly robust analysis of a registry of four arms, with errors: seconds.

Run: ``python benchmarks/weighting.py [--people 100000]``. Timed are the steps that a user calls,
each on outcomes that are derived already: chances of the arms and overlap weights, then response,
course, survival, restricted mean and hazard ratio with the errors of estimated weights, and
comparisons of all pairs; then the same doubly robust.
"""

from __future__ import annotations

import argparse
import time

import ctevidence as ct

WEEK, HORIZON = 12, 26


def timed(what: str, call):
    started = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - started
    print(f"  {what:<44} {seconds:6.2f} s")
    return result, seconds


def analysis(outcomes, weights, model) -> float:
    """Seconds of every level with its covariance, compared by pairs."""
    response, course, retention = (outcome.weighted(weights) for outcome in outcomes)
    _, first = timed(
        "response: risks of all weeks, pairs at one",
        lambda: ct.compare_treatments(ct.fit_response(response, model=model), week=WEEK),
    )
    _, second = timed(
        "course: means of all weeks, pairs at one",
        lambda: ct.compare_treatments(ct.fit_course(course, model=model), week=WEEK),
    )
    fit, third = timed(
        "retention: staying at all weeks",
        lambda: ct.fit_retention(retention, model=model),
    )
    total = first + second + third
    measures = ["survival_difference", "rmst_difference"]
    for measure in measures + ([] if model == "doubly-robust" else ["hazard_ratio"]):
        week = None if measure == "hazard_ratio" else HORIZON
        total += timed(
            f"{measure.replace('_', ' ')} of all pairs",
            lambda m=measure, w=week: ct.compare_treatments(fit, (m,), week=w),
        )[1]
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    people = parser.parse_args().people
    study, _ = timed(
        f"simulate {people:,} people (not counted)",
        lambda: ct.simulate_study(n=people, seed=1, design="registry"),
    )
    outcomes, _ = timed(
        "derive outcomes (not counted)",
        lambda: (
            ct.derive_response(study, week=WEEK),
            ct.derive_course(study),
            ct.derive_retention(study),
        ),
    )
    weights, seconds = timed("chances of four arms, overlap weights", lambda: ct.weigh(study))
    timed("balance and positivity (not counted)", lambda: (weights.balance(), weights.positivity()))
    for model in ("weighted", "doubly-robust"):
        print(model)
        total = seconds + analysis(outcomes, weights, model)
        print(f"  {'together':<44} {total:6.2f} s")


if __name__ == "__main__":
    main()
