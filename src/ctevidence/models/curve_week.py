"""Up to which week curves are known, and the refusal of any other."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

from ctevidence.data.study import Study

#: weeks of a month and of a quarter of a year
PLANNED = (4, 13)
#: what holds up to the largest week of curves that were observed
KNOWN = "until which the curve of every arm is known"


class KnownCurve(Protocol):
    """A curve of one arm, in weeks since risk began."""

    last_time: float
    known_until: float


def last_known_week(curves: Iterable[KnownCurve], study: Study) -> float:
    """The last week up to which the curve of every arm is known.

    Arms in which nobody was followed at all after risk began do not count: nothing can be said
    about them at any week. Without any other arm it is the last scheduled week.

    Parameters
    ----------
    curves : iterable of KnownCurve
    study : Study

    Returns
    -------
    float
        Weeks since risk began.
    """
    followed = [curve for curve in curves if curve.last_time > 0]
    if not followed:
        return max(study.weeks, default=1.0)
    longest = max(curve.last_time for curve in followed)
    return min(longest, *(curve.known_until for curve in followed))


def round_week(longest: float) -> float:
    """The last week that people plan by, up to the longest that is known: months, or quarters.

    Where a report chooses a week by itself, the very last one would be the day on which one
    person was last seen.

    Parameters
    ----------
    longest : float
        Weeks.

    Returns
    -------
    float
        The largest multiple of 4 or 13 weeks; a whole week below 4, and what is known below 1.

    Examples
    --------
    >>> [round_week(longest) for longest in (51.7, 42.3, 26.0, 3.9, 0.567)]
    [48.0, 40.0, 26.0, 3.0, 0.56]
    """
    if longest >= min(PLANNED):
        return max(step * math.floor(longest / step) for step in PLANNED) * 1.0
    return float(math.floor(longest)) or math.floor(100 * longest) / 100


def refuse_week(
    measure: str,
    week: float | None,
    largest: float,
    until: str,
    beyond: str = "outside the follow-up",
) -> None:
    """Stop where no week is given, or one at which nothing is known.

    Parameters
    ----------
    measure : str
    week : float or None
        Weeks since risk began.
    largest : float
        The last one possible.
    until : str
        What holds up to it, for the message.
    beyond : str
        What a later week is.

    Raises
    ------
    KeyError
        When no week is given.
    ValueError
        For a week before the start or beyond `largest`, which the message names.

    Examples
    --------
    >>> refuse_week("survival", 10, 26.0, "until which everyone was followed")
    """
    # rounded down, so that the week named is itself possible
    named = math.floor(100 * largest) / 100
    if week is None:
        raise KeyError(f"Say which week for {measure}: any up to {named:g} since risk began.")
    if not 0 < week <= largest:
        raise ValueError(
            f"Week {week:g} is {beyond}: the largest possible week is {named:g} since risk began, "
            f"{until}."
        )
