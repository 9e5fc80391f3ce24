r"""What becomes of people under an arm: scores, remission, relapse, dropout, adverse events.

`histories` is a function of the people and the arm, without any randomness of its own: the same
people under another arm are their potential outcomes.

Scores follow a Gaussian copula (NORTA; Cario and Nelson 1997). A person's latent severity at a
visit is standard normal, correlated over visits through a random intercept, a random slope and a
residual; the score is the quantile of that severity in the beta-binomial distribution of the arm
and visit. Scores are whole numbers within the range of the scale, and their mean is the declared
one exactly, however severe people are: synergy of means is what `Effects` says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr
from scipy.stats import betabinom

from ctevidence.simulate.effects import HAS_MEDICATION, HAS_THERAPY
from ctevidence.simulate.people import People
from ctevidence.simulate.scenario import (
    ENTRY_SCORE,
    REMISSION_SCORE,
    SCALE,
    WEEKS,
    Clusters,
    Dropout,
    Scenario,
)

REASONS = ("side effects", "felt well", "moved", "no reason given")
LEVELS_OF_SCORE = int(SCALE.high - SCALE.low) + 1


@dataclass(frozen=True, eq=False)
class Histories:
    """What happens to n people under the arms given; days that never come are inf.

    `scores` (n, v) are those of a complete follow-up; `attended` (n, v) tells which were taken.
    """

    scores: np.ndarray
    attended: np.ndarray
    remission_day: np.ndarray
    relapse_day: np.ndarray
    dropout_day: np.ndarray
    dropout_reason: np.ndarray
    adverse_day: np.ndarray


def score_distributions(scenario: Scenario) -> np.ndarray:
    """Cumulative distribution of the score in each arm and visit, without relapse.

    Returns
    -------
    ndarray, shape (4, 7, 28)
        Arms in the order of `ARMS`; baseline, then the visits; scores 0 to 27.

    Notes
    -----
    Beta-binomial with the declared mean: ``BetaBin(27, c m / 27, c (1 - m / 27))`` after
    baseline, ``10 + BetaBin(17, ...)`` at baseline, where nobody is below the entry score.
    """
    scores = np.arange(LEVELS_OF_SCORE)
    means = scenario.means((0.0, *WEEKS))[:, :, None]
    lowest = np.where(np.arange(len(WEEKS) + 1) == 0, ENTRY_SCORE, SCALE.low)[None, :, None]
    trials = SCALE.high - lowest
    share = (means - lowest) / trials
    c = scenario.severity.concentration
    return betabinom.cdf(scores - lowest, trials, c * share, c * (1 - share))


def baseline_scores(scenario: Scenario, people: People) -> np.ndarray:
    """Scores before treatment, shape (n,): the same whatever the arm."""
    return _quantiles(score_distributions(scenario), 0, 0, people.severity[:, 0])


def histories(scenario: Scenario, people: People, arm: np.ndarray) -> Histories:
    """What becomes of people under the arms given.

    Parameters
    ----------
    scenario : Scenario
    people : People
    arm : ndarray of int, shape (n,)
        Position in `ARMS`.
    """
    severity = _treated_severity(scenario.clusters, people, arm)
    distributions = score_distributions(scenario)
    scores = _quantiles(distributions, arm[:, None], np.arange(severity.shape[1]), severity)
    remission_day = _first_remission(scores, people.days)
    relapse_day = _relapse_day(scenario, people, arm, remission_day)
    ill_again = people.days >= relapse_day[:, None]
    # relapse brings back the severity that people came with: the distribution of baseline
    scores[ill_again] = _quantiles(distributions, 0, 0, severity[ill_again])
    dropout_day, last_score, attended = _attendance(scenario.dropout, people, arm, scores)
    adverse = people.uniform_adverse < scenario.harms.risks[arm]
    return Histories(
        scores=scores,
        attended=attended,
        remission_day=remission_day,
        relapse_day=relapse_day,
        dropout_day=dropout_day,
        dropout_reason=_dropout_reason(people.uniform_reason, arm, last_score),
        adverse_day=np.where(adverse, people.adverse_day, math.inf),
    )


def _treated_severity(clusters: Clusters, people: People, arm: np.ndarray) -> np.ndarray:
    """Severity with the therapist's part, which acts after baseline in arms with therapy."""
    share = clusters.therapist_share * HAS_THERAPY[arm][:, None]
    after = np.sqrt(1 - share) * people.severity[:, 1:]
    after += np.sqrt(share) * people.therapist_effect[:, None]
    return np.column_stack([people.severity[:, 0], after])


def _quantiles(distributions: np.ndarray, arm, visit, severity: np.ndarray) -> np.ndarray:
    """Scores of standard normal severities in the distributions of arms and visits."""
    which = arm * distributions.shape[1] + visit
    # one sorted table for all distributions: each is moved up by its number
    table = distributions.reshape(-1, LEVELS_OF_SCORE)
    table = (table + np.arange(len(table))[:, None]).ravel()
    found = np.searchsorted(table, ndtr(severity) + which, side="right")
    scores = np.minimum(found - LEVELS_OF_SCORE * which, LEVELS_OF_SCORE - 1)
    return scores.astype(np.int16)


def _first_remission(scores: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Day of the first visit after baseline in remission; inf when there is none."""
    well = np.where(scores[:, 1:] <= REMISSION_SCORE, days[:, 1:], math.inf)
    return well.min(axis=1)


def _relapse_day(scenario: Scenario, people: People, arm, remission_day) -> np.ndarray:
    """Day of relapse by inverting the cumulative hazard; inf without remission."""
    relapse = scenario.relapse
    ratio = relapse.hazard_ratios[arm] * relapse.per_episode**people.earlier_episodes
    return remission_day + np.ceil(relapse.days_until(people.exponential_relapse / ratio))


def _attendance(dropout: Dropout, people: People, arm: np.ndarray, scores: np.ndarray):
    """Walk through the visits: who leaves before each, and who attends.

    Returns
    -------
    dropout_day, last_score : ndarray, shape (n,)
    attended : ndarray of bool, shape (n, v)
    """
    dropout_day = np.full(len(people), math.inf)
    last_score = scores[:, 0].copy()
    attended = np.ones(scores.shape, bool)
    before = np.zeros(len(people))
    for k in range(1, scores.shape[1]):
        log_odds = dropout.log_odds[arm] + dropout.per_point * (last_score - ENTRY_SCORE)
        leaves = np.isinf(dropout_day) & (people.uniform_leave[:, k - 1] < expit(log_odds))
        between = people.days[:, k] - before - 1
        day = before + 1 + np.floor(people.uniform_leave_day[:, k - 1] * between)
        dropout_day[leaves] = day[leaves]
        missed = people.uniform_missed[:, k - 1] < dropout.missed_visit
        attended[:, k] = np.isinf(dropout_day) & ~missed
        last_score = np.where(attended[:, k], scores[:, k], last_score)
        before = people.days[:, k]
    return dropout_day, last_score, attended


def _dropout_reason(uniform: np.ndarray, arm: np.ndarray, last_score: np.ndarray) -> np.ndarray:
    """Position in `REASONS`: side effects mostly under medication, felt well when in remission."""
    weights = np.column_stack(
        [
            np.where(HAS_MEDICATION[arm] == 1, 0.35, 0.05),
            np.where(last_score <= REMISSION_SCORE, 0.60, 0.02),
            np.full(len(arm), 0.12),
            np.full(len(arm), 0.45),
        ]
    )
    cumulative = np.cumsum(weights, axis=1)
    return (uniform[:, None] * cumulative[:, -1:] > cumulative).sum(axis=1)
