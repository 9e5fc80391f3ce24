"""Risks of harm, counted."""

from __future__ import annotations

from ctevidence.models.fit import ScheduledFit, refuse_weights
from ctevidence.models.risk import analysed, counted_fit
from ctevidence.outcomes.outcome import Outcome


def fit_harms(outcome: Outcome) -> ScheduledFit:
    """Risk of a harm under each arm, over all of the follow-up.

    Harms are rare, and regression does not help where few people had one: counts only, each with
    its Wilson interval.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``harms``. Where nothing was recorded the levels are ``nan`` with a caution:
        nothing recorded is not nothing happened.

    Returns
    -------
    ScheduledFit
        Levels of ``risk`` without a week.
    """
    refuse_weights(outcome)
    return counted_fit(outcome, [analysed(outcome)])
