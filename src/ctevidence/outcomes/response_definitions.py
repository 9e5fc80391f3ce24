"""Response by every declared definition, with missing scores counted in every declared way.

With the last score carried forward, whoever has no score at the week keeps the last one that was
seen at a scheduled visit before it, or else the baseline score. That assumes that nothing changed
afterwards; the outcome says so in its name and in a caution.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.rules import ResponseRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.clinical_change import derive_clinical_change
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response import derive_response, has_responded, value_frame
from ctevidence.outcomes.visit_scores import declared_scores, scores_at


def declared_definitions(study: Study) -> tuple[ResponseDefinition, ...]:
    """The definitions of a study; without any, its rules of response and remission, each counted
    in both ways.
    """
    if study.rules.definitions:
        return study.rules.definitions
    both = ("observed", "non-response")
    found = []
    if rule := study.rules.response:
        found.append(ResponseDefinition("response", rule.name, rule, both))
    if remission := study.rules.remission:
        rule = ResponseRule("cut_off", "observed", threshold=remission.threshold)
        label = f"remission, {remission.threshold:g} or {_better(study)}"
        found.append(ResponseDefinition("remission", label, rule, both))
    return tuple(found)


def _better(study: Study) -> str:
    return "less" if study.scale.better == "lower" else "more"


def derive_definition(
    study: Study, definition: ResponseDefinition, missing: str, week: float | None = None
) -> Outcome:
    """Who responded by one definition at a scheduled week.

    Parameters
    ----------
    study : Study
    definition : ResponseDefinition
    missing : {"observed", "non-response", "last-observation"}
    week : float, optional
        The study's primary week when absent.

    Returns
    -------
    Outcome
        Kind ``response``, named for the definition and the counting.
    """
    name = definition.outcome_name(missing)
    if definition.rule is None:
        recovered = derive_clinical_change(study, week).outcome("reliable recovery", missing)
        return _renamed(recovered, name)
    rule = definition.rule_counting(missing)
    if missing != "last-observation":
        return _renamed(derive_response(study, week, rule), name)
    rows = scores_at(study, week)
    carried = rows["score"].fillna(_last_before(study, rows)).fillna(rows["baseline"])
    value = has_responded(rule, study.scale, rows["baseline"], carried)
    value = np.where(rows["failed"], 0.0, value)
    return Outcome(
        kind="response",
        name=name,
        study=study,
        frame=value_frame(rows, value, "observed"),
        rule=rule,
        better="higher",
        cautions=(say("outcomes.response_definitions.carried_forward"), *strategy_cautions(study)),
    )


def _renamed(outcome: Outcome, name: str) -> Outcome:
    return Outcome(
        kind=outcome.kind,
        name=name,
        study=outcome.study,
        frame=outcome.frame,
        rule=outcome.rule,
        better=outcome.better,
        cautions=outcome.cautions,
    )


def _last_before(study: Study, rows: pd.DataFrame) -> pd.Series:
    """The last score of a scheduled visit before the week of each row; nan when there is none."""
    seen = declared_scores(study)[["participant_id", "week", "score"]]
    pairs = (
        rows[["participant_id", "week"]]
        .reset_index()
        .merge(seen, on="participant_id", suffixes=("", "_seen"))
    )
    before = pairs[pairs["week_seen"] < pairs["week"]].sort_values("week_seen", kind="stable")
    return before.groupby("index")["score"].last().reindex(rows.index)
