r"""Robust covariance of curves over clusters: people of one therapist or site are alike.

Every quantity of a curve is a sum over the steps of its cumulative hazards, so that each person's
influence on it is one too (the infinitesimal jackknife; Therneau and Grambsch 2000, 8.3). With
``n`` at risk at a time, ``h`` the share who have any event then and ``h_1`` the share of those who
have the event in question, person ``i`` adds

    sum A (dN_1i - Y_i h_1) / n + B (dN_i - Y_i h) / n

- survival at t:      A = 0,  B = -S(t) / (1 - h)
- restricted mean:    A = 0,  B = -(area from here to t) / (1 - h)
- incidence at t:     A = S just before,  B = -(F(t) - F) / (1 - h)

The covariance is the sum over clusters of the squared sums of their people. With every person
alone it is Greenwood's. A therapist who treats people of two arms makes those arms covary; people
who have no therapist are a cluster of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.terms import did_you_mean

Array = np.ndarray

#: With fewer clusters of several people than this, robust errors come out too small (Cameron and
#: Miller 2015, J Hum Resour 50:317).
ENOUGH_CLUSTERS = 20


@dataclass(frozen=True, eq=False)
class Clusters:
    """People at risk with the cluster of each.

    Parameters
    ----------
    name : str
        The column of the participants, ``"therapist"``.
    people : DataFrame
        ``arm, time, event, competed``, one row for each person.
    code : array of int (n,)
        The cluster of each row.
    """

    name: str
    people: pd.DataFrame
    code: Array

    @property
    def cautions(self) -> tuple[str, ...]:
        """What limits errors over these clusters."""
        of_several = int((np.bincount(self.code) > 1).sum()) if len(self.code) else 0
        if not of_several:
            return (say("models.clustered_curves.nobody_shares", what=self.name),)
        if of_several < ENOUGH_CLUSTERS:
            return (say("models.clustered_curves.few", what=self.name),)
        return ()

    def covariance(self, arms: Sequence[str], measure: str, week: float) -> Array:
        """Joint covariance (k, k) of a measure of curves under each arm at a week."""
        size = int(self.code.max(initial=-1)) + 1
        sums = np.zeros((size, len(arms)))
        for a, arm in enumerate(arms):
            rows = (self.people["arm"] == arm).to_numpy()
            if rows.any():
                of_arm = self.people[rows]
                cause = np.where(of_arm["event"], 1, np.where(of_arm["competed"], 2, 0))
                own = influence(of_arm["time"].to_numpy(float), cause, measure, week)
                sums[:, a] = np.bincount(self.code[rows], own, size)
        return sums.T @ sums


def clusters_of(study: Study, people: pd.DataFrame, name: str) -> Clusters:
    """Clusters of the people at risk by a column of the participants.

    Raises
    ------
    KeyError
        When there is no such column; the message lists those there are.
    """
    label = column_of(study, people, name)
    alone = label.isna().to_numpy()
    # whoever belongs to nobody is a cluster alone
    code, known = pd.factorize(label)
    code[alone] = len(known) + np.arange(alone.sum())
    return Clusters(name, people.reset_index(drop=True), code)


def column_of(study: Study, people: pd.DataFrame, name: str) -> pd.Series:
    """A column of the participants, for the people at risk in their order.

    Raises
    ------
    KeyError
        When there is no such column; the message lists those there are.
    """
    table = study.entering().set_index("participant_id")
    if name not in table:
        known = [c for c in table.columns if c != "arm"]
        raise KeyError(f'No column "{name}" among the participants{did_you_mean(name, known)}')
    return table[name].reindex(people["participant_id"])


def influence(time: Array, cause: Array, measure: str, week: float) -> Array:
    """Influence of each person on one quantity of the curve of a group.

    Parameters
    ----------
    time : array (n,)
        Weeks until the event or the end of follow-up.
    cause : array of int, shape (n,)
        1 for the event, 2 for what competes with it, 0 for neither.
    measure : {"survival", "rmst", "cumulative_incidence"}
        Competing events end the time at risk as any loss does, but for the last.
    week : float

    Returns
    -------
    array (n,)
        They sum to zero, and their squares to the variance.

    Examples
    --------
    Without censoring, survival is a share, with its variance p (1 - p) / n:

    >>> own = influence(np.array([1.0, 2, 3, 4]), np.ones(4, int), "survival", 2)
    >>> round(float(own @ own), 12), 0.5 * 0.5 / 4
    (0.0625, 0.0625)
    """
    competing = measure == "cumulative_incidence"
    own = cause == 1
    ends = cause > 0 if competing else own
    if competing:  # whoever is lost at once was never at risk
        own, ends = own & (time > 0), ends & (time > 0)
    place, times = pd.factorize(time, sort=True)
    left = np.bincount(place)
    at_risk = len(time) - np.cumsum(left) + left
    share_own = np.bincount(place[own], minlength=len(times)) / at_risk
    share = np.bincount(place[ends], minlength=len(times)) / at_risk
    survival = np.cumprod(1 - share)
    first = np.append(1.0, survival[:-1]) if len(times) else survival
    within = times <= week
    weight = np.where(within, first, 0.0) if competing else np.zeros(len(times))
    if measure == "survival":
        after = np.full(len(times), np.append(1.0, survival)[within.sum()])
    elif measure == "rmst":
        width = np.clip(np.minimum(np.append(times[1:], np.inf), week) - times, 0.0, None)
        after = np.cumsum((survival * width)[::-1])[::-1]
    else:
        after = np.cumsum((weight * share_own)[::-1])[::-1] - weight * share_own
    loss = -np.where(within & (share < 1), after / np.where(share < 1, 1 - share, 1.0), 0.0)
    passing = np.cumsum((weight * share_own + loss * share) / at_risk)
    found = -passing[place]
    found[ends] += (loss / at_risk)[place[ends]]
    found[own] += (weight / at_risk)[place[own]]
    return found
