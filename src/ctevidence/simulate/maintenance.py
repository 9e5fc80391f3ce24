"""A maintenance trial with known truth: people in remission go on with a drug, or come off it.

Everyone reached remission with the drug; then it is continued or tapered, with and without therapy.
The hazard of relapse is that of `Relapse`, counted from randomisation; coming off the drug
multiplies it for some weeks, so that early relapse there is partly withdrawal. Survival has a
closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.stats import poisson

from ctevidence.contrasts import compare, per_arm, synergy
from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.maintenance_rule import MaintenanceRule
from ctevidence.data.rules import EntryRule, RelapseRule, RemissionRule, RetentionRule
from ctevidence.data.study import Rules, VisitWindow
from ctevidence.levels import Levels
from ctevidence.simulate.effects import ARMS, DAYS_PER_YEAR, HAS_MEDICATION, Relapse, require
from ctevidence.simulate.people import EPISODES_MEAN, EPISODES_MOST
from ctevidence.simulate.scenario import REMISSION_SCORE, SCALE
from ctevidence.simulate.study import NOTES, SimulatedStudy
from ctevidence.terms import COMPONENTS, CONTRAST_MEASURES, DAYS_PER_WEEK, Arm, did_you_mean

LAST_WEEK = 54.0
SCHEDULE = tuple(
    VisitWindow(f"week {week}", week, 7 * week - reach, 7 * week + reach)
    for week, reach in ((4, 7), (8, 7), (12, 7), (26, 14), (39, 14), (52, 14))
)
ACUTE = "sertraline"
#: Score at which illness is back.
RELAPSE_SCORE = 10


@dataclass(frozen=True)
class Maintenance:
    """The world of a maintenance trial.

    Parameters
    ----------
    relapse : Relapse
        Hazard from randomisation; ``medication`` is the hazard ratio of going on with the drug.
    withdrawal : float
        Hazard ratio while coming off it, beyond what going on would have prevented; 1 for none.
    withdrawal_weeks, taper_weeks : float
        How long this lasts from randomisation, and how long the taper.
    dropout_per_year : float
        Rate of leaving, whatever the arm and the course; 0 for none.
    """

    relapse: Relapse = field(default_factory=lambda: Relapse(delay_weeks=0.0))
    withdrawal: float = 2.0
    withdrawal_weeks: float = 8.0
    taper_weeks: float = 4.0
    dropout_per_year: float = 0.25

    def __post_init__(self) -> None:
        for name in ("withdrawal", "withdrawal_weeks", "taper_weeks"):
            require(0 < getattr(self, name) < math.inf, self, name, "above 0")
        require(0 <= self.dropout_per_year < math.inf, self, "dropout_per_year", "0 or more")

    def cumulative_hazard(self, weeks) -> np.ndarray:
        """Of each arm, without earlier episodes, by weeks since randomisation, shape (4, m)."""
        weeks = np.atleast_1d(np.asarray(weeks, float))
        usual = self.relapse.cumulative_hazard(weeks * DAYS_PER_WEEK)
        early = self.relapse.cumulative_hazard(
            np.minimum(weeks, self.withdrawal_weeks) * DAYS_PER_WEEK
        )
        off = usual + (self.withdrawal - 1) * early
        shape = np.where(HAS_MEDICATION[:, None] == 1, usual, off)
        return self.relapse.hazard_ratios[:, None] * shape

    def weeks_until(self, cumulative_hazard: np.ndarray, arm: np.ndarray) -> np.ndarray:
        """Weeks at which the cumulative hazard of each person's arm reaches a value, shape (n,)."""
        wanted = cumulative_hazard / self.relapse.hazard_ratios[arm]
        turn = self.relapse.cumulative_hazard(self.withdrawal_weeks * DAYS_PER_WEEK)
        in_withdrawal = wanted < self.withdrawal * turn
        later = wanted - (self.withdrawal - 1) * turn
        off = np.where(in_withdrawal, wanted / self.withdrawal, later)
        usual = np.where(HAS_MEDICATION[arm] == 1, wanted, off)
        return self.relapse.days_until(usual) / DAYS_PER_WEEK


@dataclass(frozen=True)
class MaintenanceTruth:
    """What is true in a maintenance trial, as `Levels` of everyone in the population.

    Examples
    --------
    >>> truth = MaintenanceTruth(Maintenance())
    >>> difference = truth.value("survival_difference", "combined", 52, against="medication")
    >>> round(difference, 3)
    0.158
    """

    world: Maintenance

    def levels(self, measure: str, week: float | None = None) -> Levels:
        """True ``survival``, ``cumulative_incidence`` or ``rmst`` of relapse at a week.

        Raises
        ------
        KeyError
            For another measure, or a week outside the follow-up.
        """
        known = {"survival": self.survival, "rmst": self._weeks}
        known["cumulative_incidence"] = lambda at: 1 - self.survival(at)
        if measure not in known:
            raise KeyError(f'True "{measure}" of relapse{did_you_mean(measure, known)}')
        if week is None or not 0 < week <= LAST_WEEK:
            raise KeyError(f"{measure} has any week up to {LAST_WEEK:g}; found {week}.")
        return Levels(
            study="simulated",
            outcome="relapse",
            population="everyone in the population",
            arms=tuple(Arm(str(t), t) for t in ARMS),
            keys=tuple((str(t), week) for t in ARMS),
            measure=measure,
            better="lower" if measure == "cumulative_incidence" else "higher",
            estimate=known[measure](week),
            cov=np.zeros((len(ARMS),) * 2),
            n=(None,) * len(ARMS),
            events=(None,) * len(ARMS),
            randomised=frozenset(COMPONENTS),
            method="closed form",
        )

    def value(self, measure: str, arm: str, week: float, against: str = "") -> float:
        """The true value of a level, a contrast, or an interaction (``arm="combined"``)."""
        if measure in CONTRAST_MEASURES:
            levels = self.levels(CONTRAST_MEASURES[measure].of, week)
            return compare(levels, arm, against=against, measure=measure).one().estimate
        if measure.startswith("interaction"):
            return synergy(self.levels("survival", week)).where(measure=measure).one().estimate
        return per_arm(self.levels(measure, week)).where(arm=arm).one().estimate

    def survival(self, week: float) -> np.ndarray:
        """Share without relapse by a week, by arm, over the numbers of earlier episodes."""
        episodes = np.arange(EPISODES_MOST + 1)
        share = np.diff(np.append(poisson.cdf(episodes[:-1], EPISODES_MEAN), 1.0), prepend=0.0)
        hazard = self.world.cumulative_hazard(week) * self.world.relapse.per_episode**episodes
        return np.exp(-hazard) @ share

    def _weeks(self, week: float) -> np.ndarray:
        turn = [min(self.world.withdrawal_weeks, week)]
        area = lambda k: quad(lambda t: self.survival(t)[k], 0, week, points=turn)[0]  # noqa: E731
        return np.array([area(k) for k in range(len(ARMS))])


def simulate_maintenance(
    n: int = 400, seed: int = 1, world: Maintenance | None = None
) -> SimulatedStudy:
    """Draw a maintenance trial: four arms, drug continued or tapered, with therapy or without.

    Parameters
    ----------
    n : int
        People, over all arms.
    seed : int
        The only source of randomness.
    world : Maintenance, optional

    Returns
    -------
    SimulatedStudy
        PHQ-9 at randomisation and at weeks 4 to 52, relapse and dropout as recorded events;
        ``truth`` (`MaintenanceTruth`) says how many stay without relapse under each arm.

    Raises
    ------
    ValueError
        For fewer than four people.

    Examples
    --------
    >>> study = simulate_maintenance(n=80, seed=2)
    >>> study.rules.maintenance.tapered
    ('control', 'therapy')
    """
    if n < len(ARMS):
        raise ValueError(f"n is {n}; a trial of four arms needs at least {len(ARMS)} people.")
    world, rng = world or Maintenance(), np.random.default_rng((seed, 3))
    arm = rng.permutation(np.arange(n) % len(ARMS))
    episodes = np.minimum(rng.poisson(EPISODES_MEAN, n), EPISODES_MOST)
    hazard = rng.standard_exponential(n) / world.relapse.per_episode**episodes
    relapse = np.ceil(world.weeks_until(hazard, arm) * DAYS_PER_WEEK)
    leaves = rng.standard_exponential(n)
    rate = world.dropout_per_year / DAYS_PER_YEAR
    dropout = np.ceil(leaves / rate) if rate else np.full(n, math.inf)
    ids = np.array([f"P{i:0{max(4, len(str(n)))}d}" for i in range(1, n + 1)], dtype=object)
    tables = {
        "participants": pd.DataFrame(
            {
                "participant_id": ids,
                "arm": np.array([str(a) for a in ARMS], dtype=object)[arm],
                "earlier_episodes": episodes.astype(float),
            }
        ),
        "visits": _visits(ids, relapse, dropout, rng),
        "events": _events(ids, relapse, dropout),
        "treatments": _treatments(ids, arm, dropout, world),
    }
    return SimulatedStudy(tables=tables, truth=MaintenanceTruth(world), **_declared(world))


def _visits(ids, relapse, dropout, rng: np.random.Generator) -> pd.DataFrame:
    """Well: scores below relapse, at entry in remission; after relapse: at or above it."""
    parts = []
    for window in (VisitWindow("randomisation", 0, 0, 0), *SCHEDULE):
        day = rng.integers(int(window.first_day), int(window.last_day), len(ids), endpoint=True)
        worst = REMISSION_SCORE if window.week == 0 else RELAPSE_SCORE - 1
        well = rng.binomial(worst, 0.3, len(ids))
        ill = RELAPSE_SCORE + rng.binomial(int(SCALE.high) - RELAPSE_SCORE, 0.35, len(ids))
        part = {"participant_id": ids, "day": day.astype(float), "scale": SCALE.label}
        part |= {"score": np.where(day >= relapse, ill, well).astype(float), "visit": window.name}
        parts.append(pd.DataFrame(part)[day <= dropout])
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["participant_id", "day"], kind="stable").reset_index(drop=True)


def _events(ids, relapse, dropout) -> pd.DataFrame:
    end = np.minimum(dropout, LAST_WEEK * DAYS_PER_WEEK)
    parts = []
    for event, day in (("relapse", relapse), ("dropout", dropout), ("end_of_follow_up", end)):
        seen = day <= end
        parts.append(pd.DataFrame({"participant_id": ids[seen], "day": day[seen], "event": event}))
    table = pd.concat(parts, ignore_index=True).assign(reason="", severity="")
    return table.sort_values(["participant_id", "day"], kind="stable").reset_index(drop=True)


def _treatments(ids, arm, dropout, world: Maintenance) -> pd.DataFrame:
    """The drug until the end of the taper or of follow-up, therapy in the arms that have it."""
    end = np.minimum(dropout, LAST_WEEK * DAYS_PER_WEEK)
    off = np.minimum(world.taper_weeks * DAYS_PER_WEEK, end)
    drug = {"component": "medication", "name": ACUTE, "start_day": 0.0}
    table = pd.DataFrame({"participant_id": ids} | drug)
    table["stop_day"] = np.where(HAS_MEDICATION[arm] == 1, end, off)
    therapy = arm >= 2
    more = pd.DataFrame({"participant_id": ids[therapy], "component": "therapy", "name": "CBT"})
    more = more.assign(start_day=0.0, stop_day=end[therapy])
    table = pd.concat([table, more], ignore_index=True).assign(dose="", sessions=np.nan)
    order = ["participant_id", "component"]
    return table.sort_values(order, kind="stable").reset_index(drop=True)


def _declared(world: Maintenance) -> dict:
    """What the trial declares, without its tables."""
    arms = tuple(
        Arm(
            name=str(t),
            treatment=t,
            medication=ACUTE if "medication" in t.components else "placebo",
            therapy="CBT, 10 sessions" if "therapy" in t.components else "clinical management",
            label=str(t).capitalize(),
        )
        for t in ARMS
    )
    return {
        "name": "simulated-maintenance",
        "title": "Simulated maintenance trial: drug continued or tapered, with therapy or without",
        "condition": "depression",
        "data_kind": "synthetic",
        "design": "trial",
        "randomised": frozenset(COMPONENTS),
        "arms": arms,
        "primary_scale": SCALE.label,
        "scales": {SCALE.label: SCALE},
        "schedule": SCHEDULE,
        "rules": Rules(
            remission=RemissionRule(REMISSION_SCORE),
            relapse=RelapseRule("baseline", from_events=True),
            retention=RetentionRule("events"),
            entry=EntryRule(),
            illness=IllnessRule(dropout="state", switch="ignored"),
            maintenance=MaintenanceRule(
                entered_after="remission",
                acute_treatment=ACUTE,
                continued=("medication", "combined"),
                tapered=("control", "therapy"),
                taper_weeks=world.taper_weeks,
            ),
        ),
        "primary_week": 52,
        "adjust": (),
        "disclosure": "open",
        "population": "simulated adults in remission from depression",
        "notes": NOTES,
        "baseline_days": (0, 0),
    }
