"""Estimates as they may leave the house: counts through the gate, numbers as precise as shown."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from ctevidence.display.disclosure import LEAST_DF, PROFILES, Disclosure, disclosure_of
from ctevidence.display.precision import coarse
from ctevidence.display.rounded_counts import from_rounded_counts
from ctevidence.estimates import Estimate, Estimates, has_small_group
from ctevidence.language import in_both, say

_NUMBERS = ("estimate", "conf_low", "conf_high", "std_error", "p_value", "df")


def gated(row: Estimate, disclosure: Disclosure) -> Estimate:
    """The row as it may be shown: hidden, from rounded counts, or as coarse as its counts allow.

    A row that passes twice is as it was after the first time.

    Its counts stay as they are, for `Disclosure.text` to show; `released` rounds them as well.

    Counts of a row of several groups, an interaction or a min test, are sums, in which a small
    group does not show; there its caution says that there is one.
    """
    if disclosure.is_open or is_public(row, disclosure):
        return row
    if hidden := why_hidden(row, disclosure):
        return replace(row, **dict.fromkeys(_NUMBERS, math.nan), caution=hidden)
    if row.method.endswith(say("display.from_rounded_counts")):  # it has been here before
        return row
    row = replace(row, caution=_uncounted(row.caution), method=_uncounted(row.method))
    return from_rounded_counts(row, disclosure) or coarse(row, disclosure)


def _uncounted(text: str) -> str:
    """Without numbers of people in words: cautions are made before any gate. Limits stay."""
    limits = "".join(f"(?<!{re.escape(word)} )" for word in in_both("counted.limit"))
    people = "|".join(in_both("counted.people"))
    return re.sub(rf"{limits}\b\d+ (?=(?:{people})\b)", "", text)


def is_public(row: Estimate, disclosure: Disclosure) -> bool:
    """Whether a row rests on published numbers: of several studies, or of another than protected.

    Examples
    --------
    >>> trial = Estimate("keller2000", "response", "combined", "risk", 0.73, n=226, studies=1)
    >>> [is_public(trial, disclosure_of("opensafely", of)) for of in ("clinic", "")]
    [True, False]
    """
    elsewhere = bool(disclosure.of and row.study) and row.study != disclosure.of
    return (row.studies or 1) > 1 or elsewhere


def gate_of(row: Estimate, disclosure: Disclosure) -> Disclosure:
    """The rules by which the counts of a row are shown: published ones as they are."""
    return PROFILES["open"] if is_public(row, disclosure) else disclosure


def people_text(row: Estimate, disclosure: Disclosure) -> str:
    """People behind a row as text: the sum of what is shown of its groups, empty where unknown.

    Rounded once more, the sum of the exact counts would differ from what its parts add up to, and
    tell more than they do.

    Examples
    --------
    >>> row = Estimate("s", "response", "combined", "risk_difference", 0.1, reference="therapy",
    ...     n=238, n_reference=237)
    >>> people_text(row, disclosure_of("opensafely")), people_text(row, disclosure_of("open"))
    ('475', '475')
    >>> people_text(replace(row, n=236, n_reference=236), disclosure_of("opensafely"))
    '470'
    """
    gate = gate_of(row, disclosure)
    groups = [gate.count(n) for n in (row.n, row.n_reference) if n]
    if not groups:
        return ""
    return say("display.not_shown") if None in groups else gate.text(sum(groups))


def why_hidden(row: Estimate, disclosure: Disclosure) -> str:
    """Why a row may not be shown; empty when it may."""
    if disclosure.is_open or is_public(row, disclosure):
        return ""
    sides = (row.events, row.n), (row.events_reference, row.n_reference)
    among_several = has_small_group(row.caution)
    if among_several or any(disclosure.hides(*side) for side in sides):
        return say("display.release.hidden")
    return say("display.release.few_df", least=LEAST_DF) if row.df < LEAST_DF else ""


def may_be_shown(estimates: Estimates, source) -> Estimates:
    """Estimates as pages show them: what verdicts and sentences should be made from.

    A verdict of an exact number that is hidden would tell its direction.

    Parameters
    ----------
    estimates : Estimates
        Exact.
    source : Study, Trials or name of a disclosure profile

    Examples
    --------
    >>> row = Estimate("s", "response", "combined", "risk", 0.1, n=30, events=3)
    >>> may_be_shown(Estimates([row]), "opensafely").one().caution
    'not shown: too few people in a group'
    """
    disclosure = disclosure_of(source)
    return Estimates(gated(row, disclosure) for row in estimates)


def is_hidden(row: Estimate) -> bool:
    """Whether a row that passed the gate was hidden there."""
    return row.caution in _reasons()


def tells_of_hidden(text: str) -> bool:
    """Whether a reason for having no number is that the gate hid it."""
    return any(why in text for why in _reasons())


def _reasons() -> tuple[str, str]:
    """Why the gate hides a row."""
    return say("display.release.hidden"), say("display.release.few_df", least=LEAST_DF)


def released(estimates: Estimates, source) -> Estimates:
    """Estimates for release under the disclosure profile of a source.

    Open data are released exactly. Otherwise suppressed counts are empty, others rounded, and all
    numbers are those that pages show, so that exact counts cannot be worked out from them.

    Parameters
    ----------
    estimates : Estimates
    source : Study, Trials or name of a disclosure profile
    """
    if disclosure_of(source).is_open:
        return estimates
    return counts_released(may_be_shown(estimates, source), source)


def counts_released(shown: Estimates, source) -> Estimates:
    """Estimates that have passed the gate, for release: their counts rounded too.

    Parameters
    ----------
    shown : Estimates
        From `may_be_shown`.
    source : Study, Trials or name of a disclosure profile
    """
    disclosure = disclosure_of(source)
    if disclosure.is_open:
        return shown
    return Estimates(_with_rounded_counts(row, disclosure) for row in shown)


def _with_rounded_counts(row: Estimate, disclosure: Disclosure) -> Estimate:
    if is_public(row, disclosure):
        return row
    return replace(
        row,
        n=disclosure.count(row.n),
        events=disclosure.events(row.events, row.n),
        n_reference=disclosure.count(row.n_reference),
        events_reference=disclosure.events(row.events_reference, row.n_reference),
    )
