"""Numbers in words. Every sentence is made from an estimate and a template; none is typed.

Wording follows two fields: the direction that the interval allows and the certainty that a person
has given (`evidence.wording`). Without a certainty it is capped at "may". Causal words are used
only for contrasts that randomisation protects, and drawn data speak of their simulation.
"""

from __future__ import annotations

from ctevidence.contrasts.not_worse import judges_margin
from ctevidence.display.contrast_sentences import (
    contrast_sentence,
    level_sentence,
    not_worse_sentence,
)
from ctevidence.display.contrast_words import when
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.labels import contrast_label, measure_label, outcome_label
from ctevidence.display.network_sentences import special_sentence
from ctevidence.display.release import gated
from ctevidence.display.synergy_rows import synergy_row, synergy_seen
from ctevidence.display.synergy_sentences import (
    better_than_both_sentence,
    is_min_test,
    synergy_sentences,
)
from ctevidence.display.too_few import too_few
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import Thresholds
from ctevidence.evidence.wording import strength_of
from ctevidence.language import say


def sentence(
    estimates: Estimate | Estimates,
    certainty: str | None = None,
    source="opensafely",
    thresholds: Thresholds | None = None,
):
    """An estimate, or the rows of one question, as a sentence.

    Parameters
    ----------
    estimates : Estimate or Estimates
        One row; or what `synergy` or `better_than_both` returned.
    certainty : {"high", "moderate", "low", "very low"}, optional
        A person's judgement; None reads "certainty not assessed".
    source : Study, Trials or name of a disclosure profile
        Decides how counts are shown; strict when absent. Of a synthetic study the sentence says
        that it is of a simulation.
    thresholds : Thresholds, optional
        Smallest differences that matter, as a claim sets them; those for all when absent.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        When the certainty is none of the four.

    Examples
    --------
    >>> row = Estimate("demo", "response", "combined", "risk_difference", 0.14,
    ...     reference="medication", unit="probability", week=9, conf_low=-0.1, conf_high=0.36,
    ...     randomised=True, n=30, n_reference=14)
    >>> print(sentence(row))
    It is not determined whether more people respond by week 9 with combined treatment than with \
medication: the best estimate is 10 more of every 100 people, and the data allow anything from \
10 fewer to 40 more (certainty not assessed).

    One person of 14 is seven of every 100, so nothing finer than tens is shown.
    """
    strength_of(certainty)  # refuses an unknown one
    disclosure = disclosure_of(source)
    rows = [estimates] if isinstance(estimates, Estimate) else list(estimates)
    rows = [gated(row, disclosure) for row in rows]
    # one question may be asked of several outcomes, or of one counted in two ways
    asked: dict[tuple, list[Estimate]] = {}
    for row in rows:
        asked.setdefault((row.study, row.outcome, str(row.week)), []).append(row)
    told = (_answer(each, certainty, disclosure, thresholds) for each in asked.values())
    told = " ".join(dict.fromkeys(told))  # what is the same for both countings is said once
    if told and getattr(source, "is_synthetic", False):
        return say("row.simulation", told=told)
    return told


def _answer(
    rows: list[Estimate],
    certainty: str | None,
    disclosure: Disclosure,
    thresholds: Thresholds | None,
) -> str:
    """What the rows of one outcome at one week say together."""
    if synergy_seen(rows) is not None:
        return synergy_sentences(rows, certainty, disclosure)
    if any(is_min_test(row) for row in rows):
        return better_than_both_sentence(rows, certainty, disclosure)
    return " ".join(_one(row, certainty, disclosure, thresholds) for row in rows)


def _one(
    row: Estimate,
    certainty: str | None,
    disclosure: Disclosure,
    thresholds: Thresholds | None,
) -> str:
    if judges_margin(row):
        return not_worse_sentence(row, certainty, disclosure)
    if not row.is_estimable:
        why = row.caution or say("row.too_little")
        return say("row.cannot", subject=_subject(row), why=why)
    if special := special_sentence(row) or synergy_row(row):
        return special
    if not row.reference:
        return level_sentence(row, disclosure)
    return contrast_sentence(row, certainty, thresholds, too_few(row, disclosure))


def _subject(row: Estimate) -> str:
    return say(
        "row.subject",
        measure=measure_label(row.measure),
        outcome=outcome_label(row.outcome),
        who=contrast_label(row.arm, row.reference),
        when=when(row),
    )
