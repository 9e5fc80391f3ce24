"""Very many simulated people, in blocks: as much memory as one block, however many there are.

Each block is a study of its own, with sites and therapists of its own and random numbers made of
the seed and its number; identifiers go on from block to block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.simulate.study import simulate_study

#: People of a block. Up to so many, a study is what `simulate_study` draws.
BLOCK = 50_000


def simulate_in_blocks(n: int, seed: int = 1, block: int = BLOCK, **how) -> Iterator[Study]:
    """Parts of one study, one after the other.

    Parameters
    ----------
    n : int
        People, over all parts.
    seed : int
        The same arguments give the same parts.
    block : int
        People of a part; the last one takes what is left over.
    **how
        As for `simulate_study`.

    Yields
    ------
    Study
        With the declarations of the whole, and the rows of some people.

    Examples
    --------
    >>> parts = list(simulate_in_blocks(100, seed=1, block=40))
    >>> [len(part.participants) for part in parts]
    [40, 60]
    >>> parts[1].participants["participant_id"].iloc[[0, -1]].tolist()
    ['P0041', 'P0100']
    """
    firsts = range(0, max(n // block, 1) * block, block)
    width = max(4, len(str(n)))
    sites = therapists = 0
    for k, first in enumerate(firsts):
        size = n - first if first == firsts[-1] else block
        own = seed if len(firsts) == 1 else _seed(seed, k)
        drawn = simulate_study(n=size, seed=own, **how)
        tables = {name: _renamed(table, first, width) for name, table in drawn.tables.items()}
        people = tables["participants"]
        if len(firsts) > 1:
            people = people.assign(
                site=_moved(people["site"], sites, 4),
                therapist=_moved(people["therapist"], therapists, 5),
            )
            sites, therapists = (
                int(people[name].dropna().str[1:].astype(int).max())
                for name in ("site", "therapist")
            )
        yield replace(drawn, tables=tables | {"participants": people})


def _seed(seed: int, k: int) -> int:
    return int(np.random.SeedSequence([seed, k]).generate_state(1, np.uint64)[0])


def _renamed(table: pd.DataFrame, first: int, width: int) -> pd.DataFrame:
    return table.assign(participant_id=_moved(table["participant_id"], first, width))


def _moved(names: pd.Series, by: int, width: int) -> pd.Series:
    """A letter and a number, the number moved up; each different name is made once."""
    codes, found = pd.factorize(names)
    new = [f"{name[0]}{int(name[1:]) + by:0{width}d}" for name in found]
    return pd.Series(np.array([*new, np.nan], dtype=object)[codes], index=names.index)
