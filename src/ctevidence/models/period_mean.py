"""The mean score over a period, and the area under the curve: one number for a whole course."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ctevidence.contrasts.compare import joined
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.fit import ComparableFit
from ctevidence.outcomes.outcome import Outcome

START = 0.0


@dataclass(frozen=True, eq=False, repr=False)
class PeriodFit(ComparableFit):
    """A fitted course seen as one mean over a period.

    Parameters
    ----------
    outcome : Outcome
        Named for the period.
    expected : Levels
        Of ``mean_over_period``, at the last week of the period.
    visits : tuple of float
        Weeks of the visits in the period, the start (0) among them where it counts.
    model : object
    cautions : tuple of str
    rows : DataFrame, optional
        The rows of the model, as of the course.
    """

    outcome: Outcome
    expected: Levels
    visits: tuple[float, ...]
    model: Any
    cautions: tuple[str, ...] = ()
    rows: pd.DataFrame | None = None

    @property
    def length(self) -> float:
        """Weeks from the first to the last visit; 0 with a single visit, which has no area."""
        return self.visits[-1] - self.visits[0] if self.visits else 0.0

    @property
    def measures(self) -> tuple[str, ...]:
        return ("mean_over_period", "area_under_curve") if self.length else ("mean_over_period",)

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of the period; its last week may be given, and is where the rows stand.

        Parameters
        ----------
        measure : {"mean_over_period", "area_under_curve"}, optional
            The area is the mean times the length of the period, in point-weeks.
        week : float, optional

        Raises
        ------
        KeyError
            For another measure or week.
        """
        mean = self.expected.at(week)
        if self._measure(measure) == "mean_over_period":
            return mean
        return replace(
            mean,
            measure="area_under_curve",
            unit="",
            estimate=mean.estimate * self.length,
            cov=mean.cov * self.length**2,
        )


def trapezoid_weights(weeks: np.ndarray) -> np.ndarray:
    """Weights of visits in the mean over the period that they span, by straight lines between them.

    Parameters
    ----------
    weeks : ndarray, shape (m,)
        In order.

    Returns
    -------
    ndarray, shape (m,)
        They sum to 1: half the distance between the two neighbours over the length of the period.

    Examples
    --------
    >>> trapezoid_weights(np.array([0.0, 2.0, 4.0, 8.0])).tolist()
    [0.125, 0.25, 0.375, 0.25]
    """
    weeks = np.asarray(weeks, float)
    if len(weeks) == 1:
        return np.ones(1)
    gaps = np.diff(weeks) / (weeks[-1] - weeks[0])
    return (np.append(gaps, 0.0) + np.insert(gaps, 0, 0.0)) / 2


def mean_over(
    levels: Levels, weeks: tuple[float, ...], last: float, n: dict[str, int], cautions
) -> Levels:
    """Means over the visits of a period, from means by visit.

    Parameters
    ----------
    levels : Levels
        Of ``mean``, of all arms at all these weeks.
    weeks : tuple of float
        Visits of the period in order; none gives levels without a value.
    last : float
        The week that the new levels stand at.
    n : mapping of arm to int
        People behind each arm.
    cautions : sequence of str

    Returns
    -------
    Levels
        Of ``mean_over_period``, jointly; nan for an arm that lacks one of the visits.

    Notes
    -----
    :math:`A\\theta` with covariance :math:`A V A^\\top`; the degrees of freedom of a contrast c
    are those of :math:`A^\\top c` in the model.
    """
    arms = tuple(dict.fromkeys(key.arm for key in levels.keys))
    mixing = np.zeros((len(arms), len(levels.keys)))
    for row, arm in zip(mixing, arms, strict=True):
        at = [levels.keys.index((arm, week)) for week in weeks]
        row[at] = trapezoid_weights(np.array(weeks)) if at else 0.0
    known = np.isfinite(levels.estimate)
    has_value = ~(mixing[:, ~known] != 0).any(axis=1) & mixing.any(axis=1)
    used = mixing[:, known]
    cov = used @ levels.cov[np.ix_(known, known)] @ used.T
    df_for = levels.df_for
    visits = ", ".join(f"{week:g}" for week in weeks)
    what = say("models.period_mean.method", weeks=visits)
    return replace(
        levels,
        keys=tuple((arm, last) for arm in arms),
        measure="mean_over_period",
        estimate=np.where(has_value, used @ levels.estimate[known], np.nan),
        cov=np.where(np.outer(has_value, has_value), cov, np.nan),
        n=tuple(n.get(arm, 0) for arm in arms),
        events=(None,) * len(arms),
        df_for=(lambda c: df_for(c @ mixing)) if df_for else None,
        method="; ".join(filter(None, (levels.method, what if weeks else ""))),
        caution=joined(*cautions),
    )
