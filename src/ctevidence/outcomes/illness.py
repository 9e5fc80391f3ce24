"""The whole illness: who is ill, responded, in remission, ill again - where, from when to when.

One history per person who entered, made of times in states that follow each other. Decisions beyond
those of `illness_return`:

- Whoever has reached the start of the relapse rule is well until relapse by that rule: a worse
  score that is not relapse leaves people where they are, and remission once reached does not turn
  back into mere response. Being in a state of this kind is therefore the same as staying well.
- Before the start, people are where each visit puts them: ill, or (where relapse counts from
  remission) with a response that is not yet remission.
- After relapse, the first visit that shows the start again makes somebody well again: a state of
  its own, because the first time well is over. From there relapse is possible again. Counted from
  baseline, remission shows it; without a rule of remission, a score that is not ill.
- A state seen at a visit begins at the nominal week of the visit, so that nobody is compared with
  those only who came later to the same visit; what is recorded with a day begins on its day. On
  one day the order is visit, relapse, dropout, switch, death, each change half a day after the one
  before, so that none is lost.
- Dropout and a recorded switch (of treatment, or to mania, as the study uses the word) are a state,
  censoring, or nothing, as declared. Death is always a state. Nobody leaves these states. Otherwise
  a history ends at the last visit, or with recorded relapses at the last contact of any kind.
- Last seen ill at too few visits to confirm it: the history ends at the last visit known well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import pandas as pd

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule
from ctevidence.data.study import Study
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.follow_up import HALF_DAY, follow_up
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.relapse import judged_visits
from ctevidence.outcomes.response import has_responded, is_at_least_as_good
from ctevidence.outcomes.retention import derive_retention
from ctevidence.terms import DAYS_PER_WEEK

#: state -> what people in it are, in words
STATE_WORDS = {
    "ill": "ill",
    "response": "in response",
    "remission": "in remission",
    "relapse": "in relapse",
    "well again": "well again after relapse",
    "well": "well without relapse",
    "dropped out": "out of treatment",
    "switched": "past a switch",
    "died": "dead",
}
#: In which it is good to be, and those which nobody leaves.
GOOD = ("response", "remission", "well", "well again")
ABSORBING = ("dropped out", "switched", "died")
#: What falls on one day, in this order.
VISIT, RELAPSE, DROPOUT, SWITCH, DEATH = range(5)
_ENDS_IN = {DROPOUT: "dropped out", SWITCH: "switched", DEATH: "died"}
#: Decimals of weeks: without rounding, equal numbers of days would give unequal times.
TIME_DECIMALS = 9


@dataclass(frozen=True)
class IllnessHistoryRule:
    """All that decides who is in which state when.

    Parameters
    ----------
    illness : IllnessRule
    relapse : RelapseRule
    states : tuple of str
        In the order of the illness; the first is that of day 0.
    well : tuple of str
        Those in which somebody has reached the start of the relapse rule and not relapsed.
    """

    illness: IllnessRule
    relapse: RelapseRule
    states: tuple[str, ...]
    well: tuple[str, ...]

    def describe(self) -> str:
        return (
            f"History of the illness through the states {', '.join(self.states)}. "
            f"{self.relapse.describe()} {self.illness.describe()}"
        )


def derive_illness(
    study: Study, rule: IllnessRule | None = None, relapse: RelapseRule | None = None
) -> Outcome:
    """Who is in which state of the illness, from when to when.

    Parameters
    ----------
    study : Study
    rule : IllnessRule, optional
        Another rule for dropout and switches than the declared one.
    relapse : RelapseRule, optional
        Another rule of relapse than the declared one.

    Returns
    -------
    Outcome
        Kind ``illness``; a row for each time of a person in a state, in weeks since the start.

        =========  ===========================================================================
        ``start``  0 in the first row of a person, else where the row before ends
        ``stop``   equal to `start` for people of whom nothing is known after day 0
        ``state``  one of ``rule.states``
        ``then``   the state that follows; empty where follow-up ends
        =========  ===========================================================================

    Raises
    ------
    ValueError
        The study declares no rule for the illness, for relapse, for the response or remission
        that relapse counts from, or for retention where dropout is looked at.

    Examples
    --------
    >>> from ctevidence.simulate import simulate_study
    >>> outcome = derive_illness(simulate_study(n=40, seed=1), IllnessRule("state", "ignored"))
    >>> outcome.rule.states
    ('ill', 'response', 'remission', 'relapse', 'well again', 'dropped out')
    """
    rule = declared_rule(study, "illness", rule)
    relapse = declared_rule(study, "relapse", relapse)
    history = _history_rule(study, rule, relapse)
    visits = _shown(study, relapse)
    followed = follow_up(study)
    moments = _moments(study, rule, relapse, visits, followed)
    ends = _ends(study, rule, relapse, followed)
    rows = []
    by_person = {who: list(m) for who, m in groupby(moments, key=itemgetter(0))}
    for who, arm in zip(followed.index, followed["arm"].astype(str), strict=True):
        steps, end = _walk(by_person.get(who, ()), history, ends[who])
        rows += [(who, arm, *row) for row in _spells(steps, end)]
    columns = ["participant_id", "arm", "start", "stop", "state", "then"]
    return Outcome(
        kind="illness",
        name="course of the illness",
        study=study,
        frame=pd.DataFrame(rows, columns=columns),
        rule=history,
        better="higher",
        cautions=(*_cautions(study, history, visits), *strategy_cautions(study, carried_out=False)),
    )


def _history_rule(study: Study, rule: IllnessRule, relapse: RelapseRule) -> IllnessHistoryRule:
    """The states that the declared rules make possible, in the order of the illness."""
    if relapse.after == "baseline":
        before, well = (), ("well",)
    elif relapse.after == "remission":
        before, well = ("ill",), ("remission",)
        before += ("response",) if study.rules.response else ()
    else:
        before, well = ("ill",), ("response",)
        well += ("remission",) if study.rules.remission else ()
    again = ("well again",)
    if relapse.after == "baseline" and relapse.from_events and not study.rules.remission:
        again = ()  # nothing declared says when a recorded relapse is over
    ends = ("dropped out",) if rule.dropout == "state" else ()
    ends += ("switched",) if rule.switch == "state" else ()
    ends += ("died",) if (study.events["event"] == "death").any() else ()
    return IllnessHistoryRule(rule, relapse, (*before, *well, "relapse", *again, *ends), well)


def _shown(study: Study, relapse: RelapseRule) -> pd.DataFrame:
    """Attended visits with what each shows: ``start``, ``response``, ``remission``, ``relapse``
    (ill, and confirmed) and ``unconfirmed`` (among the last visits, ill but too few), bool."""
    visits = judged_visits(study, relapse)
    responds, remits = study.rules.response, study.rules.remission
    score, ill = visits["score"], visits["ill"]
    none = np.zeros(len(visits))
    responded = (
        has_responded(responds, study.scale, visits["baseline"], score) if responds else none
    )
    remitted = is_at_least_as_good(study.scale, score, remits.threshold) if remits else none
    who = visits["participant_id"]
    spell = (ill != ill.groupby(who).shift()).groupby(who).cumsum()
    in_a_row = score.groupby([who, spell]).transform("size")
    confirmed = ill & (in_a_row >= relapse.confirm_visits)
    last = spell == spell.groupby(who).transform("max")
    reached = visits["reached"]
    if relapse.after == "baseline":  # everyone starts well, and is well again by what is declared
        reached = (remitted == 1) if remits else not relapse.from_events
    return visits.assign(
        start=reached & ~ill,
        response=(responded == 1) & ~ill,
        remission=(remitted == 1) & ~ill,
        relapse=confirmed,
        unconfirmed=ill & ~confirmed & last,
    )


def _moments(study, rule, relapse, visits: pd.DataFrame, followed: pd.DataFrame) -> list[tuple]:
    """What happened to everyone, in order: (person, day, rank, week, what a visit shows)."""
    shows = visits[["start", "response", "remission", "relapse", "unconfirmed"]]
    parts = [
        pd.DataFrame(
            {
                "who": visits["participant_id"],
                "day": visits["day"],
                "rank": VISIT,
                "week": visits["week"].astype(float),
                "shows": list(shows.itertuples(index=False, name="Shows")),
            }
        )
    ]
    recorded = [(DEATH, followed["death"])]
    if rule.dropout == "state":
        retention = derive_retention(study).frame.set_index("participant_id")
        left = retention["upper"].where(retention["state"] == "dropped out") * DAYS_PER_WEEK
        recorded.append((DROPOUT, left))
    for kind, event in ((RELAPSE, "relapse"), (SWITCH, "switch")):
        if (kind == RELAPSE and relapse.from_events) or (kind == SWITCH and rule.switch == "state"):
            rows = study.events[study.events["event"] == event]
            rows = rows[rows["participant_id"].isin(followed.index)]
            recorded.append((kind, rows.set_index("participant_id")["day"].astype(float)))
    for rank, found in recorded:
        day = found.dropna()
        # on day 0 itself nobody has been in the first state yet
        day = day.where(day > 0, HALF_DAY)
        week = (day / DAYS_PER_WEEK).round(TIME_DECIMALS)
        part = {"who": day.index, "day": day.to_numpy(), "rank": rank, "week": week.to_numpy()}
        parts.append(pd.DataFrame(part).assign(shows=None))
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values(["who", "day", "rank"], kind="stable")
    return list(table.itertuples(index=False, name=None))


def _ends(study, rule, relapse, followed: pd.DataFrame) -> dict:
    """The week, by person, after which nothing more is known unless something happened."""
    last = followed["last_contact" if relapse.from_events else "last_visit"]
    ends = last / DAYS_PER_WEEK
    if rule.dropout == "censoring":
        kept = derive_retention(study).frame.set_index("participant_id")
        ends = ends.where(kept["state"] != "dropped out", np.minimum(ends, kept["lower"]))
    if rule.switch == "censoring":
        switched = study.events[study.events["event"] == "switch"]
        first = switched.groupby("participant_id")["day"].min() / DAYS_PER_WEEK
        ends = np.fmin(ends, first.reindex(ends.index))
    censored = "censoring" in (rule.dropout, rule.switch)
    ends = ends.round(TIME_DECIMALS)
    return {who: (end, censored) for who, end in ends.items()}


def _walk(moments, rule: IllnessHistoryRule, end) -> tuple[list[tuple[float, str]], float]:
    """States of one person with the week each begins, and the week when the history ends."""
    last, censored = end
    state, week, known = rule.states[0], 0.0, 0.0
    steps = [(0.0, state)]
    for _, day, rank, at, shows in moments:
        if censored and day / DAYS_PER_WEEK > last + 10**-TIME_DECIMALS:
            break
        week = max(week, at)
        if rank == VISIT and shows.unconfirmed and _is_well(state, rule):
            return steps, known
        state = _next(state, rank, shows, rule)
        if state != steps[-1][1]:
            if week <= steps[-1][0]:
                week = round(steps[-1][0] + HALF_DAY / DAYS_PER_WEEK, TIME_DECIMALS)
            steps.append((week, state))
        known = week
        if state in ABSORBING:
            return steps, week
    return steps, max(last, week)


def _is_well(state: str, rule: IllnessHistoryRule) -> bool:
    return state in rule.well or state == "well again"


def _next(state: str, rank: int, shows, rule: IllnessHistoryRule) -> str:
    """The state that something leads to."""
    if rank in _ENDS_IN:
        return _ENDS_IN[rank]
    if _is_well(state, rule):
        return _from_well(state, rank, shows, rule)
    # nobody relapses while ill
    return state if rank == RELAPSE else _from_ill(state, shows, rule)


def _from_well(state: str, rank: int, shows, rule: IllnessHistoryRule) -> str:
    if rank == RELAPSE or shows.relapse:
        return "relapse"
    deeper = state == "response" and "remission" in rule.states and shows.remission
    return "remission" if deeper else state


def _from_ill(state: str, shows, rule: IllnessHistoryRule) -> str:
    if state == "relapse":
        return "well again" if shows.start and "well again" in rule.states else state
    if shows.start:
        return "remission" if "remission" in rule.well and shows.remission else rule.well[0]
    return "response" if "response" in rule.states and shows.response else "ill"


def _spells(steps: list[tuple[float, str]], end: float) -> Iterator[tuple]:
    """Rows ``start, stop, state, then``."""
    for (start, state), (stop, then) in pairwise(steps):
        yield start, stop, state, then
    start, state = steps[-1]
    # a state reached at the end itself stands in the row that leads to it
    if end > start or len(steps) == 1:
        yield start, end, state, ""


def _cautions(study: Study, rule: IllnessHistoryRule, visits: pd.DataFrame) -> Iterator[str]:
    recorded = set(study.events["event"])
    looked_at = [
        ("relapse", rule.relapse.from_events),
        ("switch", rule.illness.switch != "ignored"),
    ]
    for event, is_used in looked_at:
        if is_used and event not in recorded:
            yield f"No {event} is recorded for anyone: not recorded is not the same as none."
    if visits["unconfirmed"].any():
        yield (
            "Some people were last seen ill, at too few visits to confirm it: their history ends "
            "at the last visit known well."
        )
