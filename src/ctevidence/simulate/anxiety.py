"""A second scale in the simulated world: anxiety on the GAD-7, beside depression on the PHQ-9."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import betabinom

from ctevidence.data.scales import get_scale
from ctevidence.simulate.effects import ARMS, Effects, require

ANXIETY_SCALE = get_scale("GAD-7")


@dataclass(frozen=True)
class Anxiety:
    """How anxiety goes along with depression.

    Parameters
    ----------
    baseline_mean : float
        Mean GAD-7 score of those who enter, in points.
    share : float
        Change of the mean GAD-7 score for each point of change of the mean PHQ-9 score that is
        declared in `Effects`, in every arm: 0 leaves anxiety as it was.
    correlation : float
        Of latent anxiety with latent severity of depression at the same visit.
    concentration : float
        As in `Severity`.

    Notes
    -----
    Relapse is of depression: it does not bring anxiety back, so that mean GAD-7 scores are the
    declared ones at every week. Dropout depends on the PHQ-9 score.
    """

    baseline_mean: float = 12.0
    share: float = 0.6
    correlation: float = 0.6
    concentration: float = 6.5

    def __post_init__(self) -> None:
        inside = ANXIETY_SCALE.low < self.baseline_mean < ANXIETY_SCALE.high
        require(inside, self, "baseline_mean", f"between 0 and {ANXIETY_SCALE.high:g}")
        require(math.isfinite(self.share), self, "share", "a finite number")
        require(-1 <= self.correlation <= 1, self, "correlation", "between -1 and 1")
        require(self.concentration > 0, self, "concentration", "above 0")

    def means(self, effects: Effects, weeks: tuple[float, ...]) -> np.ndarray:
        """Mean GAD-7 score in each arm, shape (4, number of weeks)."""
        return self.baseline_mean + self.share * effects.changes(weeks)

    def refuse_impossible(self, effects: Effects, weeks: tuple[float, ...]) -> None:
        """Refuse effects that leave the range of the scale.

        Raises
        ------
        ValueError
        """
        lowest, highest = (f(self.means(effects, weeks)) for f in (np.min, np.max))
        if lowest <= ANXIETY_SCALE.low or highest >= ANXIETY_SCALE.high:
            raise ValueError(
                f"The effects give mean {ANXIETY_SCALE.label} scores from {lowest:.1f} to "
                f"{highest:.1f}; it runs from {ANXIETY_SCALE.low:g} to {ANXIETY_SCALE.high:g}. "
                "Make the share smaller, or change the baseline mean."
            )


def anxiety_scores(
    anxiety: Anxiety,
    effects: Effects,
    weeks: tuple[float, ...],
    severity: np.ndarray,
    arm: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """GAD-7 scores at complete follow-up.

    Parameters
    ----------
    weeks : tuple of float, length v
        Of the visits, the baseline's 0 first.
    severity : ndarray, shape (n, v)
        Standard normal severity of depression.
    arm : ndarray of int, shape (n,)
        Position in `ARMS`.
    rng : numpy Generator
        For what anxiety does not share with depression: half of it is the person's own, half
        varies from visit to visit.

    Returns
    -------
    ndarray of int, shape (n, v)
        Quantiles of the latent anxiety in the beta-binomial distribution of the arm and visit,
        whose mean is the declared one.
    """
    own = rng.standard_normal((len(arm), 1)) + rng.standard_normal(severity.shape)
    rest = math.sqrt(1 - anxiety.correlation**2)
    uniform = ndtr(anxiety.correlation * severity + rest * own / math.sqrt(2))
    trials = int(ANXIETY_SCALE.high - ANXIETY_SCALE.low)
    share = anxiety.means(effects, weeks) / trials
    scores = np.empty(severity.shape, int)
    for a in range(len(ARMS)):
        for k in range(len(weeks)):
            alpha, beta = np.array([share[a, k], 1 - share[a, k]]) * anxiety.concentration
            cumulative = betabinom.cdf(np.arange(trials), trials, alpha, beta)
            scores[arm == a, k] = np.searchsorted(cumulative, uniform[arm == a, k], side="right")
    return scores


def with_anxiety(visits: pd.DataFrame, scores: np.ndarray, attended: np.ndarray) -> pd.DataFrame:
    """The table of visits with a GAD-7 score beside every PHQ-9 score.

    Parameters
    ----------
    visits : DataFrame
        One row for each visit attended, by person and visit.
    scores, attended : ndarray, shape (n, v)
    """
    rows = visits.assign(scale=ANXIETY_SCALE.label, score=scores[attended].astype(float))
    return pd.concat([visits, rows]).sort_index(kind="stable").reset_index(drop=True)
