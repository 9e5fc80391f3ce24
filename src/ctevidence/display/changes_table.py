"""What changed since the last report, as a reader sees it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import Disclosure
from ctevidence.display.labels import contrast_label, measure_label
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate

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
    notes = (f"And {more} more; every number stands in estimates/.",) if more > 0 else ()
    return Table("changes", "Numbers that differ from the last report", frame, notes)


def _row(before: Estimate | None, now: Estimate | None, kinds, disclosure) -> tuple[str, ...]:
    row = now or before
    week = "" if row.week != row.week else f", week {row.week:g}"
    what = f"{contrast_label(row.arm, row.reference)}, {row.outcome}{week}"
    return (
        f"{what}: {measure_label(row.measure)} ({row.study})",
        _shown(before, disclosure) or "not there",
        _shown(now, disclosure) or "not there any more",
        " or ".join(kinds) or "nothing recorded",
    )


def _shown(row: Estimate | None, disclosure: Disclosure) -> str:
    if row is None:
        return ""
    value, limits = shown_estimate(row, disclosure)
    return f"{value} ({limits})" if limits else value
