"""How much the true effects of the studies differ: tau-squared, Q, I-squared and H-squared.

Notation: effects :math:`y_i` with variances :math:`v_i`, weights :math:`w_i = 1/(v_i + \\tau^2)`,
weighted mean :math:`\\hat\\mu = \\sum w_i y_i / \\sum w_i`, generalised
:math:`Q(\\tau^2) = \\sum w_i (y_i - \\hat\\mu)^2`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from ctevidence.synthesis.study_effects import StudyEffects


@dataclass(frozen=True)
class Heterogeneity:
    """Between-study variance and what follows from it.

    Attributes
    ----------
    tau2, tau2_low, tau2_high : float
        Between-study variance on the analysis scale, squared, with its Q-profile interval.
    tau2_method : str
        One of `TAU2_METHODS`.
    q, df, p_value : float
        Cochran's Q with inverse-variance weights and its chi-squared test.
    i2_tau2, i2_tau2_low, i2_tau2_high : float
        Per cent of the variance of a typical study that lies between studies,
        ``100 tau2 / (tau2 + typical variance)`` (Higgins and Thompson 2002, eq. 9, as in metafor and
        the Cochrane method of 2024), with limits from those of tau-squared.
    i2_q : float
        ``100 (Q - df) / Q`` per cent, not below 0 (Higgins and Thompson 2002, eq. 10). The two
        conventions agree only when tau-squared is the DerSimonian-Laird estimate.
    h2_tau2, h2_q : float
        Total over sampling variance by the same two routes: ``1 + tau2 / typical`` and ``Q / df``.
    conf_level : float
    """

    tau2: float
    tau2_low: float
    tau2_high: float
    tau2_method: str
    q: float
    df: int
    p_value: float
    i2_tau2: float
    i2_tau2_low: float
    i2_tau2_high: float
    i2_q: float
    h2_tau2: float
    h2_q: float
    conf_level: float

    @property
    def interval_is_empty(self) -> bool:
        """Whether Q is so small that the interval rejects even tau-squared 0; given as 0 to 0."""
        return self.q < chi2.ppf((1 - self.conf_level) / 2, self.df)


def heterogeneity(estimate, variance, method="REML", conf_level=0.95) -> Heterogeneity:
    """All measures of heterogeneity of two or more studies.

    Examples
    --------
    >>> h = heterogeneity([0.0, 0.0, 1.0], [0.1, 0.1, 0.1], "DL")
    >>> round(h.q, 6), round(h.tau2, 6), round(h.i2_tau2, 6) == round(h.i2_q, 6)
    (6.666667, 0.233333, True)
    """
    y, v = _at_least_two(estimate, variance)
    df, q = y.size - 1, _q(y, v, 0.0)
    tau2 = tau_squared(y, v, method)
    low, high = q_profile_interval(y, v, conf_level)
    typical = typical_variance(v)
    return Heterogeneity(
        tau2=tau2,
        tau2_low=low,
        tau2_high=high,
        tau2_method=method,
        q=q,
        df=df,
        p_value=float(chi2.sf(q, df)),
        i2_tau2=_share(tau2, typical),
        i2_tau2_low=_share(low, typical),
        i2_tau2_high=_share(high, typical),
        i2_q=100 * max(0.0, (q - df) / q) if q > 0 else 0.0,
        h2_tau2=1 + tau2 / typical,
        h2_q=q / df,
        conf_level=conf_level,
    )


def typical_variance(variance) -> float:
    """Sampling variance of a typical study; Higgins and Thompson (2002), Stat Med 21:1539, eq. 9.

    Examples
    --------
    >>> round(typical_variance([0.2, 0.2, 0.2]), 12)
    0.2
    """
    w = 1 / np.asarray(variance, float)
    return float((w.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum()))


def _share(tau2: float, typical: float) -> float:
    return 100 * tau2 / (tau2 + typical)


def tau_squared(estimate, variance, method="REML") -> float:
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

    Raises
    ------
    ValueError
        With fewer than two studies, unusable effects or an unknown method.

    Examples
    --------
    >>> round(tau_squared([0.0, 0.0, 1.0], [0.1, 0.1, 0.1], "REML"), 9)
    0.233333333
    """
    if method not in TAU2_METHODS:
        raise ValueError(
            f'tau2_method="{method}" is unknown; say one of {", ".join(TAU2_METHODS)}.'
        )
    y, v = _at_least_two(estimate, variance)
    return float(TAU2_METHODS[method](y, v))


def q_profile_interval(estimate, variance, conf_level=0.95) -> tuple[float, float]:
    """Interval of tau-squared whose limits put Q at the chi-squared quantiles.

    Viechtbauer (2007), Stat Med 26:37. Where Q is too small for any tau-squared the interval is
    empty and is given as 0 to 0; see `Heterogeneity.interval_is_empty`.
    """
    y, v = _at_least_two(estimate, variance)
    tail = (1 - conf_level) / 2
    low, high = (_tau2_where_q_is(y, v, chi2.ppf(p, y.size - 1)) for p in (1 - tail, tail))
    return low, high


def _at_least_two(estimate, variance) -> tuple[np.ndarray, np.ndarray]:
    studies = StudyEffects(estimate, variance)
    if studies.k < 2:
        raise ValueError(
            "Heterogeneity cannot be estimated from one study; report the study without tau-squared."
        )
    return studies.estimate, studies.variance


def _q(y, v, tau2: float) -> float:
    w = 1 / (v + tau2)
    mu = w @ y / w.sum()
    return float(w @ (y - mu) ** 2)


def _tau2_where_q_is(y, v, target: float) -> float:
    """The root of Q(tau2) = target, which falls in tau2; 0 when Q(0) is below the target."""
    if _q(y, v, 0.0) <= target:
        return 0.0
    # Q(tau2) <= sum (y - mean)^2 / tau2, so that Q is below the target from here on
    beyond = y.var() * y.size / target
    return float(brentq(lambda t: _q(y, v, t) - target, 0.0, beyond, xtol=1e-15 * beyond))


def _dersimonian_laird(y, v) -> float:
    w = 1 / v
    return max(0.0, (_q(y, v, 0.0) - (y.size - 1)) / (w.sum() - (w**2).sum() / w.sum()))


def _hedges_olkin(y, v) -> float:
    return max(0.0, y.var(ddof=1) - v.mean())


def _paule_mandel(y, v) -> float:
    return _tau2_where_q_is(y, v, y.size - 1)


def _sidik_jonkman(y, v) -> float:
    rough = y.var()
    return rough * _q(y, v, rough) / (y.size - 1)


def _maximum_likelihood(y, v) -> float:
    return _highest_maximum(y, v, restricted=False)


def _restricted_maximum_likelihood(y, v) -> float:
    return _highest_maximum(y, v, restricted=True)


def _highest_maximum(y, v, restricted: bool) -> float:
    """The tau-squared of highest likelihood among all stationary points and 0.

    The likelihood can have several maxima, so the sign of its slope is followed over a grid up to
    a value past which it only falls, and each maximum is then found to machine precision.
    """
    k = y.size
    past = (k * np.ptp(y) ** 2 + v.max()) / (k - 1) * 1.01
    grid = np.concatenate([[0.0], np.geomspace(past * 1e-9, past, 150)])
    rising = _slope(grid[:, None], y, v, restricted) > 0
    peaks = [
        brentq(
            lambda t: float(_slope(np.array([[t]]), y, v, restricted)[0]),
            grid[i],
            grid[i + 1],
            xtol=1e-15 * past,
        )
        for i in np.flatnonzero(rising[:-1] & ~rising[1:])
    ]
    candidates = np.array(peaks if rising[0] else [0.0, *peaks])
    return candidates[np.argmax(_log_likelihood(candidates[:, None], y, v, restricted))]


def _log_likelihood(tau2, y, v, restricted: bool) -> np.ndarray:
    """(Restricted) log-likelihood up to a constant, one value per row of `tau2`, shape (m, 1)."""
    w = 1 / (v + tau2)
    mu = (w @ y) / w.sum(axis=1)
    value = np.log(w).sum(axis=1) - (w * (y - mu[:, None]) ** 2).sum(axis=1)
    return 0.5 * (value - restricted * np.log(w.sum(axis=1)))


def _slope(tau2, y, v, restricted: bool) -> np.ndarray:
    """Derivative of `_log_likelihood` by tau-squared, one value per row."""
    w = 1 / (v + tau2)
    mu = (w @ y) / w.sum(axis=1)
    value = (w**2 * (y - mu[:, None]) ** 2).sum(axis=1) - w.sum(axis=1)
    return 0.5 * (value + restricted * (w**2).sum(axis=1) / w.sum(axis=1))


TAU2_METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "REML": _restricted_maximum_likelihood,
    "ML": _maximum_likelihood,
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
    "SJ": _sidik_jonkman,
    "HE": _hedges_olkin,
}
