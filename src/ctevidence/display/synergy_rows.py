"""Single rows of synergy in words: what could have been seen, what a model expects, what is beyond.

They name a model where contrasts name a treatment, and must not be read as contrasts.
"""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.display.format import interval, shown, unit_label
from ctevidence.display.labels import measure_label, treatment_label
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import Direction, better_direction, direction
from ctevidence.language import capital, pick, say
from ctevidence.terms import LEVEL_MEASURES, REFERENCE_MODELS, SYNERGY_MEASURES

MODELS = tuple(REFERENCE_MODELS)
DETECTABLE = "detectable_"
_EXCESS = {*SYNERGY_MEASURES, *(model.excess for model in REFERENCE_MODELS.values())}


def synergy_seen(rows: Sequence[Estimate]) -> Estimate | None:
    """The row in which a set of rows says whether there is synergy; None where none does.

    The difference scale where there is one. Of a network only the ratio of ratios is known; the
    interactions of a component model are each an answer of its own.
    """
    for measure, model in (
        ("interaction_difference", "additivity"),
        ("interaction_ratio", "multiplicativity"),
    ):
        for row in rows:
            if row.measure == measure and row.reference == model:
                return row
    return None


def is_less(seen: Estimate) -> bool:
    """Whether the combination is, at best guess, worse than the sum of its parts."""
    none = float(seen.unit == "ratio")
    return seen.estimate < none if better_direction(seen) == "higher" else seen.estimate > none


def who(seen: Estimate) -> tuple[str, str]:
    """The combination, and what it is held against, in words."""
    is_combined = seen.arm == "combined"
    arm = say("synergy.combination") if is_combined else treatment_label(seen.arm)
    return arm, say("synergy.product") if seen.unit == "ratio" else say("synergy.sum")


def what_was_found(seen: Estimate) -> str:
    """Whether there is synergy, as far as the range tells: the first half of a sentence."""
    arm, parts = who(seen)
    none = float(seen.unit == "ratio")
    if direction(seen) is Direction.LITTLE:
        return say("synergy.close", arm=capital(arm), parts=parts)
    if seen.conf_low > none or seen.conf_high < none:
        return say("synergy.differs", arm=capital(arm), parts=parts)
    return say("synergy.not_determined", arm=arm, parts=parts)


def synergy_row(row: Estimate) -> str:
    """The sentence of such a row; empty for any other.

    Examples
    --------
    >>> row = Estimate("demo", "response", "combined", "detectable_interaction_difference", 0.26,
    ...     reference="additivity", unit="probability")
    >>> synergy_row(row)
    'These data could reliably have shown only a synergy of 26 per 100 or more.'
    """
    if row.measure.startswith(DETECTABLE):
        return _detectable(row)
    if row.reference not in MODELS:
        return ""
    arm = treatment_label(row.arm)
    if row.measure in LEVEL_MEASURES:
        model = pick("expects", row.reference)
        return say("synergy.expected", model=model, value=_value(row), arm=arm)
    if row.measure in _EXCESS:
        what = capital(measure_label(row.measure))
        return say("synergy.excess", measure=what, value=_value(row), arm=arm)
    return ""


def _detectable(row: Estimate) -> str:
    size, unit = shown(row.estimate, row.unit), unit_label(row.unit)
    measure = measure_label(row.measure.removeprefix(DETECTABLE))
    if row.measure == "detectable_interaction_difference":
        size = say("synergy.detectable_synergy", size=size, unit=unit)
    elif row.unit == "ratio":
        inverse = shown(1 / row.estimate, "ratio")
        size = say("synergy.detectable_ratio", measure=measure, size=size, inverse=inverse)
    else:
        size = say("synergy.detectable_other", measure=measure, size=size)
    return say("synergy.detectable", size=size)


def _value(row: Estimate) -> str:
    unit = "" if row.unit == "ratio" else f" {unit_label(row.unit)}"
    limits = interval(row.conf_low, row.conf_high, row.unit)
    value = f"{shown(row.estimate, row.unit)}{unit}"
    return say("amounts.best_and_range", best=value, limits=limits) if limits else value
