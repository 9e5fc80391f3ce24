"""How treatments of a network rank, and how little that often says."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

DRAWS = 10_000


def p_scores(effect, cov, higher_is_better: bool) -> np.ndarray:
    """Mean certainty that a treatment is better than another, shape (T,).

    Ruecker and Schwarzer (2015), BMC Med Res Methodol 15:58: the mean over the other treatments of
    the one-sided p-value that it is better.

    Parameters
    ----------
    effect : array_like, shape (T,)
        On any common origin.
    cov : array_like, shape (T, T)
    higher_is_better : bool

    Examples
    --------
    >>> p_scores([0.0, 0.0], [[0, 0], [0, 1.0]], True).tolist()
    [0.5, 0.5]
    """
    effect, cov = np.asarray(effect, float), np.asarray(cov, float)
    apart = np.subtract.outer(effect, effect) * (1.0 if higher_is_better else -1.0)
    variance = np.add.outer(np.diag(cov), np.diag(cov)) - 2 * cov
    np.fill_diagonal(variance, 1.0)
    better = ndtr(apart / np.sqrt(variance))
    np.fill_diagonal(better, 0.0)
    return better.sum(axis=1) / (len(effect) - 1)


def simulated_ranks(effect, cov, higher_is_better: bool, seed: int, draws=DRAWS) -> np.ndarray:
    """Ranks in draws from the joint normal distribution of the effects, shape (draws, T); 1 first.

    Parameters
    ----------
    effect, cov, higher_is_better
        As in `p_scores`.
    seed : int
    draws : int
    """
    effect, cov = np.asarray(effect, float), np.asarray(cov, float)
    # a square root by eigenvalues: the reference has no variance, so there is no Cholesky factor
    size, axes = np.linalg.eigh((cov + cov.T) / 2)
    root = axes * np.sqrt(np.maximum(size, 0.0))
    noise = np.random.default_rng(seed).standard_normal((draws, len(effect)))
    drawn = effect + noise @ root.T
    order = np.argsort(-drawn if higher_is_better else drawn, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, len(effect) + 1)[None, :], axis=1)
    return ranks
