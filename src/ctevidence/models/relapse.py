"""Relapse: staying well among everyone who started, and the time until relapse."""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.models.covariates import adjustment
from ctevidence.models.fit import EVERYONE, ScheduledFit
from ctevidence.models.response import fit_response
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.time_to_event import TimeToEventFit, fit_time_to_event
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.staying_well import derive_staying_well

POPULATIONS = {
    "response": "people who responded",
    "remission": "people in remission",
    "baseline": EVERYONE,
}


def fit_relapse(outcome: Outcome, adjust: Sequence[str] | None = None) -> TimeToEventFit:
    """Staying well at each scheduled week, and the time until relapse.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``relapse``.
    adjust : sequence of str, optional
        Covariates of the risk of staying well and of the hazard ratio; those declared by the
        study when absent, ``[]`` for none. Curves and restricted means are not adjusted.

    Returns
    -------
    TimeToEventFit
        ``risk`` is primary: staying well (responded and not relapsed) at a week since the start,
        among everyone who started, as `derive_staying_well` counts it. ``survival``, ``rmst`` and
        ``log_hazard`` are of the people at risk, in weeks since their risk began; counted from
        response or remission they compare groups that treatment has chosen, so that no contrast
        of them is randomised. An arm without relapse has no level of these.

    Notes
    -----
    Recurrence, a relapse after recovery, has no staying well of its own.
    """
    names = adjustment(outcome.study, adjust)
    # recurrence has no such attribute: it always counts from something that treatment changed
    descriptive = getattr(outcome.rule, "is_descriptive", True)
    start = getattr(outcome.rule, "after", "recovery")
    at_risk = AtRisk(
        event=outcome.name,
        state="relapsed",
        seen_at_visits=not outcome.rule.from_events,
        randomised=frozenset() if descriptive else outcome.study.randomised,
        population=POPULATIONS.get(start, "people who recovered") if descriptive else EVERYONE,
    )
    return fit_time_to_event(outcome, at_risk, _staying_well(outcome, names), names)


def _staying_well(outcome: Outcome, names: Sequence[str]) -> ScheduledFit | None:
    study, rule = outcome.study, outcome.rule
    if not hasattr(rule, "after") or not study.weeks:
        return None
    # counted from the start nothing declares how unknown status counts: leave it out
    missing = "observed" if rule.after == "baseline" else None
    return fit_response(derive_staying_well(study, study.weeks, rule, missing), names)
