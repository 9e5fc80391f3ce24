"""Pooled ratios as people per 100, at the risk that is typical of the trials themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
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
        Rows ``risk`` with either arm, ``risk_difference`` and ``nnt``, the last two with the people
        and trials behind the ratio; groups without a trial, or at whose typical risk nobody or
        everybody has the outcome, have none.
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
        made = [_of_group(row, pooled, risk) for row in pooled.absolute(risk)]
        difference = next(row for row in made if row.measure == "risk_difference")
        for row in made:
            # risks of one arm stand at another baseline in every comparison: named for theirs
            own = f"{difference.id}/risk-with-{row.arm}" if row.measure == "risk" else row.id
            people = {} if row.measure == "risk" else _people(ratio)
            rows.append(replace(row, id=own, **people))
    return Estimates(rows)


def _of_group(row: Estimate, pooled: Pooled, risk: float) -> Estimate:
    method = say("synthesis.typical_risk.method", method=row.method, risk=f"{100 * risk:.0f}")
    return replace(row, id="", study=pooled.name, population=pooled.population, method=method)


def _people(ratio: Estimate) -> dict[str, int | None]:
    return {"n": ratio.n, "n_reference": ratio.n_reference}
