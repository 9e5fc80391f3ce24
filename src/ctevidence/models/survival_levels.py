"""Levels of time to an event: from curves and log hazards, with the reason where there is none.

An arm without any event, or with nobody at risk, has no level: a curve that stays at one has no
variance, and a comparison with it would pretend to know more than it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctevidence.language import pick, say, words
from ctevidence.levels import Levels
from ctevidence.models.aalen_johansen import Histories, aalen_johansen
from ctevidence.models.clustered_curves import Clusters
from ctevidence.models.fit import EVERYONE, build_levels
from ctevidence.models.hazard_ratios import LogHazards
from ctevidence.models.kaplan_meier import SurvivalCurve
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome


@dataclass(frozen=True)
class AtRisk:
    """The event, and who is at risk of it.

    Parameters
    ----------
    event : str
        In words, ``"relapse"``.
    state : str
        The state, in the frame of the outcome, of those who had it.
    seen_at_visits : bool
        Whether times are those of visits, or of recorded events.
    randomised : frozenset of str
        Components that were randomised among the people at risk.
    population : str
        The people at risk, in words.
    competing : tuple of str
        States after which the event cannot happen any more.
    is_wanted : bool
        Whether the event is good, so that time without it is bad (response).
    """

    event: str
    state: str
    seen_at_visits: bool
    randomised: frozenset[str]
    population: str = EVERYONE
    competing: tuple[str, ...] = ("died",)
    is_wanted: bool = False


@dataclass(frozen=True, eq=False)
class ArmCurves:
    """The curves of an outcome's arms; an arm with nobody at risk has none.

    `curves` ends time at risk with what competes, as with any loss; `histories` know the
    difference: state 1 is the event, 2 what competes with it. With `clusters`, covariances are
    robust over them and joint over arms.
    """

    outcome: Outcome
    at_risk: AtRisk
    curves: Mapping[str, SurvivalCurve]
    histories: Mapping[str, Histories]
    cautions: tuple[str, ...]
    clusters: Clusters | None = None

    @property
    def arms(self) -> list[str]:
        return [arm.name for arm in self.outcome.study.arms]

    @property
    def competing(self) -> str:
        """What competes with the event, in words."""
        known = words("models.competing")
        return ", ".join(known.get(state) or in_words(state) for state in self.at_risk.competing)


def curve_levels(group: ArmCurves, measure: str, week: float) -> Levels:
    """Levels of ``survival``, ``rmst`` or ``cumulative_incidence`` at a week since risk began."""
    curves = [group.curves.get(arm) for arm in group.arms]
    value, variance = np.array([_at_week(group, arm, measure, week) for arm in group.arms]).T
    estimate = np.where(variance > 0, value, np.nan)
    events = [int(curve.events_by(week)) if curve else 0 for curve in curves]
    reasons = [
        _why_not(group, arm, happened, say("models.by_week", week=f"{week:g}"))
        or say(
            "models.survival_levels.no_variation",
            event=group.at_risk.event,
            arm=arm,
            week=f"{week:g}",
        )
        for arm, happened, level in zip(group.arms, events, estimate, strict=True)
        if np.isnan(level)
    ]

    def interval_for(conf_level: float) -> np.ndarray:
        return np.array([_limits(curve, week, conf_level) for curve in curves])

    curve = pick("models.survival_levels.curves", measure, competing=group.competing)
    method = pick("models.survival_levels.methods", measure, curve=curve)
    cov, clusters = np.diag(variance), group.clusters
    if clusters:
        cov = clusters.covariance(group.arms, measure, week)
        method = curve + say("models.survival_levels.robust", groups=clusters.name)
        reasons += clusters.cautions
    return _levels(
        group,
        measure,
        week,
        estimate,
        cov,
        method=method,
        events=events,
        cautions=reasons,
        better=_better(measure, group.at_risk.is_wanted),
        # only of arms that are independent
        interval_for=interval_for if measure == "survival" and not clusters else None,
    )


def _better(measure: str, is_wanted: bool) -> str:
    """Time without an event is good unless the event is wanted; having had it is the reverse."""
    return "lower" if (measure == "cumulative_incidence") != is_wanted else "higher"


def hazard_levels(group: ArmCurves, hazards: LogHazards, measure: str = "log_hazard") -> Levels:
    """Levels of log hazards, which mean something only in comparison."""
    curves = [group.curves.get(arm) for arm in group.arms]
    events = [int(curve.events.sum()) if curve else 0 for curve in curves]
    reasons = [
        _why_not(group, arm, happened)
        or say("models.no_other_arm", event=in_words(group.at_risk.event), arm=arm)
        for arm, happened, level in zip(group.arms, events, hazards.estimate, strict=True)
        if np.isnan(level)
    ]
    method = pick("models.survival_levels.methods", measure, competing=group.competing)
    if hazards.adjusted_for:
        method += say("models.adjusted_for", names=", ".join(map(in_words, hazards.adjusted_for)))
    if hazards.clustered_by:
        method += say("models.survival_levels.robust", groups=hazards.clustered_by)
    if group.clusters:
        reasons += group.clusters.cautions
    return _levels(
        group,
        measure,
        None,
        hazards.estimate,
        hazards.cov,
        method=method,
        events=events,
        cautions=[*hazards.cautions, *reasons],
        better="higher" if group.at_risk.is_wanted else "lower",
        anchored=False,
    )


def _levels(
    group: ArmCurves,
    measure: str,
    week: float | None,
    estimate: np.ndarray,
    cov: np.ndarray,
    *,
    events: Sequence[int],
    cautions: Sequence[str],
    method: str,
    **options: Any,
) -> Levels:
    return build_levels(
        group.outcome,
        measure,
        [(arm, week) for arm in group.arms],
        estimate,
        cov,
        n=[group.curves[arm].n if arm in group.curves else 0 for arm in group.arms],
        events=events,
        method=method,
        cautions=(*group.cautions, *cautions),
        population=group.at_risk.population,
        randomised=group.at_risk.randomised,
        **options,
    )


def _at_week(group: ArmCurves, arm: str, measure: str, week: float) -> tuple[float, float]:
    """Estimate and variance."""
    curve = group.curves.get(arm)
    if curve is None or curve.known_until < week:
        return np.nan, np.nan
    if measure == "cumulative_incidence":
        histories = group.histories[arm]
        # nothing changes after the last change of state
        found = aalen_johansen(histories, [min(week, histories.last_time)])
        return float(found.probability[0, 1]), float(found.cov[1, 1])
    if measure == "survival":
        return float(curve.at(week)), float(curve.covariance([week])[0, 0])
    estimate, cov = restricted_mean(curve, [week])
    return float(estimate[0]), float(cov[0, 0])


def _limits(curve: SurvivalCurve | None, week: float, conf_level: float) -> np.ndarray:
    return np.full(2, np.nan) if curve is None else curve.interval([week], conf_level)[0]


def _why_not(group: ArmCurves, arm: str, events: int, by: str = "") -> str:
    """The plain reason why an arm has no level; empty when there is another one."""
    event = group.at_risk.event
    if arm not in group.curves:
        return say("models.survival_levels.nobody_at_risk", arm=arm, event=in_words(event))
    if group.curves[arm].last_time == 0:
        return say("models.survival_levels.nobody_followed", arm=arm, event=in_words(event))
    return "" if events else say("models.no_event", event=in_words(event), arm=arm, by=by)
