"""More than the sum, and better than both, in words: each from the rows of one question."""

from __future__ import annotations

import math
from dataclasses import replace

from ctevidence.display.contrast_sentences import people_and_studies, tail
from ctevidence.display.contrast_words import (
    amount,
    difference_words,
    in_brackets,
    outcome_words,
    range_words,
    when,
    with_range,
)
from ctevidence.display.disclosure import Disclosure
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import treatment_label
from ctevidence.display.synergy_rows import (
    MODELS,
    is_less,
    synergy_row,
    synergy_seen,
    what_was_found,
    who,
)
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import (
    Direction,
    better_of,
    direction,
    rests_on_one_small_study,
)
from ctevidence.evidence.wording import strength_of
from ctevidence.language import capital, pick, say
from ctevidence.terms import CONTRAST_MEASURES

BEST = "best single treatment"


def synergy_sentences(rows: list[Estimate], certainty: str | None, disclosure: Disclosure) -> str:
    """Both scales, what could have been seen, and in the same breath what adding brings."""
    seen = synergy_seen(rows)
    parts = [_more_than_the_sum(rows, seen, certainty, disclosure)]
    for ratio in _estimable(rows, measure="interaction_ratio"):
        if ratio is not seen and strength_of(certainty) is not None:
            limits = interval(ratio.conf_low, ratio.conf_high, "ratio")
            value = shown(ratio.estimate, "ratio")
            parts.append(say("synergy.on_ratio_scale", value=value, limits=limits))
    for least in _estimable(rows, measure=f"detectable_{seen.measure}"):
        parts.append(synergy_row(least))
    if seen.is_estimable and is_less(seen) and strength_of(certainty) is not None:
        parts.append(say("synergy.less_is_not_worse"))
    parts.append(say("synergy.no_synergy"))
    return " ".join(parts)


def _more_than_the_sum(rows, seen: Estimate, certainty: str | None, disclosure) -> str:
    added = _added(rows, seen)
    if not seen.is_estimable:
        return say("synergy.cannot", why=seen.caution, added=added)
    best, reach = difference_words(seen)
    is_ratio = seen.unit == "ratio"
    is_claimed = direction(seen) is not Direction.NOT_DETERMINED
    behind = [*people_and_studies(seen, disclosure, is_claimed), *tail(seen, certainty)]
    if strength_of(certainty) is None:
        arm, parts = who(seen)
        told = in_brackets(*behind)
        return say("synergy.very_uncertain", arm=arm, parts=parts, behind=told, added=added)
    none = say("synergy.one_is_none") if is_ratio else ""
    about = {
        "found": what_was_found(seen),
        "when": when(seen),
        "behind": in_brackets(range_words(reach), none, *behind),
        "added": added,
    }
    if is_ratio:
        return say("synergy.ratio", value=shown(seen.estimate, "ratio"), **about)
    return say("synergy.difference", best=best, **about)


def _added(rows: list[Estimate], seen: Estimate) -> str:
    """What adding the second treatment brings, as the second half of the sentence."""
    pairs = [
        row
        for row in _estimable(rows, arm=seen.arm, alternative="two-sided")
        if row.measure in CONTRAST_MEASURES and row.reference not in ("", *MODELS)
    ]
    if not pairs:
        return ""
    # each single treatment once, by the measure that leads
    told = "; ".join(
        say("synergy.against", reference=treatment_label(row.reference), amount=with_range(row))
        for row in pairs
        if row.measure == pairs[0].measure
    )
    return say("synergy.added", added=told)


def _estimable(rows: list[Estimate], **wanted: str) -> list[Estimate]:
    return [
        r for r in rows if r.is_estimable and all(getattr(r, k) == v for k, v in wanted.items())
    ]


def is_min_test(row: Estimate) -> bool:
    return row.reference == BEST and row.measure in CONTRAST_MEASURES


def best_test(rows: list[Estimate]) -> Estimate | None:
    """The min test among rows; None where there is none."""
    of_best = [row for row in rows if is_min_test(row)]
    # it is one-sided; the two-sided range for the better single treatment stands back
    return min(of_best, key=lambda row: row.alternative == "two-sided", default=None)


def better_than_both_sentence(
    rows: list[Estimate], certainty: str | None, disclosure: Disclosure
) -> str:
    """The min test: what is not determined is not claimed, what is shown is capped."""
    test = best_test(rows)
    if not test.is_estimable:
        return say("both.cannot", why=test.caution)
    arm = treatment_label(test.arm)
    lower_better = better_of(test.outcome) == "lower"
    limit = test.conf_high if lower_better else test.conf_low
    is_claimed = direction(test) is not Direction.NOT_DETERMINED
    behind = in_brackets(*people_and_studies(test, disclosure, is_claimed), *tail(test, certainty))
    if strength_of(certainty) is None:
        return say("both.very_uncertain", arm=arm, when=when(test, "at"), behind=behind)
    is_share = test.unit == "probability"
    about = {
        "when": when(test, "at"),
        "best": difference_words(test)[0],
        # the week stands before it
        "outcome": outcome_words(replace(test, week=math.nan)) if is_share else "",
        "limit": amount(limit, test.unit),
        "behind": behind,
    }
    if not is_claimed:
        return say("both.not_determined", arm=arm, **about)
    strength = "may" if rests_on_one_small_study(test) else strength_of(certainty)
    if not test.randomised:  # not known is not protected
        verb = pick("does_better", strength, arm=arm)
        return say("both.association", verb=verb, **about)
    return say("both.randomised", arm=capital(arm), verb=pick("is_better", strength), **about)
