r"""Models of interval-censored times: parametric, piecewise exponential and spline.

One likelihood for all of them: events between two visits, on a recorded day, or not seen; delayed
entry, weights, strata with baselines of their own, covariates, clusters. The fit gives survival
and the restricted mean with their slopes by the coefficients, from which everything else follows
by the delta method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ctevidence.models.baseline_shapes import PiecewiseShape, Shape, SplineShape
from ctevidence.models.emicm import fit_npmle
from ctevidence.models.interval_likelihood import IntervalLikelihood
from ctevidence.models.newton import maximise
from ctevidence.models.reml import OutsideParameterSpaceError
from ctevidence.models.turnbull import check_intervals
from ctevidence.models.visit_data import codes_of
from ctevidence.terms import did_you_mean

Array = np.ndarray

#: model -> scale on which it is linear (see `baseline_shapes`)
SCALE_OF = {
    "exponential": "hazard",
    "weibull": "hazard",
    "loglogistic": "odds",
    "lognormal": "normal",
    "piecewise": "",
    "spline": "hazard",
    "spline-odds": "odds",
    "spline-normal": "normal",
}
#: models in which hazards of people with different covariates are proportional
PROPORTIONAL = ("exponential", "weibull", "piecewise", "spline")
#: Events that a piece of its own hazard has when cuts are chosen here.
EVENTS_PER_PIECE = 5
#: A standard error this large is that of a coefficient on its way to infinity.
LARGEST_ERROR = 1e3
ROWS_AT_ONCE = 50_000
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


class NoFiniteFitError(ArithmeticError):
    """The data do not determine the model: some coefficient has no finite estimate."""


class Predicted(NamedTuple):
    """Values, shape (k,), and their slopes by the coefficients, shape (k, p)."""

    value: Array
    slopes: Array


@dataclass(frozen=True, eq=False)
class IntervalRegression:
    """A fitted model of interval-censored times.

    Attributes
    ----------
    model : str
    names : tuple of str
    coef : array (p,)
        Baseline of every stratum (see `baseline_shapes`), then the covariates: log hazard ratios
        in proportional models, log odds ratios, or differences of normal quantiles.
    cov : array (p, p)
        Robust when clusters were given, else `model_cov`, the inverse observed information.
    loglik : float
    n, n_events : int
    shape : Shape
    """

    model: str
    names: tuple[str, ...]
    coef: Array
    cov: Array
    model_cov: Array
    loglik: float
    n: int
    n_events: int
    shape: Shape = field(repr=False)

    @property
    def std_error(self) -> Array:
        """Standard errors of the coefficients, shape (p,)."""
        return np.sqrt(self.cov.diagonal())

    @property
    def aic(self) -> float:
        """Akaike's criterion, to set models of the same people side by side."""
        return 2 * len(self.coef) - 2 * self.loglik

    def survival(self, times, stratum: int = 0, X: Array | None = None) -> Predicted:
        """Survival at times, averaged over the people of `X` (r, q); at zero when absent."""
        X = np.zeros((1, self._covariates)) if X is None else np.asarray(X, float)
        times = np.atleast_1d(np.asarray(times, float))
        # some thousand rows at once: all of them might not fit into memory
        parts = np.array_split(times, max(1, len(times) * len(X) // ROWS_AT_ONCE))
        found = [self._survival(part, stratum, X) for part in parts]
        return Predicted(*(np.concatenate(part) for part in zip(*found, strict=True)))

    def _survival(self, times: Array, stratum: int, X: Array) -> tuple[Array, Array]:
        k, r = len(times), len(X)
        rows = np.repeat(times, r), np.full(k * r, stratum), np.tile(X, (k, 1))
        so_far = self.shape.at(*rows).hazard_so_far(self.coef)
        without = np.exp(-so_far.value)
        slopes = -without[:, None] * so_far.slopes
        return without.reshape(k, r).mean(axis=1), slopes.reshape(k, r, -1).mean(axis=1)

    def restricted_mean(self, horizons, stratum: int = 0, X: Array | None = None) -> Predicted:
        """Mean time without the event within each horizon, averaged over the people of `X`.

        By Gauss-Legendre between the times at which the curve is not smooth; next to zero in
        the cube root of time, where curves can be steep.
        """
        found = [self._area(h, stratum, X) for h in np.atleast_1d(np.asarray(horizons, float))]
        return Predicted(*(np.array(part) for part in zip(*found, strict=True)))

    def _area(self, horizon: float, stratum: int, X: Array | None) -> tuple[float, Array]:
        breaks = self.shape.breaks(stratum)
        ends = np.cbrt([0.0, *breaks[breaks < horizon], horizon])
        half = np.diff(ends)[:, None] / 2
        root = (ends[:-1, None] + half * (1 + NODES)).ravel()
        weight = (half * WEIGHTS).ravel() * 3 * root**2
        curve = self.survival(root**3, stratum, X)
        return float(weight @ curve.value), weight @ curve.slopes

    @property
    def _covariates(self) -> int:
        return len(self.shape.covariates)


def fit_intervals(
    lower: Array,
    upper: Array,
    X: Array | None = None,
    *,
    entry: Array | None = None,
    stratum: Array | None = None,
    weights: Array | None = None,
    cluster: Array | None = None,
    model: str = "weibull",
    knots: int | Sequence[float] = 1,
    cuts: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
) -> IntervalRegression:
    """Fit a model of interval-censored times by maximum likelihood.

    Parameters
    ----------
    lower, upper : array (n,)
        The event lies in ``(lower, upper]``, or is the point where they are equal; `upper` is
        infinite where it was not seen.
    X : array (n, q), optional
    entry : array (n,), optional
        When each person came under observation; zero when absent.
    stratum : array of int, shape (n,), optional
        0 to k - 1: each has a baseline of its own.
    weights : array (n,), optional
        Positive.
    cluster : array (n,), optional
        Groups for the robust covariance; ``np.arange(n)`` for one person each.
    model : {"exponential", "weibull", "loglogistic", "lognormal", "piecewise", "spline", \
"spline-odds", "spline-normal"}
    knots : int or sequence of float
        Of splines: how many inner knots, placed at quantiles of the middles of the intervals; or
        all knots as times, the outer two included.
    cuts : sequence of float, optional
        Of the piecewise model: when the hazard changes. When absent, chosen in each stratum so
        that every piece has at least five events (see `chosen_cuts`).
    names : sequence of q str, optional

    Returns
    -------
    IntervalRegression

    Raises
    ------
    ValueError
        For times that are no intervals, shapes that do not match, or a stratum without an event.
    NoFiniteFitError
        When the data do not determine the model; the message says which part.

    Notes
    -----
    Visits must not depend on the event beyond what has been seen. Sources: Odell et al. 1992,
    Biometrics 48:951 (Weibull, intervals); Royston and Parmar 2002, Stat Med 21:2175 (splines);
    Lindsey and Ryan 1998, Stat Med 17:219 (piecewise).

    Examples
    --------
    Of ten people seen once, at week 4, six are ill: with a constant hazard its estimate is
    ``-log(0.4) / 4``.

    >>> lower, upper = np.repeat([0.0, 4.0], [6, 4]), np.repeat([4.0, np.inf], [6, 4])
    >>> fit = fit_intervals(lower, upper, model="exponential")
    >>> round(float(np.exp(fit.coef[0])), 9), round(float(-np.log(0.4) / 4), 9)
    (0.229072683, 0.229072683)
    """
    lower, upper = np.asarray(lower, float), np.asarray(upper, float)
    weights = np.ones(len(lower)) if weights is None else np.asarray(weights, float)
    check_intervals(lower, upper, weights)
    X = np.zeros((len(lower), 0)) if X is None else np.asarray(X, float)
    X = X[:, None] if X.ndim == 1 else X
    names = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(X.shape[1]))
    entry = np.zeros(len(lower)) if entry is None else np.asarray(entry, float)
    stratum = np.zeros(len(lower), int) if stratum is None else np.asarray(stratum, int)
    _check(lower, upper, X, entry, stratum, names, model)
    event = upper < np.inf
    middle = np.where(event, (lower + np.minimum(upper, 1e300)) / 2, lower)
    shape = _shape(model, lower, upper, middle, event, stratum, names, knots, cuts)
    likelihood = IntervalLikelihood(shape, entry, lower, upper, stratum, X, weights)
    k = int(stratum.max()) + 1
    happened = np.bincount(stratum, weights * event, k)
    rates = happened / np.bincount(stratum, weights * np.maximum(middle - entry, 1e-9), k)
    coef, observed, loglik = _climbed(likelihood, shape.start(rates), shape)
    cov = model_cov = np.linalg.inv(observed)
    _refuse_rising(shape, coef, lower, upper)
    if cluster is not None:
        group, _ = codes_of(cluster, "cluster", len(lower))
        sums = [np.bincount(group, column) for column in likelihood.scores(coef).T]
        influence = np.column_stack(sums) @ model_cov
        cov = influence.T @ influence
    return IntervalRegression(
        model, shape.names, coef, cov, model_cov, loglik, len(lower), int(event.sum()), shape
    )


def _climbed(likelihood: IntervalLikelihood, start: Array, shape: Shape):
    """Coefficients, information and log-likelihood at the maximum, or why there is none."""
    try:
        found = maximise(likelihood, start)
    except OutsideParameterSpaceError as reason:
        raise NoFiniteFitError(f"the search could not begin: {reason}") from None
    observed = found.curvature.observed
    error = np.sqrt(np.abs(np.linalg.pinv(observed, hermitian=True).diagonal()))
    endless = [name for name, e in zip(shape.names, error, strict=True) if not e < LARGEST_ERROR]
    if not found.converged or found.flat or endless:
        which = f" ({', '.join(endless)})" if endless else ""
        raise NoFiniteFitError(
            f"the intervals do not determine the model{which}: too few different intervals hold "
            "events. Take a simpler model, or fewer knots or cuts."
        )
    return found.theta, observed, found.curvature.loglik


def _shape(model, lower, upper, middle, event, stratum, names, knots, cuts) -> Shape:
    strata = range(int(stratum.max()) + 1)
    if model == "piecewise":
        if cuts is not None:
            return PiecewiseShape([_rising(cuts, "cuts", 0)] * len(strata), names)
        chosen = [chosen_cuts(lower[stratum == s], upper[stratum == s]) for s in strata]
        return PiecewiseShape(chosen, names)
    place = np.log(middle[event])
    if not model.startswith("spline"):
        ends = np.array([place.min(), place.max() + 1.0])
    elif np.ndim(knots) == 0:
        ends = np.quantile(place, np.linspace(0, 1, int(knots) + 2))
    else:
        ends = np.log(_rising(knots, "knots", 2))
    if not (np.diff(ends) > 0).all():
        raise NoFiniteFitError(
            "there are too few different times of events for so many knots. Take fewer knots."
        )
    return SplineShape(SCALE_OF[model], [ends] * len(strata), names, model == "exponential")


def _rising(times: Sequence[float], what: str, least: int) -> Array:
    times = np.asarray(times, float)
    if len(times) < least or not (times > 0).all() or not (np.diff(times) > 0).all():
        wanted = f"at least {least} times" if least else "times"
        raise ValueError(f"{what} are {times.tolist()}; give {wanted} above zero that rise.")
    return times


def chosen_cuts(lower: Array, upper: Array, least: float = EVENTS_PER_PIECE) -> Array:
    """Times at which a hazard may change, with at least `least` events in each piece between them.

    Where events lie is taken from the non-parametric curve: an interval may span several pieces.

    Examples
    --------
    >>> upper = np.array([4.0, 4, 8, 8, 12, 12, 12])
    >>> chosen_cuts(upper - 4, upper, least=2).tolist()
    [4.0, 8.0]
    """
    curve = fit_npmle(lower, upper)
    seen = curve.right < np.inf
    events = curve.n * curve.mass[seen] + 1e-9  # two events are two, up to rounding
    cuts, gathered, left = [], 0.0, events.sum()
    for end, count in zip(curve.right[seen], events, strict=True):
        gathered, left = gathered + count, left - count
        if gathered >= least and left >= least:
            cuts.append(end)
            gathered = 0.0
    return np.array(cuts)


def _refuse_rising(shape: Shape, coef: Array, lower: Array, upper: Array) -> None:
    if not isinstance(shape, SplineShape):
        return
    known = np.concatenate([lower[lower > 0], upper[upper < np.inf]])
    times = np.exp(np.linspace(np.log(known.min()), np.log(known.max()), 200))
    X = np.zeros((len(times), len(shape.covariates)))
    for s in range(len(shape.knots)):
        if not (shape.at(times, np.full(len(times), s), X).steepness(coef) > 0).all():
            raise NoFiniteFitError("the fitted curve rises in places. Take fewer knots.")


def _check(lower, upper, X, entry, stratum, names, model) -> None:
    n = len(lower)
    if model not in SCALE_OF:
        raise ValueError(f'There is no model "{model}" of intervals{did_you_mean(model, SCALE_OF)}')
    if X.shape != (n, len(names)) or entry.shape != (n,) or stratum.shape != (n,):
        raise ValueError(
            f"{n} people, but X {X.shape} with {len(names)} names, entry {entry.shape}, stratum "
            f"{stratum.shape}: give one row for each person and a name for each column."
        )
    for what, bad in (
        ("X is missing or infinite", ~np.isfinite(X).all(axis=1)),
        ("entry is negative, missing or after the person was last known well", ~(
            (entry >= 0) & (entry <= lower))),
        ("the event is at time zero, before any risk", upper == 0),
    ):  # fmt: skip
        if bad.any():
            raise ValueError(f"row {int(np.argmax(bad))}: {what}. Correct it or leave it out.")
    events = np.bincount(stratum, upper < np.inf)
    if not (events > 0).all():
        raise ValueError(
            f"There is no event in stratum {int(np.argmin(events > 0))}: no finite hazard."
        )
