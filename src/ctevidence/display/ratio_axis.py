"""Ticks of a ratio on a log axis."""

from __future__ import annotations

COARSE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
FINE = tuple(sorted({*COARSE, 0.3, 0.7, 1.5, 3, 7, 15, 30}))
FINEST = tuple(sorted({*FINE, 0.6, 0.8, 0.9, 1.1, 1.2, 1.3, 1.7, 2.5, 4}))


def ratio_ticks(low: float, high: float) -> list[float]:
    """Round ratios between two limits: the coarsest set that has at least four of them.

    Examples
    --------
    >>> ratio_ticks(0.15, 12), ratio_ticks(0.6, 2.2)
    ([0.2, 0.5, 1, 2, 5, 10], [0.7, 1, 1.5, 2])
    """
    for ticks in (COARSE, FINE, FINEST):
        inside = [t for t in ticks if low <= t <= high]
        if len(inside) >= 4:
            return inside
    return inside
