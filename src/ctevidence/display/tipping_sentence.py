"""Tipping points in words: how much worse would the missing have to be?"""

from __future__ import annotations

import math

from ctevidence.display.contrast_words import difference_words
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import gated
from ctevidence.evidence.verdict import better_of
from ctevidence.sensitivity.tipping_point import TippingPoint


def tipping_sentence(tipping: TippingPoint) -> str:
    """How far what is not known about the missing limits the answer.

    Parameters
    ----------
    tipping : TippingPoint

    Returns
    -------
    str
        The comparison as imputed, the points by which the missing would have to be worse or better
        to turn it, and how many are missing, where the disclosure profile allows to say so.
    """
    disclosure = disclosure_of(tipping.study)
    row = gated(tipping.base, disclosure)
    arm, against = treatment_label(row.arm), treatment_label(row.reference)
    if not row.is_estimable:
        return f"How far missing scores limit the comparison of {arm} with {against} is not shown."
    best, reach = difference_words(row)
    about = row.outcome.partition(" (")[0]
    said = [
        f"With missing scores imputed, {about} with {arm} against {against} at week {row.week:g}: "
        f"{best} ({reach})",
        _turning(tipping, arm),
        _sign(tipping, arm),
        _amount(tipping, arm, against, disclosure),
    ]
    return " ".join(f"{part}." for part in said if part)


def _turning(tipping: TippingPoint, arm: str) -> str:
    before, change = "This difference is shown", "it would no longer be"
    if not tipping.is_shown:
        favoured = tipping.base.reference if better_side(tipping) > 0 else tipping.base.arm
        before = "A difference is not shown"
        change = f"one in favour of {treatment_label(favoured)} would be"
    if math.isnan(tipping.alone):
        extreme = "bad" if better_side(tipping) > 0 else "good"
        return f"{before}, even if the missing on {arm} had been as {extreme} as the scale allows"
    points = _points(tipping.alone, tipping)
    alone = f"{change} if the missing on {arm} had been {points} than imputed"
    if math.isnan(tipping.both):
        return f"{before}; {alone}; the same points in both arms would not change it"
    return f"{before}; {alone}, or {_points(tipping.both, tipping)} in both arms"


def better_side(tipping: TippingPoint) -> int:
    """1 where the arm is better by the best estimate, -1 where it is worse."""
    above = tipping.base.estimate > tipping.null
    return 1 if above == (better_of(tipping.base.outcome) == "higher") else -1


def _sign(tipping: TippingPoint, arm: str) -> str:
    if math.isnan(tipping.turns):
        return ""
    points = _points(tipping.turns, tipping)
    return f"The best estimate itself would change sign if the missing on {arm} had been {points}"


def _points(delta: float, tipping: TippingPoint) -> str:
    unit = tipping.study.scale.label
    return f"{number(abs(delta), 1)} {unit} points {'worse' if delta > 0 else 'better'}"


def _amount(tipping: TippingPoint, arm: str, against: str, disclosure: Disclosure) -> str:
    """Shares missing, from counts that may be shown."""
    shares = [disclosure.share(*pair) for pair in zip(tipping.missing, tipping.people, strict=True)]
    if any(map(math.isnan, shares)):
        return ""
    first, second = (number(100 * share, 0) for share in shares)
    return (
        f"Missing after dropout are {first} of every 100 scores on {arm} and {second} on {against}"
    )
