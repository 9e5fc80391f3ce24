"""Single rows of synergy in words: what could have been seen, what a model expects, what is beyond.

They name a model where contrasts name a treatment, and must not be read as contrasts.
"""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.display.format import interval, shown, unit_label
from ctevidence.display.labels import measure_label, treatment_label
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import Direction, better_direction, direction
from ctevidence.terms import LEVEL_MEASURES, REFERENCE_MODELS, SYNERGY_MEASURES

MODELS = tuple(REFERENCE_MODELS)
DETECTABLE = "detectable_"
_EXCESS = {*SYNERGY_MEASURES, *(model.excess for model in REFERENCE_MODELS.values())}
#: what each model says of the parts
EXPECTS = {
    "additivity": "If the parts add up",
    "multiplicativity": "If the ratios multiply",
    "independence": "If the parts act independently (Bliss)",
    "additive log odds": "If the log odds add up",
    "best single treatment": "If it is as good as the better single treatment",
}


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


def what_was_found(seen: Estimate) -> str:
    """Whether there is synergy, as far as the range tells: the first half of a sentence."""
    who = "the combination" if seen.arm == "combined" else treatment_label(seen.arm)
    none = float(seen.unit == "ratio")
    parts = "what its parts multiply to" if seen.unit == "ratio" else "the sum of its parts"
    if direction(seen) is Direction.LITTLE:
        return f"{who[0].upper()}{who[1:]} is close to {parts}"
    if seen.conf_low > none or seen.conf_high < none:
        return f"{who[0].upper()}{who[1:]} differs from {parts}"
    return f"Whether {who} is more, or less, than {parts} is not determined"


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
    if row.measure in LEVEL_MEASURES:
        return f"{EXPECTS[row.reference]}: {_value(row)} with {treatment_label(row.arm)}."
    if row.measure in _EXCESS:
        what = measure_label(row.measure)
        return f"{what[0].upper()}{what[1:]} with {treatment_label(row.arm)}: {_value(row)}."
    return ""


def _detectable(row: Estimate) -> str:
    size = shown(row.estimate, row.unit)
    if row.measure == "detectable_interaction_difference":
        size = f"a synergy of {size} {unit_label(row.unit)} or more"
    elif row.unit == "ratio":
        ratio = measure_label(row.measure.removeprefix(DETECTABLE))
        inverse = shown(1 / row.estimate, "ratio")
        size = f"{ratio} of {size} or more, or {inverse} or less"
    else:
        size = f"{measure_label(row.measure.removeprefix(DETECTABLE))} of {size} or more"
    return f"These data could reliably have shown only {size}."


def _value(row: Estimate) -> str:
    unit = "" if row.unit == "ratio" else f" {unit_label(row.unit)}"
    limits = interval(row.conf_low, row.conf_high, row.unit)
    return f"{shown(row.estimate, row.unit)}{unit}" + (f" (range {limits})" if limits else "")
