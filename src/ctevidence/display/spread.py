"""Moving labels apart so that none covers another."""

from __future__ import annotations


def spread(ends: dict[str, tuple[float, str]], gap: float) -> dict[str, tuple[float, str]]:
    """Move label positions apart to at least a gap, keeping their order and their middle.

    Parameters
    ----------
    ends : dict of label -> (position, colour)
    gap : float
        Least distance, in the unit of the positions.

    Examples
    --------
    >>> spread({"a": (1.0, "red"), "b": (1.1, "blue")}, 0.5)
    {'a': (0.8, 'red'), 'b': (1.3, 'blue')}
    """
    order = sorted(ends, key=lambda label: ends[label][0])
    placed: list[float] = []
    for label in order:
        wanted = ends[label][0]
        placed.append(max(wanted, placed[-1] + gap) if placed else wanted)
    middle = sum(ends[label][0] for label in order) / max(len(order), 1)
    moved = sum(placed) / max(len(placed), 1) - middle
    return {
        label: (round(position - moved, 6), ends[label][1])
        for label, position in zip(order, placed, strict=True)
    }
