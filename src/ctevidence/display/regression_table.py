"""A meta-regression as a table."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.format import interval, number, p_value, shown
from ctevidence.display.table import Table
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.synthesis.pool_regression import Regressed

COLUMNS = ("moderator", "estimate", "range", "p", "p by permutation")
SLOPE_DECIMALS = 3


def table_regression(
    fit: Regressed, name: str, caption: str, permutation: Estimates | None = None
) -> Table:
    """Effect at the centre and slope of every moderator; below, what they explain and cautions.

    Parameters
    ----------
    fit : Regressed
    name, caption : str
    permutation : Estimates, optional
        ``fit.permutation(...)``, whose p-values stand beside the others.
    """
    drawn = [row.p_value for row in permutation] if permutation else []
    rows = []
    for i, row in enumerate(fit.estimates.rows[: len(fit.design.names) + 1]):
        words = row.population.removeprefix(f"{fit.rows.population}; ")
        is_slope = i > 0
        rows.append([
            words,
            _value(row.estimate, row.unit, is_slope),
            _limits(row, is_slope),
            p_value(row.p_value),
            p_value(drawn[i - 1]) if is_slope and drawn else "",
        ])  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    if not drawn:
        frame = frame.drop(columns=COLUMNS[-1])
    notes = [_explained(fit), *(f"{c[:1].upper()}{c[1:]}." for c in fit.cautions)]
    notes += [f"{row.method[:1].upper()}{row.method[1:]}." for row in (permutation or ())][:1]
    return Table(name, caption, frame, tuple(notes), tuple(frame.columns[1:]))


def _value(value: float, unit: str, is_slope: bool) -> str:
    """A slope per unit of a year or a week is small: it keeps one decimal more than an effect."""
    return number(value, SLOPE_DECIMALS) if is_slope else shown(value, unit)


def _limits(row, is_slope: bool) -> str:
    if not is_slope:
        return interval(row.conf_low, row.conf_high, row.unit)
    return say(
        "display.adherence.range",
        low=number(row.conf_low, SLOPE_DECIMALS),
        high=number(row.conf_high, SLOPE_DECIMALS),
    )


def _explained(fit: Regressed) -> str:
    trials = len(fit.rows.effects.frame)
    if math.isnan(fit.explained):
        return say("display.regression_table.nothing_to_explain", trials=trials)
    return say("display.regression_table.explained", trials=trials, share=number(fit.explained, 0))
