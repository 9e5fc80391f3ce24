"""Does medication blunt therapy: by the margin of the claim, where a study declares none."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.display.contrast_sentences import counting_of
from ctevidence.display.contrast_words import difference_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import shown
from ctevidence.display.release import gated
from ctevidence.display.told import Told, told
from ctevidence.estimates import Estimate
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.verdict import direction
from ctevidence.language import pick, say

#: the claim whose margin stands in, and that a study's own margin replaces
CLAIM = "medication-blunts-therapy"


def blunting(rows: Iterable[Estimate], verdict: Verdict, source="opensafely") -> list[Told]:
    """What a study's own differences say against the margin of the claim, one text a row.

    Parameters
    ----------
    rows : iterable of Estimate
        Two-sided differences of combined treatment against therapy.
    verdict : Verdict
        Of the claim that medication makes therapy less effective.
    source : Study or name of a disclosure profile

    Returns
    -------
    list of Told
        First that the study has no margin of its own; last what all sources say.
    """
    disclosure, margin = disclosure_of(source), verdict.claim.margin
    whole = shown(margin, "probability")
    texts = [Told(say("not_worse.no_own_margin"))]
    for exact in rows:
        row = gated(exact, disclosure)
        if not row.is_estimable:
            continue
        best, limits = difference_words(row)
        words = say(
            "not_worse.by_claim",
            margin=say("amounts.of_100", amount=whole),
            found=pick("direction", direction(row, verdict.claim.thresholds, margin).key),
            difference=say("amounts.best_and_range", best=best, limits=limits),
            behind=f"; {counted}" if (counted := counting_of(row)) else "",
        )
        texts.append(told(words, row))
    found = pick("direction", verdict.direction.key)
    return [*texts, told(say("not_worse.by_claim_all", found=found), verdict.lead)]
