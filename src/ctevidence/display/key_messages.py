"""Key messages: the few sentences that stand on top, made from verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.display.language import capital, say
from ctevidence.display.sentences import sentence
from ctevidence.display.verdict_words import no_data_words
from ctevidence.estimates import Estimate
from ctevidence.evidence.claims import Verdict

#: claims that lead, in this order; at most four messages
LEADING = ("better-than-medication", "better-than-therapy", "better-than-both", "synergy")


def key_messages(verdicts: Iterable[Verdict], source="opensafely") -> tuple[str, ...]:
    """One sentence for each leading claim: the answer, the number per 100, what it rests on.

    `source` decides how counts are shown, as in `sentence`.
    """
    found = {verdict.claim.id: verdict for verdict in verdicts}
    return tuple(message(found[key], source) for key in LEADING if key in found)


def message(verdict: Verdict, source="opensafely") -> str:
    """A verdict as one or two sentences."""
    if verdict.lead is None:
        why = capital(no_data_words(verdict))
        return say("claims.no_data", says=verdict.claim.says, why=why)
    return f"{sentence(verdict.lead, verdict.certainty, source)} {rests_on(verdict.lead)}"


def rests_on(row: Estimate) -> str:
    """What an estimate rests on, in words.

    Examples
    --------
    >>> rests_on(Estimate("t", "response", "combined", "risk_ratio", 1.2, studies=9, n=400,
    ...     n_reference=380))
    'It rests on 9 trials (everyone who started).'
    """
    if (row.studies or 1) > 1:
        return say("claims.rests_trials", count=row.studies, population=row.population)
    return say("claims.rests_one", study=row.study)
