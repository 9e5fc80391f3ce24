"""The whole illness: what a study declares about those who leave, or change, their treatment.

A person's way from illness to response, remission and relapse follows from the other rules. What
they do not say is what leaving treatment means for it: whether the person is then somewhere (a
state), no longer known about (censoring), or still followed as if nothing had happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ctevidence.language import pick, say
from ctevidence.terms import did_you_mean

#: What leaving or changing treatment may be for a history of illness.
ENDINGS = ("state", "censoring", "ignored")


@dataclass(frozen=True)
class IllnessRule:
    """What dropout and a recorded switch are for the history of an illness.

    Parameters
    ----------
    dropout, switch : {"state", "censoring", "ignored"}
        ``state``: an end of its own, which competes with relapse. ``censoring``: the person is no
        longer known about, and taken to be like those who stay. ``ignored``: treatment policy,
        whatever was recorded afterwards counts. There is no default. A switch is the event of that
        name: of treatment, or to mania, as the study uses the word.

    Raises
    ------
    ValueError
        For another word.
    """

    dropout: Literal["state", "censoring", "ignored"]
    switch: Literal["state", "censoring", "ignored"]

    def __post_init__(self) -> None:
        for what in ("dropout", "switch"):
            if (value := getattr(self, what)) not in ENDINGS:
                raise ValueError(
                    f'What {what} is for the history of illness is "{value}"'
                    f"{did_you_mean(value, ENDINGS)}"
                )

    def describe(self) -> str:
        return say(
            "rules.illness",
            dropout=pick("rule_illness", self.dropout),
            switch=pick("rule_illness", self.switch),
        )
