"""How strong a wording is allowed: certainty, size and design choose it, never a writer.

The grid follows GRADE guidelines 26 (Santesso et al. 2020, J Clin Epidemiol 119:126): plain words
for high certainty, "probably" for moderate, "may" for low; of very low certainty no direction is
claimed. Without a judgement the wording is capped at "may". Causal words only for contrasts that
randomisation protects; drawn data speak of their simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import Direction, Thresholds, direction, size
from ctevidence.terms import did_you_mean

CERTAINTIES = ("high", "moderate", "low", "very low")
#: certainty -> strength of the verb; None where no direction may be claimed
_STRENGTHS = {None: "may", "high": "plain", "moderate": "probably", "low": "may", "very low": None}
RANDOMISED, ASSOCIATION = "randomised", "association"


@dataclass(frozen=True)
class Wording:
    """What a sentence may say.

    Attributes
    ----------
    strength : {"plain", "probably", "may"} or None
        None: no direction is claimed.
    size : {"large", "moderate", "slight", "little"}
    design : {"randomised", "association"}
    found : Direction
    """

    strength: str | None
    size: str
    design: str
    found: Direction

    @property
    def verb(self) -> str:
        """The name of the verb in the language: ``randomised-may``."""
        return f"{self.design}-{self.strength}"

    @property
    def claims_direction(self) -> bool:
        return self.strength is not None and self.found is not Direction.NOT_DETERMINED


def strength_of(certainty: str | None) -> str | None:
    """How strong the verb may be.

    Raises
    ------
    KeyError
        When the certainty is none of `CERTAINTIES`.

    Examples
    --------
    >>> strength_of("moderate"), strength_of(None), strength_of("very low")
    ('probably', 'may', None)
    """
    if certainty not in _STRENGTHS:
        raise KeyError(f'Certainty "{certainty}"{did_you_mean(certainty, CERTAINTIES)}')
    return _STRENGTHS[certainty]


def wording(
    row: Estimate, certainty: str | None = None, thresholds: Thresholds | None = None
) -> Wording:
    """The wording that an estimate allows.

    Parameters
    ----------
    row : Estimate
        A contrast.
    certainty : {"high", "moderate", "low", "very low"}, optional
    thresholds : Thresholds, optional

    Examples
    --------
    >>> row = Estimate("s", "response", "combined", "risk_difference", 0.14, reference="therapy",
    ...     unit="probability", conf_low=0.08, conf_high=0.21, n=300, n_reference=300)
    >>> wording(row, "low").verb, wording(row, "low").size
    ('association-may', 'large')
    """
    found = direction(row, thresholds)
    how_large = "little" if found is Direction.LITTLE else size(row, thresholds).value
    # where it is not known whether chance assigned people, no causal word is used
    design = RANDOMISED if row.randomised else ASSOCIATION
    return Wording(strength_of(certainty), how_large, design, found)
