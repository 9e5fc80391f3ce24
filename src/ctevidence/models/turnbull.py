"""Where the mass of interval-censored times can lie, and the curve made of it.

Events known only to lie in ``(lower, upper]`` say nothing about the curve within a maximal
intersection of these intervals: the non-parametric curve is a set of intervals with the mass of
each, and survival inside one is known only to lie between two values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.language import say

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Intersections:
    """The maximal intersections of intervals, and which of them each interval holds.

    Parameters
    ----------
    left, right : array (m,)
        Rising; ``left[j] == right[j]`` is a point, else the interval ``(left[j], right[j]]``.
    first, last : array of int, shape (k,)
        Of each distinct observation: it holds the intersections `first` to `last`, both included.
    weight : array (k,)
        Of each distinct observation: the summed weights of those who share it.
    """

    left: Array
    right: Array
    first: Array
    last: Array
    weight: Array


@dataclass(frozen=True, eq=False)
class IntervalCurve:
    """Probability of being without the event, known up to where the mass lies in each interval.

    Parameters
    ----------
    n : int
        People.
    left, right : array (m,)
        Intervals that carry mass, rising; a point where they are equal.
    mass : array (m,)
        Probability of the event in each; they sum to 1, the last may lie in ``(left, inf]``.
    loglik : float
    gap : float
        Bound on the log-likelihood still to be gained (see `emicm.fit_npmle`).
    steps : int
    converged : bool
    """

    n: int
    left: Array
    right: Array
    mass: Array
    loglik: float
    gap: float
    steps: int
    converged: bool

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader of the curve has to know, beside that it has no band."""
        if self.converged:
            return ()
        return (say("models.turnbull.unfinished"),)

    @property
    def known_until(self) -> float:
        """The last time up to which survival is known; infinite once the curve is at zero."""
        return float(self.left[-1]) if np.isinf(self.right[-1]) else np.inf

    def at(self, weeks) -> Array:
        """Lowest and highest survival that the curve allows after each week, shape (k, 2).

        They are equal outside the intervals that carry mass.
        """
        weeks = np.asarray(weeks, float)
        total = np.append(0.0, np.cumsum(self.mass))
        is_point = self.left == self.right
        # as soon as an interval opens its mass may have been spent; a point spends it at itself
        begun = np.searchsorted(self.left, weeks, side="left")
        at_point = np.isin(weeks, self.left[is_point])
        done = np.searchsorted(self.right, weeks, side="right")
        low = 1 - total[np.where(at_point, np.maximum(begun, done), begun)]
        return np.clip(np.column_stack([low, 1 - total[done]]), 0.0, 1.0)


def intersections(lower: Array, upper: Array, weights: Array | None = None) -> Intersections:
    """Maximal intersections of intervals.

    Peto 1973, Appl Stat 22:86; Turnbull 1976, JRSS B 38:290.

    Parameters
    ----------
    lower, upper : array (n,)
        The event lies in ``(lower, upper]``, or is the point where they are equal; `upper` is
        infinite where it was not seen.
    weights : array (n,), optional
        Positive.

    Raises
    ------
    ValueError
        For missing or negative times, an interval that ends before it begins, or weights that are
        not positive.

    Examples
    --------
    >>> found = intersections([0.0, 2, 4, 5], [3.0, 6, 4, np.inf])
    >>> list(zip(found.left.tolist(), found.right.tolist()))
    [(2.0, 3.0), (4.0, 4.0), (5.0, 6.0)]
    """
    lower, upper = np.asarray(lower, float), np.asarray(upper, float)
    weights = np.ones(len(lower)) if weights is None else np.asarray(weights, float)
    check_intervals(lower, upper, weights)
    is_point = lower == upper
    # at one time a point begins, then intervals end, then intervals begin: (lower, upper]
    begins = np.column_stack([lower, np.where(is_point, 0, 2)])
    ends = np.column_stack([upper, np.ones(len(upper))])
    places, code = np.unique(np.concatenate([begins, ends]), axis=0, return_inverse=True)
    begin, end = np.split(code.reshape(-1), 2)
    opens, closes = np.zeros(len(places), bool), np.zeros(len(places), bool)
    opens[begin], closes[end] = True, True
    innermost = np.flatnonzero(opens[:-1] & closes[1:])
    first = np.searchsorted(innermost, begin, side="left")
    last = np.searchsorted(innermost + 1, end, side="right") - 1
    distinct, place = np.unique(np.column_stack([first, last]), axis=0, return_inverse=True)
    return Intersections(
        left=places[innermost, 0],
        right=places[innermost + 1, 0],
        first=distinct[:, 0],
        last=distinct[:, 1],
        weight=np.bincount(place.reshape(-1), weights),
    )


def check_intervals(lower: Array, upper: Array, weights: Array) -> None:
    """Refuse times that are no intervals; see `intersections` for the errors."""
    if not lower.shape == upper.shape == weights.shape or lower.ndim != 1 or not len(lower):
        raise ValueError(
            f"lower {lower.shape}, upper {upper.shape} and weights {weights.shape}: give one of "
            "each for every person, and at least one person."
        )
    for what, bad in (
        ("the times are missing", np.isnan(lower) | np.isnan(upper)),
        ("lower is negative or infinite", ~((lower >= 0) & (lower < np.inf))),
        ("the interval ends before it begins", lower > upper),
        ("the weight is not positive", ~((weights > 0) & (weights < np.inf))),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise ValueError(
                f"row {row}: {what} (lower {lower[row]:g}, upper {upper[row]:g}, weight "
                f"{weights[row]:g}). The event lies in (lower, upper], upper infinite if not seen."
            )
