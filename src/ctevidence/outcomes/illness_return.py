"""Return of illness: when risk began, how long someone was known well, when they were ill again.

The one calculation behind relapse, recurrence and staying well. Decisions:

- Time is the actual day of a visit, never its nominal week. Only scheduled visits count: whoever
  is ill comes more often, and extra visits would find more illness where there is more contact.
- Counting starts at the first visit that shows the start (response, remission, recovery) with a
  score that is not ill: nobody is at risk of relapse while ill. Counted from baseline, everyone
  starts well on day 0.
- Illness seen at visits began after the last visit known well and at or before the first ill one.
  Confirmation needs the next attended visits to be ill too; the interval still ends at the first.
- An ill visit that later visits do not confirm is no relapse. When the last visits are ill and too
  few to confirm, the person is censored at the last visit known well.
- A recorded event is dated to its day. One before the start is not a return; one on the day of the
  start counts half a day later. Whoever has none is well until the last contact.
- What is recorded after dropout counts. Illness recorded before death, or on its day, comes first.
- Declared strategies for intercurrent events go before all this: nothing after the deciding event
  is looked at; composite is a return on its day, while on treatment ends the time at risk in a
  state of its own, hypothetical ends it like any loss.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.outcomes.follow_up import after, first_event, follow_up
from ctevidence.outcomes.intercurrent import (
    COMPOSITE,
    OFF_TREATMENT,
    WHILE_ON,
    deciding_events,
    strategy_cautions,
)
from ctevidence.terms import DAYS_PER_WEEK

#: What ended the observation: ill again; followed to the end and well; lost while well; dead
#: while well; well when an event came that is counted while on treatment; the start was never seen.
STATES = ("relapsed", "well", "dropped out", "died", OFF_TREATMENT, "never")


def with_day_0(visits: pd.DataFrame, people: pd.Series, from_baseline: bool) -> pd.DataFrame:
    """Judged visits with day 0 put before them, for everyone who entered.

    Parameters
    ----------
    visits : DataFrame
        ``participant_id, day, reached, ill``, days rising within a person: whether each visit
        shows the start, and illness (bool).
    people : Series
        ``participant_id`` of everyone who entered.
    from_baseline : bool
        Whether day 0 is itself the start.
    """
    day_0 = pd.DataFrame(
        {"participant_id": people, "day": 0.0, "reached": from_baseline, "ill": False}
    )
    # a study without visits has an empty table, whose columns have no type of their own
    visits = visits[day_0.columns].astype(day_0.dtypes)
    return pd.concat([day_0, visits], ignore_index=True)


def turning_days(seen: pd.DataFrame, confirm_visits: int = 1) -> pd.DataFrame:
    """Days on which each person's course turned, read off the visits.

    Parameters
    ----------
    seen : DataFrame
        As `with_day_0` gives it.
    confirm_visits : int
        Visits in a row that must be ill.

    Returns
    -------
    DataFrame
        Indexed by ``participant_id``; days, nan where it did not happen: ``not_started`` (last
        visit before the start), ``start``, ``well`` (last known well after it), ``ill`` (first of
        the visits that show the return), ``unconfirmed`` (first of the last visits, ill but too
        few).

    Examples
    --------
    Well at day 63, ill at 154 and 245; two ill visits are asked for:

    >>> seen = pd.DataFrame({"participant_id": ["ann"] * 4, "day": [0.0, 63, 154, 245],
    ...     "reached": [False, True, False, False], "ill": [False, False, True, True]})
    >>> turning_days(seen, confirm_visits=2).loc["ann"].to_dict()
    {'not_started': 0.0, 'start': 63.0, 'well': 63.0, 'ill': 154.0, 'unconfirmed': nan}
    """
    day, ill = seen["day"], seen["ill"]
    # numbers of people are grouped many times faster than their identifiers
    codes, people = pd.factorize(seen["participant_id"])
    who = pd.Series(codes, index=seen.index)

    def day_of(which: pd.Series, pick: str) -> pd.Series:
        return day.where(which).groupby(who).agg(pick)

    started = (seen["reached"] & ~ill).groupby(who).cummax()
    spell = (ill != ill.groupby(who).shift()).groupby(who).cumsum()
    visits_ill = day.groupby([who, spell]).transform("size")
    returned = day_of(started & ill & (visits_ill >= confirm_visits), "min")
    before = day < who.map(returned).fillna(np.inf)
    last_spell = spell == spell.groupby(who).transform("max")
    found = pd.DataFrame(
        {
            "not_started": day_of(~started, "max"),
            "start": day_of(started, "min"),
            "well": day_of(started & ~ill & before, "max"),
            "ill": returned,
            "unconfirmed": day_of(started & ill & before & last_spell, "min"),
        }
    )
    return found.set_axis(pd.Index(people, name="participant_id"))


def illness_return(
    study: Study, seen: pd.DataFrame, confirm_visits: int = 1, event: str | None = None
) -> pd.DataFrame:
    """Turning days of everyone who enters, joined with death and the end of follow-up.

    Parameters
    ----------
    study : Study
    seen : DataFrame
        As `with_day_0` gives it; with a recorded `event` only the start is read from it.
    confirm_visits : int
    event : str, optional
        Kind of recorded event that is the return; without it illness is read off the visits.

    Returns
    -------
    DataFrame
        One row per person, in the study's order, indexed by ``participant_id``: ``arm``, the
        columns of `turning_days`, ``death``, ``state`` (one of `STATES`) and ``until``, the day of
        an event that is counted while on treatment, nan for everyone else.
    """
    followed = follow_up(study)
    decided = deciding_events(study).reindex(followed.index)
    until = decided["day"].fillna(np.inf)
    seen = seen[seen["day"] <= seen["participant_id"].map(until)]
    followed = _up_to(followed, until)
    days = turning_days(seen, confirm_visits).reindex(followed.index)
    death = after(followed["death"], days["start"])
    lost = followed["next_due"].notna()
    if event is not None:
        recorded = first_event(study, event, not_before=days["start"]).reindex(days.index)
        recorded = recorded.where(recorded <= until)
        days["ill"] = after(recorded, days["start"])
        known_well = days["ill"].fillna(death).fillna(followed["last_contact"])
        days["well"] = known_well.where(days["start"].notna())
        # follow-up that ends on the day of dropout was cut short by it
        left = followed["dropout"].notna() & ~(followed["end"] > followed["dropout"])
        lost = (lost & followed["end"].isna()) | left
    cut = decided["day"].notna() & days["ill"].isna()
    failed, kept = (cut & (decided["strategy"] == how) for how in (COMPOSITE, WHILE_ON))
    days["ill"] = days["ill"].fillna(after(until, days["start"]).where(failed))
    # the state before the event is the one last seen before it
    begun = days["start"].notna()
    days["well"] = days["well"].mask(kept & begun & days["unconfirmed"].isna(), until)
    days["well"] = days["well"].mask(failed & begun, until)
    days["not_started"] = days["not_started"].mask(kept & ~begun, until)
    death = death.mask(failed)
    state = np.select(
        [days["start"].isna(), days["ill"].notna(), death.notna(), kept, lost | cut],
        ["never", "relapsed", "died", OFF_TREATMENT, "dropped out"],
        "well",
    )
    return days.assign(arm=followed["arm"], death=death, state=state, until=until.where(kept))


def _up_to(followed: pd.DataFrame, until: pd.Series) -> pd.DataFrame:
    """Follow-up as it was known on the day of an event that decides."""
    days = followed.drop(columns=["arm", "reason"])
    last = days[["last_visit", "last_contact"]].clip(upper=until, axis=0)
    later = days.drop(columns=last.columns)
    return followed.assign(**last, **later.where(later.le(until, axis=0)))


def return_cautions(study: Study, days: pd.DataFrame, event: str | None = None) -> tuple[str, ...]:
    """What a reader must know about the returns found in `illness_return`."""
    return strategy_cautions(study) + _reading(study, days, event)


def _reading(study: Study, days: pd.DataFrame, event: str | None) -> tuple[str, ...]:
    if event is not None and not (study.events["event"] == event).any():
        return (say("outcomes.not_recorded", event=in_words(event.replace("_", " "))),)
    if days["unconfirmed"].notna().any():
        return (say("outcomes.illness_return.unconfirmed"),)
    return ()


def descriptive_only(start: str) -> str:
    """The caution of every comparison that begins after treatment has had its effect."""
    return say(
        "outcomes.illness_return.descriptive",
        start=in_words(start),
        descriptive=say("caution.descriptive"),
    )


def return_frame(days: pd.DataFrame) -> pd.DataFrame:
    """Frame of kind ``relapse``, in weeks, from the days of `illness_return`.

    ``lower`` is the last week known well. ``upper`` is the first week known ill, or the week of
    death for ``died``, infinite for whoever is censored well. For whoever never started all three
    times are nan.
    """
    started = days["start"].notna()
    upper = days["ill"].fillna(days["death"]).fillna(np.inf).where(started)
    frame = pd.DataFrame(
        {
            "arm": days["arm"],
            "entry": days["start"] / DAYS_PER_WEEK,
            "lower": days["well"] / DAYS_PER_WEEK,
            "upper": upper / DAYS_PER_WEEK,
            "state": days["state"],
        }
    )
    return frame.reset_index()
