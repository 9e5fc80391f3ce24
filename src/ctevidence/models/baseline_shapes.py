r"""Shapes of a survival curve, with everything a likelihood needs of them.

Two families. In the first a transformed survival probability is linear in the coefficients,

.. math:: g\{S(t \mid x)\} = \eta = s(\log t)\,\gamma + x\beta,

with :math:`s` a straight line or a natural cubic spline (Royston and Parmar 2002, Stat Med
21:2175). ``hazard`` has :math:`\eta = \log H`: proportional hazards, with a straight line the
Weibull model; ``odds`` the log odds of the event: the log-logistic; ``normal`` minus the normal
quantile of :math:`S`: the log-normal. In the second the hazard is constant between cuts,
proportional between people (Friedman 1982, Ann Stat 10:101).

Every shape gives the cumulative hazard :math:`H`, its first derivatives by the coefficients, and a
weighted sum over people of its second derivatives; and the same of the log hazard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.special import expit, log_ndtr

Array = np.ndarray

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


class Curved(NamedTuple):
    """Values of a function of p coefficients at n rows, and its derivatives.

    Attributes
    ----------
    value : array (n,)
    slopes : array (n, p)
    bend : callable
        ``bend(v)`` is the sum over rows of ``v[i]`` times the matrix (p, p) of second derivatives.
    """

    value: Array
    slopes: Array
    bend: Callable[[Array], Array]


class Rows(Protocol):
    """A shape at fixed times of n people: what changes with the coefficients ``theta`` (p,)."""

    def hazard_so_far(self, theta: Array) -> Curved:
        """Cumulative hazard of each row."""

    def log_hazard(self, theta: Array) -> Curved:
        """Log hazard of each row, whose time is above zero."""


class Shape(Protocol):
    """A baseline in strata and the effects of covariates."""

    names: tuple[str, ...]
    covariates: tuple[str, ...]

    def at(self, time: Array, stratum: Array, X: Array) -> Rows:
        """The shape at times (n,) of people in strata (n,) with covariates (n, q)."""

    def breaks(self, stratum: int) -> Array:
        """Times at which the curve of a stratum is not smooth."""


class Scale(NamedTuple):
    """``H`` as a function of eta with two derivatives, and the same of ``log dH/d eta``."""

    hazard: Callable[[Array], tuple[Array, Array, Array]]
    log_slope: Callable[[Array], tuple[Array, Array, Array]]


def _hazard(eta: Array):
    risk = np.exp(eta)
    return risk, risk, risk


def _odds(eta: Array):
    p = expit(eta)
    return np.logaddexp(0.0, eta), p, p * (1 - p)


def _log_odds_slope(eta: Array):
    p = expit(eta)
    return -np.logaddexp(0.0, -eta), 1 - p, -p * (1 - p)


def _mills(eta: Array) -> Array:
    return np.exp(-0.5 * eta**2 - HALF_LOG_2PI - log_ndtr(-eta))


def _normal(eta: Array):
    mills = _mills(eta)
    return -log_ndtr(-eta), mills, mills * (mills - eta)


def _log_normal_slope(eta: Array):
    mills = _mills(eta)
    value = -0.5 * eta**2 - HALF_LOG_2PI - log_ndtr(-eta)
    return value, mills - eta, mills * (mills - eta) - 1


SCALES = {
    "hazard": Scale(_hazard, lambda eta: (eta, np.ones_like(eta), np.zeros_like(eta))),
    "odds": Scale(_odds, _log_odds_slope),
    "normal": Scale(_normal, _log_normal_slope),
}


@dataclass(frozen=True, eq=False)
class SplineShape:
    """A transformed curve that is a natural cubic spline of log time in every stratum.

    Parameters
    ----------
    scale : {"hazard", "odds", "normal"}
    knots : sequence of array
        Of each stratum: log times, rising, the outer two included; beyond them the curve is
        straight. With two knots it is a straight line.
    covariates : tuple of str
    fixed_slope : bool
        The coefficient of log time is 1: the exponential model.
    """

    scale: str
    knots: Sequence[Array]
    covariates: tuple[str, ...] = ()
    fixed_slope: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        terms = ["intercept"]
        strata = range(len(self.knots))
        if not self.fixed_slope:
            terms += ["log time", *(f"bend {j}" for j in range(1, len(self.knots[0]) - 1))]
        return (*(f"{term} of {s}" for s in strata for term in terms), *self.covariates)

    def breaks(self, stratum: int) -> Array:
        return np.exp(self.knots[stratum])

    def start(self, rates: Array) -> Array:
        """Coefficients of the exponential model with these rates of the strata."""
        size = 1 if self.fixed_slope else len(self.knots[0])
        theta = np.zeros((len(self.knots), size))
        theta[:, 0] = np.log(rates)
        theta[:, 1:2] = 1.0
        return np.append(theta, np.zeros(len(self.covariates)))

    def at(self, time: Array, stratum: Array, X: Array) -> SplineRows:
        # nothing has happened at time zero, where the log has no value
        x = np.log(np.where(time > 0, time, 1.0))
        size = 1 if self.fixed_slope else len(self.knots[0])
        wide = size * len(self.knots)
        design = np.zeros((len(x), wide + X.shape[1]))
        rise = np.zeros_like(design)
        design[:, wide:] = X
        for s, knots in enumerate(self.knots):
            rows = np.flatnonzero(stratum == s)
            here = slice(s * size, (s + 1) * size)
            basis, slope = natural_basis(x[rows], knots)
            design[rows, here], rise[rows, here] = basis[:, :size], slope[:, :size]
        return SplineRows(self.scale, time, design, rise, self.fixed_slope)


@dataclass(frozen=True, eq=False)
class SplineRows:
    """Rows of a `SplineShape`: the design of eta (n, p) and of its slope by log time."""

    scale: str
    time: Array
    design: Array
    rise: Array
    fixed_slope: bool

    def hazard_so_far(self, theta: Array) -> Curved:
        design, later = self.design, self.time > 0
        parts = SCALES[self.scale].hazard(self._eta(theta))
        value, first, second = (np.where(later, part, 0.0) for part in parts)
        return Curved(
            value, first[:, None] * design, lambda v: (design * (v * second)[:, None]).T @ design
        )

    def log_hazard(self, theta: Array) -> Curved:
        design, steepness = self.design, self.steepness(theta)
        value, first, second = SCALES[self.scale].log_slope(self._eta(theta))
        with np.errstate(invalid="ignore", divide="ignore"):
            log_steepness = np.log(steepness)
        relative = self.rise / steepness[:, None]

        def bend(v: Array) -> Array:
            bent = (design * (v * second)[:, None]).T @ design
            return bent - (relative * v[:, None]).T @ relative

        slopes = first[:, None] * design + relative
        return Curved(value + log_steepness - np.log(self.time), slopes, bend)

    def steepness(self, theta: Array) -> Array:
        """Slope of eta by log time; below zero the curve would rise."""
        return self.rise @ theta + (1.0 if self.fixed_slope else 0.0)

    def _eta(self, theta: Array) -> Array:
        eta = self.design @ theta
        return eta + np.log(np.where(self.time > 0, self.time, 1.0)) if self.fixed_slope else eta


def natural_basis(x: Array, knots: Array) -> tuple[Array, Array]:
    """Natural cubic spline by truncated powers, and its derivative by `x`.

    Columns: one, ``x``, and for each inner knot a bend (Royston and Parmar 2002, 2.2).

    Parameters
    ----------
    x : array (n,)
    knots : array (m,)
        Rising; two give a straight line.

    Returns
    -------
    basis, slope : array (n, m)

    Examples
    --------
    >>> natural_basis(np.array([0.0, 3.0]), np.array([0.0, 1.0, 2.0]))[0].tolist()
    [[1.0, 0.0, 0.0], [1.0, 3.0, -6.0]]
    """
    inner, first, last = knots[1:-1], knots[0], knots[-1]
    share = (last - inner) / (last - first)

    def bends(power: int) -> Array:
        part = lambda knot: np.maximum(x[:, None] - knot, 0.0) ** power  # noqa: E731
        return part(inner) - share * part(first) - (1 - share) * part(last)

    one = np.ones((len(x), 1))
    basis = np.hstack([one, x[:, None], bends(3)])
    return basis, np.hstack([0 * one, one, 3 * bends(2)])


@dataclass(frozen=True, eq=False)
class PiecewiseShape:
    """A hazard that is constant between cuts, in every stratum.

    Parameters
    ----------
    cuts : sequence of array
        Of each stratum: where the hazard changes, rising, above zero.
    covariates : tuple of str
    """

    cuts: Sequence[Array]
    covariates: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        pieces = (
            f"piece {j + 1} of {s}" for s, c in enumerate(self.cuts) for j in range(len(c) + 1)
        )
        return (*pieces, *self.covariates)

    def breaks(self, stratum: int) -> Array:
        return self.cuts[stratum]

    def start(self, rates: Array) -> Array:
        """Coefficients of the exponential model with these rates of the strata."""
        sizes = [len(c) + 1 for c in self.cuts]
        return np.append(np.log(np.repeat(rates, sizes)), np.zeros(len(self.covariates)))

    def at(self, time: Array, stratum: Array, X: Array) -> PiecewiseRows:
        size = sum(len(cuts) + 1 for cuts in self.cuts)
        width, inside = np.zeros((len(time), size)), np.zeros((len(time), size))
        begin = 0
        for s, cuts in enumerate(self.cuts):
            rows = np.flatnonzero(stratum == s)
            here = slice(begin, begin + len(cuts) + 1)
            low, high = np.append(0.0, cuts), np.append(cuts, np.inf)
            width[rows, here] = np.clip(time[rows, None] - low, 0.0, high - low)
            inside[rows, here] = (time[rows, None] > low) & (time[rows, None] <= high)
            begin += len(cuts) + 1
        return PiecewiseRows(width, inside, X)


@dataclass(frozen=True, eq=False)
class PiecewiseRows:
    """Rows of a `PiecewiseShape`: time spent in each piece (n, k), and which one each ends in."""

    width: Array
    inside: Array
    X: Array

    def hazard_so_far(self, theta: Array) -> Curved:
        X, pieces = self.X, self.width.shape[1]
        part = self.width * np.exp(theta[:pieces]) * np.exp(X @ theta[pieces:])[:, None]
        value = part.sum(axis=1)

        def bend(v: Array) -> Array:
            crossed = (part * v[:, None]).T @ X
            own = (X * (v * value)[:, None]).T @ X
            return np.block([[np.diag(v @ part), crossed], [crossed.T, own]])

        return Curved(value, np.hstack([part, value[:, None] * X]), bend)

    def log_hazard(self, theta: Array) -> Curved:
        design = np.hstack([self.inside, self.X])
        return Curved(design @ theta, design, lambda _: np.zeros((len(theta),) * 2))
