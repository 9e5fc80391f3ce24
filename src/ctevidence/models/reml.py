"""Restricted likelihood of a Gaussian linear model: score and information from their parts.

With ``V`` the covariance of ``y``, ``V_a`` and ``V_ab`` its derivatives in the covariance
parameters, ``Phi = (X'V^-1 X)^-1``, ``r = y - X beta`` and ``P = V^-1 - V^-1 X Phi X'V^-1``
(Harville 1977, JASA 72:320; Jennrich & Schluchter 1986, Biometrics 42:805),

    -2 l       = (n - q) log 2 pi + log|V| + log|X'V^-1 X| + r'V^-1 r
    -2 l_a     = tr(P V_a) - y'P V_a P y
    -2 l_ab    = -tr(P V_a P V_b) + tr(P V_ab) + 2 y'P V_a P V_b P y - y'P V_ab P y
    2 E[-l_ab] = tr(P V_a P V_b)

Maximum likelihood has n for n - q, no log|X'V^-1 X|, and V^-1 for P in the traces. What differs
between models is only how the sums over people in these expressions are taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


class OutsideParameterSpaceError(ValueError):
    """The covariance is not positive definite at these parameters."""


@dataclass(frozen=True)
class Curvature:
    """Likelihood and derivatives at one vector of K covariance parameters.

    Attributes
    ----------
    loglik : float
        REML or ML log-likelihood.
    score : array (K,)
        Its gradient.
    observed, expected : array (K, K)
        Information: minus the Hessian, and its expectation.
    coef : array (q,)
    cov : array (q, q)
        ``Phi``, the covariance of the coefficients.
    cov_slopes : array (K, q, q)
        Its derivatives, ``Phi X'V^-1 V_a V^-1 X Phi``.
    """

    loglik: float
    score: Array
    observed: Array
    expected: Array
    coef: Array
    cov: Array
    cov_slopes: Array


def score_and_information(
    moment_slopes: Array,
    residual: Array,
    cov: Array,
    cov_in_traces: Array,
    trace: Array,
    second: Array,
    mixed: Array,
    spread: Array,
    bends: Array | float = 0.0,
) -> tuple[Array, Array, Array]:
    """Score, observed and expected information.

    Parameters
    ----------
    moment_slopes : array (K, q + 1, q + 1)
        ``[X, y]'V^-1 V_a V^-1 [X, y]``.
    residual : array (q + 1,)
        ``(-beta, 1)``, so that ``[X, y] @ residual = r``.
    cov : array (q, q)
        ``Phi``.
    cov_in_traces : array (q, q)
        ``Phi`` for REML, zero for maximum likelihood.
    trace : array (K,)
        ``tr(V^-1 V_a)``.
    second, mixed, spread : array (K, K)
        ``tr(V^-1 V_a V^-1 V_b)``, ``r'V^-1 V_a V^-1 V_b V^-1 r`` and
        ``tr(cov_in_traces X'V^-1 V_a V^-1 V_b V^-1 X)``.
    bends : array (K, K) or 0
        ``tr(P V_ab) - y'P V_ab P y``; zero for parameters in which ``V`` is linear.

    Returns
    -------
    score : array (K,)
    observed, expected : array (K, K)
    """
    crossed = moment_slopes[:, :-1] @ residual
    leverage = cov_in_traces @ moment_slopes[:, :-1, :-1]
    score = moment_slopes @ residual @ residual - trace + np.einsum("aii->a", leverage)
    traces = second - 2 * spread + np.einsum("aij,bji->ab", leverage, leverage, optimize=True)
    observed = -traces + 2 * (mixed - crossed @ cov @ crossed.T) + bends
    return score / 2, observed / 2, traces / 2


def invert(matrices: Array) -> tuple[Array, Array]:
    """Inverses and log determinants of a batch of positive definite matrices (b, m, m).

    Raises
    ------
    OutsideParameterSpaceError
        When one of them is not positive definite.
    """
    try:
        factor = np.linalg.cholesky(matrices)
        half = np.linalg.inv(factor)
    except np.linalg.LinAlgError:
        raise OutsideParameterSpaceError("covariance is not positive definite") from None
    logs = 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    if not (np.isfinite(logs).all() and np.isfinite(half).all()):
        raise OutsideParameterSpaceError("covariance is not finite")
    return half.swapaxes(1, 2) @ half, logs
