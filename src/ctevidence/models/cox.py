"""Cox regression: weights, strata, delayed entry, time-varying covariates, clusters.

Own code, because the hazard ratio of a registry needs robust errors together with delayed entry,
and the score test of proportional hazards, neither of which the library at hand gives right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ctevidence.language import say
from ctevidence.models.partial_likelihood import TIES, PartialLikelihood
from ctevidence.models.partial_maximum import maximise_partial
from ctevidence.models.risk_sets import risk_sets
from ctevidence.models.visit_data import codes_of

Array = np.ndarray


@dataclass(frozen=True)
class ScoreTest:
    """A chi-squared test."""

    chi2: float
    df: int

    @property
    def p_value(self) -> float:
        return float(stats.chi2.sf(self.chi2, self.df))


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox regression.

    Attributes
    ----------
    names : tuple of str
    coef : array (p,)
        Log hazard ratios.
    cov : array (p, p)
        Their covariance: robust when clusters were given, else `model_cov`.
    model_cov : array (p, p)
        Inverse information.
    loglik, loglik_null : float
        Log partial likelihood at `coef` and at zero.
    score_test : ScoreTest
        That all coefficients are zero; for arms alone the log-rank test, but for ties.
    n, n_events : int
        Rows, and events.
    method : str
    start, stop, event : array (n,)
        The times at risk, as given.
    likelihood : PartialLikelihood
        Of the covariates in standard deviations, `scale` (p,) of them to one of `coef`.
    """

    names: tuple[str, ...]
    coef: Array
    cov: Array
    model_cov: Array
    loglik: float
    loglik_null: float
    score_test: ScoreTest
    n: int
    n_events: int
    method: str
    start: Array | None = field(repr=False)
    stop: Array = field(repr=False)
    event: Array = field(repr=False)
    likelihood: PartialLikelihood = field(repr=False)
    scale: Array = field(repr=False)

    @property
    def std_error(self) -> Array:
        """Standard errors of the coefficients, shape (p,)."""
        return np.sqrt(self.cov.diagonal())

    def score_residuals(self) -> Array:
        """What each row adds to the score, shape (n, p); they sum to zero."""
        return self.likelihood.score_residuals(self.coef * self.scale) * self.scale


def fit_cox(
    stop: Array,
    event: Array,
    X: Array,
    *,
    start: Array | None = None,
    strata: Array | None = None,
    weights: Array | None = None,
    cluster: Array | None = None,
    ties: str = "efron",
    names: Sequence[str] | None = None,
) -> CoxFit:
    r"""Fit log hazard ratios by Cox's partial likelihood.

    Parameters
    ----------
    stop : array (n,)
        When each time at risk ends. Several rows of one person are times at risk that follow each
        other, for instance with another value of a time-varying covariate.
    event : array of bool, shape (n,)
        Whether it ends with the event.
    X : array (n, p)
    start : array (n,), optional
        When it begins; a row is at risk in ``(start, stop]``.
    strata : array (n,), optional
        Each has a baseline hazard of its own; any labels.
    weights : array (n,), optional
        Positive.
    cluster : array (n,), optional
        Groups (people with several rows, therapists, sites) for the robust covariance.
    ties : {"efron", "breslow"}
    names : sequence of p str, optional

    Returns
    -------
    CoxFit

    Raises
    ------
    ValueError
        When shapes do not match, a value is missing, a row ends before it begins, there is no
        event, or a column does not vary at any event.
    SeparationError
        When a coefficient has no finite estimate; the message names the columns.

    Notes
    -----
    Cox (1972, JRSS B 34:187). The robust covariance is :math:`V (\sum_c u_c u_c^\top) V` with
    :math:`V` the inverse information and :math:`u_c` the sum of the score residuals of a cluster
    (Lin and Wei 1989, JASA 84:1074; Therneau and Grambsch 2000, 7.2).

    Examples
    --------
    The six people of the validation vignette of R's survival, ties by Breslow: the estimate is
    the logarithm of ``(3 + sqrt(33)) / 2``.

    >>> stop, event = np.array([1.0, 1, 6, 6, 8, 9]), np.array([1, 0, 1, 1, 0, 1], bool)
    >>> x = np.array([[1.0], [1], [1], [0], [0], [0]])
    >>> fit = fit_cox(stop, event, x, ties="breslow")
    >>> round(float(fit.coef[0]), 9), round(float(np.log((3 + np.sqrt(33)) / 2)), 9)
    (1.475284915, 1.475284915)
    """
    stop, event, X = np.asarray(stop, float), np.asarray(event, bool), np.asarray(X, float)
    X = X[:, None] if X.ndim == 1 else X
    names = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(X.shape[1]))
    start = None if start is None else np.asarray(start, float)
    weights = np.ones(len(stop)) if weights is None else np.asarray(weights, float)
    _check(stop, event, X, start, weights, ties, names)
    stratum = np.zeros(len(stop), int)
    if strata is not None:
        stratum, _ = codes_of(strata, "strata", len(stop))
    sets = risk_sets(start, stop, event, stratum)
    found = maximise_partial(X, weights, sets, ties, names)
    cov = found.cov
    if cluster is not None:
        cov = robust_covariance(found.score_residuals(), cluster, cov)
    return CoxFit(
        names=names,
        coef=found.coef,
        cov=cov,
        model_cov=found.cov,
        loglik=found.loglik,
        loglik_null=found.null.loglik,
        score_test=ScoreTest(found.null.chi2, len(names)),
        n=len(stop),
        n_events=int(event.sum()),
        method=_in_words(ties, strata, cluster),
        start=start,
        stop=stop,
        event=event,
        likelihood=found.likelihood,
        scale=found.scale,
    )


def _check(stop, event, X, start, weights, ties, names) -> None:
    n = len(stop)
    if event.shape != (n,) or X.shape != (n, len(names)) or weights.shape != (n,):
        raise ValueError(
            f"stop has {n} rows, event {event.shape}, X {X.shape} with {len(names)} names, weights "
            f"{weights.shape}: give one row for each time at risk and a name for each column."
        )
    if ties not in TIES:
        raise ValueError(f'ties is "{ties}"; use {" or ".join(TIES)}.')
    for what, values in (("stop", stop), ("X", X), ("weights", weights), ("start", start)):
        if values is not None and not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values.reshape(n, -1)).all(axis=1)))
            raise ValueError(f"{what} is missing or infinite in row {row}. Leave the row out.")
    if not (weights > 0).all():
        raise ValueError(f"weights are not positive in row {int(np.argmin(weights))}.")
    if start is not None and not (start < stop).all():
        row = int(np.argmin(start < stop))
        raise ValueError(f"row {row} begins at {start[row]:g} and ends at {stop[row]:g}.")
    if not event.any():
        raise ValueError("There is no event: nothing can be compared.")


def robust_covariance(residuals: Array, cluster: Array, model_cov: Array) -> Array:
    """Sandwich of the score residuals (n, p), summed over clusters (Lin and Wei 1989)."""
    group, _ = codes_of(cluster, "cluster", len(residuals))
    sums = np.column_stack([np.bincount(group, column) for column in residuals.T])
    influence = sums @ model_cov
    return influence.T @ influence


def _in_words(ties: str, strata, cluster) -> str:
    words = [say("models.cox.method", ties=ties.capitalize())]
    words += ["stratified"] if strata is not None else []
    words += [say("models.cox.robust")] if cluster is not None else []
    return ", ".join(words)
