"""The combination against its single treatments together: their average, and the better one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ctevidence.contrasts.better_than_both import BEST_SINGLE
from ctevidence.contrasts.combination import Combination, combine
from ctevidence.contrasts.compare import contrast_row, joined, levels_of
from ctevidence.contrasts.unidentified import absent, unidentified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Cell, Levels
from ctevidence.terms import CONTRAST_MEASURES, contrast_measure

AVERAGE_SINGLE = "average of the single treatments"


def compare_with_singles(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    r"""The combination against the average of the single treatments, and against the better one.

    Parameters
    ----------
    source : Levels or a fit
    combined, medication, therapy : str
        Arms or treatments.
    measure : str, optional
        A difference measure; the level measure's first when absent.
    week, conf_level
        As for `compare`; intervals are two-sided.

    Returns
    -------
    Estimates
        Two rows.

    Raises
    ------
    ValueError
        For a ratio measure or an NNT.

    Notes
    -----
    The average is an ordinary contrast with weights one half. The better single treatment is
    chosen by the data, so its row is adjusted for the choice, by a conservative union: with
    :math:`\delta = \min(\delta_1, \delta_2)` the smaller of the two advantages, the lower limit is
    the smaller of the two lower limits at :math:`1-\alpha/2` (an intersection-union argument;
    Berger 1982, Technometrics 24:295) and the upper limit the smaller of the two upper limits at
    :math:`1-\alpha/4` (Bonferroni, because either may fail). Coverage is at least nominal whatever
    the true order and correlation. The p-value is the same inversion. The min test is the
    one-sided half of it.
    """
    levels = levels_of(source, contrast_measure(measure).of if measure else None, week)
    measure = measure or levels.contrasts[0]
    if CONTRAST_MEASURES[measure].is_ratio or measure == "nnt":
        raise ValueError(f"Singles are averaged and chosen on a difference, not on {measure}.")
    names = (combined, medication, therapy)
    if absent(levels, names):
        return Estimates(
            unidentified(
                levels, combined, reference, measure, say("contrasts.better_than_both.needs_both")
            )
            for reference in (AVERAGE_SINGLE, BEST_SINGLE)
        )
    cells = [levels.cell(name) for name in names]
    average = combine(levels, cells, [1.0, -0.5, -0.5], "identity", conf_level)
    chosen = CONTRAST_MEASURES[measure]
    return Estimates([
        contrast_row(levels, cells, AVERAGE_SINGLE, chosen, average, conf_level),
        against_best_single(levels, cells, conf_level),
    ])  # fmt: skip


def against_best_single(levels: Levels, cells: list[Cell], conf_level: float) -> Estimate:
    """Combined against the better of two cells, two-sided, adjusted for the choice.

    Parameters
    ----------
    cells : list of Cell
        Combined and the two single treatments.
    """
    measure = CONTRAST_MEASURES[levels.contrasts[0]]
    alpha = 1 - conf_level
    sign = 1.0 if levels.better == "higher" else -1.0
    weights = [sign, -sign]

    def pair(level: float, alternative: str) -> list[Combination]:
        return [
            combine(levels, [cells[0], single], weights, "identity", level, alternative)
            for single in cells[1:]
        ]

    lower, upper = pair(1 - alpha / 2, "greater"), pair(1 - alpha / 4, "less")
    least = float(np.min([r.estimate for r in lower]))
    low = float(np.min([r.low for r in lower]))
    high = float(np.min([r.high for r in upper]))
    p_better = float(np.max([r.p_value for r in lower]))
    p_worse = min(1.0, 2 * float(np.min([r.p_value for r in upper])))
    if sign < 0:
        low, high = -high, -low
    missing = joined(*(r.problem for r in lower))
    result = Combination(
        sign * least,
        low=low,
        high=high,
        p_value=min(1.0, 2 * min(p_better, p_worse)),
        method=say("contrasts.singles.method"),
        problem=missing if math.isnan(least) else joined(missing, say("contrasts.singles.leans")),
    )
    row = contrast_row(levels, cells, BEST_SINGLE, measure, result, conf_level)
    return replace(row, df=math.nan)
