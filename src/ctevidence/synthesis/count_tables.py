"""Events of two arms, study by study, checked: what methods for sparse counts start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class CountTables:
    """One two-by-two table for each study, arrays of shape (k,).

    Parameters
    ----------
    events1, n1, events2, n2 : array_like of whole numbers
        Events and people; effects are of arm 1 against arm 2.

    Raises
    ------
    ValueError
        When a count is missing, fractional or impossible.

    Examples
    --------
    >>> CountTables([1, 0], [20, 30], [4, 0], [20, 30]).informative.tolist()
    [True, False]
    """

    events1: np.ndarray
    n1: np.ndarray
    events2: np.ndarray
    n2: np.ndarray

    def __post_init__(self) -> None:
        names = ("events1", "n1", "events2", "n2")
        for name in names:
            object.__setattr__(self, name, np.array(getattr(self, name), float, ndmin=1))
        shapes = {getattr(self, name).shape for name in names}
        if len(shapes) > 1:
            raise ValueError(f"Counts of shapes {sorted(shapes)} do not go together.")
        problems = list(self._problems())
        if problems:
            raise ValueError("These counts cannot be pooled: " + "; ".join(problems) + ".")

    def _problems(self):
        for arm, events, n in ((1, self.events1, self.n1), (2, self.events2, self.n2)):
            whole = np.isfinite(events) & np.isfinite(n) & (events % 1 == 0) & (n % 1 == 0)
            for i in np.flatnonzero(~(whole & (n >= 1) & (events >= 0) & (events <= n))):
                yield (
                    f"study {i + 1}, arm {arm}: {events[i]:g} events among {n[i]:g} people; give "
                    "whole numbers, events between 0 and people"
                )

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.n1.size

    @property
    def informative(self) -> np.ndarray:
        """Whether a study says anything about a ratio: some had the event, and some had not."""
        events = self.events1 + self.events2
        return (events > 0) & (events < self.n1 + self.n2)

    def where(self, keep) -> CountTables:
        """The studies to keep."""
        return CountTables(self.events1[keep], self.n1[keep], self.events2[keep], self.n2[keep])

    @property
    def cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Events and non-events of arm 1, then of arm 2: a, b, c, d."""
        return self.events1, self.n1 - self.events1, self.events2, self.n2 - self.events2
