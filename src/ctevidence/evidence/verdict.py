"""Direction and size: what an interval says against declared thresholds.

Two separate questions, never mixed: what the data say (here) and how sure we are (certainty, a
person's judgement). Thresholds are placeholders that clinicians set.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ctevidence.estimates import SMALL, Estimate
from ctevidence.terms import CONTRAST_MEASURES


class Direction(StrEnum):
    """What an interval says, judged against the smallest difference that matters."""

    BENEFIT = "benefit"
    LITTLE = "little or no difference"
    HARM = "harm"
    NO_WORSE = "no worse by the margin"
    NOT_DETERMINED = "not determined"
    NOT_ESTABLISHED = "not established"
    NO_DATA = "no data"

    @property
    def key(self) -> str:
        """Short name, under which languages have their words: ``not-determined``."""
        return self.name.lower().replace("_", "-")


class Size(StrEnum):
    """How large the best estimate is, by the smallest difference that matters."""

    LARGE = "large"
    MODERATE = "moderate"
    SLIGHT = "slight"


#: one study with fewer people than this cannot establish a claim
SMALL_STUDY = 200
#: the best estimate is large from this many times the smallest difference that matters
LARGE = 2.0

#: outcomes whose name starts so are bad for the person
_ADVERSE = ("relapse", "recurrence", "dropout", "any ", "deterioration", "never ")

#: half of the last digit that readers see: a limit nearer to no difference touches it
_HALF_A_DIGIT = {"probability": 0.005, "ratio": 0.005, "weeks": 0.05, "standard deviations": 0.005}
_HALF_A_POINT = 0.05


@dataclass(frozen=True)
class Thresholds:
    """Smallest difference that matters, by unit; our placeholders, to be set by clinicians.

    `set_by` says who set them and when; empty for placeholders.
    """

    probability: float = 0.05
    ratio: float = 1.10
    points: float = 3.0
    weeks: float = 4.0
    set_by: str = ""

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


def direction(
    row: Estimate, thresholds: Thresholds | None = None, margin: float | None = None
) -> Direction:
    """Judge a contrast by its interval.

    Parameters
    ----------
    row : Estimate
        A contrast; ratios are judged on the log scale.
    thresholds : Thresholds, optional
    margin : float, optional
        Asks whether the arm is no worse: a loss as large as this, in the unit of the row, is then
        what must be excluded.

    Returns
    -------
    Direction
        ``benefit`` or ``harm`` when the interval excludes no difference and reaches beyond the
        smallest difference that matters; ``little or no difference`` when it lies wholly within
        it; ``no worse`` when a margin is given and excluded; else ``not determined``. A limit that
        readers would see as no difference does not exclude it. One small study reads
        ``not established``.
    """
    found = by_interval(row, thresholds, margin)
    undecided = found in (Direction.NOT_DETERMINED, Direction.NO_DATA)
    return Direction.NOT_ESTABLISHED if not undecided and rests_on_one_small_study(row) else found


def by_interval(
    row: Estimate, thresholds: Thresholds | None = None, margin: float | None = None
) -> Direction:
    """The same without the guard against one small study."""
    if not row.is_estimable or all(map(math.isnan, (row.conf_low, row.conf_high))):
        return Direction.NOT_DETERMINED
    low, high = limits_for_good(row)
    least = (thresholds or Thresholds()).of(row)
    if -least < low and high < least:
        return Direction.LITTLE
    if low > 0 and not touches_none(row):
        return Direction.BENEFIT
    if margin is not None and low > -_margin(row, margin):
        return Direction.NO_WORSE
    if high < 0 and not touches_none(row):
        return Direction.HARM
    return Direction.NOT_DETERMINED


def limits_for_good(row: Estimate) -> tuple[float, float]:
    """Limits on the scale of judgement, turned so that above 0 is good for the person."""
    scale = _log if is_ratio(row) else float
    # a one-sided limit leaves the other side open
    low = -math.inf if math.isnan(row.conf_low) else scale(row.conf_low)
    high = math.inf if math.isnan(row.conf_high) else scale(row.conf_high)
    return (-high, -low) if better_direction(row) == "lower" else (low, high)


def touches_none(row: Estimate) -> bool:
    """Whether a limit would be read as no difference, at the digits that readers see.

    Examples
    --------
    A risk ratio of 0.68 (0.47 to 0.996) is shown as 0.47 to 1.00.

    >>> touches_none(Estimate("s", "relapse", "a", "risk_ratio", 0.68, reference="b",
    ...     unit="ratio", conf_low=0.465, conf_high=0.9956))
    True
    """
    none, half = float(is_ratio(row)), _HALF_A_DIGIT.get(row.unit, _HALF_A_POINT)
    # rounding is half away from zero: of a ratio 0.995 is still shown as 1.00
    below = (lambda x: none - half <= x) if none else (lambda x: none - half < x)
    return any(below(x) and x < none + half for x in (row.conf_low, row.conf_high))


def size(row: Estimate, thresholds: Thresholds | None = None) -> Size:
    """How large the best estimate is; a unit without a threshold has no word but the plain one.

    Examples
    --------
    >>> made = {"reference": "therapy", "unit": "probability"}
    >>> [size(Estimate("s", "response", "a", "risk_difference", x, **made)).value
    ...  for x in (0.03, 0.05, 0.10, -0.10)]
    ['slight', 'moderate', 'large', 'large']
    """
    least = (thresholds or Thresholds()).of(row)
    value = abs(_log(row.estimate) if is_ratio(row) else row.estimate)
    if not least:
        return Size.MODERATE
    near = 1e-12  # 0.1 is not less than 2 x 0.05
    if value >= LARGE * least - near:
        return Size.LARGE
    return Size.MODERATE if value >= least - near else Size.SLIGHT


def _margin(row: Estimate, margin: float) -> float:
    return math.log(margin) if is_ratio(row) else margin


def _log(limit: float) -> float:
    return math.log(limit) if limit > 0 else -math.inf


def is_ratio(row: Estimate) -> bool:
    known = CONTRAST_MEASURES.get(row.measure)
    return known.is_ratio if known else row.unit == "ratio"


def people_behind(row: Estimate) -> int:
    return (row.n or 0) + (row.n_reference or 0)


def rests_on_one_small_study(row: Estimate) -> bool:
    """The guard against one small study speaking as if it were many."""
    return (row.studies or 1) == 1 and people_behind(row) < SMALL_STUDY


def is_of_a_handful(row: Estimate, count: Callable[[int], int | None] = int) -> bool:
    """Whether a group behind the row of one study has fewer than `SMALL` people.

    Parameters
    ----------
    row : Estimate
    count : callable, optional
        What is known of a number of people; as it stands when absent.

    Notes
    -----
    Of a row of several groups together at least one is as small where they have fewer than two
    such groups.
    """
    if row.n is None or (row.studies or 1) > 1:
        return False
    if row.n_reference is None and row.reference:
        return (count(row.n) or 0) < 2 * SMALL
    groups = [n for n in (row.n, row.n_reference) if n is not None]
    return any((count(n) or 0) < SMALL for n in groups)
