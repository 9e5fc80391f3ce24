"""Tipping points in words: how much worse would the missing have to be?"""

from __future__ import annotations

import math

from ctevidence.display.contrast_words import difference_words
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.labels import outcome_label, treatment_label
from ctevidence.display.release import gated
from ctevidence.language import pick, say
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
        return say("tipping.hidden", arm=arm, against=against)
    best, limits = difference_words(row)
    start = say(
        "tipping.as_imputed",
        outcome=outcome_label(row.outcome.partition(" (")[0]),
        arm=arm,
        against=against,
        week=f"{row.week:g}",
        best=best,
        limits=limits,
    )
    parts = (start, _turning(tipping, arm), _sign(tipping, arm),
             _amount(tipping, arm, against, disclosure))  # fmt: skip
    return " ".join(filter(None, parts))


def _turning(tipping: TippingPoint, arm: str) -> str:
    before, change = say("tipping.shown"), say("tipping.lost")
    if not tipping.is_shown:
        favoured = tipping.base.reference if better_side(tipping) > 0 else tipping.base.arm
        before = say("tipping.not_shown")
        change = say("tipping.gained", favoured=treatment_label(favoured))
    if math.isnan(tipping.alone):
        name = "never_worse" if better_side(tipping) > 0 else "never_better"
        return pick("tipping", name, before=before, arm=arm)
    told = {"before": before, "change": change, "arm": arm}
    told["points"] = points_words(tipping.alone, tipping)
    if math.isnan(tipping.both):
        return say("tipping.alone", **told)
    return say("tipping.both", **told, together=points_words(tipping.both, tipping))


def better_side(tipping: TippingPoint) -> int:
    """1 where the arm is better by the best estimate, -1 where it is worse."""
    above = tipping.base.estimate > tipping.null
    return 1 if above == (tipping.better == "higher") else -1


def _sign(tipping: TippingPoint, arm: str) -> str:
    if math.isnan(tipping.turns):
        return ""
    return say("tipping.sign", arm=arm, points=points_words(tipping.turns, tipping))


def points_words(delta: float, tipping: TippingPoint) -> str:
    """So many points worse or better, with the name of the scale."""
    name = "worse" if delta > 0 else "better"
    return pick("tipping", name, size=number(abs(delta), 1), scale=tipping.study.scale.label)


def _amount(tipping: TippingPoint, arm: str, against: str, disclosure: Disclosure) -> str:
    """Shares missing, from counts that may be shown."""
    shares = [disclosure.share(*pair) for pair in zip(tipping.missing, tipping.people, strict=True)]
    if any(map(math.isnan, shares)):
        return ""
    first, second = (number(100 * share, 0) for share in shares)
    return say("tipping.missing", first=first, second=second, arm=arm, against=against)
