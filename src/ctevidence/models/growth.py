"""Individual growth: a straight line for each person on actual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.levels import Levels
from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with
from ctevidence.models.fit import (
    ComparableFit,
    ScheduledFit,
    build_levels,
    nothing_to_fit,
    refuse_weights,
)
from ctevidence.models.mixed import MixedFit, fit_mixed
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import DAYS_PER_WEEK


@dataclass(frozen=True, eq=False, repr=False)
class GrowthFit(ComparableFit):
    """Mean score of each arm on a straight line over the weeks.

    Parameters
    ----------
    outcome : Outcome
    arms : tuple of str
        Those with a line: somebody with scores at two times.
    people : mapping of arm to int
        People with at least one score.
    first_week, last_week : float
        When scores were seen, in weeks since the start.
    adjusted_for : tuple of str
    model : MixedFit
        Coefficients: intercept of each arm, slope per week of each arm, covariates.
    cautions : tuple of str
    """

    outcome: Outcome
    arms: tuple[str, ...]
    people: dict[str, int]
    first_week: float
    last_week: float
    adjusted_for: tuple[str, ...]
    model: MixedFit
    cautions: tuple[str, ...]

    measures = ("mean",)

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Mean scores at a week, or at all scheduled weeks within the follow-up.

        Parameters
        ----------
        measure : {"mean"}, optional
        week : float, optional
            Any week from the first to the last score, or a scheduled one that was attended.

        Raises
        ------
        KeyError
            For another measure.
        ValueError
            For a week before the first or after the last score; the message names both.
        """
        self._measure(measure)
        weeks = [w for w in self.study.weeks if self._is_seen(w)] if week is None else [week]
        for asked in weeks:
            if not self._is_seen(asked):
                raise ValueError(
                    f"Week {asked:g} is outside the scores, which are from week "
                    f"{self.first_week:g} to {self.last_week:g}: a line is not drawn beyond them."
                )
        k = len(self.arms)
        keys = [(arm.name, float(w)) for w in weeks for arm in self.study.arms]
        lines = np.zeros((len(keys), len(self.model.coef)))
        for row, (arm, w) in zip(lines, keys, strict=True):
            if arm in self.arms:
                row[self.arms.index(arm)] = 1.0
                row[k + self.arms.index(arm)] = w
        estimate = lines @ self.model.coef
        estimate[~lines.any(axis=1)] = np.nan
        adjusted = f", adjusted for {', '.join(self.adjusted_for)}" if self.adjusted_for else ""
        return build_levels(
            self.outcome,
            "mean",
            keys,
            estimate,
            lines @ self.model.cov @ lines.T,
            n=[self.people.get(arm, 0) for arm, _ in keys],
            events=None,
            method=f"straight line over the weeks for each arm; {self.model.method}{adjusted}",
            cautions=self.cautions,
            unit=f"{self.study.scale.label} points",
            df_for=lambda c: self.model.df_for(c @ lines),
        )

    def _is_seen(self, week: float) -> bool:
        return self.first_week <= week <= self.last_week


def fit_growth(outcome: Outcome, adjust: Sequence[str] | None = None) -> GrowthFit | ScheduledFit:
    """Random intercept and slope of each person on actual time.

    The model is arm + arm x week + covariates, with time in weeks since the start.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``, with the actual `day` of each score beside its nominal week.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. People for whom one
        is missing are left out, with a caution.

    Returns
    -------
    GrowthFit
        Levels of ``mean`` at any week between the first and the last score, at the mean
        covariates; `n` is the people with a score at any time. Where there are too few scores,
        a `ScheduledFit` whose levels are all ``nan``.

    Raises
    ------
    ValueError
        When the outcome has no actual days.

    Notes
    -----
    Each arm has an intercept of its own, also in a randomised trial: much of the change comes
    before the first visit, and arms that had to start at one point would need slopes that bend
    to make up for it. Where the course is not straight, `fit_course` is the model to use.
    Inference is by Kenward and Roger; see `ctevidence.models.mixed.fit_mixed`.
    """
    refuse_weights(outcome)
    if "day" not in outcome.frame:
        raise ValueError(
            f"{outcome.name} has no column day: growth needs the actual time of each score. Use "
            "fit_course for scores by scheduled visit."
        )
    names = adjustment(outcome.study, adjust)
    outcome = of_people_with(outcome, names)
    rows = outcome.frame[outcome.frame["score"].notna()]
    week = rows["day"].to_numpy(float) / DAYS_PER_WEEK
    seen = rows.assign(at=week).groupby("arm", observed=True)["at"].nunique()
    arms = tuple(arm.name for arm in outcome.study.arms if seen.get(arm.name, 0) > 1)
    kept = rows["arm"].isin(arms).to_numpy()
    rows, week = rows[kept], week[kept]
    # its rows stand beside those of the course: the name tells the two apart
    outcome = replace(outcome, name=f"{outcome.name}, straight line")
    model = _model(outcome, rows, week, arms, names)
    if model is None:
        keys = [(arm.name, w) for w in outcome.study.weeks for arm in outcome.study.arms]
        return nothing_to_fit(outcome, keys, np.zeros(len(keys), int))
    unseen = (
        f"{arm.name} has no scores at two times: no line can be drawn"
        for arm in outcome.study.arms
        if arm.name not in arms
    )
    return GrowthFit(
        outcome=outcome,
        arms=arms,
        people=rows.groupby("arm", observed=True)["participant_id"].nunique().to_dict(),
        first_week=min(week.min(), rows["week"].min()),
        last_week=max(week.max(), rows["week"].max()),
        adjusted_for=names,
        model=model,
        cautions=(*outcome.cautions, *model.cautions, *unseen),
    )


def _model(outcome, rows, week, arms, names) -> MixedFit | None:
    """The fitted engine; None where there are too few scores for it."""
    if not arms:
        return None
    X, labels = _design(outcome, rows, week, arms, names)
    try:
        return fit_mixed(
            rows["score"].to_numpy(float),
            X,
            np.column_stack([np.ones(len(week)), week]),
            rows["participant_id"].to_numpy(),
            method="kenward-roger",
            names=labels,
            random_names=["intercept", "week"],
        )
    except ValueError:  # every argument but the data is fixed: the data are too few
        return None


def _design(
    outcome: Outcome, rows: pd.DataFrame, week: np.ndarray, arms: Sequence[str], names
) -> tuple[np.ndarray, list[str]]:
    """Intercept of each arm, slope of each arm, covariates."""
    people = pd.Index(rows["participant_id"].unique())
    covariates, labels = covariate_columns(outcome.study, people, names)
    member = (rows["arm"].to_numpy()[:, None] == np.array(arms)).astype(float)
    of_row = people.get_indexer(rows["participant_id"])
    X = np.hstack([member, member * week[:, None], covariates[of_row]])
    return X, [*arms, *(f"{arm} per week" for arm in arms), *labels]
