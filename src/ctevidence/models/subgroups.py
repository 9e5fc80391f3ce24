"""Groups of people by a declared modifier, and their levels side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from ctevidence.data.modifiers import ADULT, Modifier
from ctevidence.data.study import Study
from ctevidence.levels import Key, Levels
from ctevidence.outcomes.outcome import Outcome


def groups_of(study: Study, modifier: Modifier) -> pd.Series:
    """The group of each person who enters, as an ordered category by ``participant_id``.

    Examples
    --------
    Ranges are named by what they hold: ``below 20``, ``20 to below 30``, ``30 or more``.
    """
    values = study.entering().set_index("participant_id")[modifier.name]
    if not modifier.cuts:
        return values.astype("category")
    edges = [-np.inf, *modifier.cuts, np.inf]
    inner = zip(modifier.cuts[:-1], modifier.cuts[1:], strict=True)
    names = [
        f"below {modifier.cuts[0]:g}",
        *(f"{a:g} to below {b:g}" for a, b in inner),
        f"{modifier.cuts[-1]:g} or more",
    ]
    return pd.cut(values, edges, right=False, labels=names)


def age_groups(study: Study, age: str | None) -> list[tuple[str, set]]:
    """Everyone, or adults and adolescents apart where a study has both.

    Returns
    -------
    list of (words, participant ids)
        The words are empty where everyone is in one group.
    """
    people = study.entering()
    everyone = set(people["participant_id"])
    if age is None:
        return [("", everyone)]
    young, adult = people[age] < ADULT, people[age] >= ADULT
    if not young.any():
        return [("", everyone)]
    parts = [(f"adults ({ADULT:g} or older)", adult), (f"adolescents (under {ADULT:g})", young)]
    return [(words, set(people.loc[who, "participant_id"])) for words, who in parts if who.any()]


def among(outcome: Outcome, people: set) -> Outcome:
    """The outcome of some of the people."""
    frame = outcome.frame
    return replace(outcome, frame=frame[frame["participant_id"].isin(people)])


def side_by_side(groups: list[tuple[str, Levels]]) -> Levels:
    """Levels of groups of different people as one, each arm named for its group.

    Degrees of freedom of contrasts across groups follow Welch and Satterthwaite (Welch 1947,
    Biometrika 34:28).
    """
    first = groups[0][1]
    sizes = np.cumsum([0, *(len(levels.keys) for _, levels in groups)])
    slices = [slice(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]

    def df_for(c: np.ndarray) -> float:
        total = share = 0.0
        for (_, levels), part in zip(groups, slices, strict=True):
            if not np.any(c[part]):
                continue
            used = np.flatnonzero(c[part])
            own = c[part][used]
            variance = float(own @ levels.cov[np.ix_(used, used)] @ own)
            total += variance
            share += variance**2 / (levels.df_for(c[part]) if levels.df_for else np.inf)
        return total**2 / share if share > 0 else np.inf

    def interval_for(conf_level: float) -> np.ndarray:
        return np.vstack([levels.interval_for(conf_level) for _, levels in groups])

    return replace(
        first,
        arms=tuple(
            replace(arm, name=named(arm.name, group), label=named(arm.label, group))
            for group, _ in groups
            for arm in first.arms
        ),
        keys=tuple(Key(named(k.arm, group), k.week) for group, lv in groups for k in lv.keys),
        estimate=np.concatenate([levels.estimate for _, levels in groups]),
        cov=block_diag(*(levels.cov for _, levels in groups)),
        n=sum((levels.n for _, levels in groups), ()),
        events=sum((levels.events for _, levels in groups), ()),
        df_for=df_for if any(levels.df_for for _, levels in groups) else None,
        interval_for=interval_for if all(lv.interval_for for _, lv in groups) else None,
        caution="; ".join(dict.fromkeys(lv.caution for _, lv in groups if lv.caution)),
    )


def named(arm: str, group: str) -> str:
    return f"{arm} | {group}"
