"""Harms: whether any harmful event was recorded, and in how much time.

Decisions: one value per person, over the time each person was followed, from day 0 on; several
events count once; what happened after dropout counts when it was recorded; death is among the
events. Whoever has no record counts as unharmed, as far as the study records such events at all.
Where it records none of them for anyone the value is missing: no record is not the same as no harm.
A study that looked for an event in everyone declares so (``[events] recorded``): then none is none.

Time runs to the person's first such event, else to the last contact. An event on day 0 counts half
a day. Leaving treatment because of side effects (``withdrawal``) is a dropout whose declared reason
counts as that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.outcomes.follow_up import after, follow_up
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome

HARMS = ("adverse_event", "self_harm", "hospitalisation", "death", "switch")
WITHDRAWAL = "withdrawal"
#: Every kind that a table of harms holds, recorded or not.
HARM_KINDS = ("adverse_event", "self_harm", "hospitalisation", "switch", WITHDRAWAL, "death")
DAYS_PER_YEAR = 365.25
_ANY = "any "


def harm_name(kinds: str) -> str:
    """The outcome of having any event of these kinds, in a study and in published trials.

    Examples
    --------
    >>> harm_name("self_harm")
    'any self harm'
    """
    return f"{_ANY}{kinds.replace('_', ' ')}"


def is_harm(outcome: str) -> bool:
    """Whether the name of an outcome is that of a harm."""
    return outcome.startswith(_ANY)


@dataclass(frozen=True)
class HarmsRule:
    """Any of these kinds of recorded events."""

    events: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.events or isinstance(self.events, str):
            raise ValueError(
                f'events is {self.events!r}; give kinds of events, for instance ("self_harm",).'
            )

    @property
    def in_words(self) -> str:
        return " or ".join(self.events).replace("_", " ")

    def describe(self) -> str:
        return say("outcomes.harms.rule", events=self.in_words)


def derive_harms(study: Study, events: Sequence[str] = HARMS) -> Outcome:
    """Who had any of these events.

    Parameters
    ----------
    study : Study
    events : sequence of str
        Words of the column ``event``, or ``withdrawal``: left because of side effects.

    Returns
    -------
    Outcome
        Kind ``harms``; `value` 1.0 or 0.0, nan for everyone when none of the kinds is recorded.
        `years` until the first such event or the last contact.

    Raises
    ------
    ValueError
        No kinds of events are given.
    """
    rule = HarmsRule(events if isinstance(events, str) else tuple(events))
    followed = follow_up(study)
    happened = _happened(study)
    first = happened[happened["event"].isin(rule.events)].groupby("participant_id")["day"].min()
    first = after(first.reindex(followed.index).astype(float), 0.0)
    known = recorded_kinds(study)
    is_known = any(event in known for event in rule.events)
    frame = pd.DataFrame(
        {
            "arm": followed["arm"],
            "value": first.notna().astype(float) if is_known else np.nan,
            "years": first.fillna(followed["last_contact"]) / DAYS_PER_YEAR,
        }
    )
    return Outcome(
        kind="harms",
        name="any harm" if rule.events == HARMS else harm_name(rule.in_words),
        study=study,
        frame=frame.reset_index(),
        rule=rule,
        better="lower",
        cautions=_cautions([event for event in rule.events if event not in known])
        + strategy_cautions(study, carried_out=False),
    )


def derive_harms_by_kind(study: Study, kinds: Sequence[str] = HARM_KINDS) -> tuple[Outcome, ...]:
    """`derive_harms` of each kind by itself, also of those that were never recorded.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> [harm.name for harm in derive_harms_by_kind(simulate_study(n=40, seed=1))][:2]
    ['any adverse event', 'any self harm']
    """
    return tuple(derive_harms(study, (kind,)) for kind in kinds)


def recorded_kinds(study: Study) -> frozenset[str]:
    """Kinds of events that are recorded for anyone, or declared as looked for in everyone."""
    found = {*_happened(study)["event"], *study.rules.recorded_events}
    reasons = dict(study.rules.retention.reasons) if study.rules.retention else {}
    if "side effects" in reasons.values() and "dropout" in found:
        found.add(WITHDRAWAL)
    return frozenset(found)


def _happened(study: Study) -> pd.DataFrame:
    """Recorded events, withdrawals because of side effects among them."""
    events = study.events
    rule = study.rules.retention
    if rule is None or "reason" not in events:
        return events
    kind = events["reason"].map(dict(rule.reasons))
    left = events[(events["event"] == "dropout") & (kind == "side effects")]
    return pd.concat([events, left.assign(event=WITHDRAWAL)], ignore_index=True)


def _cautions(never: list[str]) -> tuple[str, ...]:
    if not never:
        return ()
    events = ", ".join(in_words(event.replace("_", " ")) for event in never)
    return (say("outcomes.harms.never", events=events),)
