"""Is the combination more than the sum of its parts?

Additivity on the difference scale is primary; the ratio and odds scales, the excess relative to
one cell and Bliss independence stand beside it. How large an interaction the data could have shown
is said for each, always together with what adding the second treatment brings: no synergy does not
mean no benefit.
"""

from __future__ import annotations

import math
from dataclasses import replace

from scipy.stats import norm

from ctevidence.contrasts.combination import (
    Combination,
    by_delta,
    combine,
    why_not_estimable,
    without_variation,
)
from ctevidence.contrasts.compare import LARGEST_LOG, compare, contrast_row, joined, levels_of
from ctevidence.contrasts.interaction_formulas import INTERACTION, MEASURES, InteractionMeasure
from ctevidence.contrasts.percentiles import by_draws
from ctevidence.contrasts.relative_excess import INTERVALS, relative_result
from ctevidence.contrasts.unidentified import absent, not_identified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import listed, say
from ctevidence.levels import Cell, Levels
from ctevidence.names import in_words
from ctevidence.terms import LEVEL_MEASURES, ContrastMeasure, did_you_mean

POWER = 0.80
#: ranges of ratios are rough where a cell has fewer people with the outcome, see docs/validation.md
FEW = 5
RELATIVE = ("reri", "attributable_proportion", "synergy_index")
#: measure -> scale of each cell on which its ratio is additive
_SCALES = {
    "interaction_difference": "identity",
    "interaction_ratio": "log",
    "interaction_odds_ratio": "logit",
}


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
    interval: str | None = None,
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
    interval : {"delta", "mover", "bootstrap"}, optional
        ``delta`` or ``mover`` for the measures relative to a cell (MOVER when absent, delta for
        the synergy index); ``bootstrap`` for all interactions, from levels with replicates
        (`bootstrap_levels`, `draw_counts`).

    Returns
    -------
    Estimates
        In order: what adding therapy to medication and medication to therapy brings
        (differences), what additivity predicts for the combination, the interactions, and for
        each the smallest that these data could have detected with 80 % power. Levels of which
        only differences are identified (hazards) give no prediction and no difference scale.
        Without all four cells the interactions keep their places and say what is missing and
        what can still be told.

    Raises
    ------
    KeyError
        A name that is neither an arm nor a treatment, no such week, or an unknown interval.
    ValueError
        A treatment with several arms, or a bootstrap interval of levels without replicates.

    Notes
    -----
    With levels :math:`\mu_{11}, \mu_{10}, \mu_{01}, \mu_{00}` of combined, medication, therapy
    and control, the interaction on the scale f is
    :math:`f(\mu_{11}) - f(\mu_{10}) - f(\mu_{01}) + f(\mu_{00})`, exponentiated for ratios.
    RERI and its relatives are those of `relative_excess` with control as reference. Bliss
    independence (Bliss 1939, Ann Appl Biol 26:585) predicts
    :math:`1-(1-\mu_{10})(1-\mu_{01})/(1-\mu_{00})`; its row is seen minus predicted.
    The outcome is taken as declared, beneficial or adverse. Recoding it turns the sign of the
    difference, inverts the odds ratio, and changes the other scales altogether.
    """
    if interval not in (None, *INTERVALS):
        raise KeyError(f'There is no interval "{interval}"{did_you_mean(interval, INTERVALS)}')
    levels = levels_of(source, measure, week)
    names = (combined, medication, therapy, control)
    measures = levels.synergy
    missing = absent(levels, names)
    rows: list[Estimate] = []
    for single in (medication, therapy):
        if not {combined, single} & {*missing}:
            rows += compare(levels, combined, against=single, conf_level=conf_level)
    if missing:
        return Estimates(rows) + not_identified(levels, names, measures)
    cells = [levels.cell(name) for name in names]
    if levels.anchored:
        rows.append(_predicted(levels, cells, conf_level))
    found = [interaction(levels, cells, name, conf_level, interval) for name in measures]
    least = [_detectable(levels, cells, row, conf_level) for row in found]
    return Estimates([*rows, *found, *least])


def interaction(
    levels: Levels, cells: list[Cell], name: str, conf_level: float, interval: str | None = None
) -> Estimate:
    """The row of one measure of interaction of four cells."""
    measure = MEASURES[name]
    result = _result(levels, cells, measure, conf_level, interval)
    unit = measure.unit or levels.unit
    shown = ContrastMeasure(name, levels.measure, measure.scale, unit)
    row = contrast_row(levels, cells, measure.reference, shown, result, conf_level)
    few = _few(levels, cells, name) if row.is_estimable else ""
    return replace(row, caution=joined(row.caution, few))


def _few(levels: Levels, cells: list[Cell], name: str) -> str:
    """Where a ratio rests on a handful of people, in words."""
    if name not in (*RELATIVE, "interaction_ratio", "interaction_odds_ratio"):
        return ""
    few = [in_words(c.name) for c in cells if c.events is not None and c.events < FEW]
    if not few:
        return ""
    outcome = in_words(levels.outcome)
    return say("contrasts.synergy.rough", few=FEW, outcome=outcome, where=listed(few))


def _result(
    levels: Levels,
    cells: list[Cell],
    measure: InteractionMeasure,
    conf_level: float,
    interval: str | None,
) -> Combination:
    if measure.name in RELATIVE:
        return relative_result(levels, cells, measure.name, "risk", interval, conf_level)
    scale = _SCALES.get(measure.name, "identity") if levels.anchored else "identity"
    problem = why_not_estimable(levels, cells, scale)
    for cell, needed in measure.needs:
        problem = problem or why_not_estimable(levels, [cells[cell]], needed)
    if problem:
        return Combination(problem=problem)
    if interval == "bootstrap":
        formula = measure.formula if levels.anchored else MEASURES["interaction_difference"].formula
        return by_draws(levels, cells, formula, conf_level)
    if measure.name in _SCALES:
        return combine(levels, cells, list(INTERACTION), scale, conf_level)
    return by_delta(levels, cells, measure.formula, conf_level)


def _predicted(levels: Levels, cells: list[Cell], conf_level: float) -> Estimate:
    """What additivity predicts for the combination: medication + therapy - control."""
    result = combine(levels, cells[1:], [1.0, 1.0, -1.0], "identity", conf_level)
    return predicted_row(levels, cells, "additivity", result, conf_level)


def predicted_row(
    levels: Levels, cells: list[Cell], model: str, result: Combination, conf_level: float
) -> Estimate:
    """What a reference model expects of the combination, from the three other cells."""
    # the combined arm is not behind it
    cells = [replace(cells[0], n=None, events=None), *cells[1:]]
    measure = ContrastMeasure(levels.measure, levels.measure, "identity", levels.unit)
    row = contrast_row(levels, cells, model, measure, result, conf_level)
    low, high = LEVEL_MEASURES[levels.measure].bounds
    is_outside = row.estimate < low or row.estimate > high
    outside = say("contrasts.synergy.impossible") if is_outside else ""
    return replace(row, p_value=math.nan, n=None, caution=joined(row.caution, outside))


def _detectable(levels: Levels, cells: list[Cell], seen: Estimate, conf_level: float) -> Estimate:
    """The smallest interaction found in 80 % of repetitions at this precision."""
    reach = float(norm.ppf(0.5 + conf_level / 2) + norm.ppf(POWER))
    smallest = seen.std_error * reach if seen.std_error > 0 else math.nan
    limitless = ""
    if seen.error_scale == "log" and smallest > LARGEST_LOG:  # more than can be written
        smallest, limitless = math.nan, say("contrasts.compare.no_limit")
    elif seen.error_scale == "log":  # this ratio or its inverse
        smallest = math.exp(smallest)
    return replace(
        seen,
        id="",
        measure=f"detectable_{seen.measure}",
        estimate=smallest,
        conf_low=math.nan,
        conf_high=math.nan,
        p_value=math.nan,
        method=say(
            "contrasts.synergy.detectable", power=f"{POWER:.0%}", alpha=f"{1 - conf_level:.0%}"
        ),
        caution=joined(seen.caution, without_variation(levels, cells), limitless),
    )
