"""How fast people respond: the time until the first visit that shows response."""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.models.covariates import adjustment
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.time_to_event import TimeToEventFit, fit_time_to_event
from ctevidence.models.weighted_times import WeightedTimeToEventFit
from ctevidence.outcomes.outcome import Outcome


def fit_time_to_response(
    outcome: Outcome, adjust: Sequence[str] | None = None, *, model: str | None = None
) -> TimeToEventFit | WeightedTimeToEventFit:
    """Weeks until first response under each arm.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``time_to_response``.
    adjust : sequence of str, optional
        Covariates of the hazard ratio; those declared by the study when absent. With weights: of
        the regression of ``"doubly-robust"``.
    model : {"weighted", "doubly-robust"}, optional
        For an outcome with weights (``outcome.weighted(weights)``) only, the first when absent.

    Returns
    -------
    TimeToEventFit or WeightedTimeToEventFit
        ``survival`` is the share still without response, ``rmst`` the mean number of the first
        weeks spent without it (the restricted mean time to response): fewer are better.
        ``log_hazard`` is of response: more is better.

    Notes
    -----
    Whoever leaves is censored at the last visit, as if they would have gone on to respond like
    those who stayed. Response at a week, with leaving counted as not responding, makes the
    opposite assumption: show both.
    """
    at_risk = AtRisk(
        event="response",
        state="responded",
        seen_at_visits=True,
        randomised=outcome.study.randomised,
        is_wanted=True,
    )
    names = adjustment(outcome.study, adjust) if outcome.weight is None else adjust
    return fit_time_to_event(outcome, at_risk, None, names, model)
