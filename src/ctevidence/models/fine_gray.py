r"""Fine-Gray regression: hazard ratios of the subdistribution of one event among competing ones.

People who had a competing event stay in the risk set of the event in question, each with the
chance of not having been censored by then (Fine and Gray 1999, JASA 94:496). With ``G`` the
Kaplan-Meier curve of censoring, who had a competing event at ``T`` counts at later times ``t``

    w(t) = G(t-) / G(T-)

times. Three implementations of this differ in the fourth decimal, by two conventions on which the
paper is silent: how events at one time share the risk set (Efron or Breslow), and whether at a time
with both somebody with an event is still at risk of being censored. Both are arguments here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.language import say
from ctevidence.models.cox import robust_covariance
from ctevidence.models.partial_likelihood import TIES
from ctevidence.models.partial_maximum import PartialMaximum, maximise_partial
from ctevidence.models.risk_sets import RiskSets, risk_sets

Array = np.ndarray

CENSORING = ("after events", "among all")


@dataclass(frozen=True, eq=False)
class SubdistributionSets(RiskSets):
    """Risk sets that people with a competing event stay in, with falling weight.

    Attributes
    ----------
    lost : array of int (c,)
        Rows that end with a competing event.
    after : array of int (c,)
        The first event time after it.
    gain : array (c,)
        ``1 / G(T-)`` of each.
    uncensored : array (K,)
        ``G(t-)`` at each event time.
    """

    lost: Array
    after: Array
    gain: Array
    uncensored: Array

    def sums(self, values: Array) -> Array:
        size = len(self.times) + 1
        came = self.gain[:, None] * values[self.lost]
        joined = np.column_stack([np.bincount(self.after, v, size) for v in came.T])
        staying = np.cumsum(joined, axis=0)[:-1]
        return super().sums(values) + self.uncensored[:, None] * staying

    def while_at_risk(self, values: Array) -> Array:
        total = super().while_at_risk(values)
        weighted = (values.T * self.uncensored).T
        start = np.zeros((1, *values.shape[1:]))
        to_come = np.concatenate([np.cumsum(weighted[::-1], axis=0)[::-1], start])
        total[self.lost] += (to_come[self.after].T * self.gain).T
        return total


@dataclass(frozen=True, eq=False)
class FineGrayFit:
    """A fitted Fine-Gray regression.

    Attributes
    ----------
    names : tuple of str
    coef : array (p,)
        Logarithms of subdistribution hazard ratios.
    cov : array (p, p)
        Robust covariance that knows that ``G`` was estimated.
    cov_known_weights : array (p, p)
        Robust covariance with ``G`` taken as known.
    loglik, loglik_null : float
    n, n_events, n_competing : int
    method : str
    """

    names: tuple[str, ...]
    coef: Array
    cov: Array
    cov_known_weights: Array
    loglik: float
    loglik_null: float
    n: int
    n_events: int
    n_competing: int
    method: str

    @property
    def std_error(self) -> Array:
        """Standard errors of the coefficients, shape (p,)."""
        return np.sqrt(self.cov.diagonal())


def fit_fine_gray(
    time: Array,
    cause: Array,
    X: Array,
    *,
    of: int = 1,
    ties: str = "efron",
    censoring: str = "after events",
    cluster: Array | None = None,
    names: Sequence[str] | None = None,
) -> FineGrayFit:
    """Fit subdistribution hazard ratios of one event, all others competing with it.

    Parameters
    ----------
    time : array (n,)
        Weeks until the first event or the end of follow-up.
    cause : array of int, shape (n,)
        Which event; 0 for none.
    X : array (n, p)
    of : int
        The event in question.
    ties : {"efron", "breslow"}
    censoring : {"after events", "among all"}
        Who can be censored at a time: those left after its events, as everywhere else here, or
        those with an event too.
    cluster : array (n,), optional
        Groups of people for the robust covariance; each person alone when absent.
    names : sequence of p str, optional

    Returns
    -------
    FineGrayFit

    Raises
    ------
    ValueError
        When shapes do not match, a value is missing, there is no event in question, or a column
        does not vary at any event.
    SeparationError
        When a coefficient has no finite estimate; the message names the columns.

    Notes
    -----
    The defaults are the point estimates of ``survival::finegray`` with ``coxph``, whose
    covariance is `cov_known_weights`; ``ties="breslow", censoring="among all"`` are those of
    ``cmprsk::crr``, with its covariance `cov`. The ratios say which covariate goes with a higher
    cumulative incidence, not how strongly it acts on those still at risk: for that take the
    cause-specific hazard, ``fit_cox(time, cause == of, X)``.

    Examples
    --------
    Without competing events it is Cox regression:

    >>> time, x = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1.0, 0, 1, 0, 1, 0])
    >>> fit = fit_fine_gray(time, [1, 1, 0, 1, 1, 0], x)
    >>> from ctevidence.models.cox import fit_cox
    >>> bool(np.isclose(fit.coef[0], fit_cox(time, [1, 1, 0, 1, 1, 0], x).coef[0]))
    True
    """
    time, cause, X = np.asarray(time, float), np.asarray(cause, int), np.asarray(X, float)
    X = X[:, None] if X.ndim == 1 else X
    names = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(X.shape[1]))
    _check(time, cause, X, of, ties, censoring, names)
    event, lost = cause == of, np.flatnonzero((cause != of) & (cause != 0))
    curve = _censoring(time, cause == 0, censoring)
    natural = risk_sets(None, time, event, np.zeros(len(time), int))
    sets = SubdistributionSets(
        **vars(natural),
        lost=lost,
        after=np.searchsorted(natural.times, time[lost], side="right"),
        gain=1 / curve.just_before(time[lost]),
        uncensored=curve.just_before(natural.times),
    )
    found = maximise_partial(X, np.ones(len(time)), sets, ties, names)
    residuals = found.score_residuals()
    who = np.arange(len(time)) if cluster is None else cluster
    estimated = residuals + _of_weights(found, sets, curve, time)
    return FineGrayFit(
        names=names,
        coef=found.coef,
        cov=robust_covariance(estimated, who, found.cov),
        cov_known_weights=robust_covariance(residuals, who, found.cov),
        loglik=found.loglik,
        loglik_null=found.null.loglik,
        n=len(time),
        n_events=int(event.sum()),
        n_competing=len(lost),
        method=say("models.fine_gray.method", ties=ties.capitalize(), censoring=censoring),
    )


@dataclass(frozen=True, eq=False)
class _Censoring:
    """Kaplan-Meier curve of censoring.

    Attributes
    ----------
    times, at_risk, hazard : array (u,)
        Distinct times of censoring, who could be censored then, and the share who were.
    last : array of int (n,)
        How many of these times each person could be censored at.
    own : array of int (n,)
        At which each was; -1 for nobody.
    """

    times: Array
    at_risk: Array
    hazard: Array
    last: Array
    own: Array

    def just_before(self, weeks: Array) -> Array:
        curve = np.append(1.0, np.cumprod(1 - self.hazard))
        return curve[np.searchsorted(self.times, weeks, side="left")]


def _censoring(time: Array, censored: Array, convention: str) -> _Censoring:
    place, times = pd.factorize(time[censored], sort=True)
    own = np.full(len(time), -1)
    own[censored] = place
    last = np.searchsorted(times, time, side="right")
    if convention == "after events":
        last[~censored] = np.searchsorted(times, time[~censored], side="left")
    ends = np.bincount(last, minlength=len(times) + 1)
    at_risk = len(time) - np.cumsum(ends)[:-1]
    hazard = np.bincount(place, minlength=len(times)) / np.maximum(at_risk, 1)
    return _Censoring(times, at_risk, hazard, last, own)


def _of_weights(
    found: PartialMaximum, sets: SubdistributionSets, curve: _Censoring, time: Array
) -> Array:
    r"""What each person adds to the score through the weights, shape (n, p), in units of X.

    The weight of somebody lost at T falls with the censoring from T to t, and the hazard of
    censoring depends on who was at risk of it. As :math:`\psi_i = \int q(u) / \pi(u) dM_i^c(u)` in
    Fine and Gray (1999), section 3, where the censoring of u counts for people with T < u <= t.
    """
    likelihood, size = found.likelihood, len(curve.times) + 1
    at = likelihood.moments(found.coef * found.scale)
    hazard = (at.weight / at.den)[:, None]
    passed = sets.at_events(np.column_stack([hazard, hazard * at.mean]))
    passed = passed * sets.uncensored[:, None]
    start = np.zeros((1, passed.shape[1]))
    to_come = np.concatenate([np.cumsum(passed[::-1], axis=0)[::-1], start])
    # what is still to come at each time of censoring
    later = to_come[np.searchsorted(sets.times, curve.times, side="left")]
    risk = (at.risk[sets.lost] * sets.gain)[:, None]
    joins = np.searchsorted(curve.times, time[sets.lost], side="right")
    columns = np.column_stack([risk, risk * likelihood.X[sets.lost]])
    there = np.column_stack([np.bincount(joins, v, size) for v in columns.T])
    there = np.cumsum(there, axis=0)[:-1]
    # derivative of the score by each share censored
    slope = there[:, 1:] * later[:, :1] - there[:, :1] * later[:, 1:]
    per_person = slope / np.maximum(curve.at_risk, 1)[:, None]
    passing = np.concatenate([start[:, 1:], np.cumsum(per_person * curve.hazard[:, None], axis=0)])
    psi = -passing[curve.last]
    was = curve.own >= 0
    psi[was] += per_person[curve.own[was]]
    return psi * found.scale


def _check(time, cause, X, of, ties, censoring, names) -> None:
    n = len(time)
    if cause.shape != (n,) or X.shape != (n, len(names)):
        raise ValueError(
            f"time has {n} rows, cause {cause.shape}, X {X.shape} with {len(names)} names: give "
            "one row for each person and a name for each column."
        )
    for what, given, known in (("ties", ties, TIES), ("censoring", censoring, CENSORING)):
        if given not in known:
            raise ValueError(f'{what} is "{given}"; use {" or ".join(known)}.')
    for what, values in (("time", time), ("X", X)):
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values.reshape(n, -1)).all(axis=1)))
            raise ValueError(f"{what} is missing or infinite in row {row}. Leave the row out.")
    if not (cause == of).any():
        raise ValueError(f"There is no event {of}: nothing can be compared.")
