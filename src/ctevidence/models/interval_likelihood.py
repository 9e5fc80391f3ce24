r"""Log-likelihood of times that are known as intervals or points, from delayed entry on.

With the cumulative hazard :math:`H`, someone who entered at :math:`e` and had the event in
:math:`(l, u]` contributes :math:`H(e) - H(l) + \log(1 - e^{-\{H(u) - H(l)\}})`; at the point
:math:`t`, :math:`H(e) - H(t) + \log h(t)`; who was last known without it at :math:`l`,
:math:`H(e) - H(l)`. All derivatives are analytic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.baseline_shapes import Curved, Shape
from ctevidence.models.reml import OutsideParameterSpaceError

Array = np.ndarray


@dataclass(frozen=True)
class IntervalCurvature:
    """Log-likelihood, its gradient (p,), and minus its Hessian (p, p)."""

    loglik: float
    score: Array
    observed: Array

    @property
    def expected(self) -> Array:
        """The observed information: the expected one would need the visits nobody came to."""
        return self.observed


class IntervalLikelihood:
    """The likelihood of n people as a function of the coefficients (p,) of a shape.

    Parameters
    ----------
    shape : Shape
    entry, lower, upper : array (n,)
    stratum : array of int, shape (n,)
    X : array (n, q)
    weights : array (n,)
    """

    def __init__(
        self,
        shape: Shape,
        entry: Array,
        lower: Array,
        upper: Array,
        stratum: Array,
        X: Array,
        weights: Array,
    ) -> None:
        self.weights = weights
        self.exact = np.flatnonzero(lower == upper)
        self.seen = np.flatnonzero((lower < upper) & (upper < np.inf))
        self.late = np.flatnonzero(entry > 0)
        at = lambda time, rows: shape.at(time[rows], stratum[rows], X[rows])  # noqa: E731
        self._low = shape.at(lower, stratum, X)
        self._up, self._entry = at(upper, self.seen), at(entry, self.late)
        self._exact = at(lower, self.exact)

    def curvature(self, theta: Array) -> IntervalCurvature:
        """Log-likelihood and derivatives.

        Raises
        ------
        OutsideParameterSpaceError
            Where the curve rises, or a number is not finite.
        """
        w = self.weights
        low, up, entry, density = self._parts(theta)
        delta, gap = self._gap(low, up)
        ratio = 1 / np.expm1(delta)
        value = self._values(low, entry, density, delta)
        score = w @ self._scores(low, up, entry, density, ratio)
        of_gap = np.zeros(len(w))
        of_gap[self.seen] = w[self.seen] * ratio
        observed = low.bend(w + of_gap) - up.bend(of_gap[self.seen])
        observed += (gap * (w[self.seen] * ratio * (1 + ratio))[:, None]).T @ gap
        observed -= entry.bend(w[self.late]) + density.bend(w[self.exact])
        loglik = float(w @ value)
        if not (np.isfinite(loglik) and np.isfinite(score).all() and np.isfinite(observed).all()):
            raise OutsideParameterSpaceError("the likelihood is not finite")
        return IntervalCurvature(loglik, score, observed)

    def scores(self, theta: Array) -> Array:
        """Weighted gradient of each person's log-likelihood, shape (n, p); they sum to zero."""
        low, up, entry, density = self._parts(theta)
        ratio = 1 / np.expm1(self._gap(low, up)[0])
        return self.weights[:, None] * self._scores(low, up, entry, density, ratio)

    def _parts(self, theta: Array) -> tuple[Curved, Curved, Curved, Curved]:
        return (
            self._low.hazard_so_far(theta),
            self._up.hazard_so_far(theta),
            self._entry.hazard_so_far(theta),
            self._exact.log_hazard(theta),
        )

    def _gap(self, low: Curved, up: Curved) -> tuple[Array, Array]:
        """What the cumulative hazard grows by between the visits, and its slopes."""
        delta = up.value - low.value[self.seen]
        if not (delta > 0).all():
            raise OutsideParameterSpaceError("the curve rises between two visits")
        return delta, up.slopes - low.slopes[self.seen]

    def _values(self, low: Curved, entry: Curved, density: Curved, delta: Array) -> Array:
        value = -low.value
        value[self.seen] += np.log(-np.expm1(-delta))
        value[self.late] += entry.value
        value[self.exact] += density.value
        return value

    def _scores(self, low: Curved, up: Curved, entry: Curved, density: Curved, ratio) -> Array:
        rows = -low.slopes
        rows[self.seen] += ratio[:, None] * (up.slopes - low.slopes[self.seen])
        rows[self.late] += entry.slopes
        rows[self.exact] += density.slopes
        return rows
