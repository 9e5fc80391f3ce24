"""What changed since the last report, as a reader sees it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import Disclosure
from ctevidence.display.labels import contrast_label, measure_label, outcome_label
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate
from ctevidence.language import listed, say

#: numbers in the table; more than these are counted below it
MOST = 40


def table_changes(
    numbers: Iterable[tuple[Estimate | None, Estimate | None, tuple[str, ...]]],
    disclosure: Disclosure,
) -> Table:
    """Numbers before and now, each with what can have moved it.

    Parameters
    ----------
    numbers : iterable of (before, now, kinds of causes)
        None where there was no number, or is none any more.
    disclosure : Disclosure

    Returns
    -------
    Table
    """
    numbers = list(numbers)
    rows = [_row(before, now, kinds, disclosure) for before, now, kinds in numbers[:MOST]]
    columns = ("what", "before", "now", "what can have moved it")
    frame = pd.DataFrame(rows, columns=columns)
    more = len(numbers) - MOST
    notes = (say("display.changes_table.more", count=more),) if more > 0 else ()
    return Table("changes", say("display.changes_table.caption"), frame, notes)


def _row(before: Estimate | None, now: Estimate | None, kinds, disclosure) -> tuple[str, ...]:
    row = now or before
    week = "" if row.week != row.week else say("display.changes_table.week", week=f"{row.week:g}")
    what = say(
        "display.changes_table.what",
        contrast=contrast_label(row.arm, row.reference),
        outcome=outcome_label(row.outcome),
        week=week,
    )
    return (
        f"{what}: {measure_label(row.measure)} ({row.study})",
        _shown(before, disclosure) or say("display.changes_table.not_there"),
        _shown(now, disclosure) or say("display.changes_table.no_more"),
        listed(kinds, "or") or say("display.changes_table.nothing"),
    )


def _shown(row: Estimate | None, disclosure: Disclosure) -> str:
    if row is None:
        return ""
    value, limits = shown_estimate(row, disclosure)
    return f"{value} ({limits})" if limits else value
