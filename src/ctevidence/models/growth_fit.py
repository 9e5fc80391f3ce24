"""A fitted model of growth: means and rates of arms, curves of people, treatment over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.fit import ComparableFit, ScheduledFit, build_levels
from ctevidence.models.growth_design import GrowthDesign
from ctevidence.models.growth_shape import GrowthShape
from ctevidence.models.individual_curves import individual_curves
from ctevidence.models.mixed import MixedFit
from ctevidence.models.normal_equations import NormalEquations
from ctevidence.models.treatment_over_time import TreatmentOverTime
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome

#: What the rows of `GrowthFit.over_time` compare.
WITHOUT = "without it"


@dataclass(frozen=True, eq=False, repr=False)
class GrowthFit(ComparableFit):
    """Mean score of each arm on a line or curve over the weeks.

    Parameters
    ----------
    outcome : Outcome
    design : GrowthDesign
        Terms of the model; its `arms` are those with a curve.
    people : mapping of arm to int
        People with at least one score.
    first_week, last_week : float
        When scores were seen, in weeks since the start.
    cluster : str
        Second grouping of the people, or empty.
    model : MixedFit
        Coefficients: intercept of each arm, then each function of time for each arm, covariates,
        treatment over time.
    cautions : tuple of str
    """

    outcome: Outcome
    design: GrowthDesign
    people: dict[str, int]
    first_week: float
    last_week: float
    cluster: str
    model: MixedFit
    cautions: tuple[str, ...]

    measures = ("mean", "rate")

    @property
    def arms(self) -> tuple[str, ...]:
        return self.design.arms

    @property
    def shape(self) -> GrowthShape:
        return self.design.shape

    @property
    def rows(self) -> pd.DataFrame:
        """The scores in the model, in its order."""
        frame = self.outcome.frame
        return frame[frame["score"].notna() & frame["arm"].isin(self.arms)]

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Mean scores, or their change per week, at a week or at all scheduled weeks seen.

        Parameters
        ----------
        measure : {"mean", "rate"}, optional
            ``rate``: change per week at that week; where the line bends, that of the piece which
            ends there. A straight line has one rate, without a week.
        week : float, optional
            Any week from the first to the last score, or a scheduled one that was attended.

        Raises
        ------
        KeyError
            For another measure.
        ValueError
            For a week before the first or after the last score; the message names both.
        """
        measure = self._measure(measure)
        timeless = measure == "rate" and self.shape.kind == "linear" and week is None
        weeks = [w for w in self.study.weeks if self._is_seen(w)] if week is None else [week]
        keys = [(a.name, None if timeless else float(w)) for w in ([None] if timeless else weeks)
                for a in self.study.arms]  # fmt: skip
        lines = self.weights(keys, measure)
        estimate = lines @ self.model.coef
        estimate[~lines.any(axis=1)] = np.nan
        points = f"{self.study.scale.label} points"
        return build_levels(
            self.outcome,
            measure,
            keys,
            estimate,
            lines @ self.model.cov @ lines.T,
            n=[self.people.get(arm, 0) for arm, _ in keys],
            events=None,
            method=say(
                "models.growth_fit.method",
                shape=in_words(self.shape.describe()),
                method=self.model.method,
                terms=self._terms(),
            ),
            cautions=self.cautions,
            unit=points if measure == "mean" else f"{points} per week",
            df_for=lambda c: self.model.df_for(c @ lines),
            # what is taken after the start may be a result of what was assigned
            **({"randomised": frozenset()} if self.design.over_time else {}),
        )

    def weights(
        self, keys: Sequence[tuple[str, float | None]], measure: str = "mean"
    ) -> np.ndarray:
        """Weights of the coefficients in the mean (or rate) of each arm and week, (m, q).

        Zero for an arm without a curve. Covariates are at their mean, treatment over time is at
        zero.
        """
        for week in {w for _, w in keys} - {None}:
            if not self._is_seen(week):
                raise ValueError(
                    f"Week {week:g} is outside the scores, which are from week "
                    f"{self.first_week:g} to {self.last_week:g}: no curve is drawn beyond them."
                )
        member = np.array([[arm == own for own in self.arms] for arm, _ in keys], float)
        week = np.array([0.0 if w is None else w for _, w in keys])
        if measure == "rate":
            own = self.design.of_arms(member, self.shape.slopes(week), constant=0.0)
        else:
            own = self.design.of_arms(member, self.shape.columns(week))
        rest = len(self.model.coef) - own.shape[1]
        return np.hstack([own, np.zeros((len(keys), rest))])

    def individual_curves(
        self,
        people: Sequence | None = None,
        weeks: Sequence[float] | None = None,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Each person's own curve, and what was to be expected of people like them.

        Parameters
        ----------
        people : sequence of participant ids, optional
            Everyone in the model when absent.
        weeks : sequence of float, optional
            Scheduled weeks within the scores when absent.
        level : float

        Returns
        -------
        DataFrame
            See `ctevidence.models.individual_curves.individual_curves`. It holds identifiers: for
            work on the data, not for display.
        """
        weeks = [w for w in self.study.weeks if self._is_seen(w)] if weeks is None else weeks
        self.weights([(arm, float(w)) for w in weeks for arm in self.arms[:1]])  # refuses others
        return individual_curves(
            self.model, self.design, self.rows, weeks, people, level, self._solved
        )

    @cached_property
    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        """The equations of everyone, which the curves of each person need."""
        return NormalEquations.of(self.model.people).solved()

    def over_time(self) -> Estimates:
        """How scores differ with each treatment over time: associations, never effects.

        Returns
        -------
        Estimates
            One row for each `TreatmentOverTime` of the model: points while on it, or points per
            week since it started.
        """
        return Estimates(
            self._association(t, len(self.model.coef) - len(self.design.over_time) + i)
            for i, t in enumerate(self.design.over_time)
        )

    def _association(self, treatment: TreatmentOverTime, position: int) -> Estimate:
        test = self.model.contrast(np.eye(len(self.model.coef))[position])
        low, high = test.interval(0.95)
        on = treatment.form == "on"
        points = f"{self.study.scale.label} points"
        return Estimate(
            study=self.study.name,
            outcome=self.outcome.name,
            arm=treatment.label,
            reference=WITHOUT,
            measure="mean_difference" if on else "rate_difference",
            unit=points if on else f"{points} per week",
            estimate=test.estimate,
            conf_low=low,
            conf_high=high,
            std_error=test.std_error,
            df=test.df,
            p_value=test.p_value,
            n=self.model.n_subjects,
            randomised=False,
            method=self.model.method + self._terms(),
            caution="; ".join(self.cautions),
        )

    def _terms(self) -> str:
        names = [*self.design.covariates, *(t.label for t in self.design.over_time)]
        adjusted = (
            say("models.adjusted_for", names=", ".join(map(in_words, names))) if names else ""
        )
        return (
            say("models.growth_fit.within", cluster=self.cluster, adjusted=adjusted)
            if self.cluster
            else adjusted
        )

    def _is_seen(self, week: float) -> bool:
        return self.first_week <= week <= self.last_week


@dataclass(frozen=True, eq=False, repr=False)
class UnfittedGrowth(ScheduledFit):
    """Growth that the scores do not support: all levels are nan, with the reason as a caution."""

    measures = ("mean", "rate")

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Means at scheduled weeks, or rates without a week; all nan."""
        if self._measure(measure) == "mean":
            return self.expected if week is None else self.expected.at(week)
        arms = len(self.study.arms)
        return replace(
            self.expected,
            measure="rate",
            unit=f"{self.expected.unit} per week",
            keys=[(arm.name, week) for arm in self.study.arms],
            estimate=np.full(arms, np.nan),
            cov=np.full((arms, arms), np.nan),
            n=(0,) * arms,
            events=(None,) * arms,
        )
