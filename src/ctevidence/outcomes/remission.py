"""Remission: a score at or beyond the cut-off, at a scheduled week.

Remission looks at the score alone, not at the way from baseline: whoever enters with a score that
is already beyond the cut-off is in remission as long as it stays there. The cut-off itself counts.
Missing scores, dropout and death count as for response.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctevidence.data.rules import RemissionRule
from ctevidence.data.study import Study
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response import counting_name, is_at_least_as_good, value_frame
from ctevidence.outcomes.visit_scores import Weeks, scores_at


def derive_remission(
    study: Study,
    week: Weeks = None,
    rule: RemissionRule | None = None,
    missing: str | None = None,
) -> Outcome:
    """Who was in remission, by the declared cut-off, at one or several scheduled weeks.

    Parameters
    ----------
    study : Study
    week : float or sequence of float, optional
        Scheduled weeks; the study's primary week when absent.
    rule : RemissionRule, optional
        Another rule than the declared one.
    missing : {"observed", "non-response"}, optional
        Another counting of missing scores than the rule's.

    Returns
    -------
    Outcome
        Kind ``response``; `value` 1.0 or 0.0, nan where the score is missing and left out.

    Raises
    ------
    KeyError
        No visit is scheduled at a week.
    ValueError
        No rule is declared.
    """
    rule = declared_rule(study, "remission", rule)
    rule = rule if missing is None else replace(rule, missing=missing)
    rows = scores_at(study, week)
    value = is_at_least_as_good(study.scale, rows["score"], rule.threshold)
    value = np.where(rows["failed"], 0.0, value)
    return Outcome(
        kind="response",
        name="remission " + counting_name(rule.missing, "non-remission"),
        study=study,
        frame=value_frame(rows, value, rule.missing),
        rule=rule,
        better="higher",
        cautions=strategy_cautions(study),
    )
