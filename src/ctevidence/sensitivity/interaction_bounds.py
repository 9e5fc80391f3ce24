"""Bounds of interactions under unmeasured confounding, and the strength that would explain them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from ctevidence.contrasts.combination import (
    Combination,
    covariance_of,
    values_of,
    why_not_estimable,
)
from ctevidence.contrasts.compare import contrast_row, levels_of
from ctevidence.contrasts.interaction_formulas import MEASURES
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Cell, Levels
from ctevidence.sensitivity.e_values import e_value
from ctevidence.terms import BOUNDS, E_VALUE, ContrastMeasure

BOUNDED = ("interaction_difference", "interaction_ratio")
SIGNS = np.array([1.0, -1.0, -1.0, 1.0])
#: strengths beyond which a search stops: nobody would call it confounding
STRONGEST = 1e4


def bounding_factor(with_treatment: float, with_outcome: float) -> float:
    """How much at most a confounder can distort a risk ratio.

    Parameters
    ----------
    with_treatment, with_outcome : float
        Largest risk ratios, at least 1, of the confounder between people of two arms, and of the
        outcome between its values.

    Notes
    -----
    ``RR_AU RR_UY / (RR_AU + RR_UY - 1)`` (Ding and VanderWeele 2016, Epidemiology 27:368).

    Examples
    --------
    >>> bounding_factor(2, 2) == 4 / 3, bounding_factor(1, 9)
    (True, 1.0)
    """
    return with_treatment * with_outcome / (with_treatment + with_outcome - 1)


def interaction_bounds(
    source,
    *,
    strength: float = 1.5,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    control: str = "control",
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    r"""What the interaction could be under unmeasured confounding of a given strength.

    Parameters
    ----------
    source : Levels or a fit
        Of risks (or of survival or cumulative incidence).
    strength : float
        Risk ratio, at least 1, of the confounder with arm and with outcome, beyond what was
        adjusted for.
    combined, medication, therapy, control : str
        The arms or treatments that fill the four cells.
    measure, week, conf_level
        As for `ctevidence.synergy`.

    Returns
    -------
    Estimates
        Two rows for each of the difference and the ratio scale. ``..._bounds``: the interaction
        seen, with the range that confounding of this strength together with chance leaves.
        ``..._e_value``: the strength from which on confounding could explain the interaction away
        (`conf_low`: could bring zero into the interval, 1 where it is there already).

    Raises
    ------
    ValueError
        For a strength below 1, or levels that are no probabilities.

    Notes
    -----
    Of the people of arm a, a share :math:`f_a` of all, the risk :math:`p_a` is seen; of the others
    under the same treatment it may be :math:`p_a / B` to :math:`p_a B`, B the bounding factor (Ding
    and VanderWeele 2016, Epidemiology 27:368, whose lemma compares one treatment's risk between
    two groups of people). So the risk of everyone lies between
    :math:`p_a (f_a + (1 - f_a) / B)` and :math:`p_a (f_a + (1 - f_a) B)`. The bounds of
    :math:`p_{11} - p_{10} - p_{01} + p_{00}` and of :math:`p_{11} p_{00} / (p_{10} p_{01})` put
    each risk at the end that moves the interaction furthest; a strength R with arm and outcome
    alike has the factor B when R is the E-value of B. Of adjusted or weighted risks the shares
    differ by covariate, and 0 stands for each. The bounds are wide, as no pattern of confounding is
    assumed; under patterns, such as confounding of one treatment only and none of their
    interaction, less is possible (VanderWeele, Mukherjee and Chen 2012, Stat Med 31:2552). The
    interval adds, for the given B, the delta-method interval of the extreme. The confounder's risk
    ratio with the arm is the largest between the people of any two arms.

    Examples
    --------
    >>> from ctevidence.contrasts.counted_levels import counted_levels
    >>> levels = counted_levels([60, 40, 30, 20], [100, 100, 100, 100])
    >>> rows = interaction_bounds(levels, strength=1)  # no confounding: chance only
    >>> seen = rows.where(measure="interaction_difference_bounds").one()
    >>> round(seen.estimate, 3), round(seen.conf_low, 3), round(seen.conf_high, 3)
    (0.1, -0.081, 0.281)
    """
    if not strength >= 1:
        raise ValueError(f"strength is {strength:g}; it is a risk ratio of at least 1.")
    levels = levels_of(source, measure, week)
    if levels.unit != "probability":
        raise ValueError(
            f"Bounds are of interactions of probabilities; these are levels of {levels.measure} "
            f"({levels.unit}). Use risks, survival or cumulative incidence."
        )
    cells = [levels.cell(name) for name in (combined, medication, therapy, control)]
    rows: list[Estimate] = []
    for name in BOUNDED:
        if name in levels.synergy:
            seen = _Interaction(levels, cells, name, conf_level)
            rows += [seen.bounds_row(strength), seen.e_value_row()]
    return Estimates(rows)


class _Interaction:
    """An interaction of four cells, and how far confounding could move it."""

    def __init__(self, levels: Levels, cells: list[Cell], name: str, conf_level: float) -> None:
        self.levels, self.cells, self.conf_level = levels, cells, conf_level
        self.form = MEASURES[name]
        self.problem = why_not_estimable(levels, cells, self.form.scale)
        self.risk = values_of(levels, cells)
        self.cov = covariance_of(levels, cells, "identity")
        self.share = _shares(cells, self.risk)
        self.z = float(ndtri(0.5 + conf_level / 2))

    def extreme(self, factor: float, up: bool, z: float) -> float:
        """The interaction at the end of its range, `z` standard errors further, on its scale."""
        towards = np.where((SIGNS > 0) == up, factor, 1 / factor)
        change = self.share + (1 - self.share) * towards
        if self.form.scale == "log":
            value, slope = SIGNS @ np.log(self.risk * change), SIGNS / self.risk
        else:
            value, slope = SIGNS @ (self.risk * change), SIGNS * change
        reach = z * math.sqrt(float(slope @ self.cov @ slope))
        return float(value + reach if up else value - reach)

    def explaining(self, z: float) -> float:
        """The factor from which on zero lies in the range, `z` standard errors included."""
        up = self.extreme(1.0, up=True, z=0.0) < 0

        def left(log_factor: float) -> float:
            value = self.extreme(math.exp(log_factor), up, z)
            return -value if up else value

        if left(0.0) <= 0:
            return 1.0
        if left(math.log(STRONGEST)) > 0:
            return math.inf
        return math.exp(brentq(left, 0.0, math.log(STRONGEST), xtol=1e-13))

    def bounds_row(self, strength: float) -> Estimate:
        factor = bounding_factor(strength, strength)
        result = Combination(problem=self.problem)
        if not self.problem:
            low, high = (self.extreme(factor, up, self.z) for up in (False, True))
            result = Combination(self.extreme(1.0, up=True, z=0.0), low=low, high=high)
        words = say("sensitivity.interaction_bounds.strength", strength=f"{strength:g}")
        unit = self.form.unit or self.levels.unit
        return self._row(BOUNDS, self.form.scale, unit, result, words)

    def e_value_row(self) -> Estimate:
        result = Combination(problem=self.problem)
        if not self.problem:
            point, limit = (e_value(self.explaining(z)) for z in (0.0, self.z))
            result = Combination(point, low=min(limit, point))
        return self._row(
            E_VALUE, "identity", "ratio", result, say("sensitivity.interaction_bounds.e_value")
        )

    def _row(self, ending: str, scale: str, unit: str, result: Combination, words: str) -> Estimate:
        levels, name = self.levels, f"{self.form.name}{ending}"
        shown = ContrastMeasure(name, levels.measure, scale, unit)
        row = contrast_row(
            levels, self.cells, self.form.reference, shown, result, self.conf_level
        )  # fmt: skip
        return replace(
            row,
            method=say("sensitivity.interaction_bounds.method", words=words, method=levels.method),
        )


def _shares(cells: list[Cell], risk: np.ndarray) -> np.ndarray:
    """Share of each cell's people in all, of plain counts; zeros, which is cautious, of others."""
    if any(not cell.n or cell.events is None for cell in cells):
        return np.zeros(len(cells))
    people = np.array([cell.n for cell in cells], float)
    counted = np.array([cell.events for cell in cells]) / people
    return people / people.sum() if np.allclose(counted, risk, atol=1e-9) else np.zeros(len(cells))
