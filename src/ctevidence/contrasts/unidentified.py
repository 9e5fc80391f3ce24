"""Questions that a study cannot answer, because it lacks an arm that they need."""

from __future__ import annotations

import math

from ctevidence.contrasts.compare import joined
from ctevidence.estimates import Estimate
from ctevidence.levels import Levels
from ctevidence.terms import Treatment


def absent(levels: Levels, names: tuple[str, ...]) -> list[str]:
    """The names that stand for nobody here, though they are arms or treatments."""
    declared = {arm.name for arm in levels.arms} | {*Treatment}
    present = {key.arm for key in levels.keys}
    present |= {a.treatment.value for a in levels.arms if a.name in present and a.treatment}
    return [name for name in names if name in declared - present]


def unidentified(levels: Levels, arm: str, reference: str, measure: str, why: str) -> Estimate:
    """A row without a value that keeps the place of an answer and says why there is none."""
    return Estimate(
        study=levels.study,
        population=levels.population,
        outcome=levels.outcome,
        arm=arm,
        reference=reference,
        measure=measure,
        unit=levels.unit,
        week=math.nan if levels.keys[0].week is None else levels.keys[0].week,
        estimate=math.nan,
        method=levels.method,
        caution=joined(levels.caution, why),
    )
