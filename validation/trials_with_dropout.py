"""Four-arm trials with normal scores, as arrays with known truth, and four ways of losing people.

Medication and therapy have the same course but lose opposite people, so that comparing only those
who are still seen is wrong even where there is no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

# -- the truth -------------------------------------------------------------------------------------

ARMS = ("control", "medication", "therapy", "combined")
WEEKS = np.array([1.0, 2.0, 4.0, 6.0, 8.0, 12.0])
MEAN_BEFORE = 24.0
#: Fall of the mean score by the end in each arm, in points, approached exponentially.
FALL = np.array([4.0, 7.0, 7.0, 10.0])
EXPECTED = MEAN_BEFORE - np.outer(FALL, 1 - np.exp(-WEEKS / 4))
#: Standard deviations at baseline and the visits; a person's level, a decaying part, and a part of
#: the visit alone. No structure with fewer parameters than the unstructured one fits.
SPREAD = np.array([5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0])
LAG = abs(np.subtract.outer(np.arange(7), np.arange(7)))
COVARIANCE = np.outer(SPREAD, SPREAD) * np.where(LAG == 0, 1.0, 0.25 + 0.7 * 0.8**LAG)

#: Contrasts at week 12, by arm in the order above.
ZERO = np.array([0.0, 1.0, -1.0, 0.0])  # medication against therapy: the same course
REAL = np.array([0.0, -1.0, 0.0, 1.0])  # combined against medication
CONTRASTS = np.array([ZERO, REAL])
TRUTH = CONTRASTS @ EXPECTED[:, -1]

# -- who leaves ------------------------------------------------------------------------------------

#: Sign of the effect of a higher score on leaving. People without therapy leave when they do badly,
#: people with therapy when they do well: those still seen differ between arms even where the arms
#: do not, so that a method which ignores why people left is biased in both contrasts.
DIRECTION = np.array([1.0, 1.0, -1.0, -1.0])
RISK, PER_POINT, ORDINARY_SCORE = 0.05, 0.15, 20.0
RANDOM_RISK = 0.07


@dataclass(frozen=True)
class Mechanism:
    """A way in which people leave before one of the visits after the first."""

    name: str
    text: str
    ignorable: bool


MECHANISMS = (
    Mechanism("no dropout", "all are seen at all visits.", True),
    Mechanism(
        "random dropout",
        f"before each visit after the first everybody leaves with probability {RANDOM_RISK}, "
        "whatever the scores (missing completely at random).",
        True,
    ),
    Mechanism(
        "dropout by the last score seen",
        "the log odds of leaving before a visit are linear in the score at the visit before, which "
        "was seen (missing at random given scores and arm).",
        True,
    ),
    Mechanism(
        "dropout by the score not seen",
        "the same, but in the score at the visit that is missed (missing not at random). No method "
        "here assumes this: bias is expected and shown, not judged.",
        False,
    ),
)


def risks(mechanism: str, scores: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Probability to leave before each visit after the first, shape (people, visits - 1)."""
    if mechanism == "no dropout":
        return np.zeros_like(scores[:, 1:])
    if mechanism == "random dropout":
        return np.full_like(scores[:, 1:], RANDOM_RISK)
    score = scores[:, :-1] if mechanism == "dropout by the last score seen" else scores[:, 1:]
    return special.expit(
        special.logit(RISK) + DIRECTION[arm][:, None] * PER_POINT * (score - ORDINARY_SCORE)
    )


def seen(risk: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Which visits are attended; whoever leaves does not come back. Shape (people, visits)."""
    stay = np.logical_and.accumulate(uniform >= risk, axis=1)
    return np.column_stack([np.ones(len(stay), bool), stay])


# -- one trial -------------------------------------------------------------------------------------


def draw(
    seed: int, per_arm: int, replicate: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arm, baseline, all scores, and the uniform numbers that decide who leaves.

    The same replicate meets all mechanisms, so that they differ by what is missing alone.
    """
    rng = np.random.default_rng([seed, per_arm, replicate])
    arm = np.repeat(np.arange(len(ARMS)), per_arm)
    errors = rng.normal(size=(len(arm), 7)) @ np.linalg.cholesky(COVARIANCE).T
    baseline = MEAN_BEFORE + errors[:, 0]
    scores = EXPECTED[arm] + errors[:, 1:]
    return arm, baseline, scores, rng.random((len(arm), len(WEEKS) - 1))
