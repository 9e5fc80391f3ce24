"""How much worse the missing would have been than imputed: delta adjustment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ctevidence.sensitivity.score_table import ScoreTable
from ctevidence.terms import Arm, did_you_mean, resolve_arms


@dataclass(frozen=True)
class Delta:
    """Points by which scores after dropout are worse than imputed; negative for better.

    Parameters
    ----------
    points : float
        At every visit after dropout.
    per_week : float
        Further points for each week from the last score to the visit (from the start for whoever
        has none): people get worse the longer they are away.
    at : mapping of float to float
        Further points at single weeks.

    Examples
    --------
    >>> Delta(2, per_week=0.1).size(np.array([9.0]), np.array([4.0])).tolist()
    [2.5]
    """

    points: float = 0.0
    per_week: float = 0.0
    at: Mapping[float, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in (self.points, self.per_week, *self.at.values()):
            if not math.isfinite(value):
                raise ValueError(f"A delta of {value} is not a number of points.")

    def size(self, week: np.ndarray, last_seen: np.ndarray) -> np.ndarray:
        """Points worse at a week, for people last seen at another."""
        single = np.sum([points * (week == w) for w, points in self.at.items()] or [0.0], axis=0)
        return self.points + self.per_week * (week - last_seen) + single

    @property
    def words(self) -> str:
        parts = [f"{self.points:g} points"] if self.points or not (self.per_week or self.at) else []
        parts += [f"{self.per_week:g} points a week since the last score"] if self.per_week else []
        parts += [f"{points:g} points at week {week:g}" for week, points in self.at.items()]
        return f"{' and '.join(parts)} worse"


#: points for everybody's scores after dropout, or by arm or treatment
AskedDelta = float | Delta | Mapping[str, float | Delta]


def shifts(
    table: ScoreTable, arms: Sequence[Arm], delta: AskedDelta, bad_direction: int
) -> tuple[np.ndarray, str]:
    """Points added to each missing score, shape (number missing,), and what they are in words.

    Gaps before the last score are not shifted: these people were there before and after.

    Raises
    ------
    KeyError
        For an arm or a week that there is not.
    """
    shift, words = np.zeros(table.scores.shape), []
    by_arm = delta if isinstance(delta, Mapping) else {"": delta}
    last = np.array([0.0, *table.weeks])[table.seen][:, None]
    for name, asked in by_arm.items():
        one = asked if isinstance(asked, Delta) else Delta(float(asked))
        unknown = [week for week in one.at if week not in table.weeks]
        if unknown:
            known = ", ".join(f"{w:g}" for w in table.weeks)
            raise KeyError(f"No scores at week {unknown[0]:g}; there are weeks {known}.")
        who = np.ones(len(table.people), bool) if not name else _in_arm(table, arms, name)
        size = one.size(np.array(table.weeks), last) * bad_direction
        shift += np.where(who[:, None] & table.after_dropout, size, 0.0)
        if one != Delta():
            words.append(f"{f'{name} ' if name else ''}{one.words}")
    return shift[table.missing], ", ".join(words)


def _in_arm(table: ScoreTable, arms: Sequence[Arm], name: str) -> np.ndarray:
    found = [arm.name for arm in resolve_arms(name, tuple(arms)) if arm.name in table.arms]
    if not found:
        raise KeyError(f'Nobody is in "{name}"{did_you_mean(name, table.arms)}')
    return np.isin(np.array(table.arms)[table.arm], found)
