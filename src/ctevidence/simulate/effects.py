"""What treatments do in a simulated world: on the course, on relapse, and in harm.

What an arm does is what its components do and their interaction, so that synergy is declared:
positive, none, or negative. Arms are always in the order of `ARMS`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ctevidence.terms import DAYS_PER_WEEK, Treatment

ARMS = (Treatment.CONTROL, Treatment.MEDICATION, Treatment.THERAPY, Treatment.COMBINED)
HAS_MEDICATION = np.array([0, 1, 0, 1])
HAS_THERAPY = np.array([0, 0, 1, 1])

#: Treatment acts up to this week; what it has reached is then kept up.
ACUTE_WEEKS = 12.0
DAYS_PER_YEAR = 365.25


def by_arm(control: float, medication: float, therapy: float, interaction: float) -> np.ndarray:
    """What components add up to in each arm, shape (4,), in the order of `ARMS`.

    Examples
    --------
    >>> by_arm(-4, -3, -2, 1).tolist()
    [-4, -7, -6, -8]
    """
    both = HAS_MEDICATION * HAS_THERAPY
    return control + medication * HAS_MEDICATION + therapy * HAS_THERAPY + interaction * both


@dataclass(frozen=True)
class Effects:
    """Change of the mean score, in points, from baseline to week 12; negative is improvement.

    Parameters
    ----------
    control : float
        Change without either treatment.
    medication, therapy : float
        What each adds to it.
    interaction : float
        What both together change beyond the sum: negative is synergy, positive antagonism, zero
        exact additivity of mean scores at every week of acute treatment.
    control_half_weeks, medication_half_weeks, therapy_half_weeks : float
        Weeks after which half of the final effect would be reached; how fast. The interaction
        comes on with the slower of the two treatments.

    Examples
    --------
    >>> Effects(control=-4, medication=-3, therapy=-2).changes((12,)).T.tolist()
    [[-4.0, -7.0, -6.0, -9.0]]
    """

    control: float = -4.0
    medication: float = -2.5
    therapy: float = -2.5
    interaction: float = 0.0
    control_half_weeks: float = 3.0
    medication_half_weeks: float = 2.0
    therapy_half_weeks: float = 4.0

    def __post_init__(self) -> None:
        for name in ("control", "medication", "therapy", "interaction"):
            require(math.isfinite(getattr(self, name)), self, name, "a finite number")
        for name in ("control_half_weeks", "medication_half_weeks", "therapy_half_weeks"):
            require(getattr(self, name) > 0, self, name, "above 0")

    def changes(self, weeks: tuple[float, ...]) -> np.ndarray:
        """Mean change since baseline in each arm, shape (4, number of weeks), without relapse."""
        slower = max(self.medication_half_weeks, self.therapy_half_weeks)
        columns = [
            by_arm(
                self.control * _reached(week, self.control_half_weeks),
                self.medication * _reached(week, self.medication_half_weeks),
                self.therapy * _reached(week, self.therapy_half_weeks),
                self.interaction * _reached(week, slower),
            )
            for week in weeks
        ]
        return np.column_stack(columns)


def _reached(week: float, half_weeks: float) -> float:
    """Share of the week-12 effect reached by a week: exponential approach, then kept up."""
    approach = lambda t: -math.expm1(-t * math.log(2) / half_weeks)  # noqa: E731
    return approach(min(week, ACUTE_WEEKS)) / approach(ACUTE_WEEKS)


@dataclass(frozen=True)
class Relapse:
    r"""Hazard of relapse by the time since remission: proportional between arms.

    Nobody relapses within `delay_weeks` of remission; from then on the time to relapse is Weibull
    with the cumulative hazard :math:`HR_{arm}\, c^{episodes} (rate \cdot years)^{shape}`.

    Parameters
    ----------
    rate_per_year : float
        Rate in control without earlier episodes; 0 for no relapses.
    shape : float
        1 is a constant hazard (exponential), below 1 a falling one.
    medication, therapy : float
        Hazard ratios against control.
    interaction : float
        Hazard ratio of both beyond the product; 1 for none.
    per_episode : float
        Hazard ratio c for each earlier episode.
    delay_weeks : float
        What returns earlier is fluctuation. With 12 weeks nobody relapses before the end of acute
        treatment, so that mean scores up to week 12 are the declared ones exactly.
    """

    rate_per_year: float = 0.8
    shape: float = 1.0
    medication: float = 0.7
    therapy: float = 0.6
    interaction: float = 1.0
    per_episode: float = 1.15
    delay_weeks: float = 12.0

    def __post_init__(self) -> None:
        for name in ("shape", "medication", "therapy", "interaction", "per_episode"):
            require(0 < getattr(self, name) < math.inf, self, name, "above 0")
        for name in ("rate_per_year", "delay_weeks"):
            require(0 <= getattr(self, name) < math.inf, self, name, "0 or more")

    @property
    def hazard_ratios(self) -> np.ndarray:
        """Hazard ratio of each arm against control, given the earlier episodes, shape (4,)."""
        parts = (self.medication, self.therapy, self.interaction)
        return np.exp(by_arm(0.0, *np.log(parts)))

    def cumulative_hazard(self, days) -> np.ndarray:
        """Cumulative hazard in control, without earlier episodes, by days since remission."""
        years = np.maximum(np.asarray(days, float) - self._delay, 0.0) / DAYS_PER_YEAR
        return (self.rate_per_year * years) ** self.shape

    def days_until(self, cumulative_hazard: np.ndarray) -> np.ndarray:
        """Days since remission at which the cumulative hazard reaches a value; inf when never."""
        if self.rate_per_year == 0:
            return np.full(np.shape(cumulative_hazard), math.inf)
        years = cumulative_hazard ** (1 / self.shape) / self.rate_per_year
        return self._delay + years * DAYS_PER_YEAR

    @property
    def _delay(self) -> float:
        return self.delay_weeks * DAYS_PER_WEEK


@dataclass(frozen=True)
class Harms:
    """Probability of an adverse event during acute treatment: in control, and what each adds."""

    control: float = 0.08
    medication: float = 0.20
    therapy: float = 0.02
    interaction: float = 0.0

    def __post_init__(self) -> None:
        if np.any((self.risks < 0) | (self.risks > 1)):
            raise ValueError(
                f"Harms: the risks by arm add up to {self.risks.tolist()}; each must lie between "
                "0 and 1. Change what the treatments add."
            )

    @property
    def risks(self) -> np.ndarray:
        return by_arm(self.control, self.medication, self.therapy, self.interaction)


def require(holds: bool, declared: object, name: str, what: str) -> None:
    """Refuse a declared value; `what` says what it must be."""
    if not holds:
        found = f"{type(declared).__name__}: {name} is {getattr(declared, name)}"
        raise ValueError(f"{found}; it must be {what}.")
