"""Henderson's mixed model equations, solved (Henderson 1975, Biometrics 31:423)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Solution:
    """Mixed model equations solved at one value of the variance components.

    Attributes
    ----------
    loglik : float
    s : float
        Residual variance.
    G : list of arrays
        Covariance of the random effects of each grouping.
    T : array (g, r, r)
        ``(s I + G Z_i'Z_i)^-1``.
    M : array (g, r, r)
        ``Z_i'V1^-1 Z_i``.
    C : array (g, r, d)
        ``Z_i'V1^-1 [W, X, y]``.
    equations : array (d, d)
        ``[W, X, y]'V1^-1 [W, X, y]``.
    inverse : array (d - 1, d - 1)
        ``C``: prediction-error covariance of ``v`` and ``beta``.
    second : array (d - 1, d - 1)
        The same with ``beta`` known: its W block is the prediction-error covariance of ``v``.
    effects : array (d - 1,)
        ``v`` and ``beta``.
    """

    loglik: float
    s: float
    G: list[Array]
    T: Array
    M: Array
    C: Array
    equations: Array
    inverse: Array
    second: Array
    effects: Array

    @property
    def residual(self) -> Array:
        """``(-v, -beta, 1)``: applied to ``[W, X, y]`` it gives the residual."""
        return np.r_[-self.effects, 1.0]
