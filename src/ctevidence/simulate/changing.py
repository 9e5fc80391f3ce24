"""A registry in which treatment changes on the way because of how people fare, with known truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import expit

from ctevidence.data.rules import RelapseRule, ResponseRule
from ctevidence.data.scales import declare_scale
from ctevidence.data.study import Rules, Study, VisitWindow
from ctevidence.simulate.effects import ARMS
from ctevidence.simulate.study import NOTES
from ctevidence.terms import COMPONENTS, DAYS_PER_WEEK, Arm

WEEKS = (4, 8, 12, 16, 20, 24)
SCALE = declare_scale({"label": "S", "low": 0, "high": 120, "better": "lower"})
#: People of the population by which the truth is worked out.
POPULATION = 400_000


@dataclass(frozen=True)
class Changing:
    """How scores, treatment and relapse move, from one visit to the next.

    Parameters
    ----------
    drift : float
        Points by which scores change in four weeks without treatment.
    medication, therapy, both : float
        Points that four weeks of each add, and of both beyond their sum.
    noise : float
        Standard deviation of a change.
    decided : float
        Log odds of starting a treatment for each ten points above 60; 0 for none.
    stops : float
        Log odds of stopping for each ten points below 60.
    lost : float
        Chance of being lost before the next visit, at 60 points; rises with the score.
    hazard : float
        Hazard of relapse in four weeks without treatment.
    log_ratios : tuple of float
        Log hazard ratios of medication, therapy and both beyond their sum.
    by_score : float
        Log hazard ratio of relapse for ten points at the start.
    """

    drift: float = -1.0
    medication: float = -2.0
    therapy: float = -1.5
    both: float = -0.5
    noise: float = 2.5
    decided: float = 0.8
    stops: float = 0.4
    lost: float = 0.03
    hazard: float = 0.06
    log_ratios: tuple[float, float, float] = (-0.5, -0.4, -0.2)
    by_score: float = 0.4


@dataclass(frozen=True)
class ChangingTruth:
    """What is true of everyone who starts, by simulating them under each strategy."""

    world: Changing

    def kept(self, week: float) -> dict[str, tuple[float, float]]:
        """Mean score and survival without relapse at a week, by treatment kept throughout."""
        visit = WEEKS.index(week) + 1
        rng = np.random.default_rng(20)
        base = _baseline(POPULATION, rng)
        found = {}
        for arm in ARMS:
            on = [c in arm.components for c in COMPONENTS]
            made = _follow(self.world, base, np.random.default_rng(21), lambda k, s, a, on=on: on)
            found[str(arm)] = _summary(made, visit)
        return found

    def adding(self, week: float, within: float) -> dict[str, tuple[float, float]]:
        """The same for people who start medication: alone, or therapy added by week `within`."""
        visit, last = WEEKS.index(week) + 1, WEEKS.index(within) + 1
        rng = np.random.default_rng(22)
        base = _baseline(POPULATION, rng)
        start = _chosen(self.world, base, np.zeros((len(base), 2), bool), rng, first=True)
        base = base[start[:, 0] & ~start[:, 1]]

        def alone(k, score, on, draw):
            now = draw(k, score, on)
            now[:, 1] = False
            return now

        def added(k, score, on, draw):
            now = draw(k, score, on)
            if k == last:
                now[:, 1] |= ~on[:, 1]
            return now

        found = {}
        for name, rule in (("alone", alone), ("added", added)):
            made = _natural(self.world, base, np.random.default_rng(23), rule)
            found[name] = _summary(made, visit)
        return found


@dataclass(frozen=True, eq=False)
class ChangingStudy(Study):
    """A study whose truth is known: a `Study` in every respect, with `truth`."""

    truth: ChangingTruth = field(kw_only=True)


@dataclass(frozen=True, eq=False)
class _Followed:
    scores: np.ndarray  # (n, K + 1)
    on: np.ndarray  # (n, K, 2)
    relapse: np.ndarray  # week, inf for none


def _baseline(n: int, rng: np.random.Generator) -> np.ndarray:
    return 60 + 6 * rng.standard_normal(n)


def _chosen(world: Changing, score, on, rng, first: bool = False) -> np.ndarray:
    """Treatment after a visit: started by those who fare badly, stopped by those who fare well."""
    severe = (score[:, None] - 60) / 10
    start = np.where(first, -0.1, -1.8) + world.decided * severe + np.array([0.1, -0.1])
    stop = -3.2 - world.stops * severe
    u = rng.random((len(score), 2))
    return np.where(on, ~(u < expit(stop)), u < expit(start))


def _follow(world: Changing, base, rng, decide) -> _Followed:
    """Everyone under a strategy that says what each is on."""
    n, k = len(base), len(WEEKS)
    scores, on = np.empty((n, k + 1)), np.zeros((n, k, 2), bool)
    scores[:, 0], relapse = base, np.full(n, np.inf)
    threshold = rng.exponential(size=n)
    cumulated, now = np.zeros(n), np.zeros((n, 2), bool)
    for j in range(k):
        now = np.broadcast_to(np.asarray(decide(j, scores[:, j], now)), (n, 2))
        on[:, j] = now
        m, t = now[:, 0].astype(float), now[:, 1].astype(float)
        move = world.drift + world.medication * m + world.therapy * t + world.both * m * t
        scores[:, j + 1] = scores[:, j] + move + world.noise * rng.standard_normal(n)
        ratio = world.log_ratios[0] * m + world.log_ratios[1] * t + world.log_ratios[2] * m * t
        hazard = world.hazard * np.exp(ratio + world.by_score * (base - 60) / 10)
        here = np.isinf(relapse) & (cumulated + hazard >= threshold)
        into = (threshold - cumulated) / hazard
        relapse = np.where(here, 4 * (j + into), relapse)
        cumulated += hazard
    return _Followed(scores, on, relapse)


def _natural(world: Changing, base, rng, rule) -> _Followed:
    """People on medication alone at the start; a rule changes what they would choose later."""

    def decide(k, score, on):
        if k == 0:
            return np.tile([True, False], (len(score), 1))
        return rule(k, score, on, lambda k, s, a: _chosen(world, s, a, rng))

    return _follow(world, base, rng, decide)


def _summary(made: _Followed, visit: int) -> tuple[float, float]:
    score = float(made.scores[:, visit].mean())
    return score, float((made.relapse > WEEKS[visit - 1]).mean())


def simulate_changing_treatment(
    n: int = 2000, seed: int = 1, world: Changing | None = None
) -> ChangingStudy:
    """A registry: treatment chosen at the start and changed at visits, as people fare.

    Parameters
    ----------
    n, seed : int
    world : Changing, optional

    Returns
    -------
    ChangingStudy
        Scores at the start and every four weeks to week 24, relapse counted from the start, and
        `truth` under each treatment kept throughout, and of adding therapy to medication.

    Examples
    --------
    >>> study = simulate_changing_treatment(n=200, seed=3)
    >>> sorted(study.treatments["component"].unique())
    ['medication', 'therapy']
    """
    world = world or Changing()
    rng = np.random.default_rng(seed)
    base = _baseline(n, rng)

    def decide(k, score, on):
        return _chosen(world, score, on, rng, first=k == 0)

    made = _follow(world, base, rng, decide)
    leaves = rng.random((n, len(WEEKS)))
    chance = world.lost * np.exp(0.4 * (made.scores[:, :-1] - 60) / 10)
    gone = (leaves < chance).argmax(axis=1)
    last = np.where((leaves < chance).any(axis=1), gone, len(WEEKS))  # last visit attended
    ids = np.array([f"p{i:05d}" for i in range(n)])
    start = made.on[:, 0]
    arm = np.array([str(a) for a in ARMS])[start[:, 0] + 2 * start[:, 1]]
    return ChangingStudy(
        truth=ChangingTruth(world), tables=_tables(made, ids, arm, last), **_declared()
    )


def _tables(made: _Followed, ids, arm, last) -> dict[str, pd.DataFrame]:
    days = DAYS_PER_WEEK * np.array([0, *WEEKS])
    seen = np.arange(len(days)) <= last[:, None]
    who, when = np.nonzero(seen)
    visits = pd.DataFrame(
        {
            "participant_id": ids[who],
            "day": days[when].astype(float),
            "scale": "S",
            "score": made.scores[who, when],
        }
    )
    ended = days[last]
    relapsed = made.relapse * DAYS_PER_WEEK <= ended
    events = pd.DataFrame(
        {
            "participant_id": np.concatenate([ids[relapsed], ids]),
            "day": np.concatenate([made.relapse[relapsed] * DAYS_PER_WEEK, ended.astype(float)]),
            "event": ["relapse"] * int(relapsed.sum()) + ["end_of_follow_up"] * len(ids),
        }
    )
    return {
        "participants": pd.DataFrame({"participant_id": ids, "arm": arm}),
        "visits": visits,
        "events": events,
        "treatments": _spells(made.on, ids, days),
    }


def _spells(on: np.ndarray, ids: np.ndarray, days: np.ndarray) -> pd.DataFrame:
    rows = []
    for c, component in enumerate(COMPONENTS):
        now = np.pad(on[:, :, c].astype(int), ((0, 0), (1, 1)))
        change = np.diff(now, axis=1)
        who, begin = np.nonzero(change == 1)
        _, end = np.nonzero(change == -1)
        stop = np.where(end < on.shape[1], days[np.minimum(end, on.shape[1])], np.nan)
        rows.append(
            pd.DataFrame(
                {
                    "participant_id": ids[who],
                    "component": component,
                    "name": {"medication": "sertraline", "therapy": "CBT"}[component],
                    "start_day": days[begin].astype(float),
                    "stop_day": stop,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _declared() -> dict:
    return {
        "name": "simulated-changing",
        "title": "Simulated practice registry: treatment changes on the way",
        "condition": "depression",
        "data_kind": "synthetic",
        "design": "registry",
        "randomised": frozenset(),
        "arms": tuple(Arm(str(t), t) for t in ARMS),
        "primary_scale": "S",
        "scales": {"S": SCALE},
        "schedule": tuple(
            VisitWindow(f"week {w}", w, DAYS_PER_WEEK * w - 6, DAYS_PER_WEEK * w + 6) for w in WEEKS
        ),
        "rules": Rules(
            response=ResponseRule("cut_off", "observed", threshold=48),
            relapse=RelapseRule(after="baseline", from_events=True),
        ),
        "primary_week": 24,
        "adjust": ("baseline",),
        "disclosure": "open",
        "notes": NOTES,
        "baseline_days": (-6.0, 0.0),
    }
