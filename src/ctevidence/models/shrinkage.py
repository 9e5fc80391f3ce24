r"""Shrinkage of the effects of groups towards their average, by empirical Bayes.

Effects :math:`y_g \sim N(\theta_g, s_g^2)` of groups that are taken to come from one distribution,
:math:`\theta_g \sim N(\mu, \tau^2)`. The spread :math:`\tau^2` is that of Paule and Mandel (1982, J
Res Natl Bur Stand 87:377), the shrunken effect the mean of its posterior (Morris 1983, JASA 78:47):

.. math:: \tilde\theta_g = \mu + B_g (y_g - \mu), \qquad B_g = \tau^2 / (\tau^2 + s_g^2),
    \qquad V_g = B_g s_g^2 + (1 - B_g)^2 \operatorname{Var}(\mu).

The spread is treated as known, which with few groups makes :math:`V_g` too small.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2


class Shrunken(NamedTuple):
    """Effects of groups drawn together.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (k,)
    mean : float
    tau2 : float
        Variance between groups.
    q, p_value : float
        Cochran's test that all groups have the same effect, on k - 1 degrees of freedom.
    """

    estimate: np.ndarray
    std_error: np.ndarray
    mean: float
    tau2: float
    q: float
    p_value: float


def shrink(estimate: np.ndarray, std_error: np.ndarray) -> Shrunken:
    """Draw the effects of two or more groups together.

    Parameters
    ----------
    estimate, std_error : ndarray, shape (k,)
        Independent; ratios on the log scale.

    Examples
    --------
    Groups that differ by no more than chance are drawn together altogether.

    >>> shrink(np.array([0.10, 0.14]), np.array([0.1, 0.1])).estimate.round(6).tolist()
    [0.12, 0.12]
    """
    y, s2 = np.asarray(estimate, float), np.asarray(std_error, float) ** 2

    def generalised_q(tau2: float) -> float:
        w = 1 / (s2 + tau2)
        return float(w @ (y - w @ y / w.sum()) ** 2)

    k, q = len(y), generalised_q(0.0)
    tau2 = 0.0
    if q > k - 1:
        far = float(np.var(y, ddof=1)) + 1e-12
        while generalised_q(far) > k - 1:
            far *= 2
        tau2 = brentq(lambda t: generalised_q(t) - (k - 1), 0.0, far, xtol=1e-14)
    w = 1 / (s2 + tau2)
    mean = float(w @ y / w.sum())
    share = tau2 * w
    variance = share * s2 + (1 - share) ** 2 / w.sum()
    return Shrunken(
        mean + share * (y - mean),
        np.sqrt(variance),
        mean,
        tau2,
        q,
        float(chi2.sf(q, k - 1)),
    )
