"""Weighted least squares of a network: any linear model of its treatments, full rank or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from ctevidence.synthesis.tau_squared import TAU2_METHODS, q_profile_interval, weighted_fit

#: Share of the largest singular value below which a direction counts as absent.
RANK_TOLERANCE = 1e-10
NETWORK_TAU2 = ("REML", "DL", "ML", "PM")


@dataclass(frozen=True, eq=False)
class NetworkFit:
    """Coefficients of a linear model of the network at one between-study variance.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        The shortest of all solutions; only `identified` combinations mean anything.
    cov : ndarray, shape (p, p)
    span : ndarray, shape (p, r)
        Orthonormal basis of the combinations of coefficients that the data identify.
    tau2 : float
    q : float
        Weighted residual sum of squares at this tau-squared.
    df : int
        Independent contrasts minus the rank of the model.
    """

    coef: np.ndarray
    cov: np.ndarray
    span: np.ndarray
    tau2: float
    q: float
    df: int

    def identified(self, combinations) -> np.ndarray:
        """Whether the data say anything about each combination, shape (..., p) to (...)."""
        c = np.asarray(combinations, float)
        left_over = c - (c @ self.span) @ self.span.T
        size = np.linalg.norm(c, axis=-1)
        return np.linalg.norm(left_over, axis=-1) <= 1e-8 * np.maximum(size, 1.0)

    def mean_square(self, hartung_knapp: str) -> tuple[float, float]:
        r"""Factor of the covariance, and degrees of freedom of t, by Hartung-Knapp.

        :math:`q = Q(\hat\tau^2)/df`: ``"plain"`` q, ``"guarded"`` no less than 1, ``"none"`` 1 with
        the normal distribution. Knapp and Hartung (2003), Stat Med 22:2693; for contrasts that
        belong together Jackson and Riley (2014), Stat Med 33:541. Without a degree of freedom there
        is no q, and the interval stays normal.
        """
        if hartung_knapp == "none" or self.df == 0:
            return 1.0, math.inf
        q = self.q / self.df
        return max(1.0, q) if hartung_knapp == "guarded" else q, float(self.df)


def identified_span(design) -> np.ndarray:
    """Orthonormal basis, shape (p, r), of the row space of a design, shape (m, p)."""
    _, size, axes = np.linalg.svd(design, full_matrices=False)
    return axes[size > RANK_TOLERANCE * max(size.max(initial=0.0), 1e-300)].T


def fit_network(y, v, design, tau2=0.0, span=None) -> NetworkFit:
    r"""Weighted least squares with weights :math:`1/(v_i + \tau^2)`.

    Parameters
    ----------
    y, v : array_like, shape (m,)
        Independent contrasts and their variances.
    design : array_like, shape (m, p)
    tau2 : float
    span : ndarray, shape (p, r), optional
        `identified_span` of the design, if known already.

    Examples
    --------
    Two trials of b against a; the treatments stand on any common origin.

    >>> fit = fit_network([1.0, 2.0], [1.0, 1.0], [[-1, 1], [-1, 1]])
    >>> float(fit.coef[1] - fit.coef[0]), round(fit.q, 9), fit.df
    (1.5, 0.5, 1)
    >>> fit.identified([[-1, 1], [0, 1]]).tolist()
    [True, False]
    """
    y, v, design = (np.asarray(a, float) for a in (y, v, design))
    span = identified_span(design) if span is None else span
    fit = weighted_fit(y, v, design @ span, tau2)
    cov = span @ np.linalg.inv(fit.cross) @ span.T
    return NetworkFit(span @ fit.coef, cov, span, float(tau2), float(fit.q), y.size - span.shape[1])


def network_tau_squared(y, v, design, method="REML") -> float:
    """Between-study variance common to all comparisons of a network.

    ``DL`` is the generalised DerSimonian and Laird estimate of netmeta, ``REML`` the restricted
    likelihood of the multivariate model (White et al. 2012, Res Syn Meth 3:111; Jackson et al.
    2014, Stat Med 33:3639): those of independent studies, applied to independent contrasts.
    ``nan`` where the model leaves no degree of freedom.

    Raises
    ------
    ValueError
        When the method is unknown.
    """
    if method not in NETWORK_TAU2:
        raise ValueError(
            f'tau2_method="{method}" is unknown; say one of {", ".join(NETWORK_TAU2)}.'
        )
    y, v, design = (np.asarray(a, float) for a in (y, v, design))
    if y.size <= design.shape[1]:
        return math.nan
    if fit_network(y, v, design).q <= 1e-20 * max(1.0, float(y @ y)):
        return 0.0  # all agree exactly
    return float(TAU2_METHODS[method](y, v, design))


def tau_squared_interval(y, v, design, conf_level=0.95) -> tuple[float, float]:
    """Q-profile interval; Viechtbauer (2007), Stat Med 26:37, on independent contrasts."""
    if len(y) <= design.shape[1]:
        return math.nan, math.nan
    return q_profile_interval(y, v, conf_level, design)


@dataclass(frozen=True)
class QTest:
    """A heterogeneity statistic with its chi-squared test; no p-value on 0 degrees of freedom."""

    q: float
    df: int

    @property
    def p_value(self) -> float:
        return float(chdtrc(self.df, self.q)) if self.df > 0 else math.nan
