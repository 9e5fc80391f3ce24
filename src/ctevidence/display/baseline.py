"""Who the arms were at the start: counts, the score, and the declared covariates."""

from __future__ import annotations

import math

import pandas as pd
from pandas.api.types import is_numeric_dtype

from ctevidence.data.study import Study
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.labels import heading
from ctevidence.display.table import Table
from ctevidence.language import pick, say
from ctevidence.names import in_words
from ctevidence.terms import COMPONENTS

_NOT_SHOWN = ("participant_id", "arm", "site", "therapist")
#: a difference of means at the start that readers must know of, in standard deviations
GAP = 0.5


def table_baseline(study: Study) -> Table:
    """People who entered, by arm: number, baseline score, and declared covariates.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Table
        Means with standard deviations only where enough people stand behind them; no extremes.
        Sites, therapists and text that is not a declared covariate are never shown.
    """
    disclosure = disclosure_of(study)
    people = study.entering()
    arms = [arm for arm in study.arms if (people["arm"] == arm.name).any()]
    by_arm = {arm.label: people[people["arm"] == arm.name] for arm in arms}
    rows = [
        {
            "at the start": heading("people"),
            **{a: disclosure.text(len(p)) for a, p in by_arm.items()},
        }
    ]
    declared = dict.fromkeys(["baseline", *study.adjust])
    for column in declared:
        if column not in people or column in _NOT_SHOWN:
            continue
        if is_numeric_dtype(people[column]):
            label = (
                in_words(f"{study.scale.label} score") if column == "baseline" else _plain(column)
            )
            rows.append(
                {"at the start": say("display.baseline.mean_sd", covariate=label)}
                | {a: _mean(p[column], disclosure) for a, p in by_arm.items()}
            )
        else:
            rows += _levels(column, by_arm, disclosure)
    notes = () if disclosure.is_open else (disclosure.describe,)
    caption = say("display.baseline.caption")
    return Table("baseline", caption, pd.DataFrame(rows), notes, tuple(by_arm))


def baseline_gap(study: Study) -> str:
    """How far the arms were apart at the start, where it is far enough to matter; else empty.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        Names the arms with the lowest and the highest mean score at the start, when they differ by
        `GAP` standard deviations (within arms, pooled) or more; arms too small to show are left
        out.
    """
    disclosure = disclosure_of(study)
    people = study.entering().dropna(subset=["baseline"])
    scores = people.groupby("arm")["baseline"]
    size, mean, variance = scores.size(), scores.mean(), scores.var()
    shown = size[size > max(disclosure.suppress_up_to, 1)].index
    if len(shown) < 2:
        return ""
    free = size[shown] - 1
    within = float((free * variance[shown]).sum() / free.sum()) ** 0.5
    least, most = mean[shown].idxmin(), mean[shown].idxmax()
    gap = (mean[most] - mean[least]) / within if within > 0 else 0.0
    if gap < GAP:
        return ""
    labels = {arm.name: arm.label for arm in study.arms}
    return pick(
        "baseline",
        "gap_randomised" if study.randomised == set(COMPONENTS) else "gap",
        scale=study.scale.label,
        low=number(mean[least], 1),
        high=number(mean[most], 1),
        least=labels[least].lower(),
        most=labels[most].lower(),
        size=number(gap, 1),
    )


def _levels(column: str, by_arm: dict[str, pd.DataFrame], disclosure: Disclosure) -> list[dict]:
    """A row for each level; in an arm where one is hidden, another is held back."""
    levels = sorted(set().union(*(p[column].dropna().unique() for p in by_arm.values())))
    cells = {}
    for arm, people in by_arm.items():
        counts = [int((people[column] == level).sum()) for level in levels]
        missing = int(people[column].isna().sum())
        cells[arm] = disclosure.texts([*counts, missing])[:-1]
    return [
        {"at the start": f"{_plain(column)}: {level}"} | {arm: cells[arm][i] for arm in by_arm}
        for i, level in enumerate(levels)
    ]


def _plain(column: str) -> str:
    return column.replace("_", " ")


def _mean(values: pd.Series, disclosure: Disclosure) -> str:
    values = values.dropna()
    if len(values) <= max(disclosure.suppress_up_to, 1):
        return say("display.not_shown")
    if not disclosure.is_open and values.nunique() <= 2:  # a share in disguise, whatever its codes
        high = values.max()
        share = disclosure.share(int((values == high).sum()), len(values))
        if values.nunique() == 1 or math.isnan(share):
            return say("display.not_shown")
        return number(values.min() + share * (high - values.min()), 2)
    return f"{number(values.mean(), 1)} ({number(values.std(), 1)})"
