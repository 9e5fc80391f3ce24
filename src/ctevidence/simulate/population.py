"""True levels: everyone in the population under each arm.

A very large number of people is followed under all four arms with the same random numbers and a
fixed seed, without dropout or missed visits (they enter only where they are the outcome). Where a
level is known in closed form it replaces the Monte-Carlo mean, and its error is zero:

- mean scores and remission while nobody can have relapsed yet;
- the risk of harm;
- hazard ratios, given the number of earlier episodes.

Relapse is counted from remission, among those who reached it under the arm; its probabilities are
averaged over their earlier episodes, given which they are in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ctevidence.simulate.effects import ARMS
from ctevidence.simulate.generate import Histories, histories, score_distributions
from ctevidence.simulate.people import People, draw_people
from ctevidence.simulate.scenario import (
    REMISSION_SCORE,
    RESPONSE_PERCENT,
    SCHEDULE,
    WEEKS,
    Scenario,
)
from ctevidence.terms import DAYS_PER_WEEK

PEOPLE = 200_000
SEED = 20_220_613


@dataclass(frozen=True, eq=False)
class Followed:
    """The same people under one arm (its position in `ARMS`), and the world they live in."""

    scenario: Scenario
    arm: int
    people: People
    happened: Histories


@dataclass(frozen=True)
class Quantity:
    """Something true of every person, of which the average under an arm is a level.

    Parameters
    ----------
    outcome, measure : str
        As in the columns of `Estimates`.
    better : {"higher", "lower"}
    when : {"scheduled", "any", "never"}
        The weeks at which it is known.
    of_each : callable, optional
        ``of_each(followed, week)``: the value of each person, shape (n,); nan for those whom it
        does not concern.
    closed_form : callable, optional
        ``closed_form(scenario, week)``: the levels, shape (4,); None where they have no closed
        form.
    """

    outcome: str
    measure: str
    better: str
    when: str
    of_each: Callable[[Followed, float | None], np.ndarray] | None = None
    closed_form: Callable[[Scenario, float | None], np.ndarray | None] = lambda scenario, week: None


def true_levels(
    scenario: Scenario, n: int, quantity: Quantity, week: float | None
) -> tuple[np.ndarray, np.ndarray, str]:
    """Levels of a quantity under each arm, with their Monte-Carlo covariance.

    Returns
    -------
    estimate : ndarray, shape (4,)
        In the order of `ARMS`.
    cov : ndarray, shape (4, 4)
        Zero for a closed form.
    method : str
    """
    exact = quantity.closed_form(scenario, week)
    if exact is not None:
        return exact, np.zeros((len(ARMS), len(ARMS))), "closed form"
    values = np.array([quantity.of_each(f, week) for f in _follow_everyone(scenario, n)], float)
    means = np.nanmean(values, axis=1)
    deviations = np.nan_to_num(values - means[:, None])
    deviations /= np.sum(~np.isnan(values), axis=1)[:, None]
    return means, deviations @ deviations.T, f"Monte Carlo, {n:,} people under each arm"


@lru_cache(maxsize=2)
def _follow_everyone(scenario: Scenario, n: int) -> tuple[Followed, ...]:
    people = draw_people(scenario, n, np.random.default_rng(SEED), own_clusters=True)
    return tuple(
        Followed(scenario, arm, people, histories(scenario, people, np.full(n, arm)))
        for arm in range(len(ARMS))
    )


# -- what is true of each person -------------------------------------------------------------------


def _visit(week: float) -> int:
    """Position among the visits, of which the first is baseline."""
    return 1 + WEEKS.index(week)


def _score(f: Followed, week: float) -> np.ndarray:
    return f.happened.scores[:, _visit(week)]


def _responded(f: Followed, week: float) -> np.ndarray:
    baseline = f.happened.scores[:, 0]
    return 100 * (baseline - _score(f, week)) >= RESPONSE_PERCENT * baseline


def _seen_to_respond(f: Followed, week: float) -> np.ndarray:
    return _responded(f, week) & f.happened.attended[:, _visit(week)]


def _in_remission(f: Followed, week: float) -> np.ndarray:
    return _score(f, week) <= REMISSION_SCORE


def _stays_well(f: Followed, week: float) -> np.ndarray:
    day = f.people.days[:, _visit(week)]
    return (f.happened.remission_day <= day) & (day < f.happened.relapse_day)


def _not_relapsed(f: Followed, week: float) -> np.ndarray:
    return _among_remitted(f, _survival_by_episodes(f, week)[:, -1])


def _weeks_not_relapsed(f: Followed, week: float) -> np.ndarray:
    # a sum over whole days: relapse is recorded on the day by which it has happened
    survival = _survival_by_episodes(f, week)
    return _among_remitted(f, survival[:, :-1].sum(axis=1) / DAYS_PER_WEEK)


def _survival_by_episodes(f: Followed, week: float) -> np.ndarray:
    """Probability of no relapse by each day since remission, shape (episodes, days)."""
    relapse = f.scenario.relapse
    hazard = relapse.cumulative_hazard(np.arange(round(week * DAYS_PER_WEEK) + 1))
    ratio = relapse.per_episode ** np.arange(f.people.earlier_episodes.max() + 1)
    return np.exp(-np.outer(relapse.hazard_ratios[f.arm] * ratio, hazard))


def _among_remitted(f: Followed, by_episodes: np.ndarray) -> np.ndarray:
    remitted = np.isfinite(f.happened.remission_day)
    return np.where(remitted, by_episodes[f.people.earlier_episodes], np.nan)


def _stays(f: Followed, week: float) -> np.ndarray:
    return f.happened.dropout_day > week * DAYS_PER_WEEK


def _weeks_stayed(f: Followed, week: float) -> np.ndarray:
    return np.minimum(f.happened.dropout_day / DAYS_PER_WEEK, week)


# -- what has a closed form ------------------------------------------------------------------------


def _mean_score(scenario: Scenario, week: float) -> np.ndarray | None:
    return scenario.means((week,))[:, 0] if _nobody_relapsed(scenario, week) else None


def _remission_risk(scenario: Scenario, week: float) -> np.ndarray | None:
    if not _nobody_relapsed(scenario, week):
        return None
    return score_distributions(scenario)[:, _visit(week), int(REMISSION_SCORE)]


def _nobody_relapsed(scenario: Scenario, week: float) -> bool:
    """Whether relapse is impossible before the last day on which this visit can take place."""
    last_visit, first_remission = SCHEDULE[_visit(week) - 1].last_day, SCHEDULE[0].first_day
    return scenario.relapse.cumulative_hazard(last_visit - first_remission) == 0


def quantities(scenario: Scenario) -> tuple[Quantity, ...]:
    """What the truth of a world holds: of anxiety too where it has it."""
    return (*QUANTITIES, ANXIETY) if scenario.anxiety else QUANTITIES


ANXIETY = Quantity(
    *("course of anxiety", "mean", "lower", "scheduled"),
    closed_form=lambda scenario, week: scenario.anxiety.means(scenario.effects, (week,))[:, 0],
)
QUANTITIES = (
    Quantity("response", "risk", "higher", "scheduled", _responded),
    Quantity("response (missing as non-response)", "risk", "higher", "scheduled", _seen_to_respond),
    Quantity("remission", "risk", "higher", "scheduled", _in_remission, _remission_risk),
    Quantity("course", "mean", "lower", "scheduled", _score, _mean_score),
    Quantity("staying well", "risk", "higher", "scheduled", _stays_well),
    Quantity("relapse", "survival", "higher", "any", _not_relapsed),
    Quantity("relapse", "rmst", "higher", "any", _weeks_not_relapsed),
    Quantity(
        *("relapse", "log_hazard", "lower", "never"),
        closed_form=lambda scenario, week: np.log(scenario.relapse.hazard_ratios),
    ),
    Quantity("staying in treatment", "risk", "higher", "scheduled", _stays),
    Quantity("retention", "survival", "higher", "any", _stays),
    Quantity("retention", "rmst", "higher", "any", _weeks_stayed),
    Quantity(
        *("any harm", "risk", "lower", "never"),
        closed_form=lambda scenario, week: scenario.harms.risks,
    ),
)
