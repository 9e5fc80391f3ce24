"""Bootstrap of any fit: people drawn with replacement within their arm, and everything refitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.contrasts import synergy
from ctevidence.estimates import Estimates
from ctevidence.levels import SCALES, Levels
from ctevidence.models.fit import Fit
from ctevidence.outcomes.outcome import Outcome
from ctevidence.replicates import run_replicates

Fitting = Callable[[Outcome], Fit]


def bootstrap_levels(
    outcome: Outcome,
    fit: Fitting,
    *,
    measure: str | None = None,
    week: float | None = None,
    replicates: int = 2000,
    seed: int,
    jobs: int = 1,
    backend: str | None = None,
) -> Levels:
    """Levels of a fit, with those of refits to resampled people as `draws`.

    Parameters
    ----------
    outcome : Outcome
    fit : callable
        From an outcome to a fit, for instance `fit_response`.
    measure, week
        As for the fit's ``levels``.
    replicates, seed, jobs, backend
        As for `replicates.run_replicates`.

    Returns
    -------
    Levels

    Raises
    ------
    ReplicateError
        When a refit fails, with its number and seed.

    Notes
    -----
    People are drawn within arms, because the number in an arm was fixed by design; all their rows
    come with them (Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 8.3).
    """
    levels = fit(outcome).levels(measure, week)
    forward = SCALES[levels.link].forward

    def refitted(rng: np.random.Generator) -> np.ndarray:
        drawn = fit(resampled(outcome, rng)).levels(measure, week)
        if drawn.keys != levels.keys:
            raise ValueError("the refit has other arms or weeks than the fit")
        return drawn.estimate if drawn.link == levels.link else forward(drawn.values)

    draws = run_replicates(refitted, replicates, seed=seed, jobs=jobs, backend=backend)
    return replace(levels, draws=np.array(draws))


def bootstrap_synergy(
    outcome: Outcome,
    fit: Fitting,
    *,
    measure: str | None = None,
    week: float | None = None,
    replicates: int = 2000,
    seed: int,
    jobs: int = 1,
    backend: str | None = None,
    **cells: str,
) -> Estimates:
    """The synergy table of a fit, its interactions with bootstrap intervals.

    Parameters
    ----------
    outcome, fit, measure, week, replicates, seed, jobs, backend
        As for `bootstrap_levels`.
    cells : str
        ``combined=``, ``medication=``, ``therapy=``, ``control=``, as for `synergy`.
    """
    levels = bootstrap_levels(
        outcome,
        fit,
        measure=measure,
        week=week,
        replicates=replicates,
        seed=seed,
        jobs=jobs,
        backend=backend,
    )
    return synergy(levels, week=week, interval="bootstrap", **cells)


def resampled(outcome: Outcome, rng: np.random.Generator) -> Outcome:
    """People of the outcome drawn with replacement within their arm, each draw a new person."""
    frame, study, weights = outcome.frame, outcome.study, outcome.weight
    if weights is None:
        arm_of = frame.drop_duplicates("participant_id").set_index("participant_id")["arm"]
    else:  # everyone who was weighed, seen or not: they are weighed anew
        arm_of = pd.Series(weights.arm, pd.Index(weights.people, name="participant_id"))
    drawn = np.concatenate([
        rng.choice(people.to_numpy(), len(people))
        for _, people in arm_of.index.to_series().groupby(arm_of, sort=True)
    ])  # fmt: skip
    new = pd.DataFrame({"participant_id": drawn, "new": [f"draw {i}" for i in range(len(drawn))]})
    first, last = study.baseline_days
    visits = study.tables["visits"]
    at_baseline = visits[visits["day"].between(first, last)]
    tables = dict(study.tables) | {
        "participants": _of(new, study.tables["participants"]),
        "visits": _of(new, at_baseline),
    }
    of_drawn = replace(study, tables=tables)
    weight = None if weights is None else weights.again(of_drawn)
    return replace(outcome, study=of_drawn, frame=_of(new, frame), weight=weight)


def _of(new: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table that belong to the people drawn, under their new names."""
    rows = new.merge(table, on="participant_id", how="inner")
    rows["participant_id"] = rows.pop("new")
    return rows[list(table.columns)]
