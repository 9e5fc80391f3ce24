r"""Weighted log-rank tests: log-rank, Fleming-Harrington, stratified, and the largest of several.

At each event time ``t`` of a stratum, ``n_k`` of group ``k`` are at risk, ``n`` in all, and ``d``
of them have the event. With a weight ``w(t)`` known just before,

    U_k        = sum w (d_k - d n_k / n)
    cov(U_k, U'_l) = sum w w' d (n - d) / (n - 1) (n_k / n) (delta_kl - n_l / n)

where ``U'`` may have another weight ``w'``. Fleming and Harrington (1991, *Counting Processes and
Survival Analysis*, 7.2) weigh by ``S^rho (1 - S)^gamma``, with ``S`` the Kaplan-Meier curve of all
groups of the stratum just before ``t``: rho counts early differences more, gamma late ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats

from ctevidence.models.visit_data import codes_of

Array = np.ndarray

#: Weights of the usual MaxCombo: differences throughout, early, late and in the middle (Lin et
#: al. 2020, Stat Biopharm Res 12:187).
FOUR_WEIGHTS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
#: eigenvalues below this share of the largest are zero, up to rounding
RANK_TOLERANCE = 1e-10
#: directions of the numerical integral of MaxCombo, a power of 2: with up to four of the usual
#: weights its p-value is then right to a hundred-thousandth of itself
LOG2_DIRECTIONS = 15


@dataclass(frozen=True)
class EventTest:
    """A test that the event is equally likely in all groups at all times.

    Attributes
    ----------
    name : str
    statistic : float
        Chi-squared; of MaxCombo the largest absolute standardised score.
    df : int
        Degrees of freedom; 0 where there is nothing to compare, and for MaxCombo the rank of the
        correlation of its scores.
    p_value : float
        nan where there is nothing to compare.
    """

    name: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, eq=False)
class Scores:
    """Weighted log-rank scores of k groups by m weights.

    Attributes
    ----------
    score : array (m, k)
        Events more than expected; they sum to zero over groups.
    cov : array (m, m, k, k)
        ``cov[i, j]`` is that of ``score[i]`` with ``score[j]``.
    at_risk_at_events : array of bool (k,)
        Which groups had somebody at risk when an event happened.
    """

    score: Array
    cov: Array
    at_risk_at_events: Array


def log_rank_scores(
    time: Array,
    event: Array,
    group: Array,
    weights: Sequence[tuple[float, float]] = ((0.0, 0.0),),
    *,
    entry: Array | None = None,
    strata: Array | None = None,
) -> Scores:
    """Scores and their joint covariance.

    Parameters
    ----------
    time : array (n,)
        When each time at risk ends. Rows that follow each other may be one person's time.
    event : array of bool, shape (n,)
        Whether it ends with the event.
    group : array (n,)
        Any labels; groups stand in order of appearance.
    weights : sequence of (rho, gamma), length m
    entry : array (n,), optional
        When each time at risk begins; at risk in ``(entry, time]``.
    strata : array (n,), optional
        Groups are compared within each; any labels.

    Raises
    ------
    ValueError
        When lengths differ, a value is missing, time ends before it begins, or a weight is
        negative.
    """
    time, event = np.asarray(time, float), np.asarray(event, bool)
    entry = None if entry is None else np.asarray(entry, float)
    _check(time, event, entry, weights)
    group, names = codes_of(group, "group", len(time))
    stratum = np.zeros(len(time), int)
    if strata is not None:
        stratum, _ = codes_of(strata, "strata", len(time))
    m, k = len(weights), len(names)
    score, cov, seen = np.zeros((m, k)), np.zeros((m, m, k, k)), np.zeros(k, bool)
    for s in range(stratum.max(initial=-1) + 1):
        rows = stratum == s if strata is not None else slice(None)
        begins = None if entry is None else entry[rows]
        at_risk, died = _risk_sets(time[rows], event[rows], group[rows], k, begins)
        one_score, one_cov = _of_stratum(at_risk, died, weights)
        score, cov = score + one_score, cov + one_cov
        seen |= (at_risk > 0).any(axis=0)
    return Scores(score, cov, seen)


def weighted_log_rank(
    time: Array,
    event: Array,
    group: Array,
    rho: float = 0.0,
    gamma: float = 0.0,
    *,
    entry: Array | None = None,
    strata: Array | None = None,
) -> EventTest:
    """Test by one weight: the log-rank test when rho and gamma are 0.

    Parameters and errors as in `log_rank_scores`.

    Examples
    --------
    Six people by hand: of the first three 2 have the event, 1 is expected, with variance 1/2:

    >>> test = weighted_log_rank([1, 1, 6, 6, 8, 9], [1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0])
    >>> test.name, test.df, round(test.statistic, 6), round(test.p_value, 6)
    ('log-rank', 1, 2.0, 0.157299)
    """
    found = log_rank_scores(time, event, group, ((rho, gamma),), entry=entry, strata=strata)
    return chi_squared(name_of_weight(rho, gamma), found.score[0], found.cov[0, 0])


def chi_squared(name: str, score: Array, cov: Array) -> EventTest:
    """Test that scores ``(k,)`` with singular covariance ``(k, k)`` are zero in expectation.

    Groups that never meet at an event take away a degree of freedom.
    """
    values, axes = np.linalg.eigh(cov)
    kept = values > RANK_TOLERANCE * max(values.max(initial=0.0), np.finfo(float).tiny)
    if not kept.any():
        return EventTest(name, np.nan, 0, np.nan)
    chi2, df = float(np.sum((axes[:, kept].T @ score) ** 2 / values[kept])), int(kept.sum())
    return EventTest(name, chi2, df, float(stats.chi2.sf(chi2, df)))


def max_combo(
    time: Array,
    event: Array,
    group: Array,
    weights: Sequence[tuple[float, float]] = FOUR_WEIGHTS,
    *,
    entry: Array | None = None,
    strata: Array | None = None,
) -> EventTest:
    """Largest of several weighted log-rank tests of two groups, two-sided.

    Its p-value is that of the largest of normal scores with their estimated correlation (Lee
    2007, Stat Med 26:3597; Karrison 2016, Stata J 16:678): whichever weight shows most, the
    choice has been paid for.

    Parameters and errors as in `log_rank_scores`.

    Raises
    ------
    ValueError
        Also for more or fewer than two groups.

    Examples
    --------
    >>> time, arm = np.arange(1.0, 21), np.tile([0, 1], 10)
    >>> test = max_combo(time, np.ones(20, bool), arm)
    >>> test.name, test.df, round(test.statistic, 4), round(test.p_value, 3)
    ('MaxCombo', 3, 0.4991, 0.873)
    """
    found = log_rank_scores(time, event, group, weights, entry=entry, strata=strata)
    if found.score.shape[1] != 2:
        raise ValueError(
            f"MaxCombo compares two groups; found {found.score.shape[1]}. Take them in pairs."
        )
    cov = found.cov[:, :, 0, 0]
    error = np.sqrt(np.maximum(cov.diagonal(), 0))
    known = error > RANK_TOLERANCE * max(error.max(initial=0.0), np.finfo(float).tiny)
    if not known.any():
        return EventTest("MaxCombo", np.nan, 0, np.nan)
    z = abs(found.score[known, 0] / error[known])
    correlation = cov[np.ix_(known, known)] / np.outer(error[known], error[known])
    p, rank = chance_of_largest(float(z.max()), correlation)
    return EventTest("MaxCombo", float(z.max()), rank, p)


def chance_of_largest(z: float, correlation: Array) -> tuple[float, int]:
    r"""Probability that the largest of ``|Z_i|`` is at least ``z``, and the rank.

    Parameters
    ----------
    z : float
    correlation : array (m, m)
        Of the normal scores; it may be singular, as weights 1, S and 1 - S make it.

    Notes
    -----
    With ``Z = A x``, ``x`` standard normal of the rank r of the correlation: given the direction
    ``u`` of ``x``, ``max |Z_i| >= z`` when the length of ``x`` is at least
    :math:`z / \max_i |a_i u|`, and the length follows a chi distribution whatever the direction.
    The mean over directions is taken on a fixed sequence of Sobol, so that the same data give the
    same p-value.
    """
    values, axes = np.linalg.eigh(correlation)
    kept = values > RANK_TOLERANCE * values.max()
    root = axes[:, kept] * np.sqrt(values[kept])
    rank = int(kept.sum())
    reach = abs(_directions(rank) @ root.T).max(axis=1)
    return float(stats.chi.sf(z / reach, rank).mean()), rank


@lru_cache(maxsize=4)
def _directions(rank: int) -> Array:
    """Directions spread evenly over the sphere of so many dimensions, always the same."""
    even = lambda d: (  # noqa: E731
        stats.qmc.Sobol(d, scramble=False).random_base2(LOG2_DIRECTIONS)
        + 0.5 ** (LOG2_DIRECTIONS + 1)
    )
    if rank == 1:
        return np.array([[1.0]])
    if rank > 3:
        normal = stats.norm.ppf(even(rank))
        return normal / np.linalg.norm(normal, axis=1, keepdims=True)
    # a circle by its angle, a sphere by its angle and its height (Archimedes): more exact
    turn = 2 * np.pi * even(rank - 1)
    circle = np.column_stack([np.cos(turn[:, 0]), np.sin(turn[:, 0])])
    if rank == 2:
        return circle
    height = turn[:, 1:] / np.pi - 1
    return np.column_stack([circle * np.sqrt(1 - height**2), height])


def name_of_weight(rho: float, gamma: float) -> str:
    """What readers call the test with these weights."""
    return "log-rank" if rho == gamma == 0 else f"Fleming-Harrington ({rho:g}, {gamma:g})"


def _risk_sets(time, event, group, k: int, entry) -> tuple[Array, Array]:
    """People at risk (T, k) just before, and events (T, k) at, each event time of a stratum."""
    place, times = pd.factorize(time, sort=True)
    size = len(times) * k
    died = np.bincount((place * k + group)[event], minlength=size).reshape(-1, k)
    left = np.bincount(place * k + group, minlength=size).reshape(-1, k)
    at_risk = left[::-1].cumsum(axis=0)[::-1]
    if entry is not None:
        # not yet there at times up to the entry
        upto = np.searchsorted(times, entry, side="right")
        later = np.bincount(upto * k + group, minlength=size + k).reshape(-1, k)
        at_risk = at_risk - later[:0:-1].cumsum(axis=0)[::-1]
    happened = died.any(axis=1)
    return at_risk[happened], died[happened]


def _of_stratum(at_risk: Array, died: Array, weights) -> tuple[Array, Array]:
    n, d = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / n[:, None]
    survival = np.cumprod(np.append(1.0, 1 - d / n))[:-1]
    weight = np.array([survival**rho * (1 - survival) ** gamma for rho, gamma in weights])
    score = weight @ (died - d[:, None] * share)
    spread = d * (n - d) / np.maximum(n - 1, 1)
    m, k = score.shape
    cov = np.empty((m, m, k, k))
    for i in range(m):
        for j in range(m):
            by_time = weight[i] * weight[j] * spread
            cov[i, j] = np.diag(by_time @ share) - (share * by_time[:, None]).T @ share
    return score, cov


def _check(time: Array, event: Array, entry: Array | None, weights) -> None:
    if event.shape != time.shape:
        raise ValueError(f"time has {len(time)} rows, event {len(event)}: give one each.")
    if not np.isfinite(time).all():
        raise ValueError(f"time is missing or infinite in row {int(np.argmin(np.isfinite(time)))}.")
    if entry is not None and not (entry < time).all():
        row = int(np.argmin(entry < time))
        raise ValueError(f"row {row} begins at {entry[row]:g} and ends at {time[row]:g}.")
    if any(power < 0 for pair in weights for power in pair):
        raise ValueError("rho and gamma are powers of at least 0.")
