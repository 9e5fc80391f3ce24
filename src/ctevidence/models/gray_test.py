r"""Gray's test: is an event, others competing with it, equally frequent in all groups?

Gray (1988, Ann Stat 16:1141). In a stratum, with the left-continuous curve ``S_k`` of staying
without any event and incidence ``F_k`` of the event in question in group ``k``, ``n_k`` at risk,
``d_k`` events of interest at a time, ``h_k = n_k / S_k(t-)`` and ``h`` their sum:

    dF     = sum d_k / h                                   incidence under the hypothesis
    U_k    = sum (1 - F(t-))^rho (d_k - d h_k (1 - F_k(t-)) / sum_l h_l (1 - F_l(t-)))

The variance is that of Gray's sum of martingales: an event of interest in group ``k`` moves
``U_i`` by ``a_ik + q_k (C_ik - c_ik)``, a competing one by ``(1 - F) / S_k (C_ik - c_ik)``, where

    a_ik   = (1 - F(t-))^rho h_i (delta_ik - h_k / h),      c_ik = sum a_ik dF / (1 - F(t-))
    q_k    = 1 - (1 - F) / S_k,                            C_ik = c_ik at the end
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.models.visit_data import codes_of
from ctevidence.models.weighted_log_rank import EventTest, chi_squared

Array = np.ndarray

#: below this a share of people is nobody
ROUNDING = 1e-12


def gray_test(
    time: Array,
    cause: Array,
    group: Array,
    rho: float = 0.0,
    *,
    of: int = 1,
    strata: Array | None = None,
) -> EventTest:
    """Test that the cumulative incidence of one event is the same in all groups.

    Parameters
    ----------
    time : array (n,)
        Weeks until the first event or the end of follow-up.
    cause : array of int, shape (n,)
        Which event; 0 for none.
    group : array (n,)
        Any labels.
    rho : float
        Weight of early differences; 0 for the usual test.
    of : int
        The event in question; all others compete with it.
    strata : array (n,), optional
        Groups are compared within each; any labels.

    Returns
    -------
    EventTest
        nan with 0 degrees of freedom where there is nothing to compare.

    Raises
    ------
    ValueError
        When lengths differ or a value is missing.

    Examples
    --------
    Eight people, one of them with a competing event at week 5:

    >>> time, cause, arm = np.arange(1.0, 9), np.array([1, 0, 1, 1, 2, 1, 0, 1]), [0, 1] * 4
    >>> test = gray_test(time, cause, arm)
    >>> test.name, test.df, round(test.statistic, 4)
    ("Gray's test", 1, 0.0097)
    """
    time, cause = np.asarray(time, float), np.asarray(cause, int)
    if cause.shape != time.shape:
        raise ValueError(f"time has {len(time)} rows, cause {len(cause)}: give one each.")
    if not np.isfinite(time).all():
        raise ValueError(f"time is missing or infinite in row {int(np.argmin(np.isfinite(time)))}.")
    group, names = codes_of(group, "group", len(time))
    stratum = np.zeros(len(time), int)
    if strata is not None:
        stratum, _ = codes_of(strata, "strata", len(time))
    kind = np.where(cause == of, 1, np.where(cause == 0, 0, 2))
    k = len(names)
    score, cov = np.zeros(k), np.zeros((k, k))
    for s in range(stratum.max(initial=-1) + 1):
        rows = stratum == s
        counts = _counts(time[rows], kind[rows], group[rows], k)
        if not len(counts[0]):
            continue  # nobody of the stratum has any event
        one_score, one_cov = _of_stratum(*counts, rho)
        score, cov = score + one_score, cov + one_cov
    name = "Gray's test" if rho == 0 else f"Gray's test (rho {rho:g})"
    return chi_squared(name, score, cov)


def _counts(time: Array, kind: Array, group: Array, k: int) -> tuple[Array, Array, Array]:
    """At risk, events of interest and competing ones, (T, k) each, at times with one of them."""
    place, times = pd.factorize(time, sort=True)
    at = place * k + group
    left, died, other = (
        np.bincount(at[rows], minlength=len(times) * k).reshape(-1, k)
        for rows in (slice(None), kind == 1, kind == 2)
    )
    at_risk = left[::-1].cumsum(axis=0)[::-1]
    happened = (died + other).any(axis=1)
    return at_risk[happened], died[happened], other[happened]


def _of_stratum(n: Array, d: Array, other: Array, rho: float) -> tuple[Array, Array]:
    k = n.shape[1]
    someone = np.maximum(n, 1)
    survival = np.cumprod(1 - (d + other) / someone, axis=0)
    before = np.vstack([np.ones(k), survival[:-1]])
    incidence = np.cumsum(before * d / someone, axis=0)
    incidence_before = np.vstack([np.zeros(k), incidence[:-1]])
    h = np.where(n > 0, n / np.where(before > 0, before, 1.0), 0.0)
    total, died = h.sum(axis=1), d.sum(axis=1)
    step = died / total
    common = np.cumsum(step)
    free = np.maximum(1 - np.append(0.0, common[:-1]), ROUNDING)  # 1 - F(t-)
    weight = free**rho
    exposed = h * (1 - incidence_before)
    everyone = np.maximum(exposed.sum(axis=1), np.finfo(float).tiny)
    score = weight @ (d - (died / everyone)[:, None] * exposed)

    a = weight[:, None, None] * h[:, :, None] * (np.eye(k) - (h / total[:, None])[:, None, :])
    c = np.cumsum(a * (step / free)[:, None, None], axis=0)
    to_come = c[-1] - c
    left = survival > 0
    share = (1 - common)[:, None] / np.where(left, survival, 1.0)
    own = a + np.where(left, 1 - share, 1.0)[:, None, :] * to_come
    lost = np.where(left, share, 0.0)[:, None, :] * to_come
    tied = _without_ties(died[:, None], total[:, None] * before)
    spread = np.where(n > 0, tied * before * step[:, None] / someone, 0.0)
    spread_other = _without_ties(other, n) * (before / someone) ** 2 * other
    cov = np.einsum("tik,tjk,tk->ij", own, own, spread)
    return score, cov + np.einsum("tik,tjk,tk->ij", lost, lost, spread_other)


def _without_ties(d: Array, n: Array) -> Array:
    """Share of the variance that is left where several of ``n`` have the event at one time."""
    return np.where(d > 1, 1 - (d - 1) / np.where(n > 1, n - 1, 1.0), 1.0)
