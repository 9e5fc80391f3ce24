"""How much the true effects of the studies differ, and how much of what is seen that explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr, chdtrc

from ctevidence.synthesis.tau_squared import q_profile_interval, tau_squared


@dataclass(frozen=True)
class Heterogeneity:
    """Between-study variance and what follows from it.

    Attributes
    ----------
    tau2, tau2_low, tau2_high : float
        Between-study variance on the analysis scale, squared, with its Q-profile interval.
    tau2_method : str
        One of `tau_squared.TAU2_METHODS`.
    q, df, p_value : float
        Cochran's Q with inverse-variance weights and its chi-squared test.
    i2_tau2, i2_tau2_low, i2_tau2_high : float
        Per cent of the variance of a typical study that lies between studies,
        ``100 tau2 / (tau2 + typical variance)`` (Higgins and Thompson 2002, eq. 9; metafor and
        Cochrane 2024), with limits from those of tau-squared.
    i2_q : float
        ``100 (Q - df) / Q`` per cent, not below 0 (Higgins et al. 2003, BMJ 327:557). The two
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
        return bool(chdtr(self.df, self.q) < (1 - self.conf_level) / 2)


def heterogeneity(estimate, variance, method="REML", conf_level=0.95) -> Heterogeneity:
    """All measures of heterogeneity of two or more studies.

    Examples
    --------
    >>> h = heterogeneity([0.0, 0.0, 1.0], [0.1, 0.1, 0.1], "DL")
    >>> round(h.q, 6), round(h.tau2, 6), round(h.i2_tau2, 6) == round(h.i2_q, 6)
    (6.666667, 0.233333, True)
    """
    tau2 = tau_squared(estimate, variance, method)
    y, v = np.asarray(estimate, float), np.asarray(variance, float)
    df, q = y.size - 1, cochran_q(y, v)
    low, high = q_profile_interval(y, v, conf_level)
    typical = typical_variance(v)
    return Heterogeneity(
        tau2=tau2,
        tau2_low=low,
        tau2_high=high,
        tau2_method=method,
        q=q,
        df=df,
        p_value=float(chdtrc(df, q)),
        i2_tau2=_share(tau2, typical),
        i2_tau2_low=_share(low, typical),
        i2_tau2_high=_share(high, typical),
        i2_q=100 * max(0.0, (q - df) / q) if q > 0 else 0.0,
        h2_tau2=1 + tau2 / typical,
        h2_q=q / df,
        conf_level=conf_level,
    )


def cochran_q(estimate, variance) -> float:
    """Weighted sum of squares about the common effect; Cochran (1954), Biometrics 10:101."""
    y, w = np.asarray(estimate, float), 1 / np.asarray(variance, float)
    return float(w @ (y - w @ y / w.sum()) ** 2)


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
