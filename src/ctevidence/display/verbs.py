"""What people did, in words: the verb of an outcome, and of a row about those without it."""

from __future__ import annotations

from ctevidence.display.labels import STATE_VERBS
from ctevidence.estimates import Estimate

#: start of an outcome's name -> what people did, as verb phrase after "people who"
_VERBS = {
    "leaving because well": "leave because they are well",
    "dropout (": "drop out",
    "never starting": "never start treatment",
    "any adverse event": "have an adverse event",
    "any self harm": "harm themselves",
    "any hospitalisation": "are admitted to hospital",
    "any switch": "switch to mania",
    "any withdrawal": "leave because of side effects",
    "any death": "die",
    "response": "respond",
    "remission": "reach remission",
    "staying well": "stay well",
    "staying in treatment": "stay in treatment",
    "relapse": "relapse",
    "recurrence": "have a recurrence",
    "dropout": "drop out",
    "any harm": "have a recorded harm",
} | STATE_VERBS


def verb_of(outcome: str) -> str:
    """What people do who have the outcome.

    Examples
    --------
    >>> verb_of("response (observed)"), verb_of("dropout")
    ('respond', 'drop out')
    >>> verb_of("response or remission")
    'respond or reach remission'
    """
    names = outcome.lower().split(" or ")
    return " or ".join(_verb(name) for name in names)


def _verb(name: str) -> str:
    if name.startswith("dropout ("):
        return f"drop out ({name.partition('(')[2].rstrip(')')})"
    return next((verb for start, verb in _VERBS.items() if name.startswith(start)), f"have {name}")


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
        return "are still in treatment"
    return f"are still free of {row.outcome.removeprefix('time to ')}"


def without(row: Estimate) -> str:
    """What people are in the time that a restricted mean counts.

    Examples
    --------
    >>> without(Estimate("t", "relapse", "therapy", "rmst", 30.0))
    'free of relapse'
    """
    if row.outcome == "retention":
        return "in treatment"
    return f"free of {row.outcome.removeprefix('time to ')}"
