r"""How an effect changes with a continuous modifier, on the difference and on the ratio scale.

Among the people of the two arms, :math:`y = \alpha + \beta a + \gamma z + \delta a z` with a the
arm and z the modifier: :math:`\delta` is the change of the difference for each unit of z. On the
log scale (Poisson regression for a share, Zou 2004, Am J Epidemiol 159:702) :math:`e^\delta` is the
ratio of risk ratios. Both with the HC3 sandwich (MacKinnon and White 1985, J Econometrics 29:305):
neither model is believed, only its slope is reported. A straight line is assumed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from ctevidence.language import say

#: People behind each coefficient below which no slope is reported.
PEOPLE_PER_COEFFICIENT = 5


class Slope(NamedTuple):
    """A slope of an effect and its error on the analysis scale; nan with a reason."""

    estimate: float
    std_error: float
    df: float
    problem: str = ""


def slope_of_effect(
    y: np.ndarray, arm: np.ndarray, z: np.ndarray, scale: str, more: np.ndarray | None = None
) -> Slope:
    """Change of the effect of an arm for each unit of a modifier.

    Parameters
    ----------
    y : ndarray, shape (n,)
        0 and 1, or scores.
    arm : ndarray of 0 and 1, shape (n,)
    z : ndarray, shape (n,)
    scale : {"identity", "log"}
        Differences, or logarithms of risk ratios.
    more : ndarray, shape (n, q), optional
        Further columns of the regression.
    """
    columns = [np.ones(len(y)), arm, z - z.mean(), arm * (z - z.mean())]
    x = np.column_stack([*columns, *([] if more is None else more.T)])
    n, q = x.shape
    if n < PEOPLE_PER_COEFFICIENT * q or np.linalg.matrix_rank(x) < q:
        return Slope(math.nan, math.nan, math.nan, say("models.continuous_modifier.too_few"))
    if scale == "log" and any(y[arm == a].sum() == 0 for a in (0, 1)):
        return Slope(math.nan, math.nan, math.nan, say("models.continuous_modifier.no_ratio"))
    if scale == "identity":
        coef = np.linalg.lstsq(x, y, rcond=None)[0]
        weight, fitted = np.ones(n), x @ coef
    else:
        model = GLM(y, x, family=Poisson()).fit(tol=1e-12, tol_criterion="params", maxiter=200)
        coef, fitted = model.params, model.fittedvalues
        weight = fitted
    bread = np.linalg.inv((x * weight[:, None]).T @ x)
    leverage = weight * np.einsum("ij,jk,ik->i", x, bread, x)
    influence = (x @ bread) * ((y - fitted) / (1 - leverage))[:, None]
    variance = float((influence.T @ influence)[3, 3])
    return Slope(float(coef[3]), math.sqrt(variance), n - q if scale == "identity" else math.inf)
