"""What several outcomes of one study need, found once: the tables of a study never change."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from weakref import WeakKeyDictionary

import pandas as pd

from ctevidence.data.study import Study


def found_once(find: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """A table of a study that is kept for as long as the study lives, and given as a copy.

    Parameters
    ----------
    find : callable
        From a study, and what can be looked up (a rule), to a table.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> calls = []
    >>> @found_once
    ... def people(study):
    ...     calls.append(study.name)
    ...     return study.participants
    >>> study = simulate_study(n=8, seed=1)
    >>> people(study)["arm"] = ""
    >>> len(people(study)["arm"].unique()), calls
    (4, ['simulated-trial'])
    """
    kept: WeakKeyDictionary[Study, dict[tuple[Hashable, ...], pd.DataFrame]] = WeakKeyDictionary()

    @wraps(find)
    def found(study: Study, *by: Hashable) -> pd.DataFrame:
        of_study = kept.setdefault(study, {})
        if by not in of_study:
            of_study[by] = find(study, *by)
        return of_study[by].copy()

    return found
