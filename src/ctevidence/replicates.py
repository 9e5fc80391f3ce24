"""One seeded runner for everything that is repeated: bootstrap, imputation, simulation.

Replicate k draws from its own stream, made from the seed and k alone. The results are therefore
the same one after the other, in parallel, on a cluster, and in any order of work; and one
replicate can be run again without those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs, parallel_config

from ctevidence.cluster import cluster_address, on_cluster, require_distributed
from ctevidence.levels import SCALES, Levels

#: chunks per worker: few enough to cost nothing, many enough that none waits long for another
CHUNKS_PER_WORKER = 8

Task = Callable[[np.random.Generator], Any]
ItemTask = Callable[[Any, np.random.Generator], Any]


class ReplicateError(RuntimeError):
    """A replicate failed; the message says which, with the seed that runs it again."""


def stream_of(seed: int, replicate: int) -> np.random.Generator:
    """The random numbers of one replicate.

    Notes
    -----
    The stream is that of the child number `replicate` of ``SeedSequence(seed).spawn(...)``.

    Examples
    --------
    >>> child = np.random.SeedSequence(7).spawn(3)[2]
    >>> stream_of(7, 2).random() == np.random.default_rng(child).random()
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(replicate,)))


def run_replicates(
    task: Task,
    replicates: int,
    *,
    seed: int,
    jobs: int = 1,
    backend: str | None = None,
) -> list:
    """Run a task many times, each time with random numbers of its own.

    Parameters
    ----------
    task : callable
        From a numpy ``Generator`` to any result.
    replicates : int
    seed : int
    jobs : int
        Worker processes; -1 for all processors.
    backend : str, optional
        Name of a joblib backend; ``"dask"`` spreads the work over the cluster of the current
        ``distributed.Client``. When absent the cluster of `cluster.on_cluster`, else worker
        processes of this machine.

    Returns
    -------
    list, length `replicates`
        In the order of the replicates, whatever `jobs` and `backend`.

    Raises
    ------
    ReplicateError
        When the task fails, with the number of the replicate and the seed.
    ModuleNotFoundError
        For the backend ``dask`` where it is not installed.
    ValueError
        For fewer than one replicate.

    Examples
    --------
    >>> two = run_replicates(lambda rng: rng.integers(100), 2, seed=1)
    >>> two == run_replicates(lambda rng: rng.integers(100), 5, seed=1)[:2]
    True
    """
    if replicates < 1:
        raise ValueError(f"replicates is {replicates}; at least one is needed.")
    return _spread(task, range(replicates), seed, jobs, backend)


def run_each(
    task: ItemTask,
    items: Sequence[Any],
    *,
    seed: int,
    jobs: int = 1,
    backend: str | None = None,
) -> list:
    """Run a task once for each item, each time with random numbers of its own.

    Parameters
    ----------
    task : callable
        From an item and a numpy ``Generator`` to any result.
    items : sequence
    seed, jobs, backend
        As for `run_replicates`.

    Returns
    -------
    list
        In the order of the items, whatever `jobs` and `backend`.

    Raises
    ------
    ReplicateError
        When the task fails, with the number of the item and the seed.

    Examples
    --------
    >>> run_each(lambda item, rng: item.upper(), ["a", "b"], seed=1)
    ['A', 'B']
    """
    return _spread(_OfItems(task, items), range(len(items)), seed, jobs, backend)


@dataclass(frozen=True)
class _OfItems:
    """A task that takes the item of its number; a class, so that workers can be sent it."""

    task: ItemTask
    items: Sequence[Any]

    def numbered(self, number: int, rng: np.random.Generator):
        return self.task(self.items[number], rng)


def _spread(task, numbers: range, seed: int, jobs: int, backend: str | None) -> list:
    if backend is None and (address := cluster_address()):
        with on_cluster(address):
            return _spread(task, numbers, seed, -1, "dask")
    if backend is None and jobs == 1:
        return _run_chunk(task, seed, numbers)
    if backend == "dask":
        require_distributed()
    # inside on_cluster joblib is told already which cluster
    told = {"backend": backend} if backend and not cluster_address() else {}
    with parallel_config(**told):
        pieces = _chunks(len(numbers), effective_n_jobs(jobs))
        done = Parallel(n_jobs=jobs)(delayed(_run_chunk)(task, seed, piece) for piece in pieces)
    return [result for chunk in done for result in chunk]


def _run_chunk(task, seed: int, numbers: range) -> list:
    return [_run_one(task, seed, number) for number in numbers]


def _run_one(task, seed: int, number: int):
    try:
        rng = stream_of(seed, number)
        return task.numbered(number, rng) if isinstance(task, _OfItems) else task(rng)
    except Exception as error:
        # worker processes hand back only the message: it has to hold what happened
        raise ReplicateError(
            f"Replicate {number} of seed {seed} failed: {type(error).__name__}: {error}. Run it "
            f"alone with task(stream_of({seed}, {number}))."
        ) from error


def draw_counts(levels: Levels, *, replicates: int = 2000, seed: int) -> Levels:
    """The levels with bootstrap replicates of their counts.

    Parameters
    ----------
    levels : Levels
        Of counted risks at one week. To draw people with replacement within their arm is to draw
        the number with the outcome from a binomial distribution.
    replicates, seed : int

    Raises
    ------
    ValueError
        For levels that are not shares of counted, independent people.
    """
    shares = np.array([np.nan if e is None else e for e in levels.events]) / np.maximum(levels.n, 1)
    known = np.isfinite(levels.estimate)
    counted = levels.interval_for is not None and levels.measure == "risk"
    if not counted or len(levels.weeks) > 1 or not np.allclose(shares[known], levels.values[known]):
        raise ValueError(
            "Only counted risks at one week can be drawn from their counts. Take the levels at one "
            "week of a fit without covariates, or resample people with bootstrap_levels(...)."
        )
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(levels.n, np.where(known, shares, 0.0), (replicates, len(levels.n)))
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(known, drawn / np.asarray(levels.n), np.nan)
        return replace(levels, draws=SCALES[levels.link].forward(values))


def _chunks(replicates: int, workers: int) -> list[range]:
    """Consecutive pieces of about equal size."""
    pieces = min(replicates, CHUNKS_PER_WORKER * max(1, workers))
    edges = np.linspace(0, replicates, pieces + 1).astype(int)
    return [range(low, high) for low, high in zip(edges, edges[1:], strict=False)]
