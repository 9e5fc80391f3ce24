"""Is the combination more than the sum of its parts?

Reference models: *additivity* on the difference scale (primary), on the ratio and odds scales
beside it, and Bliss *independence*. What each predicts, what was seen, the difference, and how
large a difference the data could have shown, always together with what adding the second
treatment brings: no synergy does not mean no benefit.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.stats import norm

from ctevidence.contrasts.combination import Combination, combine
from ctevidence.contrasts.compare import compare, contrast_row, joined, levels_of
from ctevidence.estimates import Estimate, Estimates
from ctevidence.levels import Cell, Levels
from ctevidence.terms import LEVEL_MEASURES, ContrastMeasure

POWER = 0.80
INTERACTION = [1.0, -1.0, -1.0, 1.0]  # combined, medication, therapy, control
NOT_IDENTIFIED = (
    "not estimable: without all four cells (combined, medication, therapy, control) "
    "synergy cannot be told from the effects of the parts"
)


def synergy(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    control: str = "control",
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    r"""Interaction of medication and therapy on every scale that is valid for the outcome.

    Parameters
    ----------
    source : Levels or a fit
    combined, medication, therapy, control : str
        The arms or treatments that fill the four cells.
    measure : str, optional
        Level measure; the fit's first when absent.
    week, conf_level : float

    Returns
    -------
    Estimates
        In order: what adding therapy to medication and medication to therapy brings
        (differences), what additivity predicts for the combination, the interactions, and
        the smallest interaction that these data could have detected with 80 % power.

    Notes
    -----
    With levels :math:`\mu_{11}, \mu_{10}, \mu_{01}, \mu_{00}` of combined, medication, therapy
    and control, the interaction on the scale f is
    :math:`f(\mu_{11}) - f(\mu_{10}) - f(\mu_{01}) + f(\mu_{00})`, exponentiated for ratios.
    RERI is :math:`(\mu_{11}-\mu_{10}-\mu_{01}+\mu_{00})/\mu_{00}` (Rothman 1976) with its delta
    interval (Hosmer and Lemeshow 1992). Bliss independence (Bliss 1939) predicts
    :math:`1-(1-\mu_{10})(1-\mu_{01})/(1-\mu_{00})`; its row is seen minus predicted.
    The outcome is taken as declared, beneficial or adverse: recoding changes all but the sign of
    the difference.
    """
    levels = levels_of(source, measure, week)
    names = (combined, medication, therapy, control)
    try:
        cells = [levels.cell(name) for name in names]
    except KeyError:
        return Estimates([_not_identified(levels, combined)])
    rows: list[Estimate] = []
    if levels.anchored:
        for single in (medication, therapy):
            rows += compare(levels, combined, against=single, conf_level=conf_level)
        rows.append(_predicted(levels, cells, conf_level))
    for name in LEVEL_MEASURES[levels.measure].synergy:
        rows.append(_interaction(levels, cells, name, conf_level))
    if levels.anchored:
        rows.append(_detectable(levels, rows, conf_level))
    return Estimates(rows)


def _interaction(levels: Levels, cells: list[Cell], name: str, conf_level: float) -> Estimate:
    unit = levels.unit if name == "interaction_difference" else "ratio"
    if name == "interaction_difference":
        result = combine(levels, cells, INTERACTION, "identity", conf_level)
        return _row(levels, cells, name, unit, "identity", "additivity", result, conf_level)
    if name in ("interaction_ratio", "interaction_odds_ratio"):
        scale = "logit" if name == "interaction_odds_ratio" else "log"
        scale = scale if levels.anchored else "exp"
        result = combine(levels, cells, INTERACTION, scale, conf_level)
        reference = "multiplicativity"
        return _row(levels, cells, name, unit, "log", reference, result, conf_level)
    formula = {"reri": _reri, "bliss_excess": _bliss}[name]
    result = _delta(levels, cells, formula, conf_level)
    reference = "additivity" if name == "reri" else "independence"
    unit = "relative risk" if name == "reri" else levels.unit
    return _row(levels, cells, name, unit, "identity", reference, result, conf_level)


def _row(levels, cells, name, unit, scale, reference, result, conf_level) -> Estimate:
    measure = ContrastMeasure(name, levels.measure, scale, unit)
    return contrast_row(levels, cells, reference, measure, result, conf_level)


def _predicted(levels: Levels, cells: list[Cell], conf_level: float) -> Estimate:
    """What additivity predicts for the combination: medication + therapy - control."""
    result = combine(levels, cells[1:], [1.0, 1.0, -1.0], "identity", conf_level)
    row = _row(
        levels, cells, levels.measure, levels.unit, "identity", "additivity", result, conf_level
    )
    low, high = LEVEL_MEASURES[levels.measure].bounds
    outside = "predicted beyond what is possible" if not low <= row.estimate <= high else ""
    # the prediction uses the three other arms only: the combined arm is not behind it
    return replace(row, p_value=math.nan, n=None, events=None, caution=joined(row.caution, outside))


def _detectable(levels: Levels, rows: list[Estimate], conf_level: float) -> Estimate:
    """The smallest interaction found in 80 % of repetitions at this precision."""
    seen = next(row for row in rows if row.measure == "interaction_difference")
    reach = float(norm.ppf(0.5 + conf_level / 2) + norm.ppf(POWER))
    smallest = seen.std_error * reach if seen.std_error > 0 else math.nan
    return replace(
        seen,
        id="",
        measure="detectable_interaction_difference",
        estimate=smallest,
        conf_low=math.nan,
        conf_high=math.nan,
        p_value=math.nan,
        method=f"(z + z_power) x standard error; {POWER:.0%} power, two-sided {1 - conf_level:.0%}",
    )


def _not_identified(levels: Levels, combined: str) -> Estimate:
    return Estimate(
        study=levels.study,
        population=levels.population,
        outcome=levels.outcome,
        arm=combined,
        reference="additivity",
        measure="interaction_difference",
        unit=levels.unit,
        week=math.nan if levels.keys[0].week is None else levels.keys[0].week,
        estimate=math.nan,
        method=levels.method,
        caution=joined(levels.caution, NOT_IDENTIFIED),
    )


def _delta(levels: Levels, cells: list[Cell], formula, conf_level: float) -> Combination:
    """Delta-method interval of a smooth function of the four cell values."""
    mixing = np.array([cell.weights for cell in cells])
    values = mixing @ np.nan_to_num(levels.values)
    missing = any(not np.all(np.isfinite(levels.values[row != 0])) for row in mixing)
    estimate, gradient = (math.nan, None) if missing else formula(values)
    if gradient is None:
        return Combination(*[math.nan] * 6, method="", problem="not estimable: a cell rules it out")
    slope = (gradient @ mixing) * np.diag(levels.value_jacobian)
    std_error = math.sqrt(float(slope @ levels.cov @ slope))
    reach = float(norm.ppf(0.5 + conf_level / 2)) * std_error
    p_value = 2 * float(norm.sf(abs(estimate) / std_error)) if std_error > 0 else math.nan
    return Combination(
        estimate, std_error, estimate - reach, estimate + reach, math.inf, p_value, "delta method"
    )


def _reri(v: np.ndarray) -> tuple[float, np.ndarray | None]:
    if v[3] <= 0:
        return math.nan, None
    total = v[0] - v[1] - v[2] + v[3]
    return total / v[3], np.array([1, -1, -1, 1 - total / v[3]]) / v[3]


def _bliss(v: np.ndarray) -> tuple[float, np.ndarray | None]:
    spared = 1 - v  # those without the outcome
    if spared[3] <= 0:
        return math.nan, None
    expected = spared[1] * spared[2] / spared[3]
    gradient = np.array([1, -spared[2] / spared[3], -spared[1] / spared[3], expected / spared[3]])
    return float(v[0] - (1 - expected)), gradient
