"""Who the arms were at the start: counts, the score, and the declared covariates."""

from __future__ import annotations

import pandas as pd
from pandas.api.types import is_numeric_dtype

from ctevidence.data.study import Study
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.table import Table

_NOT_SHOWN = ("participant_id", "arm", "site", "therapist")


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
    rows = [{"at the start": "people", **{a: disclosure.text(len(p)) for a, p in by_arm.items()}}]
    declared = dict.fromkeys(["baseline", *study.adjust])
    for column in declared:
        if column not in people or column in _NOT_SHOWN:
            continue
        if is_numeric_dtype(people[column]):
            label = f"{study.scale.label} score" if column == "baseline" else _plain(column)
            rows.append(
                {"at the start": f"{label}, mean (SD)"}
                | {a: _mean(p[column], disclosure) for a, p in by_arm.items()}
            )
        else:
            for level in sorted(people[column].dropna().unique()):
                rows.append(
                    {"at the start": f"{_plain(column)}: {level}"}
                    | {
                        a: disclosure.text(int((p[column] == level).sum()))
                        for a, p in by_arm.items()
                    }
                )
    notes = () if disclosure.is_open else (disclosure.describe,)
    caption = "People who entered, at the start"
    return Table("baseline", caption, pd.DataFrame(rows), notes, tuple(by_arm))


def _plain(column: str) -> str:
    return column.replace("_", " ")


def _mean(values: pd.Series, disclosure: Disclosure) -> str:
    values = values.dropna()
    if len(values) <= max(disclosure.suppress_up_to, 1):
        return "not shown"
    return f"{number(values.mean(), 1)} ({number(values.std(), 1)})"
