"""Between-study variance: its estimators and its interval.

Notation: k effects :math:`y_i` with variances :math:`v_i`, a design `X` of p columns (one column of
ones unless moderators tell studies apart), weights :math:`w_i = 1/(v_i + \\tau^2)`, fitted values
by weighted least squares, :math:`Q(\\tau^2) = \\sum w_i (y_i - \\hat y_i)^2`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from ctevidence.synthesis.study_effects import StudyEffects


def tau_squared(estimate, variance, method="REML", design=None) -> float:
    """Between-study variance by the named estimator, never below zero.

    Parameters
    ----------
    estimate, variance : array_like, shape (k,)
        Effects and sampling variances on the analysis scale; at least two studies.
    method : str
        ``DL`` DerSimonian and Laird (1986), Control Clin Trials 7:177; ``HE`` Hedges and Olkin
        (1985), p. 194; ``PM`` Paule and Mandel (1982), J Res NBS 87:377; ``SJ`` Sidik and Jonkman
        (2005), Applied Statistics 54:367; ``ML`` and ``REML`` (restricted) maximum likelihood,
        Viechtbauer (2005), J Educ Behav Stat 30:261.
    design : array_like, shape (k, p), optional
        Columns of moderators, with the intercept; then the variance is what they leave over, as in
        Raudenbush (2009), in *The Handbook of Research Synthesis*, ch. 16.

    Raises
    ------
    ValueError
        When effects are unusable, the method is unknown or there are no more studies than columns.

    Examples
    --------
    >>> round(tau_squared([0.0, 0.0, 1.0], [0.1, 0.1, 0.1], "REML"), 9)
    0.233333333
    """
    if method not in TAU2_METHODS:
        raise ValueError(
            f'tau2_method="{method}" is unknown; say one of {", ".join(TAU2_METHODS)}.'
        )
    return float(TAU2_METHODS[method](*_checked(estimate, variance, design)))


def q_profile_interval(estimate, variance, conf_level=0.95, design=None) -> tuple[float, float]:
    """Interval of tau-squared whose limits put Q at the chi-squared quantiles.

    Viechtbauer (2007), Stat Med 26:37. Where Q is too small for any tau-squared the interval is
    empty and is given as 0 to 0 (`heterogeneity.Heterogeneity.interval_is_empty` tells).
    """
    y, v, X = _checked(estimate, variance, design)
    df, tail = y.size - X.shape[1], (1 - conf_level) / 2
    low, high = (_tau2_where_q_is(y, v, X, chdtri(df, p)) for p in (tail, 1 - tail))
    return low, high


def _checked(estimate, variance, design) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    studies = StudyEffects(estimate, variance)
    if studies.k < 2:
        raise ValueError(
            "Heterogeneity cannot be estimated from one study; report it without tau-squared."
        )
    X = np.ones((studies.k, 1)) if design is None else np.asarray(design, float)
    if X.ndim != 2 or X.shape[0] != studies.k or np.linalg.matrix_rank(X) < X.shape[1]:
        raise ValueError(
            f"A design of shape {X.shape} does not fit {studies.k} studies: give one row per study "
            "and columns of which none follows from the others."
        )
    if X.shape[1] >= studies.k:
        raise ValueError(
            f"{studies.k} studies cannot carry {X.shape[1]} coefficients and a variance; use fewer "
            "moderators."
        )
    return studies.estimate, studies.variance, X


class WeightedFit(NamedTuple):
    """`coef` (..., p), `cross` X'WX (..., p, p), `residual` (..., k), weighted square `q`."""

    coef: np.ndarray
    cross: np.ndarray
    residual: np.ndarray
    q: np.ndarray


def weighted_fit(y, v, X, tau2=0.0) -> WeightedFit:
    """Fit with weights 1 / (v + tau2), one fit for each entry of `tau2`."""
    w = 1 / (v + np.asarray(tau2, float)[..., None])
    cross = _weighted_cross(w, X)
    coef = np.linalg.solve(cross, ((w * y) @ X)[..., None])[..., 0]
    residual = y - coef @ X.T
    return WeightedFit(coef, cross, residual, (w * residual**2).sum(axis=-1))


def _weighted_cross(w, X) -> np.ndarray:
    """X'WX for each row of weights, shape (..., p, p)."""
    return (w[..., None, :] * X.T) @ X


def _tau2_where_q_is(y, v, X, target: float) -> float:
    """The root of Q(tau2) = target, which falls in tau2; 0 when Q(0) is below the target."""
    if weighted_fit(y, v, X).q <= target:
        return 0.0
    # Q(tau2) is at most the unweighted sum of squares over tau2, so it is below the target here
    beyond = _sum_of_squares(y, X) / target
    excess = lambda tau2: float(weighted_fit(y, v, X, tau2).q) - target  # noqa: E731
    return float(brentq(excess, 0.0, beyond, xtol=1e-15 * beyond))


def _sum_of_squares(y, X) -> float:
    """Residual sum of squares of the unweighted fit."""
    return float(weighted_fit(y, np.ones_like(y), X).q)


def _dersimonian_laird(y, v, X) -> float:
    fit = weighted_fit(y, v, X)
    trace = (1 / v).sum() - np.trace(np.linalg.solve(fit.cross, X.T @ (X / v[:, None] ** 2)))
    return max(0.0, (fit.q - (y.size - X.shape[1])) / trace)


def _hedges_olkin(y, v, X) -> float:
    leverage = np.einsum("kp,pk->k", X, np.linalg.pinv(X))
    return max(0.0, (_sum_of_squares(y, X) - ((1 - leverage) * v).sum()) / (y.size - X.shape[1]))


def _paule_mandel(y, v, X) -> float:
    return _tau2_where_q_is(y, v, X, y.size - X.shape[1])


def _sidik_jonkman(y, v, X) -> float:
    rough = y.var()
    return rough * weighted_fit(y, v, X, rough).q / (y.size - X.shape[1])


def _maximum_likelihood(y, v, X) -> float:
    return _highest_maximum(y, v, X, restricted=False)


def _restricted_maximum_likelihood(y, v, X) -> float:
    return _highest_maximum(y, v, X, restricted=True)


def _highest_maximum(y, v, X, restricted: bool) -> float:
    """The tau-squared of highest likelihood among all stationary points and 0.

    The likelihood can have several maxima, so the sign of its slope is followed over a grid up to
    a value past which it only falls, and each maximum is then found to machine precision.
    """
    mean_square = _sum_of_squares(y, X) / (y.size - X.shape[1])
    # twice the slope is below mean_square (max v + tau2) / tau2^2 - 1 times a positive number
    past = (mean_square + np.sqrt(mean_square**2 + 4 * mean_square * v.max())) / 2 + v.min()
    grid = np.concatenate([[0.0], np.geomspace(past * 1e-9, past, 150)])
    rising = _slope(grid, y, v, X, restricted) > 0
    slope = lambda tau2: float(_slope(tau2, y, v, X, restricted))  # noqa: E731
    peaks = [
        brentq(slope, grid[i], grid[i + 1], xtol=1e-15 * past)
        for i in np.flatnonzero(rising[:-1] & ~rising[1:])
    ]
    candidates = np.array(peaks if rising[0] else [0.0, *peaks])
    return candidates[np.argmax(_log_likelihood(candidates, y, v, X, restricted))]


def _log_likelihood(tau2, y, v, X, restricted: bool) -> np.ndarray:
    """(Restricted) log-likelihood up to a constant, one value per entry of `tau2`."""
    fit = weighted_fit(y, v, X, tau2)
    value = -np.log(v + np.asarray(tau2)[..., None]).sum(axis=-1) - fit.q
    return 0.5 * (value - restricted * np.linalg.slogdet(fit.cross)[1])


def _slope(tau2, y, v, X, restricted: bool) -> np.ndarray:
    """Derivative of `_log_likelihood` by tau-squared."""
    fit = weighted_fit(y, v, X, tau2)
    w = 1 / (v + np.asarray(tau2, float)[..., None])
    value = (w**2 * fit.residual**2).sum(axis=-1) - w.sum(axis=-1)
    if restricted:
        leverage = np.linalg.solve(fit.cross, _weighted_cross(w**2, X))
        value = value + np.trace(leverage, axis1=-2, axis2=-1)
    return 0.5 * value


TAU2_METHODS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], float]] = {
    "REML": _restricted_maximum_likelihood,
    "ML": _maximum_likelihood,
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
    "SJ": _sidik_jonkman,
    "HE": _hedges_olkin,
}
