"""How much each comparison and each trial contributes to an estimate of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.language import say
from ctevidence.synthesis.network_trials import NetworkTrials, pair_weights

#: Share of the largest flow below which an edge carries none.
_NO_FLOW = 1e-12


@dataclass(frozen=True, eq=False)
class Contributions:
    """Shares, adding up to 1 in each row, of the estimates named in the index ``a against b``.

    Attributes
    ----------
    comparisons : DataFrame
        Columns are direct comparisons of the network.
    studies : DataFrame
        Columns are trials.
    """

    comparisons: pd.DataFrame
    studies: pd.DataFrame

    @property
    def method(self) -> str:
        """How evidence was followed to its sources, in words."""
        return say("synthesis.contributions.method")


def contributions(
    trials: NetworkTrials, tau2: float, estimates: Sequence[tuple[str, str]]
) -> Contributions:
    """Contributions to the named estimates.

    A row of the hat matrix is a unit of evidence that flows from one treatment to the other. A
    walker who leaves each treatment along its outgoing flows in proportion takes every path with a
    known probability; the share of a comparison is the sum over the paths through it of
    probability divided by length. A comparison hands its share to its trials in proportion to
    their weight in it.

    Parameters
    ----------
    trials : NetworkTrials
    tau2 : float
    estimates : sequence of (str, str)

    Raises
    ------
    ValueError
        When the standard errors of a trial give one of its contrasts a negative weight.

    Notes
    -----
    Davies, Papakonstantinou, Nikolakopoulou, Ruecker and Galla (2022), Stat Med 41:2091; flows
    after Koenig, Krahn and Binder (2013), Stat Med 32:5414. The sum over paths is taken without
    listing them: the flow has no cycle, so the probability of reaching a treatment in k steps
    follows from that of its neighbours. The shortest-path convention (Papakonstantinou et al.
    2018, F1000Research 7:610) gives other numbers.
    """
    weights, by_trial = _weights(trials, tau2)
    edges = [(i, j) for i, j in zip(*np.nonzero(np.triu(weights)), strict=True)]
    inverse = np.linalg.pinv(np.diag(weights.sum(axis=1)) - weights, hermitian=True)
    shares = np.zeros((len(estimates), len(edges)))
    for row, (first, second) in enumerate(estimates):
        s, t = trials.position(first), trials.position(second)
        potential = inverse[:, s] - inverse[:, t]
        flow = weights * np.subtract.outer(potential, potential)
        walked = random_walk_shares(flow, s, t, np.argsort(-potential, kind="stable"))
        shares[row] = [walked[i, j] + walked[j, i] for i, j in edges]
    names = trials.treatments
    of_trials = np.zeros((len(edges), len(trials.trials)))
    for column, (i, j) in enumerate(edges):
        for trial, weight in by_trial[i, j].items():
            of_trials[column, trial] = weight / weights[i, j]
    index = pd.Index([f"{a} against {b}" for a, b in estimates])
    return Contributions(
        pd.DataFrame(shares, index, [f"{names[i]} : {names[j]}" for i, j in edges]),
        pd.DataFrame(shares @ of_trials, index, [trial.study for trial in trials.trials]),
    )


def random_walk_shares(flow: np.ndarray, start: int, end: int, order) -> np.ndarray:
    """Share of each directed edge in a flow without cycles, shape (T, T).

    Parameters
    ----------
    flow : ndarray, shape (T, T)
        Antisymmetric; positive where evidence flows from the row to the column.
    start, end : int
    order : sequence of int
        Treatments so that flow only goes from earlier to later ones.

    Examples
    --------
    Half of the evidence goes straight, half by a third treatment.

    >>> flow = np.array([[0, 0.5, 0.5], [-0.5, 0, -0.5], [-0.5, 0.5, 0]])
    >>> random_walk_shares(flow, 0, 1, [0, 2, 1]).tolist()
    [[0.0, 0.5, 0.25], [0.0, 0.0, 0.0], [0.0, 0.25, 0.0]]
    """
    size = len(flow)
    out = np.where(flow > _NO_FLOW * np.abs(flow).max(), flow, 0.0)
    out[end] = 0.0
    leaving = out.sum(axis=1, keepdims=True)
    step = np.divide(out, leaving, out=np.zeros_like(out), where=leaving > 0)
    # probability of being at a treatment after k steps, and of reaching the end in k more
    reached, to_go = np.zeros((size, size)), np.zeros((size, size))
    reached[start, 0] = to_go[end, 0] = 1.0
    for i in order:
        reached[:, 1:] += np.outer(step[i], reached[i, :-1])
    for i in reversed(list(order)):
        to_go[i, 1:] += step[i] @ to_go[:, :-1]
    length = 1 / (np.add.outer(np.arange(size), np.arange(size)) + 1.0)
    return step * (reached @ length @ to_go.T)


def _weights(trials: NetworkTrials, tau2: float):
    """Weight of each comparison, shape (T, T), and of each trial in it."""
    size = len(trials.treatments)
    weights, by_trial = np.zeros((size, size)), {}
    for number, trial in enumerate(trials.trials):
        m = len(trial.arms) - 1
        own = np.zeros((m + 1, m + 1))
        own[1:, 1:] = trial.cov + tau2 * (np.eye(m) + 1) / 2
        pairs = pair_weights(own)
        if pairs.min() < -1e-9 * pairs.max():
            raise ValueError(
                f"{trial.study}: its standard errors give one of its contrasts a negative weight, "
                "so contributions are not defined; check the standard errors of its arms."
            )
        for i, a in enumerate(trial.arms):
            for j, b in enumerate(trial.arms):
                if a < b:
                    weights[a, b] += pairs[i, j]
                    weights[b, a] = weights[a, b]
                    by_trial.setdefault((a, b), {})[number] = pairs[i, j]
    return weights, by_trial
