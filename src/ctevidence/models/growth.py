"""Individual growth: a line or curve for each person on actual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.levels import Levels
from ctevidence.models.covariates import adjustment, of_people_with
from ctevidence.models.fit import (
    ComparableFit,
    ScheduledFit,
    build_levels,
    nothing_to_fit,
    refuse_weights,
)
from ctevidence.models.growth_design import (
    GrowthDesign,
    arms_with_a_curve,
    check_random,
    cluster_of_rows,
)
from ctevidence.models.growth_shape import GrowthShape, growth_shape
from ctevidence.models.individual_curves import individual_curves
from ctevidence.models.mixed import MixedFit, fit_mixed
from ctevidence.models.treatment_over_time import TreatmentOverTime
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import DAYS_PER_WEEK

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
            method=f"{self.shape.describe()} for each arm; {self.model.method}{self._terms()}",
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
        return individual_curves(self.model, self.design, self.rows, weeks, people, level)

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
        adjusted = f", adjusted for {', '.join(names)}" if names else ""
        return f", people within {self.cluster}{adjusted}" if self.cluster else adjusted

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


def _unfitted(outcome: Outcome, why: str = "") -> UnfittedGrowth:
    keys = [(arm.name, w) for w in outcome.study.weeks for arm in outcome.study.arms]
    nothing = nothing_to_fit(outcome, keys, np.zeros(len(keys), int), why)
    return UnfittedGrowth(outcome, nothing.expected, None, nothing.cautions)


def fit_growth(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    shape: str = "linear",
    knots: Sequence[float] = (),
    df: int | None = None,
    random: str = "slope",
    cluster: str = "",
    over_time: Sequence[TreatmentOverTime] = (),
) -> GrowthFit | UnfittedGrowth:
    """Mean scores over actual time, with random effects of each person.

    The model is arm + arm x time + covariates, with time in weeks since the start.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``, with the actual `day` of each score beside its nominal week.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. People for whom one
        is missing are left out, with a caution.
    shape : {"linear", "piecewise", "spline"}
        How the mean of an arm may run: straight, straight between `knots`, or a natural cubic
        spline.
    knots : sequence of float
        Weeks at which the line may bend; inner knots of a spline.
    df : int, optional
        For a spline instead of knots; see `ctevidence.models.growth_shape.growth_shape`.
    random : {"slope", "intercept", "shape"}
        What may differ between people beside chance: level and rate, level only, or level and
        every function of time.
    cluster : str
        Column of participants with the therapist or site that they belong to: a random intercept
        of each. Whoever has none stands alone, as in a trial with therapists in some arms only.
    over_time : sequence of TreatmentOverTime
        Treatments as covariates that change in time. Levels are then those without them, nothing
        counts as randomised, and a caution says that it is an association.

    Returns
    -------
    GrowthFit
        Levels of ``mean`` and ``rate`` at any week between the first and the last score, at the
        mean covariates; `n` is the people with a score at any time. Where the scores do not
        support the model, an `UnfittedGrowth` whose levels are all ``nan``, with the reason.

    Raises
    ------
    ValueError
        When the outcome has no actual days, for an unknown shape, or for knots outside the
        scores.
    KeyError
        For an unknown covariate, cluster or arm.

    Notes
    -----
    Each arm has an intercept of its own, also in a randomised trial: much of the change comes
    before the first visit, and arms that had to start at one point would need slopes that bend
    to make up for it. Where the course is not straight, `fit_course` or another shape is to be
    used. Inference is by Kenward and Roger; see `ctevidence.models.mixed.fit_mixed`.
    """
    refuse_weights(outcome)
    check_random(random)
    if "day" not in outcome.frame:
        raise ValueError(
            f"{outcome.name} has no column day: growth needs the actual time of each score. Use "
            "fit_course for scores by scheduled visit."
        )
    names = adjustment(outcome.study, adjust)
    outcome = of_people_with(outcome, names)
    rows = outcome.frame[outcome.frame["score"].notna()]
    if rows.empty:
        return _unfitted(outcome)
    form = growth_shape(shape, rows["day"].to_numpy(float) / DAYS_PER_WEEK, knots, df)
    outcome = _named(outcome, form, cluster, tuple(over_time))
    arms = arms_with_a_curve(outcome.study, rows, form)
    rows = rows[rows["arm"].isin(arms)]
    line = "no scores at two times: no line"
    few = line if shape == "linear" else "scores at too few times for this curve: none"
    unseen = [
        f"{arm.name} has {few} can be drawn" for arm in outcome.study.arms if arm.name not in arms
    ]
    if not arms:
        return _unfitted(outcome, unseen[0])
    members, cautions = None, ()
    for treatment in over_time:
        treatment.check(outcome.study, rows)
    if cluster:
        members, cautions = cluster_of_rows(outcome.study, rows, cluster, names)
    people = pd.Index(rows["participant_id"].unique())
    design = GrowthDesign(outcome.study, arms, form, names, tuple(over_time), random, people)
    model = _model(design, rows, members)
    if isinstance(model, str):
        return _unfitted(outcome, model)
    week = rows["day"].to_numpy(float) / DAYS_PER_WEEK
    if over_time:
        cautions = (*cautions, _chosen(over_time))
    return GrowthFit(
        outcome=outcome,
        design=design,
        people=rows.groupby("arm", observed=True)["participant_id"].nunique().to_dict(),
        first_week=min(week.min(), rows["week"].min()),
        last_week=max(week.max(), rows["week"].max()),
        cluster=cluster,
        model=model,
        cautions=(*outcome.cautions, *model.cautions, *cautions, *unseen),
    )


def _named(outcome: Outcome, shape: GrowthShape, cluster: str, over_time) -> Outcome:
    """Its rows stand beside those of the course and of other shapes: the name tells them apart."""
    parts = [outcome.name, shape.describe(), *([f"within {cluster}"] if cluster else [])]
    return replace(outcome, name=", ".join([*parts, *(t.label for t in over_time)]))


def _chosen(over_time: Sequence[TreatmentOverTime]) -> str:
    what = ", ".join(dict.fromkeys(t.name or t.component for t in over_time))
    return (
        f"adjusted for {what} over time, which was chosen in the light of how people fared: an "
        "association"
    )


def _model(design: GrowthDesign, rows: pd.DataFrame, members) -> MixedFit | str:
    """The fitted engine; where the scores do not support it, the reason in words."""
    X = design.fixed(rows)
    try:
        return fit_mixed(
            rows["score"].to_numpy(float),
            X,
            design.effects(rows["day"].to_numpy(float) / DAYS_PER_WEEK),
            rows["participant_id"].to_numpy(),
            method="kenward-roger",
            names=design.names,
            random_names=design.random_names,
            second_groups=members,
        )
    except ValueError as reason:  # every argument but the data is fixed: the data are the reason
        return str(reason).rstrip(".")
