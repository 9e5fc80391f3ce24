"""What each measure of interaction is, as a formula of four values with its derivatives.

Formulas take the values of combined, medication, therapy and control, shape (4,), or many such
columns at once, shape (4, replicates): estimate, delta interval and bootstrap share one definition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctevidence.contrasts.combination import Formula
from ctevidence.levels import SCALES

#: weights of combined, medication, therapy, control
INTERACTION = np.array([1.0, -1.0, -1.0, 1.0])
COMBINED, CONTROL = 0, 3


@dataclass(frozen=True)
class InteractionMeasure:
    """A measure of interaction.

    Parameters
    ----------
    name : str
    reference : str
        The model against which the combination is held.
    scale : {"identity", "log"}
        Scale of the formula's result; ``log`` is exponentiated for readers.
    unit : str
        Of the value that readers see; that of the levels when empty.
    formula : callable
        From values to the quantity on its scale and its derivatives by the values.
    needs : dict of int to str
        Cells that need a value on a scale, because the formula divides by it.
    """

    name: str
    reference: str
    formula: Formula
    scale: str = "identity"
    unit: str = ""
    needs: tuple[tuple[int, str], ...] = ()


def additive_on(scale: str) -> Formula:
    """``sum_k w_k f(v_k)`` with the weights of an interaction and f the scale."""
    f = SCALES[scale]

    def formula(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return INTERACTION @ f.forward(v), (f.derivative(v).T * INTERACTION).T

    return formula


def predicted_on(scale: str) -> Formula:
    """What additivity on a scale predicts for the combination: f^-1(f(v1) + f(v2) - f(v3)).

    Additive logarithms are products, written so here: a part with nobody, or everybody, then
    still predicts something.
    """
    if scale == "log":
        return _product
    if scale == "log1m":
        return _product_of_the_spared
    f = SCALES[scale]
    weights = np.array([0.0, 1.0, 1.0, -1.0])

    def formula(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sum_of_parts = f.forward(v[1]) + f.forward(v[2]) - f.forward(v[CONTROL])
        predicted = f.inverse(sum_of_parts)
        return predicted, (f.derivative(v).T * weights).T / f.derivative(predicted)

    return formula


def _product(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predicted = v[1] * v[2] / v[CONTROL]
    slopes = (np.zeros_like(v[0]), v[2] / v[CONTROL], v[1] / v[CONTROL], -predicted / v[CONTROL])
    return predicted, np.array(slopes)


def _product_of_the_spared(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    spared, slopes = _product(1 - v)
    return 1 - spared, slopes


def beyond(scale: str) -> Formula:
    """What was seen minus what additivity on a scale predicts."""
    predict = predicted_on(scale)

    def formula(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        predicted, slopes = predict(v)
        slopes = -slopes
        slopes[COMBINED] = 1.0
        return v[COMBINED] - predicted, slopes

    return formula


def excess_over(cell: int, of: Callable = lambda v: (v, np.ones_like(v))) -> Formula:
    r"""The interaction of the amounts e divided by the amount of one cell.

    With e the risk, odds or hazard: over control it is RERI, over the combination the
    attributable proportion (Rothman 1976, Am J Epidemiol 103:506), for
    :math:`e_{11}/e_{00} - e_{10}/e_{00} - e_{01}/e_{00} + 1` is the interaction over
    :math:`e_{00}`.

    Parameters
    ----------
    cell : int
        The cell that is divided by.
    of : callable
        From values to amounts and their derivatives by the values.
    """

    def formula(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e, slope = of(v)
        excess = INTERACTION @ e / e[cell]
        by_amount = np.broadcast_to(INTERACTION, e.T.shape).T / e[cell]
        by_amount[cell] -= excess / e[cell]
        return excess, by_amount * slope

    return formula


def log_synergy_index(of: Callable = lambda v: (v, np.ones_like(v))) -> Formula:
    r"""Logarithm of :math:`(e_{11}-e_{00}) / (e_{10}+e_{01}-2e_{00})`; nan where it is negative."""
    together, apart = np.array([1.0, 0, 0, -1]), np.array([0.0, 1, 1, -2])

    def formula(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e, slope = of(v)
        top, bottom = together @ e, apart @ e
        with np.errstate(divide="ignore", invalid="ignore"):
            index = np.log(top / bottom)
            by_amount = np.multiply.outer(together, 1 / top) - np.multiply.outer(apart, 1 / bottom)
        return index, by_amount * slope

    return formula


MEASURES = {
    m.name: m
    for m in (
        InteractionMeasure("interaction_difference", "additivity", additive_on("identity")),
        InteractionMeasure(
            "interaction_ratio", "multiplicativity", additive_on("log"), "log", "ratio"
        ),
        InteractionMeasure(
            "interaction_odds_ratio", "multiplicativity", additive_on("logit"), "log", "ratio"
        ),
        InteractionMeasure(
            "reri",
            "additivity",
            excess_over(CONTROL),
            unit="relative risk",
            needs=((CONTROL, "log"),),
        ),
        InteractionMeasure(
            "attributable_proportion",
            "additivity",
            excess_over(COMBINED),
            unit="share",
            needs=((COMBINED, "log"),),
        ),
        InteractionMeasure(
            "synergy_index", "additivity", log_synergy_index(), "log", "ratio"
        ),
        InteractionMeasure(
            "bliss_excess", "independence", beyond("log1m"), needs=((CONTROL, "log1m"),)
        ),
    )
}  # fmt: skip
