"""Never started: people who were given a treatment and did not take it up.

Decisions: everyone counts who entered. Someone never started when a dropout was recorded whose
reason is declared to count as ``never started``, or, where the study declares that its treatments
show who started, when a part that the arm holds has no row for them. Without either nothing is
known, and the value is missing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.rules import RetentionRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.follow_up import follow_up
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import COMPONENTS

NEVER = "never started"


def derive_never_started(study: Study, rule: RetentionRule | None = None) -> Outcome:
    """Who never took up the treatment, or a part of it.

    Parameters
    ----------
    study : Study
    rule : RetentionRule, optional
        Another rule than the declared one.

    Returns
    -------
    Outcome
        Kind ``never_started``; `value` 1.0 or 0.0, nan where it was not recorded. An arm without
        an active part has nothing to start, unless a reason says so.

    Raises
    ------
    ValueError
        No rule of retention is declared.
    """
    rule = declared_rule(study, "retention", rule)
    people = follow_up(study)
    by_reason = NEVER in dict(rule.reasons).values()
    value = pd.Series(0.0 if by_reason else np.nan, people.index)
    if by_reason:
        value[people["reason"].map(dict(rule.reasons)) == NEVER] = 1.0
    if rule.treatments_show_starts:
        missing = _without_a_part(study, people)
        value = value.where(missing.isna(), np.fmax(value, missing))
    cautions = () if value.notna().any() else (say("outcomes.never_started.not_recorded"),)
    return Outcome(
        kind="never_started",
        name="never starting treatment",
        study=study,
        frame=pd.DataFrame({"arm": people["arm"], "value": value}).reset_index(),
        rule=rule,
        better="lower",
        cautions=cautions,
    )


def _without_a_part(study: Study, people: pd.DataFrame) -> pd.Series:
    """1 for whoever has no row of an active part of their arm, nan in arms without one."""
    given = study.treatments
    parts = {arm.name: arm.components for arm in study.arms}
    missing = pd.Series(np.nan, people.index)
    for component in COMPONENTS:
        wanted = people["arm"].map(lambda arm, part=component: part in parts[arm]).to_numpy(bool)
        has = given.loc[given["component"] == component, "participant_id"] if len(given) else ()
        lacks = ~people.index.isin(has)
        missing[wanted] = np.fmax(missing[wanted], lacks[wanted].astype(float))
    return missing
