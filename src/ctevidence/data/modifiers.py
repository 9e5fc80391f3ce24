"""Modifiers: what a study declares that its effects may depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ctevidence.terms import did_you_mean

MODIFIER_KINDS = ("groups", "continuous")
#: Years: below this someone is an adolescent, and never averaged with adults.
ADULT = 18.0


@dataclass(frozen=True)
class Modifier:
    """A covariate by which an effect is looked at.

    Parameters
    ----------
    name : str
        Column of the participants, or ``"baseline"``.
    kind : {"groups", "continuous"}
        ``groups``: the values of a category, or the ranges between `cuts`. ``continuous``: the
        change of the effect for each `per` units.
    label : str
        In words.
    cuts : tuple of float
        Lowest value of each range but the first, rising.
    per : float
        Units of the slope of a continuous modifier.
    confirmatory : bool
        Declared before the data were seen; everything else is exploratory.
    is_age : bool
        Age in years at the start: people under 18 are analysed apart.
    """

    name: str
    kind: Literal["groups", "continuous"]
    label: str = ""
    cuts: tuple[float, ...] = ()
    per: float = 1.0
    confirmatory: bool = False
    is_age: bool = False

    def __post_init__(self) -> None:
        if self.kind not in MODIFIER_KINDS:
            raise ValueError(
                f'The kind of modifier is "{self.kind}"{did_you_mean(self.kind, MODIFIER_KINDS)}'
            )
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError("cuts rise, each once: the lowest value of each group but the first.")
        if self.kind == "continuous" and self.cuts:
            raise ValueError('A continuous modifier has no cuts; use kind = "groups".')
        if not self.per > 0:
            raise ValueError(f"per is {self.per}; it must be a number above 0.")
        object.__setattr__(self, "label", self.label or self.name.replace("_", " "))
