"""Harms: whether any harmful event was recorded.

Decisions: one value per person, over the time each person was followed, from day 0 on; several
events count once; what happened after dropout counts when it was recorded; death is among the
events. Whoever has no record counts as unharmed, as far as the study records such events at all.
Where it records none of them for anyone the value is missing: no record is not the same as no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctevidence.data.study import Study
from ctevidence.outcomes.outcome import Outcome

HARMS = ("adverse_event", "self_harm", "hospitalisation", "death", "switch")


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
        return (
            f"Harm: any recorded {self.in_words}, over the time each person was followed; "
            "whoever has no record counts as unharmed."
        )


def derive_harms(study: Study, events: Sequence[str] = HARMS) -> Outcome:
    """Who had any of these events.

    Parameters
    ----------
    study : Study
    events : sequence of str
        Words of the column ``event``.

    Returns
    -------
    Outcome
        Kind ``harms``; `value` 1.0 or 0.0, nan for everyone when none of the kinds is recorded.

    Raises
    ------
    ValueError
        No kinds of events are given.
    """
    rule = HarmsRule(events if isinstance(events, str) else tuple(events))
    people = study.entering()
    recorded = study.events
    recorded = recorded[recorded["event"].isin(rule.events)]
    never = [event for event in rule.events if event not in set(recorded["event"])]
    harmed = people["participant_id"].isin(recorded["participant_id"]).astype(float)
    frame = people[["participant_id", "arm"]].assign(value=np.nan if len(recorded) == 0 else harmed)
    return Outcome(
        kind="harms",
        name="any harm" if rule.events == HARMS else f"any {rule.in_words}",
        study=study,
        frame=frame,
        rule=rule,
        better="lower",
        cautions=_cautions(never),
    )


def _cautions(never: list[str]) -> tuple[str, ...]:
    if not never:
        return ()
    return (
        f"Never recorded in this study: {', '.join(never)}. Not recorded is not the same as none.",
    )
