"""Moving labels apart so that none covers another."""

from __future__ import annotations


def spread(ends: dict[str, tuple[float, str]], gap: float) -> dict[str, tuple[float, str]]:
    """Move label positions apart to at least a gap, keeping their order, and no further.

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
    # labels that touch form a block, centred on where its members want to be
    blocks: list[list[float]] = []
    for label in order:
        blocks.append([ends[label][0]])
        while len(blocks) > 1 and _low(blocks[-1], gap) - _high(blocks[-2], gap) < gap:
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    placed = [_low(block, gap) + i * gap for block in blocks for i in range(len(block))]
    return {label: (round(y, 6), ends[label][1]) for label, y in zip(order, placed, strict=True)}


def _low(block: list[float], gap: float) -> float:
    return sum(block) / len(block) - gap * (len(block) - 1) / 2


def _high(block: list[float], gap: float) -> float:
    return sum(block) / len(block) + gap * (len(block) - 1) / 2
