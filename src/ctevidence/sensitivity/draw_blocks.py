"""Imputations in blocks that fit into memory, and how many of them are worth drawing.

Imputations do not need each other until they are pooled. A block of them is carried side by side;
blocks follow each other. Studies of a few thousand people are one block.
"""

from __future__ import annotations

from collections.abc import Iterator

#: Numbers held at once for each array of a block: 32 MB.
AT_ONCE = 4_000_000
#: Cells of all completed tables together beyond which fewer tables are drawn, and the fewest.
AFFORDABLE, FEWEST = 20_000_000, 20


def blocks(draws: int, size: int) -> Iterator[slice]:
    """Slices of so many draws at a time that `AT_ONCE` numbers are held, and at least one.

    Parameters
    ----------
    draws : int
    size : int
        Numbers that one draw holds.

    Examples
    --------
    >>> [s.stop - s.start for s in blocks(5, AT_ONCE // 2)]
    [2, 2, 1]
    """
    step = max(1, AT_ONCE // max(1, size))
    for first in range(0, draws, step):
        yield slice(first, min(first + step, draws))


def worthwhile(imputations: int, cells: int) -> int:
    """How many imputations to draw of a table: as asked for, or fewer of a very large one.

    What chance adds is a share of the standard error, whatever the number of people: with a share
    f of information missing it is about f / M of the variance (Rubin 1987, chapter 4), so that 20
    are enough for an error that 200 would make smaller by a hundredth.

    Parameters
    ----------
    imputations : int
        Asked for.
    cells : int
        People times visits.

    Examples
    --------
    >>> worthwhile(200, 600), worthwhile(200, 6_000_000), worthwhile(10, 6_000_000)
    (200, 20, 10)
    """
    return min(imputations, max(FEWEST, AFFORDABLE // max(1, cells)))
