"""Maximise a log-likelihood by Newton steps on its observed information.

Where the observed information is not positive definite the expected information (Fisher
scoring) takes its place, and steps are halved until the log-likelihood rises. The stopping rule,
``score' information^-1 score``, is twice the log-likelihood still to be gained: it does not
depend on the units of anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Array = np.ndarray

MAX_STEPS = 100
GAIN_LEFT = 1e-12
MAX_HALVINGS = 30
FLAT = 1e-9


class HasDerivatives(Protocol):
    """What `maximise` needs to know at one parameter vector."""

    loglik: float
    score: Array
    observed: Array
    expected: Array


class Likelihood(Protocol):
    """A log-likelihood with derivatives."""

    def value(self, theta: Array) -> float: ...  # noqa: D102

    def curvature(self, theta: Array) -> HasDerivatives: ...  # noqa: D102


@dataclass(frozen=True)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    theta : array (K,)
    curvature : object
        What ``likelihood.curvature(theta)`` returned.
    gain_left : float
        ``score' information^-1 score`` there.
    steps : int
    converged : bool
        Whether ``gain_left`` fell below the stopping rule with no direction of convexity left in
        the observed information.
    """

    theta: Array
    curvature: HasDerivatives
    gain_left: float
    steps: int
    converged: bool


def maximise(likelihood: Likelihood, start: Array, max_steps: int = MAX_STEPS) -> Maximum:
    """Climb from ``start`` to a maximum of the log-likelihood.

    Parameters
    ----------
    likelihood : object with ``value(theta)`` and ``curvature(theta)``
    start : array (K,)
        Must have a finite log-likelihood.
    max_steps : int

    Returns
    -------
    Maximum
        ``converged`` is False when the steps ran out, no step raised the log-likelihood, or the
        point reached is not a maximum.
    """
    theta = start
    here = likelihood.curvature(theta)
    for step in range(max_steps):
        direction, at_peak = _direction(here)
        gain = float(here.score @ direction)
        if at_peak and gain < GAIN_LEFT:
            return _polished(likelihood, theta + direction, step + 1)
        moved = _climb(likelihood, theta, direction, here.loglik, gain)
        if moved is None:
            # Rounding in the log-likelihood hides gains this small.
            settled = at_peak and gain < 1e-10 * max(1.0, abs(here.loglik))
            return Maximum(theta, here, gain, step, bool(settled))
        theta = moved
        here = likelihood.curvature(theta)
    return Maximum(theta, here, gain, max_steps, False)


def _polished(likelihood: Likelihood, theta: Array, steps: int) -> Maximum:
    """End with a last full step, which squares the error that was left."""
    here = likelihood.curvature(theta)
    direction, at_peak = _direction(here)
    return Maximum(theta, here, float(here.score @ direction), steps, at_peak)


def _direction(here: HasDerivatives) -> tuple[Array, bool]:
    """Newton direction, and whether the observed information allowed it."""
    scale = 1 / np.sqrt(np.maximum(abs(here.observed.diagonal()), np.finfo(float).tiny))
    values, axes = np.linalg.eigh(here.observed * np.outer(scale, scale))
    # A direction in which the likelihood is flat, as at a singular random-effect covariance,
    # is left alone; one in which it is convex calls for the expected information.
    if values[0] > -FLAT * values[-1]:
        steep = values > FLAT * values[-1]
        along = axes[:, steep].T @ (scale * here.score)
        return scale * (axes[:, steep] @ (along / values[steep])), True
    scale = np.sqrt(np.maximum(here.expected.diagonal(), FLAT * np.trace(here.expected)))
    information = here.expected / np.outer(scale, scale) + FLAT * np.eye(len(scale))
    return np.linalg.solve(information, here.score / scale) / scale, False


def _climb(
    likelihood: Likelihood, theta: Array, direction: Array, loglik: float, gain: float
) -> Array | None:
    """First of theta + direction, + direction / 2, ... that raises the log-likelihood."""
    size = 1.0
    for _ in range(MAX_HALVINGS):
        candidate = theta + size * direction
        value = likelihood.value(candidate)
        if value >= loglik + 1e-4 * size * gain:
            return candidate
        size /= 2
    return None
