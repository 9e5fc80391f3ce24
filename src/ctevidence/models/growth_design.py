"""Columns of the growth model: arms, arms over time, covariates, treatment over time; clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.models.covariates import covariate_columns
from ctevidence.models.growth_shape import GrowthShape
from ctevidence.models.treatment_over_time import TreatmentOverTime
from ctevidence.terms import DAYS_PER_WEEK, did_you_mean

Array = np.ndarray

#: What may differ between people: their level, their level and rate, or the whole curve.
RANDOM = ("intercept", "slope", "shape")


@dataclass(frozen=True, eq=False)
class GrowthDesign:
    """The model's terms, and their columns at any rows.

    Parameters
    ----------
    study : Study
    arms : tuple of str
        Those with a curve of their own.
    shape : GrowthShape
    covariates : tuple of str
    over_time : tuple of TreatmentOverTime
    random : {"intercept", "slope", "shape"}
    people : Index
        Everyone in the model; covariates are centred on them.
    """

    study: Study
    arms: tuple[str, ...]
    shape: GrowthShape
    covariates: tuple[str, ...]
    over_time: tuple[TreatmentOverTime, ...]
    random: str
    people: pd.Index

    @property
    def names(self) -> list[str]:
        """Names of the coefficients: arms, arms per week (and bends), covariates, over time."""
        times = [f"{arm} {label}" for label in self.shape.labels for arm in self.arms]
        return [*self.arms, *times, *self._covariates()[1], *(t.label for t in self.over_time)]

    @property
    def random_names(self) -> list[str]:
        rest = {"intercept": (), "slope": ("week",), "shape": self.shape.labels}[self.random]
        return ["intercept", *rest]

    def of_arms(self, member: Array, values: Array, constant: float = 1.0) -> Array:
        """Columns of arms and of arms over time, (n, k (1 + d)).

        Parameters
        ----------
        member : array (n, k)
            1 for the arm of the row.
        values : array (n, d)
            The functions of time, or their slopes (then with constant 0).
        """
        return np.hstack([constant * member, *(member * column[:, None] for column in values.T)])

    def fixed(self, rows: pd.DataFrame) -> Array:
        """Design of the coefficients at rows with ``participant_id, arm, day``."""
        member = (rows["arm"].to_numpy()[:, None] == np.array(self.arms)).astype(float)
        week = rows["day"].to_numpy(float) / DAYS_PER_WEEK
        of_row = self.people.get_indexer(rows["participant_id"])
        over_time = [t.column(self.study, rows) for t in self.over_time]
        own = self.of_arms(member, self.shape.columns(week))
        return np.column_stack([own, self._covariates()[0][of_row], *over_time])

    def effects(self, week: Array) -> Array:
        """Design of people's own effects at weeks (n,)."""
        week = np.asarray(week, float)
        own = {"intercept": [], "slope": [week], "shape": self.shape.columns(week).T}[self.random]
        return np.column_stack([np.ones(len(week)), *own])

    def _covariates(self) -> tuple[Array, list[str]]:
        return covariate_columns(self.study, self.people, self.covariates)


def check_random(random: str) -> None:
    """Refuse what is none of `RANDOM`."""
    if random not in RANDOM:
        raise ValueError(f'random is "{random}"{did_you_mean(random, RANDOM)}')


def arms_with_a_curve(study: Study, rows: pd.DataFrame, shape: GrowthShape) -> tuple[str, ...]:
    """Arms whose scores stand at enough different times for the shape."""
    found = []
    for arm in study.arms:
        days = rows.loc[rows["arm"] == arm.name, "day"].unique() / DAYS_PER_WEEK
        columns = np.column_stack([np.ones(len(days)), shape.columns(days)])
        if len(days) and np.linalg.matrix_rank(columns) == columns.shape[1]:
            found.append(arm.name)
    return tuple(found)


def cluster_of_rows(
    study: Study, rows: pd.DataFrame, cluster: str, covariates: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """The therapist, site ... of each row, None for people without one; and cautions.

    People of an arm in which nobody has one stand alone (partially nested: Roberts & Roberts 2005,
    Clin Trials 2:152; Bauer, Sterba & Hallfors 2008, Multivariate Behav Res 43:210).

    Raises
    ------
    KeyError
        When there is no such column of participants.
    ValueError
        When it is a covariate as well, or empty for everyone.
    """
    people = study.participants.set_index("participant_id")
    known = [c for c in people.columns if c != "arm"]
    if cluster not in known:
        raise KeyError(f'No column "{cluster}" of participants{did_you_mean(cluster, known)}')
    if cluster in covariates:
        raise ValueError(
            f"{cluster} is asked for as a covariate and as a cluster, which cannot be told apart. "
            "Choose one."
        )
    own = people[cluster].reindex(rows["participant_id"])
    missing = own.isna().to_numpy() | (own.astype(str) == "").to_numpy()
    if missing.all():
        raise ValueError(f"Nobody with a score has a {cluster} recorded. Leave cluster= out.")
    labels = own.astype(object).to_numpy()
    labels[missing] = None
    mixed = _partly(study, rows, missing)
    caution = say("models.growth_design.no_cluster", arms=", ".join(mixed), cluster=cluster)
    return labels, (caution,) if mixed else ()


def _partly(study: Study, rows: pd.DataFrame, missing: Array) -> list[str]:
    """Arms in which some people have a cluster recorded and others do not."""
    share = pd.Series(missing).groupby(rows["arm"].to_numpy()).mean()
    return [arm.name for arm in study.arms if 0 < share.get(arm.name, 0) < 1]
