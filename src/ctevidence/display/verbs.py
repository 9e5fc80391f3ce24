"""What people did, in words: the verb of an outcome, and of a row about those without it."""

from __future__ import annotations

from ctevidence.display.labels import outcome_label
from ctevidence.estimates import Estimate
from ctevidence.language import say, words
from ctevidence.names import in_words

#: how the outcome of a state of the illness begins, and that of a kind of dropout
STATE, KIND = "being ", "dropout ("
#: what the name of an outcome says of its clock
_CLOCK = "time to "


def verb_of(outcome: str) -> str:
    """What people do who have the outcome.

    Examples
    --------
    >>> verb_of("response (observed)"), verb_of("dropout"), verb_of("dropout (no benefit)")
    ('respond', 'leave treatment', 'leave treatment (no benefit)')
    >>> verb_of("response or remission")
    'respond or reach remission'
    """
    told = ""
    for name in outcome.lower().split(" or "):
        verb = _verb(name)
        told = say("verb_phrases.or", first=told, second=verb) if told else verb
    return told


def _verb(name: str) -> str:
    if name.startswith(KIND):
        return say("verb_phrases.dropout_kind", kind=in_words(name.removeprefix(KIND).rstrip(")")))
    if name.startswith(STATE):
        return say("verb_phrases.state", state=in_words(name.removeprefix(STATE).split(" (")[0]))
    known = (verb for start, verb in words("verbs").items() if name.startswith(start))
    return next(known, "") or say("verb_phrases.other", outcome=outcome_label(name))


def did(row: Estimate) -> str:
    """What people do whom a row counts: of survival, those without the event.

    Examples
    --------
    >>> did(Estimate("t", "relapse", "therapy", "survival", 0.7))
    'are still free of relapse'
    >>> did(Estimate("t", "staying well (by the curve)", "therapy", "survival", 0.7))
    'stay well'
    """
    if not row.measure.startswith("survival") or row.outcome.startswith("staying"):
        return verb_of(row.outcome)
    if row.outcome == "retention":
        return say("verb_phrases.still_in_treatment")
    return say("verb_phrases.still_free", outcome=outcome_label(row.outcome.removeprefix(_CLOCK)))


def without(row: Estimate) -> str:
    """What people are in the time that a restricted mean counts.

    Examples
    --------
    >>> without(Estimate("t", "relapse", "therapy", "rmst", 30.0))
    'free of relapse'
    >>> without(Estimate("t", "being in remission (higher is better)", "a", "weeks_in_state", 9.0))
    'in remission'
    """
    if row.outcome == "retention":
        return say("verb_phrases.in_treatment")
    if row.outcome.startswith(STATE):
        # "being in response or being in remission (higher is better)"
        return in_words(row.outcome.split(" (")[0].replace(STATE, ""))
    return say("verb_phrases.free", outcome=outcome_label(row.outcome.removeprefix(_CLOCK)))
