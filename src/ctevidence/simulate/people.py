"""People of a simulated study: everything about them that chance decides, before treatment.

Whatever treatment later leaves to chance (who relapses when, who leaves) is decided by random
numbers that belong to the person, so that the same person can be followed under every arm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import poisson

from ctevidence.simulate.effects import ACUTE_WEEKS
from ctevidence.simulate.scenario import (
    BASELINE_DAYS,
    SCHEDULE,
    WEEKS,
    Clusters,
    Scenario,
    Severity,
)
from ctevidence.terms import DAYS_PER_WEEK

SHARE_OF_WOMEN = 0.65
AGE_MEAN, AGE_SD, AGES = 42, 13, (18, 75)
EPISODES_MEAN, EPISODES_MOST = 1.5, 9
#: Correlations of covariates with a person's level of severity.
AGE_WITH_SEVERITY, SEX_WITH_SEVERITY, EPISODES_WITH_SEVERITY = 0.15, 0.10, 0.40


@dataclass(frozen=True, eq=False)
class People:
    """Everything random about n people; v is the number of visits with baseline, 7.

    `severity` (n, v) is standard normal; `uniform_*` and `exponential_*` are the random numbers
    that decide what treatment leaves to chance.
    """

    severity: np.ndarray
    site: np.ndarray
    therapist: np.ndarray
    therapist_effect: np.ndarray
    age: np.ndarray
    female: np.ndarray
    earlier_episodes: np.ndarray
    days: np.ndarray
    uniform_leave: np.ndarray
    uniform_leave_day: np.ndarray
    uniform_reason: np.ndarray
    uniform_missed: np.ndarray
    exponential_relapse: np.ndarray
    uniform_adverse: np.ndarray
    adverse_day: np.ndarray

    def __len__(self) -> int:
        return len(self.site)


def draw_people(
    scenario: Scenario, n: int, rng: np.random.Generator, own_clusters: bool = False
) -> People:
    """Draw n people.

    Parameters
    ----------
    scenario : Scenario
    n : int
    rng : numpy Generator
    own_clusters : bool
        True gives everyone a site and a therapist of their own: then people are independent.
    """
    site, therapist = _draw_clusters(scenario.clusters, n, rng, own_clusters)
    site_effect = rng.standard_normal(site.max() + 1)[site]
    therapist_effect = rng.standard_normal(therapist.max() + 1)[therapist]
    level = rng.standard_normal(n)
    severity = _draw_severity(scenario.severity, level, rng)
    share = scenario.clusters.site_share
    severity = math.sqrt(1 - share) * severity + math.sqrt(share) * site_effect[:, None]
    age, female, episodes = _draw_covariates(level, rng)
    visits = len(SCHEDULE)
    first = [BASELINE_DAYS[0], *(w.first_day for w in SCHEDULE)]
    last = [BASELINE_DAYS[1], *(w.last_day for w in SCHEDULE)]
    return People(
        severity=severity,
        site=site,
        therapist=therapist,
        therapist_effect=therapist_effect,
        age=age,
        female=female,
        earlier_episodes=episodes,
        days=rng.integers(first, last, size=(n, visits + 1), endpoint=True),
        uniform_leave=rng.random((n, visits)),
        uniform_leave_day=rng.random((n, visits)),
        uniform_reason=rng.random(n),
        uniform_missed=rng.random((n, visits)),
        exponential_relapse=rng.standard_exponential(n),
        uniform_adverse=rng.random(n),
        adverse_day=rng.integers(1, int(ACUTE_WEEKS * DAYS_PER_WEEK), size=n, endpoint=True),
    )


def _draw_clusters(clusters: Clusters, n: int, rng: np.random.Generator, own_clusters: bool):
    if own_clusters:
        return np.arange(n), np.arange(n)
    site = rng.integers(clusters.sites, size=n)
    return site, site * clusters.therapists + rng.integers(clusters.therapists, size=n)


def _draw_severity(severity: Severity, level: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Standard normal severity at baseline and visits, shape (n, v), correlated within people."""
    time = np.log1p([0.0, *WEEKS]) / math.log1p(ACUTE_WEEKS)
    slope = severity.slope * time
    parts = (
        severity.intercept * level[:, None]
        + slope * rng.standard_normal(len(level))[:, None]
        + severity.residual * rng.standard_normal((len(level), len(time)))
    )
    return parts / np.sqrt(severity.intercept**2 + slope**2 + severity.residual**2)


def _draw_covariates(level: np.ndarray, rng: np.random.Generator):
    """Age, sex and earlier episodes, each correlated with the person's level of severity.

    They share the Gaussian of the scores instead of being added to it: severity stays normal.
    """

    def related(correlation: float) -> np.ndarray:
        own = rng.standard_normal(len(level))
        return correlation * level + math.sqrt(1 - correlation**2) * own

    age = np.clip(np.rint(AGE_MEAN + AGE_SD * related(AGE_WITH_SEVERITY)), *AGES).astype(int)
    female = ndtr(related(SEX_WITH_SEVERITY)) > 1 - SHARE_OF_WOMEN
    cumulative = poisson.cdf(np.arange(EPISODES_MOST), EPISODES_MEAN)
    episodes = np.searchsorted(cumulative, ndtr(related(EPISODES_WITH_SEVERITY)))
    return age, female, episodes
