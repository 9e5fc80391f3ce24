"""Time until an event of people at risk: curves, restricted means, hazard ratios, log-rank test.

Relapse and retention are both of this kind, and differ only in the event and in who is at risk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from lifelines.statistics import multivariate_logrank_test

from ctevidence.levels import Levels
from ctevidence.models.covariates import covariate_columns
from ctevidence.models.fit import EVERYONE, ComparableFit, ScheduledFit, build_levels, refuse_weights
from ctevidence.models.hazard_ratios import LogHazards, arms_with_finite_ratios, log_hazards
from ctevidence.models.kaplan_meier import SurvivalCurve, kaplan_meier
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.models.standardised_risk import EVENTS_PER_COEFFICIENT
from ctevidence.outcomes.outcome import Outcome

# differences of weeks that are multiples of a seventh: equal days must give equal times
TIME_DECIMALS = 9

METHODS = {
    "survival": "Kaplan-Meier, Greenwood variance, log-log interval of each arm",
    "rmst": "area under the Kaplan-Meier curve up to the week, Greenwood-type variance",
    "log_hazard": "Cox regression, Efron ties",
}


class LogRank(NamedTuple):
    """Log-rank test that the event is equally likely at all times in all arms."""

    chi2: float
    df: int
    p_value: float


@dataclass(frozen=True)
class AtRisk:
    """Who is compared, and the event that they are at risk of.

    Parameters
    ----------
    event : str
        In words, ``"relapse"``.
    state : str
        The state in the frame of those who had it.
    population : str
        Of the measures of time to the event.
    randomised : frozenset of str
        Components that were randomised among these people.
    """

    event: str
    state: str
    population: str = EVERYONE
    randomised: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, repr=False)
class TimeToEventFit(ComparableFit):
    """Staying without an event, and the time until it.

    Level measures are ``risk`` (staying, among everyone who started; where it can be derived) and,
    of the people at risk since their risk began, ``survival``, ``rmst`` and ``log_hazard``.

    Parameters
    ----------
    outcome : Outcome
    at_risk : AtRisk
    staying : ScheduledFit or None
        The levels of ``risk``.
    people : DataFrame
        ``participant_id, arm, time, event`` of those at risk; `time` in weeks since risk began.
    curves : mapping of arm to SurvivalCurve
        Of the arms with people at risk.
    hazards : LogHazards
        Of the study's arms.
    hazard_cautions : tuple of str
    cautions : tuple of str
    """

    outcome: Outcome
    at_risk: AtRisk
    staying: ScheduledFit | None
    people: pd.DataFrame
    curves: Mapping[str, SurvivalCurve]
    hazards: LogHazards
    adjusted_for: tuple[str, ...]
    hazard_cautions: tuple[str, ...]
    cautions: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        return (*(("risk",) if self.staying else ()), "survival", "rmst", "log_hazard")

    @property
    def model(self):
        """The Cox regression (lifelines); None where there is nothing to compare."""
        return self.hazards.model

    @property
    def largest_week(self) -> float:
        """The last week at which every arm is still followed, rounded down."""
        longest = min((c.last_time for c in self.curves.values()), default=math.inf)
        return longest if math.isinf(longest) else math.floor(100 * longest) / 100

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of a measure.

        Parameters
        ----------
        measure : {"risk", "survival", "rmst", "log_hazard"}, optional
        week : float, optional
            For ``risk`` a scheduled week since the start, all of them when absent. For
            ``survival`` and ``rmst`` any week since risk began, up to `largest_week`. Hazards
            have none.

        Raises
        ------
        KeyError
            For another measure, a week that is not scheduled, or no week where one is needed.
        ValueError
            For a week beyond the follow-up; the message names the largest possible one.
        """
        measure = self._measure(measure)
        if measure == "risk":
            return self.staying.levels(measure, week)
        if measure == "log_hazard":
            return self._hazard_levels()
        if week is None:
            raise KeyError(
                f"Say which week: {measure} is known at any week up to {self.largest_week:g} since "
                "risk began."
            )
        if week > self.largest_week or week <= 0:
            raise ValueError(
                f"Week {week:g} is not within the follow-up of every arm: choose a week above 0, "
                f"the largest possible is {self.largest_week:g}."
            )
        return self._curve_levels(measure, week)

    def log_rank(self) -> LogRank:
        """Log-rank test over all arms that had somebody at risk at an event; lifelines."""
        first = self.people["time"].where(self.people["event"]).min()
        compared = self.people.groupby("arm")["time"].transform("max") >= first
        people = self.people[compared]
        if people["arm"].nunique() < 2:
            return LogRank(math.nan, 0, math.nan)
        test = multivariate_logrank_test(people["time"], people["arm"], people["event"])
        return LogRank(
            float(test.test_statistic), people["arm"].nunique() - 1, float(test.p_value)
        )

    def numbers(self, weeks: Sequence[float]) -> pd.DataFrame:
        """Numbers at risk, events and censored of each arm; see `SurvivalCurve.numbers`."""
        tables = [curve.numbers(weeks).assign(arm=arm) for arm, curve in self.curves.items()]
        columns = ["arm", "week", "at_risk", "events", "censored"]
        return pd.concat([pd.DataFrame(columns=columns), *tables])[columns].reset_index(drop=True)

    def medians(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Median weeks until the event of each arm; see `SurvivalCurve.median`."""
        rows = {arm: curve.median(conf_level) for arm, curve in self.curves.items()}
        columns = ["weeks", "conf_low", "conf_high", "is_reached"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("arm")

    def _curve_levels(self, measure: str, week: float) -> Levels:
        arms = [arm.name for arm in self.study.arms]
        estimate, variance = np.full((2, len(arms)), np.nan)
        for i, arm in enumerate(arms):
            if arm in self.curves:
                estimate[i], variance[i] = _at_week(self.curves[arm], measure, week)
        estimate[~(variance > 0)] = np.nan
        events = [int(c.events_by(week)) if c else 0 for c in map(self.curves.get, arms)]
        reasons = [
            self._why_not(arm, happened, f" by week {week:g}")
            for arm, happened, value in zip(arms, events, estimate, strict=True)
            if np.isnan(value)
        ]

        def interval_for(conf_level: float) -> np.ndarray:
            nothing = np.full(2, np.nan)
            return np.array([
                self.curves[arm].interval([week], conf_level)[0] if arm in self.curves else nothing
                for arm in arms
            ])  # fmt: skip

        options = {"interval_for": interval_for} if measure == "survival" else {}
        return self._build(
            measure, week, estimate, np.diag(variance), events, reasons, better="higher", **options
        )

    def _hazard_levels(self) -> Levels:
        arms = [arm.name for arm in self.study.arms]
        events = [int(c.events.sum()) if c else 0 for c in map(self.curves.get, arms)]
        reasons = [
            self._why_not(arm, happened)
            for arm, happened, value in zip(arms, events, self.hazards.estimate, strict=True)
            if np.isnan(value)
        ]
        return self._build(
            "log_hazard",
            None,
            self.hazards.estimate,
            self.hazards.cov,
            events,
            [*self.hazard_cautions, *reasons],
            better="lower",
            anchored=False,
        )

    def _build(self, measure, week, estimate, cov, events, cautions, **options) -> Levels:
        arms = [arm.name for arm in self.study.arms]
        adjusted = self.adjusted_for if measure == "log_hazard" else ()
        return build_levels(
            self.outcome,
            measure,
            [(arm, week) for arm in arms],
            estimate,
            cov,
            n=[self.curves[arm].n if arm in self.curves else 0 for arm in arms],
            events=events,
            method=METHODS[measure] + (f", adjusted for {', '.join(adjusted)}" if adjusted else ""),
            cautions=(*self.cautions, *cautions),
            population=self.at_risk.population,
            randomised=self.at_risk.randomised,
            **options,
        )

    def _why_not(self, arm: str, events: int, by: str = "") -> str:
        """Why nothing can be estimated for an arm, in words."""
        event, curve = self.at_risk.event, self.curves.get(arm)
        if curve is None:
            return f"nobody of {arm} was at risk of {event}"
        if events == 0:
            return f"no {event} among the {curve.n} people of {arm}{by}"
        if by:
            return f"{event} left nobody of {arm} to vary{by}"
        return f"{event} in {arm} is at times when no other arm can be compared"


def fit_time_to_event(
    outcome: Outcome,
    at_risk: AtRisk,
    staying: ScheduledFit | None,
    adjust: Sequence[str] = (),
) -> TimeToEventFit:
    """Fit what all outcomes with a time to an event share.

    Parameters
    ----------
    outcome : Outcome
        With the columns ``entry, lower, upper, state``.
    at_risk : AtRisk
    staying : ScheduledFit or None
        Risks of staying without the event, among everyone who started.
    adjust : sequence of str
        Covariates of the Cox regression.

    Notes
    -----
    Time runs from `entry` to `upper` for those who had the event, and to `lower` for the others.
    An event known to lie between two dates is thus counted at the later one; a caution says so.
    """
    refuse_weights(outcome)
    people = observed_times(outcome, at_risk.state)
    arms = [arm.name for arm in outcome.study.arms if arm.name in set(people["arm"])]
    curves = {}
    for arm in arms:
        group = people[people["arm"] == arm]
        curves[arm] = kaplan_meier(group["time"].to_numpy(), group["event"].to_numpy())
    hazards, adjusted_for, cautions = _hazards(outcome, at_risk, people, tuple(adjust))
    return TimeToEventFit(
        outcome=outcome,
        at_risk=at_risk,
        staying=staying,
        people=people,
        curves=curves,
        hazards=hazards,
        adjusted_for=adjusted_for,
        hazard_cautions=cautions,
        cautions=(*outcome.cautions, *_dating(outcome, at_risk)),
    )


def observed_times(outcome: Outcome, state: str) -> pd.DataFrame:
    """Weeks at risk of everyone who was, and whether they ended with the event.

    Returns
    -------
    DataFrame
        ``participant_id, arm, time, event``.
    """
    rows = outcome.frame[outcome.frame["entry"].notna()]
    event = rows["state"] == state
    time = rows["upper"].where(event, rows["lower"]) - rows["entry"]
    return pd.DataFrame(
        {
            "participant_id": rows["participant_id"],
            "arm": rows["arm"].astype(str),
            "time": time.astype(float).round(TIME_DECIMALS),
            "event": event.astype(bool),
        }
    ).reset_index(drop=True)


def _at_week(curve: SurvivalCurve, measure: str, week: float) -> tuple[float, float]:
    if measure == "survival":
        return float(curve.at(week)), float(curve.covariance([week])[0, 0])
    estimate, cov = restricted_mean(curve, [week])
    return float(estimate[0]), float(cov[0, 0])


def _hazards(
    outcome: Outcome, at_risk: AtRisk, people: pd.DataFrame, names: tuple[str, ...]
) -> tuple[LogHazards, tuple[str, ...], tuple[str, ...]]:
    """Log hazards, the covariates they are adjusted for, and cautions about them."""
    arms = [arm.name for arm in outcome.study.arms]
    time, event = people["time"].to_numpy(), people["event"].to_numpy()
    arm = people["arm"].map({name: i for i, name in enumerate(arms)}).to_numpy(int)
    compared = len(arms_with_finite_ratios(time, event, arm, len(arms)))
    if not names or compared < 2:
        return log_hazards(time, event, arm, arms), (), ()
    covariates = pd.DataFrame(*covariate_columns(outcome.study, people["participant_id"], names))
    return log_hazards(time, event, arm, arms, covariates), names, ()


def _dating(outcome: Outcome, at_risk: AtRisk):
    frame = outcome.frame
    if (frame["lower"] < frame["upper"])[frame["state"] == at_risk.state].any():
        yield f"{at_risk.event} lies between two dates and is counted at the later one"
    if (frame["state"] == "died").any():
        yield f"death ends the time at risk of {at_risk.event} like any end of follow-up"
