"""The simulated world around the treatments: how it is followed up, who is in it, who leaves.

Every object is frozen and hashable, so that a `Scenario` determines its truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ctevidence.data.scales import get_scale
from ctevidence.data.study import VisitWindow
from ctevidence.simulate.anxiety import Anxiety
from ctevidence.simulate.effects import (
    ARMS,
    Effects,
    Harms,
    Relapse,
    by_arm,
    require,
)

SCALE = get_scale("PHQ-9")
#: Only people with at least this score enter.
ENTRY_SCORE = 10
REMISSION_SCORE = SCALE.remission_at_or_below
RESPONSE_PERCENT = SCALE.response_percent

BASELINE_DAYS = (-7, 0)
SCHEDULE = (
    VisitWindow("week 2", 2, 11, 17),
    VisitWindow("week 4", 4, 24, 32),
    VisitWindow("week 8", 8, 49, 63),
    VisitWindow("week 12", 12, 77, 91),
    VisitWindow("week 26", 26, 168, 196),
    VisitWindow("week 52", 52, 350, 378),
)
WEEKS = tuple(window.week for window in SCHEDULE)
#: Everyone who does not leave is followed up to this day.
LAST_DAY = 378


@dataclass(frozen=True)
class Severity:
    """How severe people are at baseline and how far they vary around the mean of their arm.

    Parameters
    ----------
    baseline_mean : float
        Mean score of those who enter (10 or more), in points.
    concentration : float
        Sum of the two beta parameters of the beta-binomial score distribution; higher is
        narrower. The default gives standard deviations of 3.5 at baseline and about 5 later.
    intercept, slope, residual : float
        Standard deviations of the parts of a person's latent severity, relative to each other:
        the person's level, the person's change by week 12 (on the scale log(1 + week)), and what
        varies from visit to visit.
    """

    baseline_mean: float = 16.0
    concentration: float = 6.5
    intercept: float = 1.0
    slope: float = 0.8
    residual: float = 0.8

    def __post_init__(self) -> None:
        inside = ENTRY_SCORE < self.baseline_mean < SCALE.high
        between = f"between {ENTRY_SCORE} and {SCALE.high:g}"
        require(inside, self, "baseline_mean", between)
        for name in ("concentration", "residual"):
            require(getattr(self, name) > 0, self, name, "above 0")
        for name in ("intercept", "slope"):
            require(getattr(self, name) >= 0, self, name, "0 or more")


@dataclass(frozen=True)
class Dropout:
    """Leaving treatment and follow-up between two visits, and single visits missed.

    Parameters
    ----------
    risk : float
        Probability to leave between two visits, in control, with a last observed score of 10.
    per_point : float
        Change of its log odds per point of the last observed score: 0 when leaving does not
        depend on the course; otherwise scores are missing at random, given those observed.
    medication, therapy : float
        Odds ratios against control.
    missed_visit : float
        Probability that a single visit is missed, whatever the course.

    Examples
    --------
    >>> nobody = Dropout(risk=0, missed_visit=0)
    """

    risk: float = 0.04
    per_point: float = 0.06
    medication: float = 1.3
    therapy: float = 0.9
    missed_visit: float = 0.04

    def __post_init__(self) -> None:
        for name in ("risk", "missed_visit"):
            require(0 <= getattr(self, name) < 1, self, name, "from 0 to below 1")
        for name in ("medication", "therapy"):
            require(0 < getattr(self, name) < math.inf, self, name, "above 0")
        require(math.isfinite(self.per_point), self, "per_point", "a finite number")

    @property
    def log_odds(self) -> np.ndarray:
        """Log odds to leave at a last score of 10, by arm; -inf when nobody leaves."""
        if self.risk == 0:
            return np.full(len(ARMS), -math.inf)
        start = math.log(self.risk / (1 - self.risk))
        return by_arm(start, math.log(self.medication), math.log(self.therapy), 0.0)


@dataclass(frozen=True)
class Clusters:
    """Sites, and therapists within sites.

    Parameters
    ----------
    sites, therapists : int
        Number of sites, and of therapists at each.
    site_share, therapist_share : float
        Share of the variance of latent severity that lies between sites (at every visit), and
        between therapists (after baseline, in the arms with therapy).
    """

    sites: int = 6
    therapists: int = 3
    site_share: float = 0.02
    therapist_share: float = 0.05

    def __post_init__(self) -> None:
        for name in ("sites", "therapists"):
            require(getattr(self, name) >= 1, self, name, "1 or more")
        for name in ("site_share", "therapist_share"):
            require(0 <= getattr(self, name) < 1, self, name, "from 0 to below 1")


@dataclass(frozen=True)
class Scenario:
    """All that is declared about a simulated world; without `anxiety` it has one scale."""

    effects: Effects = field(default_factory=Effects)
    severity: Severity = field(default_factory=Severity)
    relapse: Relapse = field(default_factory=Relapse)
    dropout: Dropout = field(default_factory=Dropout)
    harms: Harms = field(default_factory=Harms)
    clusters: Clusters = field(default_factory=Clusters)
    anxiety: Anxiety | None = None

    def __post_init__(self) -> None:
        lowest, highest = (f(self.means((0.0, *WEEKS))) for f in (np.min, np.max))
        if lowest <= SCALE.low or highest >= SCALE.high:
            raise ValueError(
                f"The effects give mean scores from {lowest:.1f} to {highest:.1f}; {SCALE.label} "
                f"runs from {SCALE.low:g} to {SCALE.high:g}. Make the effects smaller, or change "
                "the baseline mean."
            )
        if self.anxiety:
            self.anxiety.refuse_impossible(self.effects, (0.0, *WEEKS))

    def means(self, weeks: tuple[float, ...]) -> np.ndarray:
        """Mean score in each arm without relapse, shape (4, number of weeks)."""
        return self.severity.baseline_mean + self.effects.changes(weeks)
