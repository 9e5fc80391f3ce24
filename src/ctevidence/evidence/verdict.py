"""Direction and size: what an interval says against declared thresholds.

Two separate questions, never mixed: what the data say (here) and how sure we are (certainty, a
person's judgement). Thresholds are placeholders that clinicians set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from ctevidence.estimates import Estimate
from ctevidence.terms import CONTRAST_MEASURES


class Direction(StrEnum):
    """What an interval says, judged against the smallest difference that matters."""

    BENEFIT = "benefit"
    LITTLE = "little or no difference"
    HARM = "harm"
    NOT_DETERMINED = "not determined"
    NOT_ESTABLISHED = "not established"
    NO_DATA = "no data"


EXPLAINED = {
    Direction.BENEFIT: "the range excludes no difference, in the good direction",
    Direction.LITTLE: "the whole range is smaller than what would matter to people",
    Direction.HARM: "the range excludes no difference, in the bad direction",
    Direction.NOT_DETERMINED: "the range holds both no difference and one that would matter: "
    "the data do not tell, which does not mean that there is no difference",
    Direction.NOT_ESTABLISHED: "it rests on one small study: it may work, but this is not enough "
    "to say so; it does not mean that it does not work",
    Direction.NO_DATA: "no source here can speak to it; it does not mean that it does not work",
}

#: one study with fewer people than this cannot establish a claim
SMALL_STUDY = 200

#: outcomes whose name starts so are bad for the person
_ADVERSE = ("relapse", "recurrence", "dropout", "any ", "deterioration", "never ")


@dataclass(frozen=True)
class Thresholds:
    """Smallest difference that matters, by unit; our placeholders, to be set by clinicians."""

    probability: float = 0.05
    ratio: float = 1.10
    points: float = 3.0
    weeks: float = 4.0

    def of(self, row: Estimate) -> float:
        """The threshold on the scale of judgement; 0 for a unit that has none."""
        if row.unit.endswith("points"):
            return self.points
        if row.unit == "ratio":
            return math.log(self.ratio)
        return getattr(self, row.unit) if row.unit in ("probability", "weeks") else 0.0


def better_of(outcome: str) -> str:
    """Whether more of an outcome is good (``higher``) or bad (``lower``), from its name.

    Examples
    --------
    >>> better_of("response (observed)"), better_of("BDI score (lower is better)")
    ('higher', 'lower')
    >>> better_of("no response"), better_of("no relapse")
    ('lower', 'higher')
    """
    if outcome.lower().startswith("no "):
        return "higher" if better_of(outcome[3:]) == "lower" else "lower"
    lower = "(lower is better)" in outcome or outcome.lower().startswith(_ADVERSE)
    return "lower" if lower else "higher"


def better_direction(row: Estimate) -> str:
    """Whether a larger value is good: of time without relapse it is, without response not."""
    if row.measure.startswith(("survival", "rmst")):
        return "lower" if row.outcome.startswith("time to response") else "higher"
    return better_of(row.outcome)


def direction(row: Estimate, thresholds: Thresholds | None = None) -> Direction:
    """Judge a contrast by its interval.

    Parameters
    ----------
    row : Estimate
        A contrast; ratios are judged on the log scale.
    thresholds : Thresholds, optional

    Returns
    -------
    Direction
        ``benefit`` or ``harm`` when the interval excludes no difference and reaches beyond the
        smallest difference that matters; ``little or no difference`` when it lies wholly within
        it; else ``not determined``. One small study reads ``not established``.
    """
    limits = row.conf_low, row.conf_high
    if not row.is_estimable or all(math.isnan(limit) for limit in limits):
        return Direction.NOT_DETERMINED
    least = (thresholds or Thresholds()).of(row)
    scale = _log if _is_ratio(row) else float
    # a one-sided limit leaves the other side open
    low = -math.inf if math.isnan(row.conf_low) else scale(row.conf_low)
    high = math.inf if math.isnan(row.conf_high) else scale(row.conf_high)
    if better_direction(row) == "lower":
        low, high = -high, -low
    if -least < low and high < least:
        found = Direction.LITTLE
    elif low > 0:
        found = Direction.BENEFIT
    elif high < 0:
        found = Direction.HARM
    else:
        return Direction.NOT_DETERMINED
    return Direction.NOT_ESTABLISHED if rests_on_one_small_study(row) else found


def _log(limit: float) -> float:
    return math.log(limit) if limit > 0 else -math.inf


def _is_ratio(row: Estimate) -> bool:
    known = CONTRAST_MEASURES.get(row.measure)
    return known.is_ratio if known else row.unit == "ratio"


def people_behind(row: Estimate) -> int:
    return (row.n or 0) + (row.n_reference or 0)


def rests_on_one_small_study(row: Estimate) -> bool:
    """The guard against one small study speaking as if it were many."""
    return (row.studies or 1) == 1 and people_behind(row) < SMALL_STUDY
