"""Selection models: the mean if studies were published by the size of their p-values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from ctevidence.synthesis.study_effects import StudyEffects

DIRECTIONS = ("greater", "less")
#: Steps and weights of publication by one-sided p-value, moderate and severe selection in one
#: direction: Vevea and Woods (2005), Psychol Methods 10:428, table 1.
STEPS = (0.005, 0.01, 0.05, 0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90, 0.95, 0.99, 0.995, 1.0)
SEVERITY = {
    "moderate": (1, 0.99, 0.95, 0.80, 0.75, 0.65, 0.60, 0.55, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50),
    "severe": (1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.40, 0.35, 0.30, 0.25, 0.10, 0.10, 0.10, 0.10),
}


@dataclass(frozen=True, eq=False)
class SelectionFit:
    """Result of a selection model.

    Attributes
    ----------
    estimate, std_error, tau2 : float
        Mean of all studies, published or not, and how their effects vary.
    weights : ndarray
        Chance of publication in each band of p-values, that of the first band being 1.
    loglik : float
    """

    estimate: float
    std_error: float
    tau2: float
    weights: np.ndarray
    loglik: float


def step_selection(
    studies: StudyEffects, direction: str, steps: Sequence[float] = (0.025,)
) -> SelectionFit:
    r"""Chance of publication as a step function of the one-sided p-value, by maximum likelihood.

    :math:`\log L = \sum_i \log w(p_i) + \log\phi\{(y_i-\mu)/s_i\} - \log s_i - \log A_i`,
    :math:`s_i^2 = v_i + \tau^2` and :math:`A_i` the chance that such a study is published: Vevea
    and Hedges (1995), Psychometrika 60:419.

    Parameters
    ----------
    studies : StudyEffects
    direction : {"greater", "less"}
        In which direction effects were wanted.
    steps : sequence of float
        Where the chance changes; the last band runs to 1.

    Raises
    ------
    ValueError
        When a band of p-values holds no study, so that its chance cannot be estimated, or the
        likelihood has no maximum.
    """
    edges = _edges(steps)
    band = _bands(studies, direction, edges)
    empty = sorted(set(range(edges.size + 1)) - set(band.tolist()))
    if empty:
        bands = np.concatenate([[0.0], edges, [1.0]])
        words = ", ".join(f"{bands[i]:g} to {bands[i + 1]:g}" for i in empty)
        raise ValueError(f"No study has a one-sided p-value from {words}: not estimable.")
    return _fit(studies, direction, edges, band, None)


def assumed_selection(studies: StudyEffects, direction: str, severity: str) -> SelectionFit:
    """The same with chances assumed instead of estimated, for few studies: `SEVERITY`.

    Vevea and Woods (2005), Psychol Methods 10:428. What it gives is a "what if", not a finding.

    Parameters
    ----------
    studies, direction
        As in `step_selection`.
    severity : {"moderate", "severe"}
    """
    if severity not in SEVERITY:
        raise ValueError(f'severity="{severity}" is unknown; say one of {", ".join(SEVERITY)}.')
    edges = _edges(STEPS)
    weights = np.array(SEVERITY[severity], float)
    return _fit(studies, direction, edges, _bands(studies, direction, edges), weights)


def _edges(steps: Sequence[float]) -> np.ndarray:
    edges = np.array([s for s in steps if s < 1.0], float)
    if not edges.size or (np.diff(edges) <= 0).any() or edges[0] <= 0:
        raise ValueError(f"steps={tuple(steps)} must rise from above 0 to 1.")
    return edges


def _bands(studies: StudyEffects, direction: str, edges: np.ndarray) -> np.ndarray:
    if direction not in DIRECTIONS:
        raise ValueError(f'direction="{direction}" is unknown; say greater or less.')
    z = studies.estimate / np.sqrt(studies.variance)
    p = ndtr(-z if direction == "greater" else z)
    return np.searchsorted(edges, p, side="left")


def _fit(studies, direction, edges, band, weights) -> SelectionFit:
    sign = 1.0 if direction == "greater" else -1.0
    y, v = sign * studies.estimate, studies.variance
    # a study with standard error e falls beyond edge c where y > e z(1 - c)
    cuts = np.sqrt(v)[:, None] * -ndtri(edges)
    free = weights is None

    def negative(theta):
        chances = np.concatenate([[0.0], theta[2:]]) if free else np.log(weights)
        return -_log_likelihood(theta[0], theta[1], chances, y, v, cuts, band)

    start = np.zeros(2 + (edges.size if free else 0))
    w = 1 / (v + y.var())
    start[:2] = w @ y / w.sum(), y.std()
    theta = _least(negative, start)
    theta[1] = abs(theta[1])
    theta[1] = 0.0 if theta[1] < 1e-5 else theta[1]
    if free and np.abs(theta[2:]).max() > 12:
        raise ValueError("The chance of publication runs to 0 or without end: not estimable.")
    used = np.array([i for i in range(theta.size) if i != 1 or theta[1] > 0])
    curvature = _hessian(negative, theta)[np.ix_(used, used)]
    if np.linalg.eigvalsh(curvature).min() <= 0:
        raise ValueError("The likelihood is flat: the selection model is not estimable.")
    error = float(np.sqrt(np.linalg.inv(curvature)[0, 0]))
    chances = np.exp(np.concatenate([[0.0], theta[2:]])) if free else weights
    return SelectionFit(
        float(sign * theta[0]), error, float(theta[1] ** 2), chances, -float(negative(theta))
    )


def _log_likelihood(mean, tau, log_chances, y, v, cuts, band) -> float:
    s = np.sqrt(v + tau**2)
    beyond = ndtr((mean - cuts) / s[:, None])  # chance of a p-value below each edge
    within = np.diff(np.column_stack([np.zeros_like(s), beyond, np.ones_like(s)]), axis=1)
    published = within @ np.exp(log_chances)
    density = -0.5 * ((y - mean) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
    return float((log_chances[band] + density - np.log(published)).sum())


def _least(function, start) -> np.ndarray:
    """The minimum: simplex from the start, then Newton steps with differences."""
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}
    theta = minimize(function, start, method="Nelder-Mead", options=options).x
    for _ in range(20):
        curvature, gradient = _hessian(function, theta), _gradient(function, theta)
        values = np.linalg.eigvalsh(curvature)
        if values.min() <= 1e-10 * max(values.max(), 1.0):
            break
        step = -np.linalg.solve(curvature, gradient)
        if function(theta + step) > function(theta) + 1e-13:
            break
        theta = theta + step
        if np.abs(step).max() < 1e-9:
            break
    return theta


def _gradient(function, theta, h=1e-5) -> np.ndarray:
    steps = h * np.eye(theta.size)
    return np.array([(function(theta + s) - function(theta - s)) / (2 * h) for s in steps])


def _hessian(function, theta, h=1e-4) -> np.ndarray:
    steps = h * np.eye(theta.size)
    at = lambda *moves: function(theta + sum(moves))  # noqa: E731
    found = np.array([
        [(at(a, b) - at(a, -b) - at(-a, b) + at(-a, -b)) / (4 * h * h) for b in steps]
        for a in steps
    ])  # fmt: skip
    return (found + found.T) / 2
