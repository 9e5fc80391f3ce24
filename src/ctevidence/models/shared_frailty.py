r"""Cox regression with a shared frailty: people of one therapist or site are alike.

The hazard of person ``i`` in group ``j`` is ``h(t) exp(x_i b + w_j)``. For a given variance of the
frailties, ``b`` and ``w`` maximise the partial likelihood less a penalty, and the variance is found
outside (Therneau, Grambsch and Pankratz 2003, J Comput Graph Stat 12:156):

- gamma: ``exp(w)`` has mean 1 and variance theta; the penalised maximum is the solution of the EM
  algorithm, and theta maximises the marginal likelihood
- normal: ``w`` has variance theta, which solves ``theta = (w'w + tr[(H^-1)_ww]) / J``, with ``H``
  the penalised information: restricted maximum likelihood (McGilchrist 1993, Biometrics 49:221)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln
from scipy.stats import chi2

from ctevidence.language import say
from ctevidence.models.partial_likelihood import PartialLikelihood
from ctevidence.models.partial_maximum import maximise_partial
from ctevidence.models.reml import OutsideParameterSpaceError
from ctevidence.models.risk_sets import risk_sets
from ctevidence.models.visit_data import codes_of

Array = np.ndarray

DISTRIBUTIONS = ("gamma", "normal")
#: variances of the frailty that are looked at; below the first there is none
SMALLEST, LARGEST = 1e-4, 50.0
#: rows times groups beyond which the matrix of group indicators would fill the memory
LARGEST_MATRIX = 5e7
MAX_STEPS, MAX_HALVINGS, GAIN_LEFT = 60, 30, 1e-13


@dataclass(frozen=True, eq=False)
class FrailtyFit:
    """A fitted Cox regression with a shared frailty.

    Attributes
    ----------
    names : tuple of str
    coef : array (p,)
        Log hazard ratios between people of the same group.
    cov : array (p, p)
        Inverse of the penalised information; the variance of the frailty counts as known.
    variance : float
        Of the frailty (gamma) or of its logarithm (normal); 0 where groups do not differ more
        than people do.
    frailty : array (J,)
        Logarithms of the groups' frailties, in the order of `groups`.
    groups : tuple
    loglik, loglik_null : float
        Marginal log partial likelihood (by Laplace's approximation for normal frailties), and
        that without frailty.
    n, n_events : int
    method : str
    """

    names: tuple[str, ...]
    coef: Array
    cov: Array
    variance: float
    frailty: Array
    groups: tuple
    loglik: float
    loglik_null: float
    n: int
    n_events: int
    method: str

    @property
    def std_error(self) -> Array:
        """Standard errors of the coefficients, shape (p,)."""
        return np.sqrt(self.cov.diagonal())

    @property
    def p_value(self) -> float:
        """That there is no frailty: half of chi-squared with 1 df (Self and Liang 1987)."""
        gained = 2 * (self.loglik - self.loglik_null)
        return float(chi2.sf(gained, 1) / 2) if self.variance > 0 and gained > 0 else 1.0


def fit_shared_frailty(
    stop: Array,
    event: Array,
    X: Array,
    group: Array,
    *,
    distribution: str = "gamma",
    variance: float | None = None,
    start: Array | None = None,
    strata: Array | None = None,
    ties: str = "efron",
    names: Sequence[str] | None = None,
) -> FrailtyFit:
    """Fit log hazard ratios within groups whose members share a frailty.

    Parameters
    ----------
    stop, event, X, start, strata, ties, names
        As for `cox.fit_cox`.
    group : array (n,)
        Therapists, sites; any labels. People who belong to none, as those without a therapist in
        the other arms, have a missing label and no frailty.
    distribution : {"gamma", "normal"}
    variance : float, optional
        Of the frailty, where it is known; estimated when absent.

    Returns
    -------
    FrailtyFit

    Raises
    ------
    ValueError
        For an unknown distribution, a variance that is not positive, one group only, or so many
        rows and groups that robust errors (``fit_cox(cluster=...)``) are the way; and as
        `cox.fit_cox`.
    SeparationError
        When a coefficient has no finite estimate.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> therapist = np.repeat(np.arange(20), 10)
    >>> treated, own = np.tile([0.0, 1], 100), rng.gamma(2, 0.5, 20)[therapist]
    >>> stop = rng.exponential(1 / (own * np.exp(-0.7 * treated)))
    >>> fit = fit_shared_frailty(stop, np.ones(200, bool), treated, therapist)
    >>> fit.variance > 0.1, fit.coef.round(1).tolist()
    (True, [-0.6])
    """
    stop, event, X = np.asarray(stop, float), np.asarray(event, bool), np.asarray(X, float)
    X = X[:, None] if X.ndim == 1 else X
    names = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(X.shape[1]))
    code, groups = pd.factorize(np.asarray(group))
    _check(distribution, variance, len(stop), code, groups)
    start = None if start is None else np.asarray(start, float)
    stratum = np.zeros(len(stop), int)
    if strata is not None:
        stratum, _ = codes_of(strata, "strata", len(stop))
    sets = risk_sets(start, stop, event, stratum)
    plain = maximise_partial(X, np.ones(len(stop)), sets, ties, names)
    Z = np.zeros((len(stop), len(groups)))
    member = code >= 0
    Z[np.flatnonzero(member), code[member]] = 1
    likelihood = PartialLikelihood(
        np.column_stack([plain.likelihood.X, Z]), plain.likelihood.weights, sets, ties
    )
    penalty = PENALTIES[distribution]
    events = np.bincount(code[event & member], minlength=len(groups))
    search = _Search(likelihood, penalty, events, plain.coef * plain.scale)
    theta = search.variance() if variance is None else float(variance)
    if theta > 0:
        best = search.at(theta)
        p = len(names)
        coef, frailty, cov = best.params[:p], best.params[p:], best.inverse[:p, :p]
        loglik = search.marginal(theta)
        back = 1 / np.outer(plain.scale, plain.scale)
        coef, cov = coef / plain.scale, cov * back
    else:
        coef, cov, frailty, loglik = plain.coef, plain.cov, np.zeros(len(groups)), plain.loglik
    return FrailtyFit(
        names=names,
        coef=coef,
        cov=cov,
        variance=theta,
        frailty=frailty,
        groups=tuple(groups.tolist()),
        loglik=loglik,
        loglik_null=plain.loglik,
        n=len(stop),
        n_events=int(event.sum()),
        method=say(
            "models.shared_frailty.method", distribution=distribution, ties=ties.capitalize()
        ),
    )


@dataclass(frozen=True)
class Gamma:
    """Penalty of logarithms ``w`` of gamma frailties with mean 1 and variance theta."""

    def of(self, w: Array, theta: float) -> tuple[float, Array, Array]:
        """Value, gradient and curvature."""
        risk = np.exp(w)
        return float(np.sum(risk - w) / theta), (risk - 1) / theta, risk / theta

    def marginal(self, best: Penalised, events: Array, theta: float) -> float:
        """Marginal log-likelihood, zero frailty being the plain partial likelihood."""
        nu = 1 / theta
        own = gammaln(nu + events) - gammaln(nu) + nu * np.log(nu)
        own += events - (nu + events) * np.log(nu + events)
        # written with the penalty, so that an error of the search counts only squared
        return best.loglik - self.of(best.w, theta)[0] + float(nu * len(events) + own.sum())

    def variance(self, search: _Search) -> float:
        found = minimize_scalar(
            lambda log_theta: -search.marginal(np.exp(log_theta)),
            bounds=np.log([SMALLEST, LARGEST]), method="bounded", options={"xatol": 1e-9},
        )  # fmt: skip
        theta = float(np.exp(found.x))
        return theta if theta > 2 * SMALLEST else 0.0


@dataclass(frozen=True)
class Normal:
    """Penalty of normal ``w`` with variance theta."""

    def of(self, w: Array, theta: float) -> tuple[float, Array, Array]:
        """Value, gradient and curvature."""
        return float(w @ w / (2 * theta)), w / theta, np.full(len(w), 1 / theta)

    def marginal(self, best: Penalised, events: Array, theta: float) -> float:
        """Laplace's approximation of the integral over the frailties."""
        value, _, _ = self.of(best.w, theta)
        _, log_det = np.linalg.slogdet(best.information_w * theta)
        return best.loglik - value - log_det / 2

    def variance(self, search: _Search) -> float:
        def too_small(log_theta: float) -> float:
            best = search.at(np.exp(log_theta))
            trace = best.inverse.diagonal()[-len(best.w) :].sum()
            return np.log((best.w @ best.w + trace) / len(best.w)) - log_theta

        low, high = np.log([SMALLEST, LARGEST])
        if too_small(low) <= 0:
            return 0.0
        return float(np.exp(brentq(too_small, low, high, xtol=1e-11)))


PENALTIES = {"gamma": Gamma(), "normal": Normal()}


@dataclass(frozen=True, eq=False)
class Penalised:
    """Maximum for one variance: all parameters, those of the groups, and what they rest on."""

    params: Array
    w: Array
    loglik: float
    inverse: Array
    information_w: Array


class _Search:
    """Penalised maxima for one variance after the other, each from the one before."""

    def __init__(self, likelihood: PartialLikelihood, penalty, events: Array, coef: Array) -> None:
        self.likelihood, self.penalty, self.events = likelihood, penalty, events
        self.p = len(coef)
        self.params = np.append(coef, np.zeros(len(events)))

    def variance(self) -> float:
        return self.penalty.variance(self)

    def marginal(self, theta: float) -> float:
        return self.penalty.marginal(self.at(theta), self.events, theta)

    def at(self, theta: float) -> Penalised:
        params, p, done = self.params, self.p, False
        value, here = self._value(params, theta)
        for _ in range(MAX_STEPS):
            _, slope, curve = self.penalty.of(params[p:], theta)
            score, information = here.score.copy(), here.information.copy()
            score[p:] -= slope
            information[np.arange(p, len(params)), np.arange(p, len(params))] += curve
            if done:
                break
            step = np.linalg.solve(information, score)
            # the last step squares the error that is left
            done = float(score @ step) < GAIN_LEFT * max(1.0, abs(value))
            params, value, here = self._climb(params, step, value, theta)
        self.params = params
        return Penalised(
            params, params[p:], here.loglik, np.linalg.inv(information), information[p:, p:]
        )

    def _climb(self, params: Array, step: Array, value: float, theta: float):
        for _ in range(MAX_HALVINGS):
            try:
                reached, there = self._value(params + step, theta)
            except OutsideParameterSpaceError:
                reached = -np.inf
            # rounding can hide a gain as small as the last one
            if reached >= value - 1e-12 * abs(value):
                return params + step, reached, there
            step = step / 2
        raise ArithmeticError("the penalised likelihood of the frailties could not be climbed")

    def _value(self, params: Array, theta: float):
        here = self.likelihood.curvature(params)
        return here.loglik - self.penalty.of(params[self.p :], theta)[0], here


def _check(distribution: str, variance: float | None, n: int, code: Array, groups: Array) -> None:
    if code.shape != (n,):
        raise ValueError(f"stop has {n} rows, group {code.shape}: give one label each.")
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f'distribution is "{distribution}"; use {" or ".join(DISTRIBUTIONS)}.')
    if variance is not None and not variance > 0:
        raise ValueError(f"variance is {variance:g}; a frailty needs a positive one.")
    if len(groups) < 2:
        raise ValueError("There is one group only: nothing is shared by some and not by others.")
    if n * len(groups) > LARGEST_MATRIX:
        raise ValueError(
            f"{n} rows of {len(groups)} groups are too many for a frailty: use robust errors, "
            "fit_cox(..., cluster=group)."
        )
