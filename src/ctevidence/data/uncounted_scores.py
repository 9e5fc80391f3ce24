"""Scores that no visit counts: a second one in a window, and those outside all windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.columns import KEY
from ctevidence.data.study import Study

#: How `Study.scores` and `Study.baseline` choose.
WHICH_COUNTS = (
    "The score nearest to the day of the week counts, of two equally near the later; at baseline "
    "the last."
)


@dataclass(frozen=True)
class UncountedScores:
    """Scores of one scale that are read and do not count.

    Parameters
    ----------
    scale : str
    visits : int
        Visits of a person, the baseline among them, with more than one score.
    beside : int
        Scores at these visits beside those that count.
    outside : int
        Scores on days of no visit.
    """

    scale: str
    visits: int
    beside: int
    outside: int


def uncounted_scores(study: Study) -> tuple[UncountedScores, ...]:
    """Count the scores that are not used, of every scale.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple of UncountedScores
        Scales in the order of their first row; without those of which every score counts.
    """
    rows = study.tables["visits"]
    rows = rows[rows["score"].notna()]
    window = _window_of(rows["day"].to_numpy(float), study)
    person = pd.factorize(rows[KEY])[0]
    scale, names = pd.factorize(rows["scale"])
    found = []
    for i, name in enumerate(names):
        inside = (scale == i) & (window >= 0)
        cells = person[inside] * (len(study.schedule) + 1) + window[inside]
        sizes = np.unique(cells, return_counts=True)[1]
        several = sizes[sizes > 1]
        outside = int(((scale == i) & (window < 0)).sum())
        found.append(UncountedScores(str(name), len(several), int((several - 1).sum()), outside))
    return tuple(one for one in found if one.beside or one.outside)


def _window_of(days: np.ndarray, study: Study) -> np.ndarray:
    """Number of the window that holds each day, 0 the baseline; -1 where none does."""
    windows = [study.baseline_days, *((w.first_day, w.last_day) for w in study.schedule)]
    # windows do not overlap and stand in order, which the declaration is held to
    first, last = np.array(windows, float).T
    at = np.searchsorted(first, days, side="right") - 1
    return np.where((at >= 0) & (days <= last[at]), at, -1)


def describe(uncounted: tuple[UncountedScores, ...]) -> list[str]:
    """The same in lines for a person; none when every score counts.

    Examples
    --------
    >>> describe((UncountedScores("PHQ-9", 2, 3, 1),))[0]
    'Several scores at one visit: PHQ-9 2 times (3 scores do not count).'
    """
    several = [
        f"{one.scale} {_number(one.visits, 'time')} ({_do_not_count(one.beside)})"
        for one in uncounted
        if one.beside
    ]
    outside = [f"{one.scale} {_number(one.outside, 'score')}" for one in uncounted if one.outside]
    lines = []
    if several:
        lines += [f"Several scores at one visit: {', '.join(several)}.", f"  {WHICH_COUNTS}"]
    if outside:
        lines.append(f"On days of no visit: {', '.join(outside)}; no outcome reads them.")
    return lines


def _number(n: int, of: str) -> str:
    return f"{n} {of}{'' if n == 1 else 's'}"


def _do_not_count(n: int) -> str:
    return f"{_number(n, 'score')} {'does' if n == 1 else 'do'} not count"
