"""One answer in one sentence, for those who have a minute: direction and certainty, no number."""

from __future__ import annotations

from collections.abc import Mapping

from ctevidence.display.release import tells_of_hidden
from ctevidence.display.told import Told, told
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.verdict import Direction
from ctevidence.evidence.wording import strength_of
from ctevidence.language import capital, pick, say

ASKED = {"better-than-medication": "medication", "better-than-therapy": "therapy"}
#: verdicts whose words do not depend on how sure we are: they claim no direction
_UNDECIDED = (Direction.NOT_DETERMINED, Direction.NOT_ESTABLISHED, Direction.NO_DATA)


def short_answer(verdicts: Mapping[str, Verdict]) -> Told:
    """Whether more people get well with both, against each single treatment.

    Parameters
    ----------
    verdicts : mapping of str to Verdict
        By id of the claim, with those of `ASKED`.

    Returns
    -------
    Told
        One sentence where both comparisons read alike, two where they do not; then how sure.
    """
    asked = {name: verdicts[claim] for claim, name in ASKED.items()}
    keys = {name: _key(verdict) for name, verdict in asked.items()}
    each = {name: pick("single", name) for name in asked}
    if len(set(keys.values())) == 1:
        alone = say("answer.or", first=each["medication"], second=each["therapy"])
        sentence = capital(pick("answer_found", keys["medication"], reference=alone))
    else:
        parts = [pick("answer_found", keys[name], reference=each[name]) for name in asked]
        sentence = capital(say("answer.and", first=parts[0], second=parts[1]))
    levels = {verdict.certainty for verdict in asked.values()}
    words = say("answer.whole", sentence=sentence, sure=_sure(levels))
    return told(words, *(verdict.lead for verdict in asked.values()), card="answer")


def _key(verdict: Verdict) -> str:
    """Direction with the strength that certainty allows: ``benefit-may``."""
    if verdict.direction is Direction.NO_DATA and tells_of_hidden(verdict.reason):
        return "hidden"
    if verdict.direction in _UNDECIDED:
        return verdict.direction.key
    strength = strength_of(verdict.certainty)
    return "very-uncertain" if strength is None else f"{verdict.direction.key}-{strength}"


def _sure(levels: set[str | None]) -> str:
    given = sorted({level for level in levels if level})
    if not given:
        return say("answer.not_assessed")
    told_of = [pick("levels", level.replace(" ", "-")) for level in given]
    return say("answer.certainty", levels=" / ".join(told_of))
