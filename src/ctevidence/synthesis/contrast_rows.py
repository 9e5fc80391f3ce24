"""What all rows about one contrast of published trials share: who, what, counts, reader's scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.effect_sizes import EffectSizes

UNITS = {
    "risk_difference": "probability",
    "mean_difference": "points",
    "std_mean_difference": "standard deviations",
    "arcsine_difference": "radians",
}
#: count column of a row -> column of the effects
_COUNTS = {"n": "n1", "events": "events1", "n_reference": "n2", "events_reference": "events2"}


@dataclass(frozen=True, eq=False)
class ContrastRows:
    """The shared fields of rows about one contrast.

    Parameters
    ----------
    effects : EffectSizes
        Of one contrast.
    name, population : str
        What the rows carry as `study` and `population`.
    conf_level : float
    """

    effects: EffectSizes
    name: str
    population: str
    conf_level: float = 0.95

    @property
    def outcome(self) -> str:
        """Outcomes of the effects, in words."""
        return " or ".join(dict.fromkeys(self.effects.frame["outcome"]))

    @property
    def unit(self) -> str:
        """Unit of an estimate on the reader's scale."""
        ratio = self.effects.scale == "log"
        return UNITS.get(self.effects.measure, "ratio" if ratio else "")

    @property
    def who(self) -> dict[str, str]:
        """Fields that say what and who."""
        first = self.effects.frame.iloc[0]
        return {
            "study": self.name,
            "population": self.population,
            "outcome": self.outcome,
            "arm": first["treat1"],
            "reference": first["treat2"],
        }

    @property
    def counts(self) -> dict[str, int | None]:
        """People and events added up over the effects; None where one is missing."""
        return {side: total(self.effects.frame[column]) for side, column in _COUNTS.items()}

    def numbers(self, estimate: float, low: float, high: float) -> dict:
        """What a row on the reader's scale has from numbers on the analysis scale."""
        return {
            "measure": self.effects.measure,
            "unit": self.unit,
            "estimate": self.back(estimate),
            "conf_low": self.back(low),
            "conf_high": self.back(high),
            "conf_level": self.conf_level,
            "error_scale": self.effects.scale,
            "randomised": self.effects.randomised,
        }

    def back(self, value: float) -> float:
        """From the analysis scale to the reader's; a limit too large for a number is infinite."""
        with np.errstate(over="ignore"):
            return float(np.exp(value)) if self.effects.scale == "log" else float(value)


def counts_of(row: dict) -> dict[str, int | None]:
    """People and events of one effect."""
    return {side: total([row[column]]) for side, column in _COUNTS.items()}


def total(counts) -> int | None:
    """Sum of counts; None when one is missing."""
    found = float(np.sum(np.asarray(counts, float)))
    return None if math.isnan(found) else int(found)
