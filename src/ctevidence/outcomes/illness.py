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

import numpy as np
import pandas as pd

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.follow_up import HALF_DAY, follow_up
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.relapse import judged_visits
from ctevidence.outcomes.response import has_responded, is_at_least_as_good
from ctevidence.outcomes.retention import derive_retention
from ctevidence.outcomes.state_walk import (
    DEATH,
    DROPOUT,
    HAPPENINGS,
    RELAPSE,
    SWITCH,
    TIME_DECIMALS,
    VISIT,
    Moments,
    Shows,
    walk,
)
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
        return say(
            "outcomes.illness.rule",
            states=", ".join(self.states),
            relapse=self.relapse.describe(),
            illness=self.illness.describe(),
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
    last = _ends(study, rule, relapse, followed).to_numpy()
    is_censored = "censoring" in (rule.dropout, rule.switch)
    spells = walk(moments, last, is_censored, history.states, history.well)
    words = np.array([*history.states, ""], dtype=object)  # the last one is that of no state
    frame = pd.DataFrame(
        {
            "participant_id": followed.index.to_numpy()[spells.who],
            "arm": followed["arm"].astype(str).to_numpy()[spells.who],
            "start": spells.start,
            "stop": spells.stop,
            "state": words[spells.state],
            "then": words[spells.then],
        }
    )
    return Outcome(
        kind="illness",
        name="course of the illness",
        study=study,
        frame=frame,
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


def _moments(study, rule, relapse, visits: pd.DataFrame, followed: pd.DataFrame) -> Moments:
    """What happened to everyone, in order of person, day and kind."""
    shows = [visits[name].to_numpy(bool) for name in Shows._fields]
    number = np.zeros(len(visits), np.int8)
    for shown in shows:
        number = 2 * number + shown
    parts = [
        (
            followed.index.get_indexer(visits["participant_id"]),
            visits["day"].to_numpy(float),
            visits["week"].to_numpy(float),
            np.full(len(visits), VISIT, np.int8),
            number,
            visits["unconfirmed"].to_numpy(bool),
        )
    ]
    for rank, found in _recorded(study, rule, relapse, followed):
        day = found.dropna()
        # on day 0 itself nobody has been in the first state yet
        day = day.where(day > 0, HALF_DAY)
        week = (day / DAYS_PER_WEEK).round(TIME_DECIMALS).to_numpy()
        what = HAPPENINGS.index((rank, Shows(False, False, False, False)))
        who = followed.index.get_indexer(day.index)
        numbers = (np.full(len(day), number, np.int8) for number in (rank, what))
        parts.append((who, day.to_numpy(float), week, *numbers, np.zeros(len(day), bool)))
    who, day, week, rank, what, unconfirmed = map(np.concatenate, zip(*parts, strict=True))
    order = np.lexsort((rank, day, who))
    order = order[who[order] >= 0]
    return Moments(who[order], day[order], week[order], what[order], unconfirmed[order])


def _recorded(study, rule, relapse, followed: pd.DataFrame) -> Iterator[tuple[int, pd.Series]]:
    """Kinds of events that are looked at, with their days by person."""
    yield DEATH, followed["death"]
    if rule.dropout == "state":
        retention = derive_retention(study).frame.set_index("participant_id")
        yield DROPOUT, retention["upper"].where(retention["state"] == "dropped out") * DAYS_PER_WEEK
    for kind, event in ((RELAPSE, "relapse"), (SWITCH, "switch")):
        if (kind == RELAPSE and relapse.from_events) or (kind == SWITCH and rule.switch == "state"):
            rows = study.events[study.events["event"] == event]
            rows = rows[rows["participant_id"].isin(followed.index)]
            yield kind, rows.set_index("participant_id")["day"].astype(float)


def _ends(study, rule, relapse, followed: pd.DataFrame) -> pd.Series:
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
    return ends.round(TIME_DECIMALS)


def _cautions(study: Study, rule: IllnessHistoryRule, visits: pd.DataFrame) -> Iterator[str]:
    recorded = set(study.events["event"])
    looked_at = [
        ("relapse", rule.relapse.from_events),
        ("switch", rule.illness.switch != "ignored"),
    ]
    for event, is_used in looked_at:
        if is_used and event not in recorded:
            yield say("outcomes.not_recorded", event=in_words(event.replace("_", " ")))
    if visits["unconfirmed"].any():
        yield (say("outcomes.illness.unconfirmed"))
