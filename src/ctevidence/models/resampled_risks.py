"""Bootstrap of standardised risks, all replicates at once.

To draw people with replacement is to give them whole-number weights. The weighted logistic
regressions of all replicates are then solved side by side, which costs seconds where refitting
each costs minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ctevidence.levels import Levels
from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with
from ctevidence.models.fit import Fit
from ctevidence.models.risk import analysed
from ctevidence.replicates import draw_counts

#: replicates solved together: bounds the memory, changes nothing else
BLOCK = 250
MOST_STEPS, CONVERGED = 50, 1e-10
#: a coefficient of a standardised covariate beyond this has no finite maximum: separation
LARGEST = 30.0


def bootstrap_risks(
    fit: Fit,
    *,
    adjust: Sequence[str] | None = None,
    week: float | None = None,
    replicates: int = 2000,
    seed: int,
) -> Levels:
    """Risks of a fit at one week, with bootstrap replicates.

    Parameters
    ----------
    fit : fit of `fit_response`
    adjust : sequence of str, optional
        As given to `fit_response`.
    week : float, optional
        May be left out where there is one.
    replicates, seed : int

    Returns
    -------
    Levels
        With `draws`. A replicate in which the regression has no finite estimate has nan.

    Notes
    -----
    People are drawn within arms. Unadjusted risks, and fits that were counted because the data
    cannot carry the regression, are drawn as counts.
    """
    levels = fit.levels("risk", week).at(week)
    outcome = fit.outcome
    if outcome.weight is not None:
        raise ValueError(
            f"{outcome.name} carries weights, which must be estimated anew in each replicate. Use "
            "bootstrap_levels(outcome, fit_response, ...)."
        )
    names = adjustment(outcome.study, adjust)
    if not names or levels.interval_for is not None:
        return draw_counts(levels, replicates=replicates, seed=seed)
    at = analysed(of_people_with(outcome, names), levels.weeks[0])
    covariates, _ = covariate_columns(outcome.study, at.people, names)
    weights = resampling_weights(at.arm, replicates, np.random.default_rng(seed))
    draws = weighted_risks(at.y, at.arm, len(outcome.study.arms), covariates, weights)
    return replace(levels, draws=draws)


def resampling_weights(arm: np.ndarray, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """How often each person is drawn, shape (replicates, n); each arm keeps its size."""
    weights = np.zeros((replicates, len(arm)))
    for a in np.unique(arm):
        members = np.flatnonzero(arm == a)
        share = np.full(len(members), 1 / len(members))
        weights[:, members] = rng.multinomial(len(members), share, replicates)
    return weights


def weighted_risks(
    y: np.ndarray, arm: np.ndarray, n_arms: int, covariates: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Standardised risks under each of many sets of weights.

    Parameters
    ----------
    y : ndarray of 0 and 1, shape (n,)
    arm : ndarray of int, shape (n,)
    n_arms : int
    covariates : ndarray, shape (n, q)
    weights : ndarray, shape (replicates, n)

    Returns
    -------
    ndarray, shape (replicates, n_arms)
        nan for an arm with nobody, and where the regression has no finite estimate.
    """
    present = np.unique(arm)
    spread = covariates.std(axis=0)
    scaled = covariates / np.where(spread > 0, spread, 1.0)
    x = np.hstack([(arm[:, None] == present).astype(float), scaled])
    risks = np.full((len(weights), n_arms), np.nan)
    for start in range(0, len(weights), BLOCK):
        block = slice(start, start + BLOCK)
        coefficients = _solved(y, x, weights[block])
        shift = coefficients[:, len(present) :] @ scaled.T
        total = weights[block].sum(axis=1)
        for column, a in enumerate(present):
            fitted = _logistic(coefficients[:, [column]] + shift)
            risks[block, a] = np.sum(weights[block] * fitted, axis=1) / total
    return risks


def _solved(y: np.ndarray, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted logistic regressions by Newton's method, shape (replicates, coefficients)."""
    beta = np.zeros((len(weights), x.shape[1]))
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    change = np.full(len(weights), np.inf)
    for _ in range(MOST_STEPS):
        open_ = change > CONVERGED
        if not open_.any():
            break
        fitted = _logistic(beta[open_] @ x.T)
        score = (weights[open_] * (y - fitted)) @ x
        information = (weights[open_] * fitted * (1 - fitted)) @ products
        information = information.reshape(-1, x.shape[1], x.shape[1])
        # a ridge far below rounding keeps separated replicates from stopping the others
        information += 1e-12 * np.eye(x.shape[1])
        step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        # no step is long enough to overshoot: the likelihood is concave, and flat far out
        step /= np.maximum(1.0, np.abs(step).max(axis=1, keepdims=True) / 5.0)
        beta[open_] += step
        change[open_] = np.abs(step).max(axis=1)
    lost = (change > CONVERGED) | (np.abs(beta).max(axis=1) > LARGEST)
    beta[lost] = np.nan
    return beta


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))
