"""Adherence as a table: weeks on each part of treatment and sessions attended, where recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.table import Table
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.outcomes.adherence import derive_adherence


def table_adherence(study: Study, name: str = "adherence", caption: str = "") -> Table:
    """Weeks and sessions of each part of treatment, by arm.

    Parameters
    ----------
    study : Study
    name, caption : str

    Returns
    -------
    Table
        Medians and quartiles of the people with a record; groups too small to show say so.
    """
    caption = caption or say("display.adherence.caption")
    disclosure = disclosure_of(study)
    found = derive_adherence(study)
    by_part = dict(list(found.groupby(["arm", "component"], observed=True)))
    nobody = found.iloc[:0]
    rows = [
        _row(by_part.get((arm.name, part), nobody), arm, part, disclosure)
        for arm in study.arms
        for part in sorted(arm.components)
    ]
    columns = ["arm", "part", "people", "with a record", "weeks, median", "middle half",
               "sessions, median", "middle half of sessions"]  # fmt: skip
    notes = (say("display.adherence.middle"), say("display.adherence.not_recorded"))
    notes = notes if disclosure.is_open else (*notes, disclosure.describe)
    return Table(name, caption, pd.DataFrame(rows, columns=columns), notes, tuple(columns[2:]))


def _row(group: pd.DataFrame, arm, part: str, disclosure: Disclosure) -> list[str]:
    weeks, sessions = group["weeks"].dropna(), group["sessions"].dropna()
    return [
        arm.label,
        in_words(part),
        disclosure.text(len(group)),
        disclosure.text(len(weeks)) if len(weeks) else say("display.adherence.none"),
        *_quartiles(weeks, 1, disclosure),
        *_quartiles(sessions, 0, disclosure),
    ]


def _quartiles(values: pd.Series, decimals: int, disclosure: Disclosure) -> tuple[str, str]:
    """Median and quartiles in words, when there are people and enough of them to show."""
    if not len(values):
        return say("display.adherence.none"), ""
    if disclosure.hides(None, len(values)):
        return say("display.not_shown"), ""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if not disclosure.is_open:
        decimals = 0
        if disclosure.hides(None, len(values) // 4):  # beyond a quartile stand too few people
            return number(middle, decimals), say("display.not_shown")
    return number(middle, decimals), say(
        "display.adherence.range", low=number(low, decimals), high=number(high, decimals)
    )
