"""Rows of networks, predictions and small-study ranges in words: they are no plain contrasts."""

from __future__ import annotations

from ctevidence.display.contrast_sentences import guard
from ctevidence.display.format import interval, number, shown
from ctevidence.display.labels import contrast_label, measure_label, outcome_label
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import Direction, direction
from ctevidence.language import pick, say
from ctevidence.names import in_words

PREDICTION, SMALL_STUDY, WITHOUT = "_prediction", "_small_study_range", "_without_one"


def special_sentence(row: Estimate) -> str | None:
    """The sentence of a row that is no plain level or contrast; None for those.

    Examples
    --------
    >>> row = Estimate("net", "response", "CBT + SSRI", "p_score", 0.996, unit="probability")
    >>> special_sentence(row)
    'CBT + SSRI has a P-score of 1.00 (a rank orders estimates: first place does not show that a \
treatment is better).'
    """
    for end, told in ((PREDICTION, _prediction), (SMALL_STUDY, _small_study), (WITHOUT, _without)):
        if row.measure.endswith(end):
            return told(row, row.measure.removesuffix(end))
    if row.measure == "interaction_ratio":
        return _interaction(row)
    return _place(row) if row.measure in ("p_score", "rank", "first_place") else None


def _limits(row: Estimate) -> str:
    return interval(row.conf_low, row.conf_high, row.unit)


def _names(row: Estimate, measure: str) -> dict[str, str]:
    who = contrast_label(row.arm, row.reference)
    of = say("network.of", outcome=outcome_label(row.outcome), who=who)
    return {"measure": measure_label(measure), "of": of, "limits": _limits(row)}


def _prediction(row: Estimate, measure: str) -> str:
    if not _limits(row):
        return say("network.no_prediction", why=row.caution.split("; ")[0])
    return say("network.prediction", **_names(row, measure))


def _small_study(row: Estimate, measure: str) -> str:
    value = shown(row.estimate, row.unit)
    return say("network.small_study", value=value, **_names(row, measure))


def _without(row: Estimate, measure: str) -> str:
    value = shown(row.estimate, row.unit)
    return say("network.without_one", trial=row.study, value=value, **_names(row, measure))


def orders() -> str:
    """What a rank is not."""
    return say("network.orders")


def _place(row: Estimate) -> str:
    units = {"p_score": "ratio", "rank": "people", "first_place": "probability"}
    value = shown(row.estimate, units[row.measure])
    if row.measure == "p_score":
        value = number(row.estimate, 2)
    limits = interval(row.conf_low, row.conf_high, "people")
    return pick(
        "network", row.measure, arm=in_words(row.arm), value=value, limits=limits, orders=orders()
    )


def _interaction(row: Estimate) -> str:
    """A ratio of ratios: above 1 the combination does more than its parts multiply to."""
    if not row.is_estimable:
        return say("network.cannot", arm=in_words(row.arm), why=row.caution.split("; ")[0])
    value = shown(row.estimate, "ratio")
    told = say("network.interaction_of", value=value, limits=_limits(row))
    found = direction(row)
    if found is Direction.NOT_DETERMINED:
        return say("network.interaction_not_determined", arm=in_words(row.arm), told=told)
    if found is Direction.LITTLE:
        return say("network.interaction_little", arm=in_words(row.arm), told=told)
    more = "interaction_more" if row.estimate > 1 else "interaction_less"
    return f"{guard(row)} {pick('network', more, arm=in_words(row.arm), told=told)}".strip()
