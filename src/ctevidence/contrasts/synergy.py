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

from ctevidence.contrasts.combination import (
    Combination,
    by_delta,
    combine,
    why_not_estimable,
    without_variation,
)
from ctevidence.contrasts.compare import compare, contrast_row, joined, levels_of
from ctevidence.contrasts.unidentified import absent, unidentified
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
        the smallest interaction that these data could have detected with 80 % power. Levels of
        which only differences are identified (hazards) give no prediction and no difference
        scale. Without all four cells one row says that synergy is not estimable.

    Raises
    ------
    KeyError
        A name that is neither an arm nor a treatment, or no such week.
    ValueError
        A treatment with several arms.

    Notes
    -----
    With levels :math:`\mu_{11}, \mu_{10}, \mu_{01}, \mu_{00}` of combined, medication, therapy
    and control, the interaction on the scale f is
    :math:`f(\mu_{11}) - f(\mu_{10}) - f(\mu_{01}) + f(\mu_{00})`, exponentiated for ratios.
    RERI is :math:`(\mu_{11}-\mu_{10}-\mu_{01}+\mu_{00})/\mu_{00}` (Rothman 1976) with its delta
    interval (Hosmer and Lemeshow 1992). Bliss independence (Bliss 1939) predicts
    :math:`1-(1-\mu_{10})(1-\mu_{01})/(1-\mu_{00})`; its row is seen minus predicted.
    The outcome is taken as declared, beneficial or adverse. Recoding it turns the sign of the
    difference, inverts the odds ratio, and changes the other scales altogether.
    """
    levels = levels_of(source, measure, week)
    names = (combined, medication, therapy, control)
    if absent(levels, names):
        return Estimates(
            [unidentified(levels, combined, "additivity", "interaction_difference", NOT_IDENTIFIED)]
        )
    cells = [levels.cell(name) for name in names]
    rows: list[Estimate] = []
    for single in (medication, therapy):
        rows += compare(levels, combined, against=single, conf_level=conf_level)
    if levels.anchored:
        rows.append(_predicted(levels, cells, conf_level))
    for name in levels.synergy:
        rows.append(_interaction(levels, cells, name, conf_level))
    if levels.anchored:
        rows.append(_detectable(levels, cells, rows, conf_level))
    return Estimates(rows)


def _interaction(levels: Levels, cells: list[Cell], name: str, conf_level: float) -> Estimate:
    if name == "interaction_difference":
        result = combine(levels, cells, INTERACTION, "identity", conf_level)
        return _row(levels, cells, name, levels.unit, "identity", "additivity", result, conf_level)
    if name == "reri":
        result = _of_control(levels, cells, _reri, "log", conf_level)
        unit = "relative risk"
        return _row(levels, cells, name, unit, "identity", "additivity", result, conf_level)
    if name == "bliss_excess":
        result = _of_control(levels, cells, _bliss, "log1m", conf_level)
        unit = levels.unit
        return _row(levels, cells, name, unit, "identity", "independence", result, conf_level)
    scale = "logit" if name == "interaction_odds_ratio" else "log"
    scale = scale if levels.anchored else "identity"  # they are on that scale already
    result = combine(levels, cells, INTERACTION, scale, conf_level)
    return _row(levels, cells, name, "ratio", "log", "multiplicativity", result, conf_level)


def _of_control(
    levels: Levels, cells: list[Cell], formula, scale: str, conf_level: float
) -> Combination:
    """A formula that divides by the control: it needs a value there on the scale."""
    problem = why_not_estimable(levels, cells) or why_not_estimable(levels, cells[3:], scale)
    if problem:
        return Combination(problem=problem)
    return by_delta(levels, cells, formula, conf_level)


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
    is_outside = row.estimate < low or row.estimate > high
    outside = "predicted beyond what is possible" if is_outside else ""
    # the prediction uses the three other arms only: the combined arm is not behind it
    return replace(row, p_value=math.nan, n=None, events=None, caution=joined(row.caution, outside))


def _detectable(
    levels: Levels, cells: list[Cell], rows: list[Estimate], conf_level: float
) -> Estimate:
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
        caution=joined(seen.caution, without_variation(levels, cells)),
    )


def _reri(v: np.ndarray) -> tuple[float, np.ndarray]:
    total = v[0] - v[1] - v[2] + v[3]
    return float(total / v[3]), np.array([1, -1, -1, 1 - total / v[3]]) / v[3]


def _bliss(v: np.ndarray) -> tuple[float, np.ndarray]:
    spared = 1 - v  # those without the outcome
    expected = spared[1] * spared[2] / spared[3]
    gradient = np.array([1, -spared[2] / spared[3], -spared[1] / spared[3], expected / spared[3]])
    return float(v[0] - (1 - expected)), gradient
