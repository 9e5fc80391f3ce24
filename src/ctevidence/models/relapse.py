"""Relapse: staying well among everyone who started, and the time until relapse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ctevidence.data.rules import RelapseRule
from ctevidence.models.covariates import adjustment
from ctevidence.models.fit import EVERYONE, ScheduledFit, refuse_weights
from ctevidence.models.interval_fitting import fit_interval_times
from ctevidence.models.interval_times import IntervalTimesFit
from ctevidence.models.response import fit_response
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.time_to_event import TimeToEventFit, fit_time_to_event
from ctevidence.models.weighted_outcome import refuse_weighted_model
from ctevidence.models.weighted_times import WeightedTimeToEventFit
from ctevidence.outcomes.intercurrent import OFF_TREATMENT
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.staying_well import derive_staying_well

POPULATIONS = {
    "response": "people who responded",
    "remission": "people in remission",
    "baseline": EVERYONE,
}


#: How events seen at visits are dated.
SEEN = ("first-seen", "interval")


def fit_relapse(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    *,
    seen: str = "first-seen",
    model: str | None = None,
    proportional: bool = False,
    competing: Sequence[str] = ("died",),
    staying: ScheduledFit | None = None,
) -> TimeToEventFit | IntervalTimesFit | WeightedTimeToEventFit:
    """Staying well at each scheduled week, and the time until relapse.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``relapse``.
    adjust : sequence of str, optional
        Covariates of the risk of staying well and of the hazard ratio; those declared by the
        study when absent, ``[]`` for none. Curves and restricted means are not adjusted, but with
        ``seen="interval"`` they are averaged over everyone at risk. With weights: of the
        regression of ``"doubly-robust"``.
    seen : {"first-seen", "interval"}
        ``"first-seen"`` dates a relapse to the scheduled week of the first visit that showed it;
        ``"interval"`` keeps that it happened somewhere between two visits.
    model : str, optional
        For ``seen="interval"``: "exponential", "weibull" (when absent), "loglogistic",
        "lognormal", "piecewise", "spline", "spline-odds" or "spline-normal". For an outcome with
        weights (``outcome.weighted(weights)``): "weighted" (when absent) or "doubly-robust"; see
        `weighted_times.WeightedTimeToEventFit`.
    proportional : bool
        For ``seen="interval"``: arms share the shape of the curve, which gives a hazard ratio
        where the model has one; each arm has a curve of its own when False.
    competing : sequence of {"died", "dropped out"}
        For ``seen="first-seen"``: what keeps people from having a relapse, in
        ``cumulative_incidence``. With dropout among them it is the share seen to relapse, which
        asks nothing of those who left; without it they are taken to go on like those who stayed.
    staying : ScheduledFit, optional
        The risk of staying well from another fit of the same outcome by the same model, where it
        is at hand.

    Returns
    -------
    TimeToEventFit, IntervalTimesFit or WeightedTimeToEventFit
        ``risk`` is primary: staying well (responded and not relapsed) at a week since the start,
        among everyone who started, as `derive_staying_well` counts it. ``survival``, ``rmst`` and
        ``log_hazard`` are of the people at risk, in weeks since their risk began; counted from
        response or remission they compare groups that treatment has chosen, so that no contrast
        of them is randomised. An arm without relapse has no level of these.

    Raises
    ------
    ValueError
        For another way of dating, a model without ``seen="interval"`` or weights, both together, or
        something else that competes.

    Notes
    -----
    Recurrence, a relapse after recovery, has no staying well of its own; nor has a landmark.
    """
    if seen not in SEEN:
        raise ValueError(f'seen is "{seen}"; say how relapse is dated: {" or ".join(SEEN)}.')
    weighted = outcome.weight is not None
    if seen == "interval":
        refuse_weights(outcome)
    elif proportional or (model and not weighted):
        refuse_weighted_model(model)
        raise ValueError('model and proportional belong to seen="interval". Add it, or leave them.')
    if unknown := set(competing) - {"died", "dropped out"}:
        raise ValueError(
            f'competing holds {sorted(unknown)}; what can keep people from relapse is "died" and '
            '"dropped out".'
        )
    names = adjust if weighted else adjustment(outcome.study, adjust)
    # recurrence has no such attribute: it always counts from something that treatment changed
    descriptive = getattr(outcome.rule, "is_descriptive", True)
    at_risk = AtRisk(
        event=outcome.name,
        state="relapsed",
        seen_at_visits=not outcome.rule.from_events,
        randomised=frozenset() if descriptive else outcome.study.randomised,
        population=_population(outcome, descriptive),
        competing=competing_states(outcome, competing),
    )
    if staying is None:
        staying = _staying_well(outcome, names, model if weighted else None)
    if seen == "first-seen":
        return fit_time_to_event(outcome, at_risk, staying, names, model)
    options = {"model": model or "weibull", "proportional": proportional}
    return fit_interval_times(outcome, at_risk, staying, names, **options)


def competing_states(outcome: Outcome, asked: Sequence[str]) -> tuple[str, ...]:
    """Ends after which the event is not counted: those asked for, and declared ones."""
    left = (outcome.frame["state"] == OFF_TREATMENT).any()
    return (*asked, OFF_TREATMENT) if left else tuple(asked)


def _population(outcome: Outcome, descriptive: bool) -> str:
    """The people at risk, in words; a landmark says its own."""
    start = getattr(outcome.rule, "after", "recovery")
    at_risk = POPULATIONS.get(start, "people who recovered") if descriptive else EVERYONE
    return getattr(outcome.rule, "population", at_risk)


def _staying_well(
    outcome: Outcome, names: Sequence[str] | None, model: str | None
) -> ScheduledFit | None:
    study, rule = outcome.study, outcome.rule
    if not isinstance(rule, RelapseRule) or not study.weeks:
        return None
    # counted from the start nothing declares how unknown status counts: leave it out
    missing = "observed" if rule.after == "baseline" else None
    staying = replace(derive_staying_well(study, study.weeks, rule, missing), weight=outcome.weight)
    return fit_response(staying, names, model)
