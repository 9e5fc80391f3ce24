"""The whole illness: how many are in each state when, and how many weeks they spend there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

import numpy as np

from ctevidence.estimates import Estimates
from ctevidence.language import listed, pick, say
from ctevidence.levels import Levels
from ctevidence.models.aalen_johansen import Histories, Occupancy
from ctevidence.models.fit import EVERYONE, ComparableFit, build_levels, of_kind, refuse_weights
from ctevidence.models.state_histories import (
    absorbing,
    from_landmark,
    histories_of,
    known_until,
    last_sight,
    occupancy_at,
    people_seen,
)
from ctevidence.outcomes.illness import STATE_WORDS
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.state_walk import ABSORBING, GOOD
from ctevidence.terms import did_you_mean

MEASURES = ("state_occupation", "weeks_in_state")
#: A variance below this is none: everyone is in the states, or nobody.
NO_VARIANCE = 1e-15


class _Arm(NamedTuple):
    """What levels say of one arm at m weeks."""

    estimate: np.ndarray
    cov: np.ndarray
    n: list[int]
    events: list[int]
    reasons: list[str]


@dataclass(frozen=True, eq=False, repr=False)
class IllnessFit(ComparableFit):
    """States of the illness under each arm.

    Parameters
    ----------
    outcome : Outcome
    histories : mapping of str to Histories
        By arm; an arm in which nobody was followed has none. States are numbers among `states`.
    chosen : tuple of str
        The states that levels are of, taken together; `of` chooses others.
    better : {"higher", "lower"}
        Whether being in them is good.
    cautions : tuple of str
    population : str
    randomised : frozenset of str
    since : float
        Week at which time begins to count; 0 is the start.
    """

    outcome: Outcome
    histories: Mapping[str, Histories]
    chosen: tuple[str, ...]
    better: str
    cautions: tuple[str, ...]
    population: str
    randomised: frozenset[str]
    since: float = 0.0

    @property
    def measures(self) -> tuple[str, ...]:
        return MEASURES

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in the order of the illness."""
        return self.outcome.rule.states

    @property
    def model(self) -> Mapping[str, Histories]:
        """The histories of each arm."""
        return self.histories

    @property
    def largest_week(self) -> float:
        """The last week of which the curves of every arm speak.

        From a state on (`starting_in`) few may be left in some arm: there it is the last week of
        any arm, and the others have no level after their own.
        """
        found = {arm: self._until(arm) for arm in self.histories}
        if not found:
            return math.inf
        longest = self.since + max(h.last_time for h in self.histories.values())
        return min(longest, max(found.values()) if self.since else min(found.values()))

    def of(self, *states: str, better: str | None = None) -> IllnessFit:
        """The same fit, its levels those of being in any of these states.

        Parameters
        ----------
        states : str
        better : {"higher", "lower"}, optional
            Must be said where some of the states are good and others not.

        Raises
        ------
        KeyError
            For a state that there is not; the message lists those there are.
        ValueError
            For no state, all of them, one named twice, or states whose direction must be said.
        """
        for state in states:
            self._number(state)
        if not 0 < len(set(states)) == len(states) < len(self.states):
            raise ValueError(
                f"Chosen are {', '.join(states) or 'no states'}; give one or several, each once, "
                "and not all: everyone is always in some state."
            )
        good = {state in GOOD for state in states}
        if len(good) > 1 and better is None:
            raise ValueError(
                f"Of {', '.join(states)} some are good and others not. Say better= whether being "
                'in any of them is good ("higher") or not ("lower").'
            )
        better = better or ("higher" if good == {True} else "lower")
        return replace(self, chosen=states, better=better)

    def starting_in(self, state: str, week: float) -> IllnessFit:
        """The same illness for the people who are in one state at a week: transitions from there.

        Its levels are the probabilities of going from that state, at that week, to the chosen
        states by a later week, still counted since the start. They are landmark Aalen-Johansen
        estimates, which do not assume that the future depends on the present state alone (Putter
        and Spitoni 2018, Stat Methods Med Res 27:2081). Descriptive: treatment has decided who is
        in the state.

        Raises
        ------
        KeyError
            For a state that there is not.
        ValueError
            For a state that nobody leaves, or a week outside the follow-up.
        """
        number = self._number(state)
        if state in ABSORBING:
            raise ValueError(f'Nobody leaves the state "{state}": nothing follows it.')
        if not self.since <= week < self.largest_week:
            raise ValueError(self._outside(week))
        parts = {
            arm: from_landmark(histories, number, week - self.since)
            for arm, histories in self.histories.items()
        }
        found = {arm: part for arm, part in parts.items() if part is not None}
        if week == 0:
            return replace(self, histories=found)
        population = f"people in the state {state} at week {week:g}"
        caution = say(
            "models.illness.selected",
            people=population,
            descriptive=say("caution.descriptive"),
        )
        return replace(
            self,
            histories=found,
            since=week,
            population=population,
            randomised=frozenset(),
            cautions=(caution, *self.cautions),
        )

    def transitions(self, since: float, week: float, conf_level: float = 0.95) -> Estimates:
        """Probability of every change of state between two weeks, in each arm.

        Parameters
        ----------
        since, week : float
            Weeks since the start.

        Returns
        -------
        Estimates
            A row for each arm, state left from (in `population`) and state come to (in
            `outcome`); without a value where nobody was in the first.
        """
        rows = Estimates([])
        for state in self.states:
            if state not in ABSORBING:
                begun = self.starting_in(state, since)
                rows += begun.every_state("state_occupation", week, conf_level)
        return rows

    def every_state(
        self, measure: str | None = None, week: float | None = None, conf_level: float = 0.95
    ) -> Estimates:
        """Every state under each arm alone, whatever was chosen; parameters as for `levels`."""
        rows = Estimates([])
        for state in self.states:
            rows += self.of(state).per_arm(measure, week, conf_level)
        return rows

    def levels(
        self, measure: str | None = None, week: float | Sequence[float] | None = None
    ) -> Levels:
        """Levels of the chosen states, jointly over weeks; arms are independent groups.

        Parameters
        ----------
        measure : {"state_occupation", "weeks_in_state"}, optional
            The first when absent: the probability to be in one of the chosen states at a week; or
            the mean number of weeks spent there up to it.
        week : float or sequence of float, optional
            Any weeks up to `largest_week`; all scheduled ones up to it when absent.

        Raises
        ------
        KeyError
            For another measure.
        ValueError
            For a week outside the follow-up; the message names the largest possible one.
        """
        measure = self._measure(measure)
        weeks = self._weeks(week)
        for each in weeks:
            if not self.since < each <= self.largest_week:
                raise ValueError(self._outside(each))
        names = [arm.name for arm in self.study.arms]
        arms = [self._of_arm(arm, measure, weeks) for arm in names]
        m = len(weeks)
        cov = np.zeros((len(arms) * m,) * 2)
        for i, arm in enumerate(arms):
            cov[i * m : (i + 1) * m, i * m : (i + 1) * m] = arm.cov
        estimate = np.concatenate([arm.estimate for arm in arms])
        being = " or ".join(f"being {STATE_WORDS[state]}" for state in self.chosen)
        name = f"{being} ({self.better} is better)"
        return build_levels(
            replace(self.outcome, name=name),
            measure,
            [(arm, each) for arm in names for each in weeks],
            np.where(cov.diagonal() > NO_VARIANCE, estimate, np.nan),
            cov,
            n=np.concatenate([arm.n for arm in arms]),
            events=np.concatenate([arm.events for arm in arms]),
            method=pick("models.illness.methods", measure),
            cautions=(*self.cautions, *chain.from_iterable(arm.reasons for arm in arms)),
            population=self.population,
            randomised=self.randomised,
            better=self.better,
        )

    def occupancy(self, weeks: Sequence[float]) -> dict[str, Occupancy]:
        """Probabilities of all states at some weeks, and mean weeks in them, exact, by arm.

        For curves: errors are those of `levels`, and nan here.
        """
        at = np.asarray(weeks, float) - self.since
        return {arm: occupancy_at(h, at, "none") for arm, h in self.histories.items()}

    def _number(self, state: str) -> int:
        if state not in self.states:
            raise KeyError(f'No state "{state}"{did_you_mean(state, self.states)}')
        return self.states.index(state)

    def _until(self, arm: str) -> float:
        return self.since + known_until(self.histories[arm], absorbing(self.states))

    def _outside(self, week: float) -> str:
        # rounded down, so that the week named is itself possible
        largest = math.floor(100 * self.largest_week) / 100
        return (
            f"Week {week:g} is outside the follow-up, which begins at week {self.since:g}: the "
            f"largest possible week is {largest:g}."
        )

    def _weeks(self, week) -> list[float]:
        if week is not None:
            return [float(week)] if np.ndim(week) == 0 else [float(w) for w in week]
        known = [w for w in self.study.weeks if self.since < w <= self.largest_week]
        return known or [self.largest_week]

    def _of_arm(self, arm: str, measure: str, weeks: list[float]) -> _Arm:
        m = len(weeks)
        nothing = np.full(m, np.nan), np.zeros((m, m))
        if arm not in self.histories:
            why = say("models.illness.nobody_among", arm=arm, people=self.population)
            return _Arm(*nothing, [0] * m, [0] * m, [why])
        histories, numbers = self.histories[arm], [self._number(s) for s in self.chosen]
        at, ends = np.array(weeks) - self.since, absorbing(self.states)
        n = [len(np.unique(histories.person))] * m
        seen = [people_seen(histories, numbers, ends, week) for week in at]
        events = [ever if measure == "weeks_in_state" else now for now, ever in seen]
        if max(weeks) > self._until(arm):
            why = say("models.illness.nobody_beyond", arm=arm, week=f"{self._until(arm):.4g}")
            return _Arm(*nothing, n, events, [why])
        found = occupancy_at(histories, at)
        is_area = measure == "weeks_in_state"
        chosen = np.isin(np.arange(len(self.states)), numbers)
        # the rows of the covariance hold first the probabilities, then the weeks
        picked = np.kron(np.eye(2 * m)[is_area * m : (1 + is_area) * m], chosen)
        values = (found.weeks_in_state if is_area else found.probability) @ chosen
        cov = picked @ found.cov @ picked.T
        reasons = self._reasons(histories, arm, weeks, cov.diagonal())
        return _Arm(np.maximum(values, 0.0), cov, n, events, reasons)

    def _reasons(self, histories: Histories, arm: str, weeks, variances) -> list[str]:
        """Why an arm has no level at some week, and where a state was lost from sight."""
        inside = listed(self.chosen, "or")
        reasons = [
            say("models.illness.no_variation", states=inside, arm=arm, week=f"{week:g}")
            for week, variance in zip(weeks, variances, strict=True)
            if not variance > NO_VARIANCE
        ]
        for state in self.chosen:
            last = self.since + last_sight(histories, self._number(state))
            if state not in ABSORBING and last < max(weeks):
                reasons.append(
                    say("models.illness.stayed", arm=arm, state=state, week=f"{last:.4g}")
                )
        return reasons


def fit_illness(outcome: Outcome) -> IllnessFit:
    """State probabilities and weeks in states, by arm, from histories of illness.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``illness``.

    Returns
    -------
    IllnessFit
        Its levels are of being well, that is having responded (or remitted, or entered well) and
        not relapsed, among everyone who started; ``.of("relapse")`` of another state,
        ``.starting_in("remission", week=26)`` of what follows for people in one, ``.transitions``
        of all changes between two weeks.

    Raises
    ------
    TypeError
        For anything but an outcome.
    ValueError
        For an outcome of another kind, or with weights.

    Notes
    -----
    Aalen-Johansen curves of each arm with the robust variance, which does not assume that a change
    depends on the present state only; see `aalen_johansen`. Nothing is adjusted.
    """
    of_kind(outcome, "illness", "fit_illness")
    refuse_weights(outcome)
    frame = outcome.frame
    followed = frame[frame["stop"] > frame["start"]]
    some_lost = followed["participant_id"].nunique() < frame["participant_id"].nunique()
    histories = {
        arm.name: histories_of(followed[followed["arm"] == arm.name], outcome.rule.states)
        for arm in outcome.study.arms
        if (followed["arm"] == arm.name).any()
    }
    return IllnessFit(
        outcome=outcome,
        histories=histories,
        chosen=outcome.rule.well,
        better="higher",
        cautions=(*outcome.cautions, *((say("models.illness.unknown"),) if some_lost else ())),
        population=EVERYONE,
        randomised=outcome.study.randomised,
    )
