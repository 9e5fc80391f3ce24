"""Maintenance and discontinuation trials: who entered, after what, and what became of it.

People who are well already are randomised to go on with what helped them, or to stop it. Relapse
from randomisation is then a comparison of the groups that were formed. Where something is stopped,
the difference also holds what stopping itself does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ctevidence.language import pick, say
from ctevidence.terms import did_you_mean

ENTERED_AFTER = ("response", "remission", "recovery")


@dataclass(frozen=True)
class MaintenanceRule:
    """What a maintenance or discontinuation trial declares about its entry.

    Parameters
    ----------
    entered_after : {"response", "remission", "recovery"}
        What people had reached before they were randomised.
    acute_treatment : str
        What they had been treated with until then, in words.
    continued, tapered, stopped : tuple of str
        Arms that went on with it; that came off it step by step; that stopped it at once. Each
        arm stands in one of the three.
    taper_weeks : float
        Weeks that coming off took; only with `tapered`.
    stable_weeks : float
        Weeks that people had been well before they were randomised, at least; NaN when the trial
        asked for none.

    Raises
    ------
    ValueError
        For an arm that stands twice, none at all, a word that is not known, or weeks that are not
        above 0.
    """

    entered_after: str
    acute_treatment: str
    continued: tuple[str, ...]
    tapered: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    taper_weeks: float = math.nan
    stable_weeks: float = math.nan

    def __post_init__(self) -> None:
        if self.entered_after not in ENTERED_AFTER:
            raise ValueError(
                f'What people had reached (entered_after) is "{self.entered_after}"'
                f"{did_you_mean(self.entered_after, ENTERED_AFTER)}"
            )
        arms = self.arms
        if len(set(arms)) < len(arms) or not arms:
            raise ValueError(
                f"The arms of maintenance are {', '.join(arms) or 'none'}: each arm stands once, "
                "in continued, tapered or stopped."
            )
        if self.tapered and math.isnan(self.taper_weeks):
            raise ValueError("Some arm was tapered: taper_weeks says over how many weeks.")
        if not self.tapered and not math.isnan(self.taper_weeks):
            raise ValueError("taper_weeks is declared, but no arm was tapered.")
        for name in ("taper_weeks", "stable_weeks"):
            if (weeks := getattr(self, name)) <= 0 or math.isinf(weeks):
                raise ValueError(f"{name} is {weeks}; it must be a number above 0.")

    @property
    def arms(self) -> tuple[str, ...]:
        return (*self.continued, *self.tapered, *self.stopped)

    @property
    def withdrawal(self) -> str:
        """The caution of a comparison with arms that came off treatment; empty without any."""
        parts = []
        if self.tapered:
            parts.append(f"tapered over {self.taper_weeks:g} weeks in {' and '.join(self.tapered)}")
        if self.stopped:
            parts.append(f"stopped at once in {' and '.join(self.stopped)}")
        if not parts:
            return ""
        return (
            f"withdrawal as well: {self.acute_treatment} was {' and '.join(parts)}, so that early "
            "relapse there may be what stopping does"
        )

    def describe(self) -> str:
        stable = ""
        if not math.isnan(self.stable_weeks):
            stable = say("rules.stable", weeks=f"{self.stable_weeks:g}")
        did = (("continued", self.continued), ("tapered", self.tapered), ("stopped", self.stopped))
        then = (pick("rule_maintenance", what, arms=", ".join(arms)) for what, arms in did if arms)
        return say(
            "rules.maintenance",
            after=self.entered_after,
            stable=stable,
            treatment=self.acute_treatment,
            then="; ".join(then),
        )
