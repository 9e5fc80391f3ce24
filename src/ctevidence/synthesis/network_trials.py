"""Trials of a network as independent contrasts: several arms of one trial handled exactly.

A trial of several arms gives correlated contrasts. Each trial is turned (rotated) into as many
contrasts as it has degrees of freedom, independent of each other whatever the between-study
variance: with within-trial covariance V and heterogeneity tau^2 M, M = (1 + [a = b])/2, a matrix A
with A M A' = I and A V A' = diag(v) makes the covariance diag(v + tau^2). Everything written for
independent studies (weights, tau-squared by any estimator, Q) then holds for networks unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.reported_contrasts import reported_covariance

#: How far contrasts of a trial may fail to add up, in units of the last digit given: three
#: estimates, each off by half a unit.
ROUNDING = 1.5
LEAST_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class NetworkTrial:
    """One trial: its contrasts against its first arm, and their covariance.

    Attributes
    ----------
    study : str
    arms : tuple of int, length a
        Positions of its treatments in the network.
    estimate : ndarray, shape (a - 1,)
        Each further arm against the first, on the analysis scale.
    cov : ndarray, shape (a - 1, a - 1)
    """

    study: str
    arms: tuple[int, ...]
    estimate: np.ndarray
    cov: np.ndarray


@dataclass(frozen=True, eq=False)
class NetworkTrials:
    """All trials of a network, and their independent contrasts.

    Attributes
    ----------
    treatments : tuple of str, length T
        In alphabetical order.
    trials : tuple of NetworkTrial
    y, v : ndarray, shape (m,)
        Independent contrasts and their within-trial variances.
    X : ndarray, shape (m, T)
        Their expectation is ``X @ theta``, theta the treatments on any common origin.
    trial_of : ndarray of int, shape (m,)
        Position of the trial of each contrast.
    """

    treatments: tuple[str, ...]
    trials: tuple[NetworkTrial, ...]
    y: np.ndarray
    v: np.ndarray
    X: np.ndarray
    trial_of: np.ndarray

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Connected parts: treatments that a chain of trials links, the largest part first."""
        groups = connected([trial.arms for trial in self.trials], len(self.treatments))
        named = [tuple(self.treatments[t] for t in group) for group in groups]
        return tuple(sorted(named, key=lambda part: (-len(part), part)))

    @property
    def designs(self) -> dict[tuple[int, ...], list[int]]:
        """Positions of the trials by the set of treatments that they compare."""
        found: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for i, trial in enumerate(self.trials):
            found[tuple(sorted(trial.arms))].append(i)
        return dict(found)

    def position(self, treatment: str) -> int:
        return self.treatments.index(treatment)


def network_trials(effects: EffectSizes, rounding: float | None = None) -> NetworkTrials:
    """The trials of a network from its effects.

    Parameters
    ----------
    effects : EffectSizes
        All contrasts of each trial; or, with their covariance, enough to link all its arms.
    rounding : float, optional
        How far three contrasts of one trial may fail to add up; when absent 1.5 units of the last
        digit to which the trial's estimates are given.

    Raises
    ------
    ValueError
        Listing every trial whose contrasts or standard errors do not go together.
    """
    frame = effects.frame
    pairs = list(zip(frame["treat1"], frame["treat2"], strict=True))
    treatments = tuple(sorted({name for pair in pairs for name in pair}))
    index = {name: i for i, name in enumerate(treatments)}
    rows: dict[str, list[int]] = defaultdict(list)
    for row, study in enumerate(frame["study"]):
        rows[study].append(row)
    estimate, error = frame["estimate"].to_numpy(), frame["std_error"].to_numpy()
    trials, problems = [], []
    for study, own in rows.items():
        named = [pairs[i] for i in own]
        try:
            if len(own) == 1:
                trials.append(_two_arms(study, named[0], index, estimate[own[0]], error[own[0]]))
            else:
                cov = effects.covariance.get(study)
                if cov is None:
                    cov = reported_covariance(named, error[own] ** 2, study)
                trials.append(_several_arms(study, named, index, estimate[own], cov, rounding))
        except ValueError as problem:
            problems.append(str(problem).rstrip("."))
    if problems:
        raise ValueError("These trials cannot enter a network: " + "; ".join(problems) + ".")
    return assembled(treatments, trials)


def assembled(treatments: Sequence[str], trials: Sequence[NetworkTrial]) -> NetworkTrials:
    """The independent contrasts of given trials."""
    y, v, X, trial_of = [], [], [], []
    for i, trial in enumerate(trials):
        signs = np.zeros((len(trial.arms) - 1, len(treatments)))
        signs[:, trial.arms[0]] = -1.0
        signs[np.arange(len(trial.arms) - 1), trial.arms[1:]] = 1.0
        turned, variance = rotation(trial.cov)
        y.append(turned @ trial.estimate)
        v.append(variance)
        X.append(turned @ signs)
        trial_of += [i] * len(variance)
    return NetworkTrials(
        tuple(treatments),
        tuple(trials),
        np.concatenate(y) if y else np.zeros(0),
        np.concatenate(v) if v else np.zeros(0),
        np.vstack(X) if X else np.zeros((0, len(treatments))),
        np.array(trial_of, int),
    )


def rotation(cov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A with ``A M A' = I`` and ``A cov A' = diag(v)``, and v; M has 1 and, off it, 1/2.

    M is the covariance, over tau-squared, of the true contrasts of a trial against its first arm
    when every contrast has the same heterogeneity (Higgins and Whitehead 1996, Stat Med 15:2733).

    Examples
    --------
    >>> A, v = rotation(np.array([[0.04]]))
    >>> float(A[0, 0]), float(v[0])
    (1.0, 0.04)
    """
    m = len(cov)
    if m == 1:
        return np.eye(1), cov[0]
    half = np.linalg.inv(np.linalg.cholesky((np.eye(m) + 1) / 2))
    variance, axes = np.linalg.eigh(half @ cov @ half.T)
    return axes.T @ half, variance


def pair_weights(arm_cov: np.ndarray) -> np.ndarray:
    """Weights of the contrasts of a trial that, taken as independent, give its information.

    With S the covariance of the arms up to a common constant, the weight of arms i and j is
    ``-L[i, j]``, L the pseudo-inverse of the centred S; Ruecker (2012), Res Syn Meth 3:312.

    Examples
    --------
    Three arms of variance 1: the inverse variance 1/2 of a contrast falls to 1/3.

    >>> round(float(pair_weights(np.eye(3))[0, 1]), 9)
    0.333333333
    """
    centre = np.eye(len(arm_cov)) - 1 / len(arm_cov)
    laplacian = np.linalg.pinv(centre @ arm_cov @ centre, hermitian=True)
    return np.diag(np.diag(laplacian)) - laplacian


def connected(links: Iterable[Sequence[int]], nodes: int) -> list[list[int]]:
    """Groups of nodes that chains of links hold together.

    Examples
    --------
    >>> connected([(0, 1), (2, 3), (3, 4)], 6)
    [[0, 1], [2, 3, 4], [5]]
    """
    root = list(range(nodes))

    def find(node: int) -> int:
        while root[node] != node:
            node = root[node]
        return node

    for link in links:
        first = find(link[0])
        for other in link[1:]:
            root[find(other)] = first
    groups: dict[int, list[int]] = defaultdict(list)
    for node in range(nodes):
        groups[find(node)].append(node)
    return list(groups.values())


def _two_arms(study, pair, index, estimate, error) -> NetworkTrial:
    return NetworkTrial(
        study,
        (index[pair[1]], index[pair[0]]),
        np.array([estimate]),
        np.array([[error**2]]),
    )


def _several_arms(study, pairs, index, estimate, cov, rounding) -> NetworkTrial:
    """Contrasts against the first arm, once those given are known to add up.

    What rounding leaves open is closed by least squares with the weights that make independent
    contrasts of them, the off-diagonal of the inverse of the arms' covariance (Ruecker 2012, Res
    Syn Meth 3:312), so that all digits agree with netmeta.
    """
    names = sorted({name for pair in pairs for name in pair})
    if len(connected([(names.index(a), names.index(b)) for a, b in pairs], len(names))) > 1:
        raise ValueError(f"{study} compares treatments that none of its contrasts links")
    signs = np.array([[(n == a) - (n == b) for n in names] for a, b in pairs], float)
    inverse = np.linalg.pinv(signs)
    weights = pair_weights(inverse @ cov @ inverse.T)
    weighted = (
        signs * np.array([weights[names.index(a), names.index(b)] for a, b in pairs])[:, None]
    )
    arm_values = np.linalg.pinv(signs.T @ weighted) @ weighted.T @ estimate
    _refuse_what_does_not_add_up(study, pairs, estimate, rounding)
    against_first = np.hstack([-np.ones((len(names) - 1, 1)), np.eye(len(names) - 1)])
    mixing = against_first @ inverse
    own = mixing @ cov @ mixing.T
    if np.linalg.eigvalsh(own).min() <= 1e-9 * np.trace(own):
        raise ValueError(
            f"{study} has standard errors that do not go together: they give some contrast of its "
            "arms no variance or a negative one; check that all are of one analysis and scale"
        )
    return NetworkTrial(study, tuple(index[n] for n in names), against_first @ arm_values, own)


def _refuse_what_does_not_add_up(study, pairs, estimate, rounding) -> None:
    """Contrasts of one trial must close every loop of three; what rounding can do is tolerated."""
    if rounding is None:
        rounding = max(LEAST_TOLERANCE, ROUNDING * 10.0 ** -_decimals(estimate))
    effect = dict(zip(pairs, estimate, strict=True))
    effect |= {(b, a): -value for (a, b), value in effect.items()}
    names = sorted({name for pair in pairs for name in pair})
    gaps = {
        (a, b, c): effect[a, b] + effect[b, c] - effect[a, c]
        for a, b, c in combinations(names, 3)
        if {(a, b), (b, c), (a, c)} <= set(effect)
    }
    if not gaps:
        return
    (a, b, c), gap = max(gaps.items(), key=lambda loop: abs(loop[1]))
    if abs(gap) > rounding * (1 + 1e-9):
        raise ValueError(
            f"{study} has contrasts that do not add up: {a} against {b} and {b} against {c} give "
            f"{effect[a, b] + effect[b, c]:.6g} for {a} against {c}, not {effect[a, c]:.6g}; off "
            f"by {abs(gap):.3g} where rounding explains {rounding:.2g}; check signs and order, an "
            "estimate is of treat1 against treat2"
        )


def _decimals(values) -> int:
    """Decimal places to which numbers are given."""
    return max(len(f"{value:.12f}".rstrip("0").partition(".")[2]) for value in values)
