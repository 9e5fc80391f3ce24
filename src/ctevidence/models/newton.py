"""Maximise a log-likelihood by Newton steps on its observed information.

Where the log-likelihood is convex in some direction, the curvature there is taken with the
opposite sign, so that the step leads uphill and away from saddle points; steps are halved until
the log-likelihood rises. The stopping rule, ``score' information^-1 score``, is twice the
log-likelihood still to be gained: it does not depend on the units of anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ctevidence.models.reml import Curvature, OutsideParameterSpaceError

Array = np.ndarray

MAX_STEPS = 100
MAX_HALVINGS = 30
GAIN_LEFT = 1e-12
# Eigenvalues of the scaled information below this are zero, up to rounding.
FLAT = 1e-9


class Likelihood(Protocol):
    """A log-likelihood with derivatives."""

    def curvature(self, theta: Array) -> Curvature:
        """Likelihood and derivatives; OutsideParameterSpaceError where there is none."""


@dataclass(frozen=True)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    theta : array (K,)
    curvature : Curvature
        Likelihood and derivatives there.
    gain_left : float
        ``score' information^-1 score`` there.
    steps : int
    converged : bool
        Whether ``gain_left`` fell below the stopping rule with no direction of convexity left in
        the observed information.
    flat : bool
        Whether the log-likelihood does not change in some direction.
    """

    theta: Array
    curvature: Curvature
    gain_left: float
    steps: int
    converged: bool
    flat: bool


def maximise(likelihood: Likelihood, start: Array, max_steps: int = MAX_STEPS) -> Maximum:
    """Climb from ``start`` to a maximum of the log-likelihood.

    Parameters
    ----------
    likelihood : object with ``curvature(theta)``
    start : array (K,)
        Inside the parameter space.
    max_steps : int

    Returns
    -------
    Maximum
        ``converged`` is False when the steps ran out, no step raised the log-likelihood, or the
        point reached is not a maximum.
    """
    theta, here = start, likelihood.curvature(start)
    done = False
    for step in range(max_steps):
        direction, concave, flat = _direction(here)
        gain = float(here.score @ direction)
        if done:
            return Maximum(theta, here, gain, step, concave, flat)
        # The last full step is taken whatever it gains: it squares the error that is left.
        done = concave and gain < GAIN_LEFT
        reached = _climb(likelihood, theta, here, direction, done)
        if reached is None:
            # Rounding in the log-likelihood can hide a gain as small as this.
            settled = concave and gain < 1e-9 * max(1.0, abs(here.loglik))
            return Maximum(theta, here, gain, step, settled, flat)
        theta, here = reached
    return Maximum(theta, here, gain, max_steps, False, flat)


def _direction(here: Curvature) -> tuple[Array, bool, bool]:
    """Direction uphill, and whether the log-likelihood is concave here, or flat in some direction.

    A flat direction, as there is at a singular random-effect covariance, is left alone.
    """
    size = np.maximum(abs(here.observed.diagonal()), here.expected.diagonal())
    scale = 1 / np.sqrt(np.maximum(size, np.finfo(float).tiny))
    values, axes = np.linalg.eigh(here.observed * np.outer(scale, scale))
    along = axes.T @ (scale * here.score)
    steep = abs(values) > FLAT
    direction = scale * (axes[:, steep] @ (along[steep] / abs(values[steep])))
    return direction, bool(values[0] > -FLAT), not steep.all()


def _climb(
    likelihood: Likelihood, theta: Array, here: Curvature, direction: Array, last: bool
) -> tuple[Array, Curvature] | None:
    """Go along the direction, or half of it, or a quarter ..., until the log-likelihood rises."""
    gain = float(here.score @ direction)
    size = 1.0
    for _ in range(MAX_HALVINGS):
        candidate = theta + size * direction
        try:
            # Far steps may overflow; the likelihood then refuses them.
            with np.errstate(all="ignore"):
                there = likelihood.curvature(candidate)
        except OutsideParameterSpaceError:
            there = None
        if there and (last or there.loglik >= here.loglik + 1e-4 * size * gain):
            return candidate, there
        size /= 2
    return None
