"""Relapse: illness that returns after response, after remission, or after the start.

One row per person who entered. Whoever never responded stays in the frame with state ``never``
and without times: they are not at risk, and are counted by staying well, not here. How visits,
events, ties, dropout and death are read is decided in `illness_return`.

Counted from response or remission, relapse compares people whom treatment has chosen: descriptive
only, and the outcome says so, unless people were randomised after responding.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.rules import RelapseRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.found_once import found_once
from ctevidence.outcomes.illness_return import (
    descriptive_only,
    illness_return,
    return_cautions,
    return_frame,
    with_day_0,
)
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response import has_responded, is_at_least_as_bad, is_at_least_as_good
from ctevidence.outcomes.visit_scores import attended_scores


def derive_relapse(study: Study, rule: RelapseRule | None = None) -> Outcome:
    """Who relapsed, and in which weeks.

    Parameters
    ----------
    study : Study
    rule : RelapseRule, optional
        Another rule than the declared one.

    Returns
    -------
    Outcome
        Kind ``relapse``; weeks since the start of treatment or randomisation.

        =========  ============================================================================
        ``entry``  risk begins: 0 from baseline, else the week of the first response or remission
        ``lower``  last week known well; equal to `upper` for a recorded event
        ``upper``  first week known ill; week of death for ``died``; infinite when censored
        ``state``  ``relapsed``, ``well``, ``dropped out``, ``died``, ``never``
        =========  ============================================================================

        Relapse happened in ``(lower, upper]`` for ``relapsed``; everyone else who started was well
        until `lower`. For ``never`` all times are nan.

    Raises
    ------
    ValueError
        No rule is declared, or none for the response or remission that it counts from.
    """
    rule = declared_rule(study, "relapse", rule)
    visits = judged_visits(study, rule)
    days = relapse_days(study, rule)
    cautions = (descriptive_only(rule.after),) if rule.is_descriptive else ()
    return Outcome(
        kind="relapse",
        name="relapse",
        study=study,
        frame=return_frame(days),
        rule=rule,
        better="lower",
        cautions=cautions + reading_cautions(study, rule, visits, days),
    )


def judged_visits(study: Study, rule: RelapseRule) -> pd.DataFrame:
    """Attended visits with what each shows: ``reached`` (the start) and ``ill``, both bool."""
    visits = attended_scores(study)
    if rule.after == "baseline":
        reached = np.ones(len(visits))
    elif rule.after == "remission":
        start = declared_rule(study, "remission")
        reached = is_at_least_as_good(study.scale, visits["score"], start.threshold)
    else:
        start = declared_rule(study, "response")
        reached = has_responded(start, study.scale, visits["baseline"], visits["score"])
    return visits.assign(reached=reached == 1, ill=_is_ill(study, rule, visits["score"]))


@found_once
def relapse_days(study: Study, rule: RelapseRule) -> pd.DataFrame:
    """Turning days by the rule, as `illness_return` gives them."""
    visits = judged_visits(study, rule)
    people = study.entering()["participant_id"]
    seen = with_day_0(visits, people, from_baseline=rule.after == "baseline")
    return illness_return(study, seen, rule.confirm_visits, _event(rule))


def reading_cautions(
    study: Study, rule: RelapseRule, visits: pd.DataFrame, days: pd.DataFrame
) -> tuple[str, ...]:
    """What the reader of relapse, and of staying well, must know about these data."""
    found = return_cautions(study, days, _event(rule))
    if rule.after == "baseline":
        if _is_ill(study, rule, study.entering()["baseline"]).any():
            found += (say("outcomes.relapse.began_ill"),)
    elif (visits["reached"] & visits["ill"]).any():
        found += (say("outcomes.relapse.both_at_once", after=rule.after),)
    return found


def _event(rule: RelapseRule) -> str | None:
    return "relapse" if rule.from_events else None


def _is_ill(study: Study, rule: RelapseRule, score: pd.Series) -> np.ndarray:
    if rule.from_events:
        return np.zeros(len(score), bool)
    return is_at_least_as_bad(study.scale, score, rule.threshold) == 1
