"""One question under two countings of missing scores: what only repeats is said in few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ctevidence.display.contrast_sentences import counting_of, people_and_studies
from ctevidence.display.contrast_words import difference_words, in_brackets, range_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.release import gated
from ctevidence.display.sentences import sentence
from ctevidence.display.synergy_rows import synergy_seen
from ctevidence.display.synergy_sentences import best_test
from ctevidence.display.told import Told, told
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say

_NUMBER = re.compile(r"\d+(\.\d+)?")


def told_by_counting(rows: Sequence[Estimate], source="opensafely") -> list[Told]:
    """A paragraph for each outcome of the rows; what is the same for all is said once.

    Parameters
    ----------
    rows : sequence of Estimate
        Of one question, the outcomes being one under several countings of missing scores.
    source : Study, Trials or name of a disclosure profile

    Returns
    -------
    list of Told
        Where a paragraph differs from the one before in nothing but numbers and its counting, it
        holds the number that answers the question alone.
    """
    asked: dict[str, list[Estimate]] = {}
    for row in rows:
        asked.setdefault(row.outcome, []).append(row)
    whole: dict[str, list[Estimate]] = {}
    for own in asked.values():
        whole.setdefault(sentence(Estimates(own), source=source), own)
    found = [told(text, *own, outcome=own[0].outcome) for text, own in whole.items()]
    shapes = [_shape(text, own[0]) for text, own in whole.items()]
    for at, (before, after) in enumerate(pairwise(shapes), start=1):
        if before == after and (short := _short(list(whole.values())[at], source)):
            found[at] = short
    return found


def _shape(text: str, row: Estimate) -> str:
    """A text without its numbers and the words of its counting."""
    counting = counting_of(row)
    return _NUMBER.sub("#", text.replace(counting, "") if counting else text)


def _short(rows: list[Estimate], source) -> Told | None:
    """The number that answers, and how missing scores count; None where either is not said."""
    disclosure = disclosure_of(source)
    row = synergy_seen(rows) or best_test(rows)
    counting = "" if row is None else counting_of(row)
    if not counting or not gated(row, disclosure).is_estimable:
        return None
    row = gated(row, disclosure)
    best, limits = difference_words(row)
    people = people_and_studies(row, disclosure, is_claimed=False)
    behind = in_brackets(range_words(limits), *people)
    short = say("both.again", counting=counting, best=best, behind=behind)
    return told(short, row, outcome=row.outcome)
