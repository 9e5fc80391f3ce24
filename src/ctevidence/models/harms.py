"""Risks of harm, counted."""

from __future__ import annotations

from ctevidence.models.fit import ScheduledFit
from ctevidence.models.risk import analysed, counted_fit
from ctevidence.models.weighted_outcome import weighted_fit
from ctevidence.outcomes.outcome import Outcome


def fit_harms(outcome: Outcome) -> ScheduledFit:
    """Risk of a harm under each arm, over all of the follow-up.

    Harms are rare, and regression does not help where few people had one: counts only, each with
    its Wilson interval.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``harms``. Where nothing was recorded the levels are ``nan`` with a caution:
        nothing recorded is not nothing happened. With weights: weighted shares, influence
        functions.

    Returns
    -------
    ScheduledFit
        Levels of ``risk`` without a week.
    """
    if outcome.weight is not None:
        return weighted_fit(outcome)
    return counted_fit(outcome, [analysed(outcome)])
