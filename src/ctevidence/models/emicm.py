r"""The non-parametric maximum likelihood of interval-censored times.

Maximises :math:`\sum_i w_i \log \sum_{j=first_i}^{last_i} p_j` over the masses :math:`p` of the
maximal intersections. An observation holds intersections that follow each other, so that with
the cumulated masses :math:`F` its probability is :math:`F_{last} - F_{first-1}`, and everything is
sums over neighbours. One round is

1. an EM step, :math:`p_j d_j / \sum w` with the gradient :math:`d_j = \sum_{i: j \in i} w_i / P_i`
   (Turnbull 1976, JRSS B 38:290);
2. an iterative convex minorant step: a Newton step with the diagonal of the information, projected
   on rising :math:`F` by weighted isotonic regression (Groeneboom and Wellner 1992; Jongbloed 1998,
   JCGS 7:310), which together with 1 is the EMICM of Wellner and Zhan (1997, JASA 92:945);
3. now and then full Newton steps among the masses that are left. In :math:`F` the information is
   the Laplacian of a graph: an observation links its two ends, and the ends 0 and 1 are the
   ground. It is sparse. Every intersection ends where some observation does, whose other end lies
   further left: all ends are linked to the ground, the Laplacian is regular, and the masses that
   maximise the likelihood are unique.

It has converged by the Fenchel conditions: :math:`d_j \le \sum w` for all :math:`j`. By concavity
:math:`\max_j d_j - \sum w` bounds the log-likelihood that is still to be gained.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from ctevidence.models.turnbull import Intersections, IntervalCurve, intersections

Array = np.ndarray

#: Log-likelihood still to be gained for each unit of weight, below which the search ends.
GAP = 1e-11
MAX_STEPS, NEWTON_EVERY, MAX_NEWTON, MAX_HALVINGS = 2000, 10, 200, 40


def fit_npmle(
    lower: Array, upper: Array, weights: Array | None = None, max_steps: int = MAX_STEPS
) -> IntervalCurve:
    """Non-parametric curve of interval-censored times.

    Parameters
    ----------
    lower, upper : array (n,)
        The event lies in ``(lower, upper]``, or is the point where they are equal; `upper` is
        infinite where it was not seen. Weeks, or any unit of time.
    weights : array (n,), optional
        Positive.
    max_steps : int
        Rounds of the search.

    Returns
    -------
    IntervalCurve
        Without a band: the curve converges more slowly than any that has the usual covariance.
        Where the search has not converged `cautions` say so.

    Raises
    ------
    ValueError
        For times that are no intervals; see `turnbull.intersections`.

    Examples
    --------
    With points and right-censored times alone it is the Kaplan-Meier curve.

    >>> curve = fit_npmle([6.0, 6, 6, 7, 10], [6.0, 6, np.inf, 7, np.inf])
    >>> curve.at([5, 6, 7])[:, 0].round(9).tolist(), curve.known_until
    ([1.0, 0.6, 0.3], 10.0)
    """
    found = intersections(lower, upper, weights)
    search = _Search(found)
    mass = np.full(len(found.left), 1 / len(found.left))
    steps, gap = 0, search.gap(mass)
    while gap > GAP and steps < max_steps:
        steps += 1
        mass = search.minorant_step(search.em_step(mass))
        if steps % NEWTON_EVERY == 0 or steps == 1:
            mass = search.newton(mass)
        gap = search.gap(mass)
    kept = mass > 0
    return IntervalCurve(
        n=len(np.atleast_1d(lower)),
        left=found.left[kept],
        right=found.right[kept],
        mass=mass[kept],
        loglik=search.loglik(mass),
        gap=gap * search.total,
        steps=steps,
        converged=gap <= GAP,
    )


class _Search:
    """Steps over masses ``p`` (m,), for observations as `turnbull.Intersections` hold them."""

    def __init__(self, found: Intersections) -> None:
        self.first, self.after, self.weight = found.first, found.last + 1, found.weight
        self.m, self.total = len(found.left), float(found.weight.sum())

    def probability(self, mass: Array) -> Array:
        cumulated = np.append(0.0, np.cumsum(mass))
        return cumulated[self.after] - cumulated[self.first]

    def loglik(self, mass: Array) -> float:
        probability = self.probability(mass)
        if not (probability > 0).all():
            return -np.inf
        return float(self.weight @ np.log(probability))

    def gradient(self, mass: Array) -> Array:
        part = self.weight / self.probability(mass)
        opened = np.bincount(self.first, part, self.m + 1)
        return np.cumsum(opened - np.bincount(self.after, part, self.m + 1))[:-1]

    def gap(self, mass: Array) -> float:
        """Fenchel bound on the log-likelihood to be gained, for each unit of weight."""
        return float(self.gradient(mass).max() / self.total - 1)

    def em_step(self, mass: Array) -> Array:
        mass = mass * self.gradient(mass)
        return mass / mass.sum()

    def minorant_step(self, mass: Array) -> Array:
        if self.m < 2:
            return mass
        gradient, curved = self.gradient(mass), self.weight / self.probability(mass) ** 2
        slope = gradient[:-1] - gradient[1:]
        size = np.bincount(self.first, curved, self.m + 1)
        size = (size + np.bincount(self.after, curved, self.m + 1))[1:-1]
        here = np.cumsum(mass)[:-1]
        rising = isotonic_regression(here + slope / size, weights=size).x
        target = np.diff(np.clip(rising, 0.0, 1.0), prepend=0.0, append=1.0)
        return self._uphill(mass, target - mass, float(gradient @ (target - mass)))

    def _uphill(self, mass: Array, direction: Array, gain: float) -> Array:
        """Along the direction, or half of it, or a quarter ..., until the likelihood rises."""
        before, size = self.loglik(mass), 1.0
        for _ in range(MAX_HALVINGS):
            there = np.maximum(mass + size * direction, 0.0)
            there /= there.sum()
            if self.loglik(there) >= before + 0.1 * size * gain:
                return there
            size /= 2
        return mass

    def newton(self, mass: Array) -> Array:
        """Full Newton steps among the masses above zero; those that reach zero are left there."""
        for _ in range(MAX_NEWTON):
            active = np.flatnonzero(mass > 0)
            if len(active) < 2:
                return mass
            direction, gain = self._newton_direction(mass, active)
            there = self._within(mass, active, direction)
            if there is None or self.loglik(there) < self.loglik(mass) - 1e-13 * self.total:
                return mass
            mass = there
            if gain < 1e-15 * self.total and (mass[active] > 0).all():
                return mass
        return mass

    def _within(self, mass: Array, active: Array, direction: Array) -> Array | None:
        """A full step with what falls below zero left at zero, or one up to the first zero."""
        full = np.zeros(self.m)
        full[active] = np.maximum(mass[active] + direction, 0.0)
        full /= full.sum()
        if self.loglik(full) >= self.loglik(mass):
            return full
        falling = direction < 0
        if not falling.any():
            return None
        reach = np.full(len(active), np.inf)
        reach[falling] = -mass[active][falling] / direction[falling]
        size = min(1.0, reach.min())
        there = np.zeros(self.m)
        there[active] = np.where(reach <= size, 0.0, mass[active] + size * direction)
        return there / there.sum()

    def _newton_direction(self, mass: Array, active: Array) -> tuple[Array, float]:
        gradient = self.gradient(mass)[active]
        slope = gradient[:-1] - gradient[1:]
        ends = self._ends(active)
        curved = self.weight / self.probability(mass) ** 2
        laplacian = _grounded_laplacian(*ends, curved, len(active))
        symmetric = {"permc_spec": "MMD_AT_PLUS_A", "options": {"SymmetricMode": True}}
        step = splu(laplacian, **symmetric).solve(slope)
        return np.diff(step, prepend=0.0, append=0.0), float(slope @ step)

    def _ends(self, active: Array) -> tuple[Array, Array]:
        """Where each observation begins and ends among the cumulated active masses."""
        return np.searchsorted(active, self.first), np.searchsorted(active, self.after)


def _grounded_laplacian(begin: Array, end: Array, weight: Array, k: int):
    """Laplacian of the links over the cumulated masses 1 to k - 1; 0 and k are the ground."""
    rows = np.concatenate([begin, end, begin, end])
    columns = np.concatenate([begin, end, end, begin])
    values = np.concatenate([weight, weight, -weight, -weight])
    inner = (rows % k > 0) & (columns % k > 0)
    size = (k - 1, k - 1)
    return coo_matrix((values[inner], (rows[inner] - 1, columns[inner] - 1)), shape=size).tocsc()
