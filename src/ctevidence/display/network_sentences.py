"""Rows of networks, predictions and small-study ranges in words: they are no plain contrasts."""

from __future__ import annotations

from ctevidence.display.format import interval, number, shown
from ctevidence.display.labels import contrast_label, measure_label, with_article
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import Direction, direction

PREDICTION, SMALL_STUDY = "_prediction", "_small_study_range"
ORDERS = "a rank orders estimates: first place does not show that a treatment is better"


def special_sentence(row: Estimate) -> str | None:
    """The sentence of a row that is no plain level or contrast; None for those.

    Examples
    --------
    >>> row = Estimate("net", "response", "CBT + SSRI", "p_score", 0.996, unit="probability")
    >>> special_sentence(row)
    'CBT + SSRI has a P-score of 1.00 (a rank orders estimates: first place does not show that a \
treatment is better).'
    """
    if row.measure.endswith(PREDICTION):
        return _prediction(row)
    if row.measure.endswith(SMALL_STUDY):
        return _small_study(row)
    return {"p_score": _p_score, "rank": _rank, "first_place": _first_place}.get(
        row.measure, _interaction if row.measure == "interaction_ratio" else _nothing
    )(row)


def _nothing(row: Estimate) -> None:
    return None


def _of(row: Estimate) -> str:
    return f"of {row.outcome} with {contrast_label(row.arm, row.reference)}"


def _limits(row: Estimate) -> str:
    return interval(row.conf_low, row.conf_high, row.unit)


def _prediction(row: Estimate) -> str:
    measure = measure_label(row.measure.removesuffix(PREDICTION))
    if not _limits(row):
        return f"What a new trial would find cannot be said: {row.caution.split('; ')[0]}."
    return f"In a new, similar trial the {measure} {_of(row)} is expected from {_limits(row)}."


def _small_study(row: Estimate) -> str:
    measure = measure_label(row.measure.removesuffix(SMALL_STUDY))
    return (
        f"The {measure} {_of(row)} is {shown(row.estimate, row.unit)}; methods for small-study "
        f"effects give {_limits(row)}, which is not a confidence interval."
    )


def _p_score(row: Estimate) -> str:
    return f"{row.arm} has a P-score of {number(row.estimate, 2)} ({ORDERS})."


def _rank(row: Estimate) -> str:
    reach = interval(row.conf_low, row.conf_high, "people")
    return f"By estimate {row.arm} takes place {number(row.estimate, 0)} (range {reach}; {ORDERS})."


def _first_place(row: Estimate) -> str:
    often = shown(row.estimate, "probability")
    return f"{row.arm} came first in {often} of every 100 draws ({ORDERS})."


def _interaction(row: Estimate) -> str:
    """A ratio of ratios: above 1 the combination does more than its parts multiply to."""
    if not row.is_estimable:
        return f"Whether {row.arm} does more than its parts: {row.caution.split('; ')[0]}."
    value = shown(row.estimate, "ratio")
    told = f"{with_article(f'interaction of {value}')} (range {_limits(row)}; 1 is no synergy)"
    found = direction(row)
    if found is Direction.NOT_DETERMINED:
        return f"It is not determined whether {row.arm} does more or less than its parts: {told}."
    more = "more" if row.estimate > 1 else "less"
    if found is Direction.LITTLE:
        return f"{row.arm} does about what its parts add up to: {told}."
    guard = " One small study alone does not establish this." * (found is Direction.NOT_ESTABLISHED)
    return f"{row.arm} may do {more} than its parts: {told}.{guard}"
