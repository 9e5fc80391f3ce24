"""Tipping points of relapse and retention in words: what would have to be true of the lost?"""

from __future__ import annotations

import math

from ctevidence.display.contrast_words import difference_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import number
from ctevidence.display.labels import outcome_label, treatment_label
from ctevidence.display.release import gated
from ctevidence.language import pick, say
from ctevidence.sensitivity.tipping_hazard import REACH, TippingHazard


def tipping_hazard_sentence(tipping: TippingHazard) -> str:
    """How far what is not known about people who were lost limits the answer.

    Parameters
    ----------
    tipping : TippingHazard

    Returns
    -------
    str
        The comparison as lost at random, what turns it, and how many were lost, where the
        disclosure profile allows to say so.
    """
    disclosure = disclosure_of(tipping.study)
    row = gated(tipping.base, disclosure)
    arm, against = treatment_label(row.arm), treatment_label(row.reference)
    if not row.is_estimable:
        return say("tipping_hazard.hidden", arm=arm, against=against)
    best, limits = difference_words(row)
    outcome = row.outcome.partition(" (")[0]
    start = say(
        "tipping_hazard.as_lost",
        outcome=outcome_label(outcome),
        arm=arm,
        against=against,
        week=f"{row.week:g}",
        best=best,
        limits=limits,
    )
    shares = [disclosure.share(*pair) for pair in zip(tipping.lost, tipping.people, strict=True)]
    amount = ""
    if not any(map(math.isnan, shares)):
        first, second = (number(100 * share, 0) for share in shares)
        amount = say("tipping_hazard.amount", first=first, second=second, arm=arm, against=against)
    return " ".join(filter(None, (start, _turning(tipping, arm, outcome), amount)))


def _turning(tipping: TippingHazard, arm: str, outcome: str) -> str:
    event = "leaving" if outcome == "retention" else outcome
    before, change = say("tipping_hazard.shown"), say("tipping_hazard.lost")
    if not tipping.is_shown:
        favoured = tipping.base.reference if tipping.favours_arm else tipping.base.arm
        before = say("tipping_hazard.not_shown")
        change = say("tipping_hazard.gained", favoured=treatment_label(favoured))
    if not tipping.lost[0]:
        return say("tipping_hazard.nobody", arm=arm)
    told = {"before": before, "outcome": outcome_label(event), "arm": arm}
    if math.isnan(tipping.alone):
        name = "never" if tipping.favours_arm else "never_less"
        return pick("tipping_hazard", name, **told, reach=number(REACH, 0))
    told |= {"change": change, "ratio": number(tipping.alone, 1)}
    if math.isnan(tipping.both):
        return say("tipping_hazard.alone", **told)
    return say("tipping_hazard.both", **told, together=number(tipping.both, 1))
