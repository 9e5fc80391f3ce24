"""Questions that a study cannot answer, because it lacks an arm that they need."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ctevidence.contrasts.interaction_formulas import MEASURES
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import listed, pick, say
from ctevidence.levels import Levels
from ctevidence.terms import Treatment


def absent(levels: Levels, names: tuple[str, ...]) -> list[str]:
    """The names that stand for nobody here, though they are arms or treatments."""
    declared = {arm.name for arm in levels.arms} | {*Treatment}
    present = {key.arm for key in levels.keys}
    present |= {a.treatment.value for a in levels.arms if a.name in present and a.treatment}
    return [name for name in names if name in declared - present]


def not_identified(levels: Levels, names: tuple[str, ...], measures: Iterable[str]) -> Estimates:
    """A row for each measure of synergy that keeps its place, with what is missing, and known.

    Parameters
    ----------
    names : tuple of str
        What was asked to fill combined, medication, therapy and control.
    """
    why = why_not_identified(levels, names)
    return Estimates(
        unidentified(levels, names[0], MEASURES[m].reference, m, why) for m in measures
    )


def why_not_identified(levels: Levels, names: tuple[str, ...]) -> str:
    """Which of the four cells are missing, and what is known without them."""
    missing = absent(levels, names)
    why = say(
        "contrasts.unidentified.without",
        missing=listed(missing),
        told=say("contrasts.unidentified.cannot_be_told"),
    )
    if len(missing) == 1:
        roles = ("combined", "medication", "therapy", "control")
        why += f"; {pick('contrasts.still_known', roles[names.index(missing[0])])}"
    return why


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
        caution=why,  # how the levels were made is no matter where nothing is made of them
    )
