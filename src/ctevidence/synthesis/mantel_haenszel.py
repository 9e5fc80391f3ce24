"""Common effects from counts without correcting zero cells: Mantel-Haenszel and Peto."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.count_tables import CountTables

NO_EVENT = (
    "There is no event in one of the arms of all studies together: the {what} is not estimable"
)
NO_INFORMATION = "No study has both people with the event and people without: no odds ratio."


@dataclass(frozen=True)
class CommonEffect:
    """A common effect on the analysis scale (log for ratios) with its standard error.

    `studies` is how many say anything about it.
    """

    estimate: float
    std_error: float
    studies: int


def mantel_haenszel(tables: CountTables, measure="risk_ratio") -> CommonEffect:
    r"""Mantel-Haenszel estimate with the variance that holds for few large and many small studies.

    With :math:`a, b` events and non-events of arm 1, :math:`c, d` of arm 2, :math:`N` people:

    ================ ==================================== =========================================
    measure          estimate                             variance
    ================ ==================================== =========================================
    risk_ratio       :math:`\sum an_2/N : \sum cn_1/N`     Greenland and Robins 1985
    odds_ratio       :math:`\sum ad/N : \sum bc/N`         Robins, Breslow and Greenland 1986
    risk_difference  :math:`\sum(an_2-cn_1)/N : \sum n_1n_2/N`  Sato, Greenland and Robins 1989
    ================ ==================================== =========================================

    Studies without an event in either arm say nothing about a ratio and drop out by themselves;
    the risk difference keeps them. Mantel and Haenszel (1959), J Natl Cancer Inst 22:719; Greenland
    and Robins (1985), Biometrics 41:55; Robins, Breslow and Greenland (1986), Biometrics 42:311;
    Sato (1989), Biometrics 45:1323.

    Raises
    ------
    ValueError
        When the measure is unknown, or an arm has no event in any study and the ratio is 0 or
        infinite.

    Examples
    --------
    >>> two = CountTables([10, 1], [50, 30], [20, 0], [50, 30])
    >>> found = mantel_haenszel(two)
    >>> round(math.exp(found.estimate), 6)
    0.55
    """
    if measure not in _FORMULAS:
        raise ValueError(f'measure="{measure}" is unknown; say one of {", ".join(_FORMULAS)}.')
    is_ratio = measure != "risk_difference"
    used = tables.where(tables.informative) if is_ratio else tables
    if not used.k:
        raise ValueError(NO_INFORMATION.replace("odds ratio", measure.replace("_", " ")))
    if is_ratio and 0 in (used.events1.sum(), used.events2.sum()):
        raise ValueError(f"{NO_EVENT.format(what=measure.replace('_', ' '))}.")
    estimate, variance = _FORMULAS[measure](used)
    if not (math.isfinite(estimate) and variance > 0):
        raise ValueError(
            f"The Mantel-Haenszel {measure.replace('_', ' ')} is not estimable from these counts: "
            "everyone, or nobody, had the event on one side."
        )
    return CommonEffect(float(estimate), math.sqrt(variance), used.k)


def peto_odds_ratio(tables: CountTables) -> CommonEffect:
    r"""One-step (Peto) log odds ratio: observed less expected events over their variance.

    :math:`\sum(a_i-E_i)/\sum V_i` with :math:`E = n_1 m/N` and the hypergeometric variance
    :math:`V = n_1n_2m(N-m)/\{N^2(N-1)\}`, :math:`m` events in all: Yusuf et al. (1985), Prog
    Cardiovasc Dis 27:335. Biased where the effect is large or arms are very unequal: Greenland and
    Salvan (1990), Stat Med 9:247.

    Raises
    ------
    ValueError
        When no study has both events and non-events.

    Examples
    --------
    >>> found = peto_odds_ratio(CountTables([1], [100], [3], [100]))
    >>> round(found.estimate, 4), round(found.std_error, 4)
    (-1.0153, 1.0076)
    """
    used = tables.where(tables.informative)
    if not used.k:
        raise ValueError(NO_INFORMATION)
    total, events = used.n1 + used.n2, used.events1 + used.events2
    excess = used.events1 - used.n1 * events / total
    variance = used.n1 * used.n2 * events * (total - events) / (total**2 * (total - 1))
    return CommonEffect(float(excess.sum() / variance.sum()), 1 / math.sqrt(variance.sum()), used.k)


def _risk_ratio(t: CountTables) -> tuple[float, float]:
    total = t.n1 + t.n2
    R, S = t.events1 * t.n2 / total, t.events2 * t.n1 / total
    P = t.n1 * t.n2 * (t.events1 + t.events2) / total**2 - t.events1 * t.events2 / total
    return np.log(R.sum() / S.sum()), P.sum() / (R.sum() * S.sum())


def _odds_ratio(t: CountTables) -> tuple[float, float]:
    a, b, c, d = t.cells
    total = t.n1 + t.n2
    R, S, P, Q = a * d / total, b * c / total, (a + d) / total, (b + c) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (
            (P * R).sum() / (2 * R.sum() ** 2)
            + (P * S + Q * R).sum() / (2 * R.sum() * S.sum())
            + (Q * S).sum() / (2 * S.sum() ** 2)
        )
        return np.log(R.sum() / S.sum()), variance


def _risk_difference(t: CountTables) -> tuple[float, float]:
    a, b, c, d = t.cells
    total, weight = t.n1 + t.n2, t.n1 * t.n2 / (t.n1 + t.n2)
    difference = ((a * t.n2 - c * t.n1) / total).sum() / weight.sum()
    P = (t.n1**2 * c - t.n2**2 * a + t.n1 * t.n2 * (t.n2 - t.n1) / 2) / total**2
    Q = (a * d + c * b) / (2 * total)
    return difference, (difference * P.sum() + Q.sum()) / weight.sum() ** 2


_FORMULAS = {
    "risk_ratio": _risk_ratio,
    "odds_ratio": _odds_ratio,
    "risk_difference": _risk_difference,
}
