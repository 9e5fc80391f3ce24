"""Direct against indirect evidence, comparison by comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.network_trials import NetworkTrials


@dataclass(frozen=True)
class Split:
    """One comparison: first treatment against second, on the analysis scale.

    Attributes
    ----------
    treat1, treat2 : str
    trials : int
        Trials that compare them directly.
    direct, indirect : float
    cov : ndarray, shape (2, 2)
        Joint covariance of the two.
    """

    treat1: str
    treat2: str
    trials: int
    direct: float
    indirect: float
    cov: np.ndarray


def split_nodes(trials: NetworkTrials, tau2: float) -> tuple[Split, ...]:
    r"""Every comparison that has both direct and indirect evidence.

    For treatments a and b the model gets one more coefficient :math:`\omega`: in trials that
    gave both, a stands :math:`\omega/2` higher and b :math:`\omega/2` lower than elsewhere, so
    that their direct contrast is the indirect one plus :math:`\omega`. Dias et al. (2010), Stat
    Med 29:932; the split shared evenly between the two arms, which makes it the same whichever
    treatment comes first and exact with trials of several arms, is White (2015), Stata J 15:951.

    Parameters
    ----------
    trials : NetworkTrials
    tau2 : float
        Between-study variance of the network, kept for all splits.

    Notes
    -----
    With :math:`\tilde z` the residual of the extra column z on the network model in the metric W,
    :math:`\hat\omega = \tilde z'Wy/\tilde z'W\tilde z` and :math:`\hat\theta` moves by
    :math:`-(X'WX)^+X'Wz\hat\omega`. Where nothing of z is left there is no indirect evidence.
    """
    pairs, z = _extra_columns(trials)
    if not pairs:
        return ()
    X, weight = trials.X, 1 / (trials.v + tau2)
    inverse = np.linalg.pinv((X.T * weight) @ X, hermitian=True)
    moved = inverse @ ((X.T * weight) @ z)
    theta = inverse @ ((X.T * weight) @ trials.y)
    left = z - X @ moved
    information = np.sum(left * weight[:, None] * left, axis=0)
    has_both = information > 1e-8 * np.sum(z * weight[:, None] * z, axis=0)
    splits = []
    for j in np.flatnonzero(has_both):
        (a, b), variance = pairs[j], 1 / information[j]
        omega = variance * float(left[:, j] @ (weight * trials.y))
        c = np.zeros(X.shape[1])
        c[a], c[b] = 1.0, -1.0
        slope = float(c @ moved[:, j])
        indirect = float(c @ theta) - slope * omega
        network_variance = float(c @ inverse @ c)
        # of (omega, indirect), then of (direct = indirect + omega, indirect)
        own = np.array(
            [[variance, -slope * variance], [-slope * variance, network_variance]]
        ) + np.diag([0.0, slope**2 * variance])
        turn = np.array([[1.0, 1.0], [0.0, 1.0]])
        splits.append(
            Split(
                trials.treatments[a],
                trials.treatments[b],
                sum(a in t.arms and b in t.arms for t in trials.trials),
                indirect + omega,
                indirect,
                turn @ own @ turn.T,
            )
        )
    return tuple(splits)


def compared_pairs(trials: NetworkTrials) -> list[tuple[int, int]]:
    """Pairs of treatments that some trial gave both, in order."""
    found = {(a, b) for trial in trials.trials for a in trial.arms for b in trial.arms if a < b}
    return sorted(found)


def _extra_columns(trials: NetworkTrials) -> tuple[list[tuple[int, int]], np.ndarray]:
    pairs = compared_pairs(trials)
    z = np.zeros((trials.y.size, len(pairs)))
    arms = [set(trial.arms) for trial in trials.trials]
    for j, (a, b) in enumerate(pairs):
        direct = np.array([a in own and b in own for own in arms])[trials.trial_of]
        z[direct, j] = (trials.X[direct, a] - trials.X[direct, b]) / 2
    return pairs, z
