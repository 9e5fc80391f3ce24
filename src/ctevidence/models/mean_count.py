"""Mean count of a recurrent event over time, with death as its end, and its robust covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.language import say

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class MeanCount:
    """Mean number of events per person up to some weeks.

    Attributes
    ----------
    weeks : array (m,)
    estimate : array (m,)
    cov : array (m, m)
        From the influence of each person.
    method : str
    """

    weeks: Array
    estimate: Array
    cov: Array
    method: str

    @property
    def std_error(self) -> Array:
        """Standard errors, shape (m,)."""
        return np.sqrt(self.cov.diagonal())


def mean_count(
    person: Array, start: Array, stop: Array, event: Array, died: Array, weeks
) -> MeanCount:
    r"""Estimate the mean cumulative count of a recurrent event.

    Parameters
    ----------
    person : array (r,)
        Who; any labels. A person's rows are times under observation that do not overlap.
    start, stop : array (r,)
        Weeks; a row is under observation in ``(start, stop]``.
    event, died : array of bool, shape (r,)
        Whether it ends with the event, with death, or with neither.
    weeks : sequence of float, length m

    Returns
    -------
    MeanCount

    Raises
    ------
    ValueError
        When a row ends before it begins, ends with both, or a week is beyond all follow-up.

    Notes
    -----
    :math:`\hat\mu(t) = \sum_{t_i\le t}\hat S(t_i-)\,dN(t_i)/Y(t_i)`, with :math:`\hat S` the
    Kaplan-Meier curve of death (Ghosh and Lin 2000, Biometrics 56:554; Cook and Lawless 1997, Stat
    Med 16:911): who died has no further events, and is not censored. Without deaths it is the
    Nelson-Aalen estimator of the mean function (Lawless and Nadeau 1995, Technometrics 37:158).
    The variance sums the squared influence of each person, who may have any number of events (the
    robust variance of both papers). An event at the week of a death comes before it.

    Examples
    --------
    Two people, one with events at weeks 2 and 4, the other dead at week 3:

    >>> found = mean_count(np.array([1, 1, 1, 2]), np.array([0, 2, 4, 0]), np.array([2, 4, 6, 3]),
    ...     np.array([1, 1, 0, 0], bool), np.array([0, 0, 0, 1], bool), [2, 6])
    >>> found.estimate.tolist()
    [0.5, 1.0]
    """
    start, stop = np.asarray(start, float), np.asarray(stop, float)
    event, died, weeks = np.asarray(event, bool), np.asarray(died, bool), np.asarray(weeks, float)
    _check(start, stop, event, died, weeks)
    who, _ = pd.factorize(np.asarray(person))
    times = np.unique(stop[event | died])
    before = np.searchsorted(times, start, side="right")
    upto = np.searchsorted(times, stop, side="right")
    size = len(times) + 1
    change = np.bincount(before, minlength=size) - np.bincount(upto, minlength=size)
    at_risk = np.cumsum(change)[:-1].astype(float)
    at = upto - 1  # of rows that end with an event or a death, its number among the times
    rate = np.bincount(at[event], minlength=size)[: len(times)] / at_risk
    hazard = np.bincount(at[died], minlength=size)[: len(times)] / at_risk
    alive = np.append(1.0, np.cumprod(1 - hazard))[:-1]
    count = np.append(0.0, np.cumsum(alive * rate))
    influence = np.empty((who.max() + 1, len(weeks)))
    for j, week in enumerate(weeks):
        until = np.searchsorted(times, week, side="right")
        weight = np.where(np.arange(len(times)) < until, alive / at_risk, 0.0)
        # a death takes away what was to come after it
        lost = np.maximum(count[until] - count[1:], 0.0) / at_risk
        row = _martingale(weight, rate, event, at, before, upto)
        row -= _martingale(lost, hazard, died, at, before, upto)
        influence[:, j] = np.bincount(who, row)
    until = np.searchsorted(times, weeks, side="right")
    ended = say("models.mean_count.death_ends") if died.any() else ""
    method = say("models.mean_count.method", ended=ended)
    return MeanCount(weeks, count[until], influence.T @ influence, method)


def _martingale(weight: Array, rate: Array, happened: Array, at: Array, before: Array, upto: Array):
    """Weighted sum, for each row, of what happened less what was expected meanwhile."""
    expected = np.append(0.0, np.cumsum(weight * rate))
    row = expected[before] - expected[upto]
    row[happened] += weight[at[happened]]
    return row


def _check(start: Array, stop: Array, event: Array, died: Array, weeks: Array) -> None:
    if not (start < stop).all():
        row = int(np.argmin(start < stop))
        raise ValueError(f"Row {row} begins at {start[row]:g} and ends at {stop[row]:g}.")
    if (event & died).any():
        row = int(np.argmax(event & died))
        raise ValueError(f"Row {row} ends with the event and with death: give death its own row.")
    if len(weeks) and weeks.max() > stop.max():
        raise ValueError(
            f"Week {weeks.max():g} is beyond the follow-up: the largest possible week is "
            f"{stop.max():g}."
        )
