"""The score test of proportional hazards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ctevidence.models.cox import CoxFit, ScoreTest
from ctevidence.models.risk_sets import risk_sets
from ctevidence.terms import did_you_mean

Array = np.ndarray

#: beyond this the information about a change over time is rounding error
WORST_CONDITION = 1e10
TRANSFORMS = ("km", "identity", "log", "rank")


def proportional_hazards_test(
    fit: CoxFit, transform: str = "km", terms: Mapping[str, Sequence[str]] | None = None
) -> dict[str, ScoreTest]:
    r"""Test that hazard ratios do not change over time.

    Parameters
    ----------
    fit : CoxFit
    transform : {"km", "identity", "log", "rank"}
        The function of time with which ratios may change: one minus the Kaplan-Meier curve just
        before the event, time, its logarithm, or its rank among the events.
    terms : mapping of str to sequence of str, optional
        Columns to be tested together (the arms, say); each column by itself when absent.

    Returns
    -------
    dict of str to ScoreTest
        One for each term, and ``"global"`` for all columns; nan where there are too few event
        times to see a change.

    Raises
    ------
    KeyError
        For an unknown transform or column.

    Notes
    -----
    Grambsch and Therneau (1994, Biometrika 81:515), as a score test: in the model with
    :math:`x\beta + g(t) x\gamma`, the score of :math:`\gamma` at zero and its information with
    :math:`\beta`, where each event time counts :math:`g` or :math:`g^2` times. The information
    at each event time enters, not its average over the events.
    """
    if transform not in TRANSFORMS:
        raise KeyError(f'transform "{transform}"{did_you_mean(transform, TRANSFORMS)}')
    score, (plain, once, twice) = _score_and_information(fit, transform)
    columns = {name: i for i, name in enumerate(fit.names)}
    found = {}
    for term, members in (terms or {name: [name] for name in fit.names}).items():
        for name in members:
            if name not in columns:
                raise KeyError(f'column "{name}"{did_you_mean(name, columns)}')
        at = [columns[name] for name in members]
        found[term] = _test(score[at], plain, once[:, at], twice[np.ix_(at, at)])
    return found | {"global": _test(score, plain, once, twice)}


def _score_and_information(fit: CoxFit, transform: str) -> tuple[Array, list[Array]]:
    likelihood = fit.likelihood
    sets = likelihood.sets
    at = likelihood.moments(fit.coef * fit.scale)
    g = _function_of_time(fit, transform)
    g = g - g[sets.time_of].mean()  # changes nothing but rounding
    gained = likelihood.weights[sets.dying][:, None] * likelihood.X[sets.dying]
    score = g[sets.time_of] @ (gained - at.weight[:, None] * at.mean)
    return score, [likelihood.information(at, g**power) for power in (0, 1, 2)]


def _test(score: Array, plain: Array, once: Array, twice: Array) -> ScoreTest:
    """Score test of some coefficients, those of the model being estimated beside them."""
    information = twice - once.T @ np.linalg.solve(plain, once)
    size = np.sqrt(np.maximum(twice.diagonal(), np.finfo(float).tiny))
    if not np.linalg.cond(information / np.outer(size, size)) < WORST_CONDITION:
        return ScoreTest(np.nan, len(score))  # too few event times to see a change
    return ScoreTest(float(score @ np.linalg.solve(information, score)), len(score))


def _function_of_time(fit: CoxFit, transform: str) -> Array:
    """``g`` at each event time, shape (K,); strata share it."""
    times = fit.likelihood.sets.times
    if transform == "identity":
        return times
    if transform == "log":
        return np.log(times)
    if transform == "rank":
        stops = np.sort(fit.stop)
        below, upto = (np.searchsorted(stops, times, side=side) for side in ("left", "right"))
        return (below + upto + 1) / 2
    pooled = risk_sets(fit.start, fit.stop, fit.event, np.zeros(len(fit.stop), int))
    at_risk = pooled.sums(np.ones((len(fit.stop), 1)))[:, 0]
    survival = np.append(1.0, np.cumprod(1 - pooled.deaths / at_risk))
    return 1 - survival[np.searchsorted(pooled.times, times, side="left")]
