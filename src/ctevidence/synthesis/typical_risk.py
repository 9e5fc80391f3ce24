"""Pooled ratios as people per 100, at the risk that is typical of the trials themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ctevidence.estimates import Estimates
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.subgroups import Subgroups

MEASURES = ("risk_ratio", "odds_ratio")


def typical_risk(pooled: Pooled) -> float:
    """Median over the trials of the risk with the reference treatment, a proportion.

    The median is not moved by one unusual trial; it is stated, not estimated, and the rows made
    from it say so. Trials that counted nobody have no say; ``nan`` where none did.
    """
    frame = pooled.effects.frame
    risks = (frame["events2"] / frame["n2"]).dropna()
    return float(np.median(risks)) if len(risks) else math.nan


def absolute_effects(groups: Subgroups) -> Estimates:
    """Risk differences of every group at its own typical risk.

    Parameters
    ----------
    groups : Subgroups
        Of risk or odds ratios.

    Returns
    -------
    Estimates
        Rows ``risk_difference`` and ``nnt``, with the people and trials behind the ratio; groups
        without a trial, or at whose typical risk nobody or everybody has the outcome, have none.
        `population` stays that of the group.

    Raises
    ------
    ValueError
        For a measure that is not a ratio of risks or odds.
    """
    rows = []
    for pooled in groups.groups.values():
        if pooled is None:
            continue
        if pooled.effects.measure not in MEASURES:
            raise ValueError(
                f"A {pooled.effects.measure} cannot be turned into people per 100; pool one of "
                f"{', '.join(MEASURES)}."
            )
        ratio, risk = pooled.pooled, typical_risk(pooled)
        if not 0 < risk < 1:  # nobody, or everybody: a ratio of it says nothing per 100
            continue
        for row in pooled.absolute(risk):
            if row.measure in ("risk_difference", "nnt"):
                rows.append(
                    replace(
                        row,
                        id="",
                        study=pooled.name,
                        population=pooled.population,
                        n=ratio.n,
                        n_reference=ratio.n_reference,
                        method=f"{row.method} of {100 * risk:.0f} in 100, the median of the trials",
                    )
                )
    return Estimates(rows)
