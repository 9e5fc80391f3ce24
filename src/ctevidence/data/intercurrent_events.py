"""Intercurrent events: what may happen on the way, and what each does to the answer.

ICH E9(R1) (2019): an estimand says how events after the start of treatment that change what a score
means, or whether there is one, are handled. A study names its events and a strategy for each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ctevidence.language import pick, say
from ctevidence.terms import COMPONENTS, did_you_mean

STRATEGIES = ("treatment policy", "hypothetical", "composite", "while on treatment")
#: Changes of treatment that are read off the table ``treatments``; all other events are recorded.
CHANGES = tuple(f"{verb} {c}" for c in COMPONENTS for verb in ("stopping", "switching", "adding"))


@dataclass(frozen=True)
class IntercurrentEvent:
    """An event and the strategy for it.

    Parameters
    ----------
    event : str
        A word of the column ``event``, or a change of treatment (`CHANGES`).
    strategy : {"treatment policy", "hypothetical", "composite", "while on treatment"}
        There is no default.
    before_week : float
        For ``stopping``: a treatment that ends from this week on ended as planned. Needed there,
        since a course of therapy that is complete is no event.

    Raises
    ------
    ValueError
        For another strategy, treatment policy after death (nothing exists that could count), or a
        week that is missing or makes no sense.

    Examples
    --------
    >>> IntercurrentEvent("dropout", "composite").describe()
    'after dropout: composite (it counts as failure from then on)'
    """

    event: str
    strategy: Literal["treatment policy", "hypothetical", "composite", "while on treatment"]
    before_week: float = math.nan

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(
                f'The strategy for {self.event} is "{self.strategy}"'
                f"{did_you_mean(self.strategy, STRATEGIES)}"
            )
        if self.event == "death" and self.strategy == "treatment policy":
            raise ValueError(
                "Nothing can be seen after death, so that treatment policy has nothing to count. "
                "Use composite (death is failure) or while on treatment (the state while alive)."
            )
        stops = self.event.startswith("stopping ")
        if stops and not (math.isfinite(self.before_week) and self.before_week > 0):
            raise ValueError(
                f"{self.event} needs before_week, the week from which on the treatment ended as "
                "planned."
            )
        if not stops and not math.isnan(self.before_week):
            raise ValueError(f"before_week belongs to stopping a treatment, not to {self.event}.")

    @property
    def component(self) -> str:
        """The component that a change of treatment is about; empty for a recorded event."""
        return self.event.split(" ", 1)[1] if self.event in CHANGES else ""

    @property
    def in_words(self) -> str:
        """The event: ``"stopping therapy before week 12"``."""
        event = self.event.replace("_", " ")
        if math.isnan(self.before_week):
            return event
        return say("rules.before_week", event=event, week=f"{self.before_week:g}")

    def describe(self) -> str:
        meaning = pick("rule_strategies", self.strategy)
        return say(
            "rules.intercurrent", event=self.in_words, strategy=self.strategy, meaning=meaning
        )
