"""The same levels seen the other way round: the opposite outcome, another reference cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ctevidence.levels import Levels
from ctevidence.terms import did_you_mean


def opposite_outcome(levels: Levels) -> Levels:
    """Levels of not having the outcome; what was good becomes bad.

    Raises
    ------
    ValueError
        For levels that are not probabilities.

    Examples
    --------
    >>> from ctevidence.contrasts.counted_levels import counted_levels
    >>> without = opposite_outcome(counted_levels((8, 5, 4, 2), (10, 10, 10, 10)))
    >>> without.values.round(1).tolist(), without.better, without.outcome
    ([0.2, 0.5, 0.6, 0.8], 'lower', 'no response')
    """
    if levels.unit != "probability" or levels.link == "log":
        raise ValueError(f"Only probabilities have an opposite, not a {levels.measure}.")
    other = (lambda x: 1 - x) if levels.link == "identity" else (lambda x: -x)
    interval_for = levels.interval_for

    def turned(conf_level: float) -> np.ndarray:
        return 1 - interval_for(conf_level)[:, ::-1]

    happened = zip(levels.events, levels.n, strict=True)
    name = levels.outcome
    return replace(
        levels,
        outcome=name.removeprefix("no ") if name.startswith("no ") else f"no {name}",
        better="lower" if levels.better == "higher" else "higher",
        estimate=other(levels.estimate),
        events=tuple(None if e is None else n - e for e, n in happened),
        interval_for=turned if interval_for else None,
        draws=None if levels.draws is None else other(levels.draws),
    )


def seen_from(names: tuple[str, ...], reference: str) -> tuple[str, ...]:
    """The four cells in order, so that `reference` is the one with neither exposure.

    Examples
    --------
    >>> seen_from(("combined", "medication", "therapy", "control"), "combined")
    ('control', 'therapy', 'medication', 'combined')
    """
    if reference not in names:
        raise KeyError(f'The reference "{reference}" is no cell{did_you_mean(reference, names)}')
    swap: Callable[[int], int] = lambda i: i ^ (3 - names.index(reference))  # noqa: E731
    return tuple(names[swap(i)] for i in range(4))
