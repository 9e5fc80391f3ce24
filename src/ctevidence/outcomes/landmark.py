"""Landmark analysis: what follows a week, for those who were followed and free of the event then.

Groups are made of what was known at the landmark and of nothing later. Whoever is put into a group
by something that happens after time begins to count has to stay free of the event until it happens:
that time is immortal, and makes the group look better than it is (Anderson, Cain and Gelber 1983, J
Clin Oncol 1:710; Suissa 2008, Am J Epidemiol 167:492). Such groups are refused. The people at a
landmark are those whom treatment has brought there: descriptive only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.remission import derive_remission
from ctevidence.outcomes.response import derive_response
from ctevidence.terms import COMPONENTS, DAYS_PER_WEEK, Arm, did_you_mean

KINDS = ("relapse", "retention", "time_to_response")
_SEEN = {"response": derive_response, "remission": derive_remission}


@dataclass(frozen=True)
class LandmarkRule:
    """A rule of time to an event, looked at from a landmark on.

    Parameters
    ----------
    rule : object
        That of the outcome.
    week : float
        The landmark.
    groups : str
        What the groups are made of, in words; empty for the arms.
    """

    rule: object
    week: float
    groups: str = ""

    is_descriptive = True

    @property
    def population(self) -> str:
        """The people, in words."""
        return f"people followed and free of the event at week {self.week:g}"

    @property
    def after(self) -> str:
        """Where counting starts, in words."""
        return f"week {self.week:g}"

    @property
    def from_events(self) -> bool:
        return getattr(self.rule, "from_events", False)

    @property
    def source(self) -> str:
        return getattr(self.rule, "source", "")

    def describe(self) -> str:
        groups = say("outcomes.landmark.in_groups", groups=self.groups) if self.groups else ""
        return say(
            "outcomes.landmark.rule",
            rule=self.rule.describe(),
            week=f"{self.week:g}",
            groups=groups,
        )


def landmark(
    outcome: Outcome, week: float, *, by: str | None = None, known_at: float | None = None
) -> Outcome:
    """The same outcome for people followed and free of the event at a week, counted from it.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``relapse``, ``retention`` or ``time_to_response``.
    week : float
        The landmark, in weeks since the start.
    by : str, optional
        What makes the groups: ``response`` or ``remission`` (at a scheduled visit), ``medication``
        or ``therapy`` (started by then, from the table of treatments), or a column of words of
        ``participants``. The arms when absent.
    known_at : float, optional
        Week at which `by` is looked at; the landmark, or the last scheduled visit up to it, when
        absent. Later than the landmark it is refused.

    Returns
    -------
    Outcome
        Of the same kind; `entry` is the landmark. Its study holds these people only, and has the
        groups as arms; nothing is randomised.

    Raises
    ------
    TypeError
        For anything but an outcome.
    ValueError
        For groups by what happens after the landmark, with what is wrong about them; for an
        outcome of another kind, a week outside the follow-up, or a landmark that nobody reaches.
    KeyError
        For groups by something that is not there.

    Examples
    --------
    >>> from ctevidence.outcomes import derive_retention
    >>> from ctevidence.simulate import simulate_study
    >>> retention = derive_retention(simulate_study(n=80, seed=1))
    >>> [arm.name for arm in landmark(retention, 12, by="response", known_at=8).study.arms]
    ['response at week 8', 'no response at week 8']
    >>> landmark(retention, 12, by="response", known_at=26)
    Traceback (most recent call last):
    ...
    ValueError: Groups by response at week 26 look into the future of the landmark, week 12: ...
    """
    if not isinstance(outcome, Outcome):
        raise TypeError(f"landmark takes an outcome; found {type(outcome).__name__}.")
    if outcome.kind not in KINDS:
        raise ValueError(
            f"{outcome.name} is of kind {outcome.kind}; a landmark is set on times to an event "
            f"({', '.join(KINDS)})."
        )
    frame = _followed(outcome, week)
    rule, study, cautions = LandmarkRule(outcome.rule, week), outcome.study, ()
    if by is not None:
        group, label = _group(study, by, week, known_at)
        known = frame["participant_id"].map(group)
        if known.isna().any():
            cautions = (say("outcomes.landmark.in_no_group", label=label),)
        frame = frame.assign(arm=known)[known.notna()]
        rule = replace(rule, groups=label)
    return Outcome(
        kind=outcome.kind,
        name=outcome.name,
        study=_study_of(study, frame, by),
        frame=frame.reset_index(drop=True),
        rule=rule,
        better=outcome.better,
        weight=None if outcome.weight is None else outcome.weight.loc[frame.index],
        cautions=(*outcome.cautions, *cautions, _caution(rule)),
    )


def _caution(rule: LandmarkRule) -> str:
    return say(
        "outcomes.landmark.counted_from",
        week=f"{rule.week:g}",
        descriptive=say("caution.descriptive"),
    )


def _followed(outcome: Outcome, week: float) -> pd.DataFrame:
    """Rows of those at risk at the landmark, their time beginning there."""
    frame = outcome.frame
    last = frame["lower"].max()
    if not 0 <= week < last:
        raise ValueError(
            f"Week {week:g} is outside the follow-up of {outcome.name}: the largest possible "
            f"landmark lies before week {int(100 * last) / 100:g}."
        )
    known = frame["lower"] >= _opens(outcome, week)
    there = (frame["entry"] <= week) & known & ~(frame["upper"] <= week)
    if not there.any():
        raise ValueError(
            f"Nobody was followed and free of {outcome.name} at week {week:g}: there is nothing to "
            "count from there."
        )
    rows = frame[there]
    return rows.assign(entry=float(week), lower=rows["lower"].clip(lower=week))


def _opens(outcome: Outcome, week: float) -> float:
    """The week from which somebody counts as followed to the landmark.

    Where the event is seen at visits, the visit of the landmark itself may have taken place some
    days before its nominal day.
    """
    by_visits = {
        "relapse": lambda rule: not rule.from_events,
        "retention": lambda rule: rule.source == "last_visit",
        "time_to_response": lambda rule: True,
    }[outcome.kind](outcome.rule)
    opens = [w.first_day / DAYS_PER_WEEK for w in outcome.study.schedule if w.week == week]
    return opens[0] if opens and by_visits else week


def _group(study: Study, by: str, week: float, known_at: float | None) -> tuple[pd.Series, str]:
    """Name of each person's group, nan where it is not known, and what it is made of."""
    people = study.entering().set_index("participant_id")
    if by in _SEEN:
        scheduled = [w for w in study.weeks if w <= week]
        at = known_at if known_at is not None else max(scheduled, default=None)
        if at is None:
            raise ValueError(f"No visit up to week {week:g} shows {by}: choose a later landmark.")
        _refuse_future(by, at, week)
        seen = _SEEN[by](study, at, missing="observed").frame.set_index("participant_id")["value"]
        return seen.map({1.0: f"{by} at week {at:g}", 0.0: f"no {by} at week {at:g}"}), (
            f"{by} at week {at:g}"
        )
    if by in COMPONENTS:
        at = week if known_at is None else known_at
        _refuse_future(by, at, week)
        table = study.treatments
        begun = table[(table["component"] == by) & (table["start_day"] <= at * DAYS_PER_WEEK)]
        has = people.index.isin(begun["participant_id"])
        names = np.where(has, f"{by} by week {at:g}", f"no {by} by week {at:g}")
        return pd.Series(names, people.index), f"{by} by week {at:g}"
    words = [c for c in people if people[c].dtype.kind not in "fi" and c != "arm"]
    if by not in words:
        raise KeyError(f'Groups by "{by}"{did_you_mean(by, [*_SEEN, *COMPONENTS, *words])}')
    return people[by].astype(object).where(people[by].notna()), by


def _refuse_future(by: str, known_at: float, week: float) -> None:
    if known_at > week:
        raise ValueError(
            f"Groups by {by} at week {known_at:g} look into the future of the landmark, week "
            f"{week:g}: whoever is in them had to stay free of the event until week {known_at:g} "
            "to be put there. That time is immortal, and makes the group look better than it is. "
            f"Use known_at={week:g} or earlier, or move the landmark to week {known_at:g}."
        )


def _study_of(study: Study, frame: pd.DataFrame, by: str | None) -> Study:
    """The study of these people, its arms the groups; nothing among them was randomised."""
    people = study.participants
    people = people[people["participant_id"].isin(frame["participant_id"])].reset_index(drop=True)
    arms = study.arms
    if by is not None:
        group = frame.set_index("participant_id")["arm"].astype(str)
        people = people.assign(arm=people["participant_id"].map(group))
        # those with it first, as they are asked about
        names = sorted(group.unique(), key=lambda name: (name.startswith("no "), name))
        arms = tuple(Arm(name, None) for name in names)
    return replace(
        study,
        arms=arms,
        randomised=frozenset(),
        rules=replace(study.rules, maintenance=None),
        tables={**study.tables, "participants": people},
    )
