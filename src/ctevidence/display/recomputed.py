"""What a second library gives for the same numbers, as a table: the largest differences only."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.table import Table
from ctevidence.language import pick, say
from ctevidence.models.over_time import OverTime
from ctevidence.models.recomputed import Check, recompute
from ctevidence.models.time_to_event import TimeToEventFit


def table_recomputed(relapse: OverTime | TimeToEventFit, week: float | None = None) -> Table:
    """Times to an event by lifelines beside ours: how far apart they are, and how far they may be.

    Parameters
    ----------
    relapse : OverTime or TimeToEventFit
    week : float, optional
        Weeks since risk began; that of `relapse` when absent.

    Returns
    -------
    Table
        Differences, not numbers, so that it holds nothing about people. Where the two differ by
        more than is allowed, the row and a note say so.

    Raises
    ------
    KeyError
        For a fit without a week.
    """
    caption = say("recomputed.caption")
    columns = [pick("recomputed", name) for name in ("what", "count", "apart", "allowed", "found")]
    fit = getattr(relapse, "fit", relapse)
    if fit is None:
        row = [say("recomputed.nothing"), "", "", "", relapse.reason]
        return Table("recomputed", caption, pd.DataFrame([row], columns=columns))
    week = getattr(relapse, "week", math.nan) if week is None else week
    if math.isnan(week):
        raise KeyError("Say at which week= numbers are to be computed again.")
    checks = recompute(fit, week)
    notes = [say("recomputed.note", week=f"{week:g}")]
    if not all(check.agrees for check in checks):
        notes.insert(0, say("recomputed.warning"))
    frame = pd.DataFrame([_row(check) for check in checks], columns=columns)
    return Table("recomputed", caption, frame, tuple(notes), tuple(columns[1:4]))


def _row(check: Check) -> list[str]:
    what = pick("recomputed_numbers", check.what)
    if not len(check.ours):
        return [what, "", "", "", check.reason]
    found = say("recomputed.agrees") if check.agrees else say("recomputed.differs")
    return [what, f"{len(check.ours)}", _size(check.apart), _size(check.allowed), found]


def _size(value: float) -> str:
    """A power of ten that a difference does not exceed.

    Examples
    --------
    >>> _size(3e-14), _size(1e-9), _size(0.0)
    ('below 1e-13', 'below 1e-9', 'none')
    """
    if value == 0:
        return say("recomputed.none")
    if not math.isfinite(value):
        return say("recomputed.one_missing")
    return say("recomputed.below", size=f"1e{math.ceil(math.log10(value) - 1e-9)}")
