"""Recurrence: illness that returns after recovery, that is after remission that has lasted.

Relapse and recurrence follow Frank et al. (1991), Arch Gen Psychiatry 48:851: illness that comes
back after remission is relapse, after recovery a new episode. Recovery is reached at the first
visit at which every visit of the last `recovery_weeks` weeks or more, on actual days, was in
remission; a missed visit between two in remission does not break it. Everything else is decided in
`illness_return`; the states are the same, ``relapsed`` meaning that illness recurred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.illness_return import (
    descriptive_only,
    illness_return,
    return_cautions,
    return_frame,
    with_day_0,
)
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response import is_at_least_as_bad, is_at_least_as_good
from ctevidence.outcomes.visit_scores import attended_scores
from ctevidence.terms import DAYS_PER_WEEK


@dataclass(frozen=True)
class RecurrenceRule:
    """Return of illness after recovery.

    Parameters
    ----------
    recovery_weeks : float
        Weeks that remission must have lasted.
    threshold : float
        A score at or beyond this, in the bad direction, is ill again; empty with `from_events`.
    confirm_visits : int
        Visits in a row that must show it.
    from_events : bool
        Recurrence is an event recorded in ``events`` (``recurrence``) instead of a score.
    """

    recovery_weeks: float
    threshold: float = math.nan
    confirm_visits: int = 1
    from_events: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.recovery_weeks) and self.recovery_weeks > 0):
            raise ValueError(
                f"recovery_weeks is {self.recovery_weeks}; it must be a number above 0."
            )
        if self.confirm_visits < 1:
            raise ValueError(
                f"confirm_visits is {self.confirm_visits}; at least one visit is needed."
            )
        if not self.from_events and not math.isfinite(self.threshold):
            raise ValueError("Recurrence needs threshold, or from_events with recorded events.")

    def describe(self) -> str:
        what = (
            say("outcomes.recurrence.recorded")
            if self.from_events
            else say("names_with.beyond", value=f"{self.threshold:g}")
        )
        seen = say("rules.in_a_row", visits=self.confirm_visits) if self.confirm_visits > 1 else ""
        return say(
            "outcomes.recurrence.rule", what=what, seen=seen, weeks=f"{self.recovery_weeks:g}"
        )


def derive_recurrence(study: Study, rule: RecurrenceRule) -> Outcome:
    """Who fell ill again after recovery, and in which weeks.

    Parameters
    ----------
    study : Study
        Declares what remission is.
    rule : RecurrenceRule

    Returns
    -------
    Outcome
        Kind ``relapse``, columns as `derive_relapse`; `entry` is the week of recovery.

    Raises
    ------
    ValueError
        The study declares no rule for remission.
    """
    visits = judged_visits(study, rule)
    seen = with_day_0(visits, study.entering()["participant_id"], from_baseline=False)
    event = "recurrence" if rule.from_events else None
    days = illness_return(study, seen, rule.confirm_visits, event)
    return Outcome(
        kind="relapse",
        name="recurrence",
        study=study,
        frame=return_frame(days),
        rule=rule,
        better="lower",
        cautions=(descriptive_only("recovery"), *return_cautions(study, days, event)),
    )


def judged_visits(study: Study, rule: RecurrenceRule) -> pd.DataFrame:
    """Attended visits with ``reached`` (recovery) and ``ill``, both bool."""
    visits = attended_scores(study)
    remission = declared_rule(study, "remission")
    well = is_at_least_as_good(study.scale, visits["score"], remission.threshold) == 1
    lasted = weeks_in_a_row(visits["participant_id"], visits["day"], pd.Series(well))
    ill = is_at_least_as_bad(study.scale, visits["score"], rule.threshold) == 1
    return visits.assign(reached=lasted >= rule.recovery_weeks, ill=ill & (not rule.from_events))


def weeks_in_a_row(who: pd.Series, day: pd.Series, well: pd.Series) -> pd.Series:
    """Weeks since the first of the unbroken run of well visits that each visit ends.

    Parameters
    ----------
    who, day, well : Series, shape (n,)
        Person, actual day (rising within a person) and whether the visit is well.

    Returns
    -------
    Series of float, shape (n,)
        0 at the first well visit of a run, nan where the visit is not well.

    Examples
    --------
    >>> weeks_in_a_row(pd.Series(["ann"] * 4), pd.Series([7.0, 14, 21, 28]),
    ...     pd.Series([True, True, False, True])).to_list()
    [0.0, 1.0, nan, 0.0]
    """
    spell = (well != well.groupby(who).shift()).groupby(who).cumsum()
    first = day.groupby([who, spell]).transform("min")
    return ((day - first) / DAYS_PER_WEEK).where(well)
