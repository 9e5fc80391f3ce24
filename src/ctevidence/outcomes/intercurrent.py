"""Declared strategies for intercurrent events, carried out on scores and on times.

Decisions
---------
- Of several events the one that comes first decides; on one day the one declared first. Events
  with the strategy treatment policy decide nothing.
- What was seen on the day of the event was seen before it.
- ``adding`` is the first spell of a component that the arm does not contain, begun after day 0;
  ``switching`` the first spell of another name of a component that the arm contains;
  ``stopping`` the end of the last spell of such a component before the declared week. Names that
  the study declares inactive are no treatment. Whoever has no recorded spell has no such event.
- Composite: failure from then on. A score counts as the baseline score, so that nothing was gained;
  nobody has responded or is in remission; illness has returned, for whoever was at risk of it.
- While on treatment: the last score up to the event counts from then on, the baseline score where
  there is none; of times, what comes after the event is kept from happening by it.
- Hypothetical: what comes after the event is missing; fits that take missing scores as missing at
  random, and imputation, then answer what would have been without it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.intercurrent_events import IntercurrentEvent
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.terms import DAYS_PER_WEEK

POLICY, HYPOTHETICAL = "treatment policy", "hypothetical"
COMPOSITE, WHILE_ON = "composite", "while on treatment"
#: State of those whose time at risk an event ended that is counted while on treatment.
OFF_TREATMENT = "off treatment"


def intercurrent_day(study: Study, event: IntercurrentEvent) -> pd.Series:
    """Day of each person's first event of a kind, indexed by ``participant_id``, for those with it.

    Parameters
    ----------
    study : Study
    event : IntercurrentEvent

    Returns
    -------
    Series of float
    """
    if not event.component:
        rows = study.events
        rows = rows[rows["event"] == event.event]
        return rows.groupby("participant_id", observed=True)["day"].min().astype(float)
    spells = _spells(study, event.component)
    contained = spells["in_arm"]
    if event.event.startswith("adding"):
        found = spells[~contained & (spells["start_day"] > 0)]
        return found.groupby("participant_id", observed=True)["start_day"].min().astype(float)
    spells = spells[contained]
    people = spells.groupby("participant_id", observed=True)
    if event.event.startswith("switching"):
        other = spells["name"] != people["name"].transform("first")
        found = spells[other & (spells["start_day"] > people["start_day"].transform("min"))]
        return found.groupby("participant_id", observed=True)["start_day"].min().astype(float)
    # an open end lasts
    last = spells["stop_day"].fillna(np.inf).groupby(spells["participant_id"], observed=True).max()
    return last[last < event.before_week * DAYS_PER_WEEK].astype(float)


def _spells(study: Study, component: str) -> pd.DataFrame:
    """Active spells of a component, in order, and whether the person's arm contains it."""
    table = study.treatments
    if not len(table):
        columns = ["participant_id", "name", "start_day", "stop_day", "in_arm"]
        return pd.DataFrame(columns=columns).astype({"in_arm": bool})
    inactive = {word.lower() for word in study.inactive}
    active = ~table["name"].astype(str).str.lower().isin(inactive)
    rows = table[(table["component"] == component) & active]
    holds = {arm.name: component in arm.components for arm in study.arms}
    arms = study.participants.set_index("participant_id")["arm"].astype(str).map(holds)
    rows = rows.assign(in_arm=rows["participant_id"].map(arms).fillna(False).astype(bool))
    return rows.sort_values(["participant_id", "start_day"], kind="stable")


def deciding_events(study: Study, besides: tuple[str, ...] = ()) -> pd.DataFrame:
    """The event that decides about each person who has one.

    Parameters
    ----------
    study : Study
    besides : tuple of str
        Events that decide nothing here, as they are themselves what is counted.

    Returns
    -------
    DataFrame
        Indexed by ``participant_id``: ``day`` and ``strategy``.
    """
    found = [
        pd.DataFrame({"day": intercurrent_day(study, event), "strategy": event.strategy})
        for event in study.rules.intercurrent
        if event.strategy != POLICY and event.event not in besides
    ]
    found = [rows for rows in found if len(rows)]
    if not found:
        return pd.DataFrame({"day": pd.Series(dtype=float), "strategy": pd.Series(dtype=object)})
    rows = pd.concat(found).sort_values("day", kind="stable")
    return rows[~rows.index.duplicated()]


def scores_as_declared(study: Study, seen: pd.DataFrame) -> pd.DataFrame:
    """Scores with the declared strategies carried out.

    Parameters
    ----------
    study : Study
    seen : DataFrame
        Scores at the scheduled visits attended, as `visit_scores.attended_scores` gives them.

    Returns
    -------
    DataFrame
        The same columns and ``failed`` (bool): the score stands for failure, whatever it is.
        Scores that a strategy puts in have the nominal day of their week.
    """
    decided = deciding_events(study)
    seen = seen.assign(failed=False)
    if not len(decided):
        return seen
    late = seen["day"] > seen["participant_id"].map(decided["day"]).astype(float)
    filled = _filled_in(study, seen[~late], seen[late], decided)
    rows = pd.concat([seen[~late], filled], ignore_index=True)
    place = pd.Index(study.entering()["participant_id"]).get_indexer(rows["participant_id"])
    return rows.iloc[np.lexsort((rows["week"], place))].reset_index(drop=True)


def _filled_in(
    study: Study, kept: pd.DataFrame, late: pd.DataFrame, decided: pd.DataFrame
) -> pd.DataFrame:
    """Scores of every scheduled week after events that leave a state behind."""
    people = study.entering()[["participant_id", "arm", "baseline"]]
    people = people.join(decided[decided["strategy"] != HYPOTHETICAL], "participant_id", "inner")
    grid = people.merge(pd.DataFrame({"week": list(study.weeks)}), how="cross")
    visit = pd.MultiIndex.from_frame(grid[["participant_id", "week"]])
    nominal = grid["week"] * DAYS_PER_WEEK
    before, after = (pd.MultiIndex.from_frame(r[["participant_id", "week"]]) for r in (kept, late))
    # a visit after the event may be filed under a week whose nominal day lies before it
    grid = grid[((nominal > grid["day"]) | visit.isin(after)) & ~visit.isin(before)]
    last = kept.groupby("participant_id", observed=True)["score"].last()
    last = grid["participant_id"].map(last).astype(float).fillna(grid["baseline"])
    failed = grid["strategy"] == COMPOSITE
    return grid.assign(
        day=grid["week"] * DAYS_PER_WEEK,
        score=np.where(failed, grid["baseline"], last),
        failed=failed,
    )[list(kept.columns)]


def strategies_of(caution: str) -> str:
    """The declared strategies that a row's caution names; empty where it names none.

    Examples
    --------
    >>> strategies_of("one small study; Intercurrent events, death (composite)")
    'death (composite)'
    """
    start = say("outcomes.intercurrent.declared")
    named = [p.removeprefix(start) for p in caution.split("; ") if p.startswith(start)]
    return ", ".join(named)


def strategies_in_words(study: Study) -> str:
    """All declared strategies as one phrase; empty when none is declared."""
    return ", ".join(event.describe() for event in study.rules.intercurrent)


def strategy_cautions(study: Study, carried_out: bool = True) -> tuple[str, ...]:
    """What a reader of an outcome must know about its intercurrent events.

    Parameters
    ----------
    study : Study
    carried_out : bool
        False for an outcome to which the strategies do not apply.
    """
    if not study.rules.intercurrent:
        return ()
    if carried_out:
        return (f"{say('outcomes.intercurrent.declared')}{strategies_in_words(study)}",)
    events = ", ".join(event.in_words for event in study.rules.intercurrent)
    return (say("outcomes.intercurrent.as_it_is", events=events),)
