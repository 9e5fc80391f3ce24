"""Time until an event that is seen at visits: it happened somewhere between two of them.

`time_to_event` dates such an event to the visit that showed it. Here its interval is kept: a model
fills what happened between visits, with the non-parametric curve beside it as a check. Levels come
from the model, because the non-parametric curve has no usual joint covariance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.language import pick, say
from ctevidence.levels import Levels
from ctevidence.models.curve_week import refuse_week
from ctevidence.models.fit import ComparableFit, ScheduledFit, build_levels
from ctevidence.models.interval_regression import PROPORTIONAL, IntervalRegression, Predicted
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.turnbull import IntervalCurve
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome

Array = np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class IntervalTimesFit(ComparableFit):
    """Staying without an event among everyone, and the time until it among those at risk.

    Parameters
    ----------
    outcome : Outcome
    at_risk : AtRisk
    staying : ScheduledFit or None
        Levels of ``risk`` among everyone who started; None where they cannot be derived.
    people : DataFrame
        ``participant_id, arm, lower, upper`` of those at risk, in weeks since risk began: the
        event lies in ``(lower, upper]``, or on the day where they are equal; `upper` is infinite
        for all others. ``seen`` is the scheduled week at which it counts as seen, else nan.
    model : IntervalRegression or None
        None where no arm can be fitted.
    model_name : str
    is_proportional : bool
        Whether the arms share one shape, their hazards (odds, normal quantiles) being proportional.
    nonparametric : mapping of arm to IntervalCurve
        The curve without a model, of each arm with people at risk.
    rows : mapping of arm to (int, ndarray)
        Stratum and covariates (r, q) over which the model is averaged; an arm without a fit has
        none.
    reasons : mapping of arm to str
        Why an arm has no level.
    adjusted_for : tuple of str
    cautions : tuple of str
    """

    outcome: Outcome
    at_risk: AtRisk
    staying: ScheduledFit | None
    people: pd.DataFrame
    model: IntervalRegression | None
    model_name: str
    is_proportional: bool
    nonparametric: Mapping[str, IntervalCurve]
    rows: Mapping[str, tuple[int, Array]]
    reasons: Mapping[str, str]
    adjusted_for: tuple[str, ...]
    cautions: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        hazards = ("log_hazard",) if self._has_hazards else ()
        return (*(("risk",) if self.staying else ()), "survival", "rmst", *hazards)

    @property
    def curves(self):
        """There is no curve of steps with numbers at risk: `nonparametric` has what there is.

        Raises
        ------
        TypeError
        """
        raise TypeError(
            "Between visits there is no Kaplan-Meier curve. Draw this fit with "
            "plot_between_visits, or fit_relapse(outcome) with plot_survival."
        )

    @property
    def largest_week(self) -> float:
        """The last week, since risk began, at which somebody of every fitted arm was seen.

        Beyond it a model would speak alone.
        """
        ends = [last_seen(self.people[self.people["arm"] == arm]) for arm in self.rows]
        return min(ends, default=max(self.study.weeks, default=1.0))

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of one measure.

        Parameters
        ----------
        measure : {"risk", "survival", "rmst", "log_hazard"}, optional
            The first of `measures` when absent. ``log_hazard`` needs arms of one shape in a model
            of proportional hazards.
        week : float, optional
            Of ``risk`` a scheduled week; of curves any week up to `largest_week`.

        Raises
        ------
        KeyError
            For another measure, a week that is not scheduled, or no week where one is needed.
        ValueError
            For a week beyond the last visit of an arm; the message names the largest possible one.
        """
        measure = self._measure(measure)
        if measure == "risk":
            return self.staying.levels(measure, week)
        if measure == "log_hazard":
            return self._hazard_levels()
        refuse_week(
            measure,
            week,
            self.largest_week,
            say("models.interval_times.last_seen"),
            say("models.interval_times.beyond"),
        )
        found = {arm: self.curve(arm, measure, [week]) for arm in self.rows}
        return self._levels(
            measure,
            week,
            {arm: float(part.value[0]) for arm, part in found.items()},
            {arm: part.slopes[0] for arm, part in found.items()},
            better="lower" if self.at_risk.is_wanted else "higher",
            caution=self._before_any_visit(week),
        )

    def curve(self, arm: str, measure: str, weeks: Sequence[float]) -> Predicted:
        """The model's survival or restricted mean of an arm at several weeks, with slopes."""
        stratum, rows = self.rows[arm]
        method = self.model.survival if measure == "survival" else self.model.restricted_mean
        return method(weeks, stratum, rows)

    def against_nonparametric(self, weeks: Sequence[float] | None = None) -> pd.DataFrame:
        """The model beside what the data allow without one.

        Parameters
        ----------
        weeks : sequence of float, optional
            The scheduled weeks when absent.

        Returns
        -------
        DataFrame
            ``arm, week, model, lowest, highest``: survival by the model, and the range within
            which the non-parametric curve is not determined.
        """
        asked = self.study.weeks if weeks is None else weeks
        weeks = [week for week in asked if week <= self.largest_week]
        parts = [
            pd.DataFrame(
                {
                    "arm": arm,
                    "week": weeks,
                    "model": self.curve(arm, "survival", weeks).value,
                    "lowest": self.nonparametric[arm].at(weeks)[:, 0],
                    "highest": self.nonparametric[arm].at(weeks)[:, 1],
                }
            )
            for arm in self.rows
            if weeks
        ]
        columns = ["arm", "week", "model", "lowest", "highest"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    @property
    def _has_hazards(self) -> bool:
        return self.is_proportional and self.model_name in PROPORTIONAL

    def _hazard_levels(self) -> Levels:
        size = 0 if self.model is None else len(self.model.coef)
        # the first arm is what the others are relative to; each other one has its own coefficient
        first = size - self._width
        slopes = {arm: np.zeros(size) for arm in self.rows}
        for i, arm in enumerate(list(self.rows)[1:]):
            slopes[arm][first + i] = 1.0
        value = {arm: float(slope @ self.model.coef) for arm, slope in slopes.items()}
        better = "higher" if self.at_risk.is_wanted else "lower"
        return self._levels("log_hazard", None, value, slopes, better=better, anchored=False)

    @property
    def _width(self) -> int:
        return 0 if self.model is None else len(self.model.shape.covariates)

    def _levels(self, measure, week, value, slopes, caution="", **options) -> Levels:
        arms = [arm.name for arm in self.study.arms]
        estimate = np.array([value.get(arm, np.nan) for arm in arms])
        size = 0 if self.model is None else len(self.model.coef)
        gradient = np.array([slopes.get(arm, np.zeros(size)) for arm in arms])
        cov = gradient @ self.model.cov @ gradient.T if size else np.zeros((len(arms),) * 2)
        groups = [self.people[self.people["arm"] == arm] for arm in arms]
        seen = [g["seen"] <= (math.inf if week is None else week) for g in groups]
        adjusted = (
            say("models.adjusted_for", names=", ".join(map(in_words, self.adjusted_for)))
            if self.adjusted_for
            else ""
        )
        times = (
            say("models.interval_times.intervals")
            if is_between(self.people)
            else say("models.interval_times.days")
        )
        shapes = (
            say("models.interval_times.one_shape")
            if self.is_proportional
            else say("models.interval_times.each")
        )
        return build_levels(
            self.outcome,
            measure,
            [(arm, week) for arm in arms],
            estimate,
            (cov + cov.T) / 2,
            n=[len(g) for g in groups],
            events=[int(s.sum()) for s in seen],
            method=say(
                "models.interval_times.method",
                model=pick("models.interval_times.models", self.model_name),
                times=times,
                shapes=shapes,
                adjusted=adjusted,
            ),
            cautions=(*self.cautions, caution, *dict.fromkeys(self.reasons.values())),
            population=self.at_risk.population,
            randomised=self.at_risk.randomised,
            **options,
        )

    def _before_any_visit(self, week: float) -> str:
        upper = self.people["upper"]
        known = upper[np.isfinite(upper)].min()
        return "" if not known > week else (
            say("models.interval_times.before_any_visit", event=in_words(self.at_risk.event))
        )  # fmt: skip


def is_between(people: pd.DataFrame) -> bool:
    """Whether some event lies between two visits."""
    return bool(((people["lower"] < people["upper"]) & np.isfinite(people["upper"])).any())


def last_seen(group: pd.DataFrame) -> float:
    """The last week at which somebody of a group was seen."""
    ends = [group["lower"].max(), group["seen"].max()]
    ends.append(group["upper"].where(np.isfinite(group["upper"])).max())
    return float(np.nanmax(ends))
