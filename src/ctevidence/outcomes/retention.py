"""Retention: staying in treatment, from recorded dropouts or from the last visit.

Decisions beyond those of `follow_up`:

- Everyone enters at week 0. Dropout is from treatment: a visit after a recorded dropout does not
  undo it. Its reason may be being well, so dropout is not failure.
- ``events``: dropout has its recorded day. Whoever has none stayed until the last contact; nothing
  is assumed after it.
- ``last_visit``: whoever missed the last due visit dropped out after the last visit attended and
  at or before the nominal day of the next one due; a missed visit before a later one is no dropout.
  Whoever never came dropped out between day 0 and the first visit due.
- A dropout has a kind: what its recorded reason is declared to count as. Kinds compete: whoever
  left because they were well cannot leave later because of side effects. The words of reasons
  stay here: they may hold what a person said.
- With ``events`` and no dropout recorded for anyone, nothing is known, unless the study declares
  that it recorded dropout.
- The end of follow-up is censoring. Death ends treatment without being dropout, unless a due visit
  had been missed before it: state ``died``, a competing event or censoring, as the model decides.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.rules import DROPOUT_KINDS, RetentionRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.follow_up import after, follow_up
from ctevidence.outcomes.intercurrent import (
    COMPOSITE,
    HYPOTHETICAL,
    deciding_events,
    strategy_cautions,
)
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import DAYS_PER_WEEK

STATES = ("stayed", "dropped out", "died")
NOT_STATED = "reason not stated"


def derive_retention(study: Study, rule: RetentionRule | None = None) -> Outcome:
    """Who stayed in treatment, and in which weeks the others left.

    Parameters
    ----------
    study : Study
    rule : RetentionRule, optional
        Another rule than the declared one.

    Returns
    -------
    Outcome
        Kind ``retention``; weeks since the start.

        ==========  ===========================================================================
        ``entry``   0
        ``lower``   last week known in treatment; equal to `upper` for a recorded dropout
        ``upper``   first week known to have left, or the week of death; infinite for ``stayed``
        ``state``   ``stayed``, ``dropped out``, ``died``
        ``reason``  recorded reason of the dropout, empty when there is none
        ``kind``    what it counts as, `NOT_STATED` where nothing is declared; empty for the others
        ==========  ===========================================================================

    Raises
    ------
    ValueError
        No rule is declared.
    """
    rule = declared_rule(study, "retention", rule)
    followed = follow_up(study)
    ended = _recorded_end(followed) if rule.source == "events" else _last_seen(followed)
    ended = _as_declared(study, ended)
    frame = pd.DataFrame(
        {
            "arm": followed["arm"],
            "entry": 0.0,
            "lower": ended["lower"] / DAYS_PER_WEEK,
            "upper": ended["upper"] / DAYS_PER_WEEK,
            "state": ended["state"],
            "reason": followed["reason"].where(ended["state"] == "dropped out", ""),
        }
    )
    frame["kind"] = _kinds(frame, rule)
    return Outcome(
        kind="retention",
        name="retention",
        study=study,
        frame=frame.reset_index(),
        rule=rule,
        better="higher",
        cautions=_cautions(study, rule),
    )


def is_recorded(study: Study, rule: RetentionRule) -> bool:
    """Whether the study shows who dropped out: by its visits, or by events that it recorded."""
    recorded = {*study.events["event"], *study.rules.recorded_events}
    return rule.source == "last_visit" or "dropout" in recorded


def dropout_kinds(frame: pd.DataFrame, rule: RetentionRule) -> list[str]:
    """Kinds of dropout that the rule declares, in order; dropouts without a reason last."""
    declared = {kind for _, kind in rule.reasons}
    kinds = [kind for kind in DROPOUT_KINDS if kind in declared]
    return [*kinds, NOT_STATED] if (frame["kind"] == NOT_STATED).any() else kinds


def _kinds(frame: pd.DataFrame, rule: RetentionRule) -> pd.Series:
    kind = frame["reason"].map(dict(rule.reasons)).fillna(NOT_STATED)
    return kind.where(frame["state"] == "dropped out", "")


def _recorded_end(followed: pd.DataFrame) -> pd.DataFrame:
    dropout, death = (after(followed[kind], 0.0) for kind in ("dropout", "death"))
    left = dropout.fillna(death)
    return pd.DataFrame(
        {
            "lower": left.fillna(followed["last_contact"]),
            "upper": left.fillna(np.inf),
            "state": np.select([dropout.notna(), death.notna()], ["dropped out", "died"], "stayed"),
        }
    )


def _last_seen(followed: pd.DataFrame) -> pd.DataFrame:
    death = after(followed["death"], 0.0)
    died = death.notna() & ~(death > followed["next_due"])
    dropped = followed["next_due"].notna()
    stayed_until = np.fmax(followed["last_visit"], followed["end"])
    return pd.DataFrame(
        {
            "lower": np.select([died, dropped], [death, followed["last_visit"]], stayed_until),
            "upper": np.select([died, dropped], [death, followed["next_due"]], np.inf),
            "state": np.select([died, dropped], ["died", "dropped out"], "stayed"),
        },
        index=followed.index,
    )


def _as_declared(study: Study, ended: pd.DataFrame) -> pd.DataFrame:
    """Strategies for events that change treatment before anyone left: dropout, or end of knowledge.

    Dropout itself is what is counted here, and while on treatment says nothing about staying in it.
    """
    decided = deciding_events(study, ("dropout", "death")).reindex(ended.index)
    day = after(decided["day"], 0.0)
    first = day < ended["upper"]
    failed = first & (decided["strategy"] == COMPOSITE)
    cut = first & (decided["strategy"] == HYPOTHETICAL) & (day < ended["lower"])
    return pd.DataFrame(
        {
            "lower": ended["lower"].mask(failed | cut, day),
            "upper": ended["upper"].mask(failed, day).mask(cut, np.inf),
            "state": ended["state"].mask(failed, "dropped out").mask(cut, "stayed"),
        }
    )


def _cautions(study: Study, rule: RetentionRule) -> tuple[str, ...]:
    return _reading(study, rule) + strategy_cautions(study)


def _reading(study: Study, rule: RetentionRule) -> tuple[str, ...]:
    if not is_recorded(study, rule):
        return (say("outcomes.retention.no_dropout"),)
    if rule.source == "last_visit":
        return (say("outcomes.retention.last_visit"),)
    return ()
