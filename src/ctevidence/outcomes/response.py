"""Response: improvement since baseline, at a scheduled week, by the declared rule.

Decisions
---------
Percent improvement is measured on the way from the baseline score to the best score of the scale:
``100 (baseline - score) / (baseline - best)``. On scales that run down to 0 this is the usual
percentage of the baseline score. On scales that start above 0 the minimum is subtracted first,
without which a full recovery would be less than 100 per cent (Obermeier et al. 2011, BMC
Psychiatry 11:113, on the PANSS). On scales where higher is better, best is the highest score.

- Exactly the percentage counts as response; a reliable change must exceed measurement error.
- Someone who began at the best score cannot improve, and has not responded.
- A missing score is left out, or counts as not having responded, as declared; scores are never
  carried forward. A score after dropout counts like any other. Death leaves a missing score. Both
  give way to strategies that the study declares for intercurrent events (`intercurrent`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.data.rules import ResponseRule
from ctevidence.data.scales import Scale
from ctevidence.data.study import Study
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.visit_scores import Weeks, scores_at


def derive_response(
    study: Study,
    week: Weeks = None,
    rule: ResponseRule | None = None,
    missing: str | None = None,
) -> Outcome:
    """Who responded, by the declared rule, at one or several scheduled weeks.

    Parameters
    ----------
    study : Study
    week : float or sequence of float, optional
        Scheduled weeks; the study's primary week when absent.
    rule : ResponseRule, optional
        Another rule than the declared one.
    missing : {"observed", "non-response"}, optional
        Another counting of missing scores than the rule's.

    Returns
    -------
    Outcome
        Kind ``response``; one row per person who enters and week, `value` 1.0 or 0.0, nan where
        the score is missing and left out.

    Raises
    ------
    KeyError
        No visit is scheduled at a week.
    ValueError
        No rule is declared.
    """
    rule = declared_rule(study, "response", rule)
    rule = rule if missing is None else replace(rule, missing=missing)
    rows = scores_at(study, week)
    value = has_responded(rule, study.scale, rows["baseline"], rows["score"])
    value = np.where(rows["failed"], 0.0, value)
    return Outcome(
        kind="response",
        name="response " + counting_name(rule.missing, "non-response"),
        study=study,
        frame=value_frame(rows, value, rule.missing),
        rule=rule,
        better="higher",
        cautions=strategy_cautions(study),
    )


def has_responded(rule: ResponseRule, scale: Scale, baseline, score) -> np.ndarray:
    """Whether each score is a response to its baseline score.

    Parameters
    ----------
    rule : ResponseRule
    scale : Scale
    baseline, score : array of float, shape (n,)
        In points; nan where missing.

    Returns
    -------
    array of float, shape (n,)
        1.0 or 0.0, nan where a score that the rule needs is missing.

    Examples
    --------
    >>> from ctevidence.data.scales import get_scale
    >>> rule = ResponseRule("percent_fall", missing="observed", percent=50)
    >>> has_responded(rule, get_scale("bdi"), [29, 29, 0, 20], [14, 15, 0, np.nan])
    array([ 1.,  0.,  0., nan])
    """
    baseline, score = np.asarray(baseline, float), np.asarray(score, float)
    if rule.kind == "cut_off":
        return is_at_least_as_good(scale, score, rule.threshold)
    improvement = (baseline - score) * scale.bad_direction
    if rule.kind == "percent_fall":
        best = scale.low if scale.better == "lower" else scale.high
        # products of points and per cent are exact where their quotient would be rounded
        enough = 100 * improvement >= rule.percent * np.abs(baseline - best)
        responded = enough & (improvement > 0)
    else:
        responded = improvement > rule.reliable_change
    return np.where(np.isnan(improvement), np.nan, responded)


def is_at_least_as_good(scale: Scale, score, threshold: float) -> np.ndarray:
    """1.0 where a score is at or beyond the threshold in the good direction, nan where missing."""
    score = np.asarray(score, float)
    good = (threshold - score) * scale.bad_direction >= 0
    return np.where(np.isnan(score), np.nan, good)


def is_at_least_as_bad(scale: Scale, score, threshold: float) -> np.ndarray:
    """1.0 where a score is at or beyond the threshold in the bad direction, nan where missing."""
    score = np.asarray(score, float)
    bad = (score - threshold) * scale.bad_direction >= 0
    return np.where(np.isnan(score), np.nan, bad)


def value_frame(rows: pd.DataFrame, value: np.ndarray, missing: str) -> pd.DataFrame:
    """Frame of kind ``response``; with ``missing="non-response"`` what is missing counts as 0."""
    frame = rows[["participant_id", "arm", "week"]].assign(value=value)
    return frame if missing == "observed" else frame.fillna({"value": 0.0})


def counting_name(missing: str, as_what: str) -> str:
    """How missing scores count, as a row's name says it."""
    return "(observed)" if missing == "observed" else f"(missing as {as_what})"
