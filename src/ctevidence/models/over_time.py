"""Relapse and dropout over time of a whole study, or the reason why nothing can be said.

A report asks every study the same questions. Where a study cannot answer one, the rows are there
all the same, without a number and with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.curve_week import round_week
from ctevidence.models.fit import silent_levels
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.retention import fit_never_started, fit_retention
from ctevidence.models.study_answers import StudyAnswers
from ctevidence.models.time_to_event import LEADING, TimeToEventFit
from ctevidence.outcomes.never_started import derive_never_started
from ctevidence.outcomes.relapse import derive_relapse
from ctevidence.outcomes.retention import derive_retention, is_recorded

SUBDISTRIBUTION = "log_subdistribution_hazard"
TIMELESS = ("log_hazard", SUBDISTRIBUTION)
BETTER = {"survival": "higher", "rmst": "higher", "cumulative_incidence": "lower"}


@dataclass(frozen=True, eq=False)
class OverTime(StudyAnswers):
    """The time until an event in every arm of a study.

    Parameters
    ----------
    study : Study
    event : str
        In words: ``relapse``, ``dropout``.
    fit : TimeToEventFit or None
    week : float
        Weeks since risk began at which levels and contrasts are read; nan where there are none.
    reason : str
        Why there is no fit; empty when there is one.
    """

    study: Study
    event: str
    fit: TimeToEventFit | None
    week: float
    reason: str = ""

    def levels(self, measure: str) -> Levels:
        """Levels at `week`; log hazards, also of the subdistribution, have none."""
        week = None if measure in TIMELESS or math.isnan(self.week) else self.week
        if self.fit is not None and measure == SUBDISTRIBUTION:
            return self.fit.subdistribution().levels(measure)
        if self.fit is not None:
            return self.fit.levels(measure, week)
        better = BETTER.get(measure, "lower")
        return silent_levels(self.study, self._outcome, measure, better, self.reason, week)

    def staying(self) -> Levels:
        """Levels of staying without the event at the last scheduled week, among everyone.

        A study without scheduled visits has none; they then say so.
        """
        if self.fit is not None and "risk" in self.fit.measures:
            return self.fit.levels("risk", self.study.last_week)
        reason = self.reason or say("models.over_time.no_visit")
        return silent_levels(self.study, self._outcome, "risk", "higher", reason)

    @property
    def leading(self) -> tuple[str, ...]:
        """Contrast measures in the order in which they are read; see `TimeToEventFit.leading`."""
        return LEADING if self.fit is None else self.fit.leading

    @property
    def _outcome(self) -> str:
        """What rows without a number are about."""
        return "staying in treatment" if self.event == "dropout" else self.event


def relapse_over_time(
    study: Study,
    week: float | None = None,
    competing: Sequence[str] = ("died",),
    earlier: OverTime | None = None,
) -> OverTime:
    """The time until relapse by the declared rule.

    Parameters
    ----------
    study : Study
    week : float, optional
        Weeks since risk of relapse began; when absent the last scheduled week (of a study without
        visits its primary week), or the longest that every curve is known.
    competing : sequence of str
        As in `fit_relapse`.
    earlier : OverTime, optional
        The same study's relapse with other competing events: who relapsed when, and who stayed
        well, are then taken from there.

    Returns
    -------
    OverTime

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> relapse = relapse_over_time(simulate_study(n=120, seed=1))
    >>> relapse.compare_treatments("rmst_difference").rows[0].measure
    'rmst_difference'
    """
    if study.rules.relapse is None:
        return OverTime(
            study, "relapse", None, math.nan, say("models.study_answers.no_relapse_rule")
        )
    if earlier is None:
        fit = fit_relapse(derive_relapse(study), competing=competing)
    else:
        known = earlier.fit
        fit = fit_relapse(known.outcome, competing=competing, staying=known.staying)
    return OverTime(study, "relapse", fit, reading_week(fit, week))


def retention_over_time(study: Study, week: float | None = None) -> OverTime:
    """The time until dropout by the declared rule.

    Parameters
    ----------
    study : Study
    week : float, optional
        Weeks since the start; as in `relapse_over_time` when absent.

    Returns
    -------
    OverTime
        Without a fit where dropout was not recorded.
    """
    rule = study.rules.retention
    if rule is None:
        return OverTime(study, "dropout", None, math.nan, say("models.over_time.not_declared"))
    if not is_recorded(study, rule):
        return OverTime(study, "dropout", None, math.nan, say("models.over_time.not_recorded"))
    fit = fit_retention(derive_retention(study))
    return OverTime(study, "dropout", fit, reading_week(fit, week))


def reading_week(fit: TimeToEventFit, week: float | None = None) -> float:
    """The week asked for, else the last scheduled one, or the last round one known everywhere."""
    if week is not None:
        return float(week)
    last = fit.study.last_week
    return float(last) if last <= fit.largest_week else round_week(fit.largest_week)


def never_started(study: Study) -> Levels:
    """Who never took up their treatment, or why that is not known.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Levels
        Of ``risk``, without a week.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> never_started(simulate_study(n=40, seed=1)).outcome
    'never starting treatment'
    """
    if study.rules.retention is None:
        return silent_levels(
            study, "never starting treatment", "risk", "lower", say("models.over_time.not_declared")
        )
    return fit_never_started(derive_never_started(study)).expected
