"""Dropout by what led to it, the other kinds competing.

People leave because of side effects, because nothing helps - and because they are well. Counted
together these hide each other; counted each with the others censored, everyone who left for one
reason would be taken to leave later for another. So each kind is a cumulative incidence with the
other kinds, and death, competing; they add up to all who left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ctevidence.contrasts import compare_treatments, per_arm
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.fit import silent_levels
from ctevidence.models.over_time import reading_week
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.time_to_event import TimeToEventFit, fit_time_to_event
from ctevidence.outcomes.retention import derive_retention, dropout_kinds, is_recorded

MEASURE = "cumulative_incidence"


@dataclass(frozen=True, eq=False)
class DropoutKinds:
    """Cumulative incidence of each kind of dropout under each arm.

    Parameters
    ----------
    study : Study
    fits : mapping of kind to TimeToEventFit
    week : float
        Since the start; nan where nothing is known.
    reason : str
        Why there are no fits; empty when there are.
    """

    study: Study
    fits: Mapping[str, TimeToEventFit]
    week: float
    reason: str = ""

    def levels(self) -> dict[str, Levels]:
        """Levels of each kind at `week`; one that says why, when there are none."""
        if not self.fits:
            name, week = outcome_name("any reason"), None if math.isnan(self.week) else self.week
            silent = silent_levels(self.study, name, MEASURE, "lower", self.reason, week)
            return {"any reason": silent}
        return {kind: fit.levels(MEASURE, self.week) for kind, fit in self.fits.items()}

    def per_arm(self) -> Estimates:
        """The share of people who left for each kind of reason, under each arm."""
        return sum((per_arm(levels) for levels in self.levels().values()), Estimates())

    def compare_treatments(
        self, measures: tuple[str, ...] = ("cumulative_incidence_difference",)
    ) -> Estimates:
        """Every comparison of treatments, by kind."""
        rows = Estimates()
        for levels in self.levels().values():
            rows += compare_treatments(levels, measures)
        return rows


def fit_dropout_kinds(study: Study, week: float | None = None) -> DropoutKinds:
    """Dropout by the declared kinds of reasons.

    Parameters
    ----------
    study : Study
    week : float, optional
        Weeks since the start; as in `relapse_over_time` when absent.

    Returns
    -------
    DropoutKinds

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> list(fit_dropout_kinds(simulate_study(n=200, seed=1)).fits)
    ['well', 'side effects', 'other']
    """
    rule = study.rules.retention
    if rule is None:
        return DropoutKinds(study, {}, math.nan, say("models.over_time.not_declared"))
    if not is_recorded(study, rule):
        return DropoutKinds(study, {}, math.nan, say("models.over_time.not_recorded"))
    outcome = derive_retention(study)
    kinds = dropout_kinds(outcome.frame, rule)
    if not rule.reasons:
        return DropoutKinds(study, {}, math.nan, say("models.dropout_kinds.not_declared"))
    frame = outcome.frame
    frame = frame.assign(state=frame["kind"].where(frame["state"] == "dropped out", frame["state"]))
    fits = {}
    for kind in kinds:
        one = replace(outcome, name=outcome_name(kind), frame=frame)
        at_risk = AtRisk(
            event=one.name,
            state=kind,
            seen_at_visits=rule.source == "last_visit",
            randomised=study.randomised,
            competing=(*(k for k in kinds if k != kind), "died"),
            is_wanted=kind == "well",
        )
        fits[kind] = fit_time_to_event(one, at_risk, None)
    return DropoutKinds(study, fits, min(reading_week(fit, week) for fit in fits.values()))


def outcome_name(kind: str) -> str:
    """The outcome as rows name it; leaving because of being well is no dropout to be avoided.

    Examples
    --------
    >>> outcome_name("side effects"), outcome_name("well")
    ('dropout (side effects)', 'leaving because well')
    """
    return "leaving because well" if kind == "well" else f"dropout ({kind})"
