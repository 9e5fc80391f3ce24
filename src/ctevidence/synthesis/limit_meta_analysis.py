"""Limit meta-analysis: the mean that studies of growing precision tend to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.pairwise import PairwisePool


@dataclass(frozen=True)
class LimitEffect:
    """Result of `limit_effect`: the limit with its error, and the radial line behind it."""

    estimate: float
    std_error: float
    slope: float
    intercept: float


def limit_effect(pool: PairwisePool) -> LimitEffect:
    r"""Expectation of a study without sampling error, allowing for bias in small studies.

    Model :math:`y_i = \beta + \sqrt{v_i+\tau^2}(\alpha + \epsilon_i)`: the line of
    :math:`y_i/\sqrt{v_i+\hat\tau^2}` on :math:`1/\sqrt{v_i+\hat\tau^2}` has slope :math:`\beta` and
    intercept :math:`\alpha`, and as :math:`v_i \to 0` the mean tends to
    :math:`\beta_0 = \beta + \hat\tau\alpha`: Ruecker et al. (2011), Biostatistics 12:122. The
    standard error is that of this sum with residual variance 1 and :math:`\hat\tau` taken as known.

    Raises
    ------
    ValueError
        For fewer than three studies, or studies all equally precise.
    """
    if pool.k < 3:
        raise ValueError(f"A limit needs three studies; there are {pool.k}.")
    tau2 = pool.heterogeneity.tau2
    s = np.sqrt(pool.studies.variance + tau2)
    if np.ptp(s) <= 1e-9 * s.max():
        raise ValueError("All studies are equally precise: there is no limit to tend to.")
    X = np.column_stack([1 / s, np.ones_like(s)])
    cross = np.linalg.inv(X.T @ X)
    coef = cross @ (X.T @ (pool.studies.estimate / s))
    towards = np.array([1.0, math.sqrt(tau2)])
    return LimitEffect(
        estimate=float(towards @ coef),
        std_error=float(np.sqrt(towards @ cross @ towards)),
        slope=float(coef[0]),
        intercept=float(coef[1]),
    )
