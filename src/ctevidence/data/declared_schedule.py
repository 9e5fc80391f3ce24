"""Declared schedule: the days of the baseline and of the visits after it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ctevidence.data.study import VisitWindow
from ctevidence.data.toml_table import TomlTable

Windows = list[tuple[TomlTable, VisitWindow]]


@dataclass(frozen=True)
class DeclaredSchedule:
    """When scores are taken.

    Parameters
    ----------
    baseline_days : tuple of float or None
        First and last day of the baseline; None where it could not be read.
    windows : tuple of VisitWindow
        Visits that could be read, in the order of the file.
    weeks : tuple of float
        Weeks that are named, even of visits that could not be read.
    """

    baseline_days: tuple[float, float] | None = None
    windows: tuple[VisitWindow, ...] = ()
    weeks: tuple[float, ...] = ()


def read_schedule(table: TomlTable | None) -> DeclaredSchedule:
    """Take ``[schedule]`` from ``study.toml``."""
    if table is None:
        return DeclaredSchedule()
    baseline = table.days("baseline_days")
    found: Windows = []
    weeks = []
    for visit in table.rows("visits"):
        name, week, days = visit.text("name"), visit.number("week"), visit.days("days")
        visit.close()
        weeks += [] if week is None else [week]
        if name is None or week is None or days is None:
            continue
        try:
            found.append((visit, VisitWindow(name, week, *days)))
        except ValueError as error:
            do = "Let the days hold 7 x week, or correct the week."
            visit.refuse("days", str(error), do, list(days))
    table.close()
    _check_baseline(found, baseline)
    _check_order(found)
    _check_names(found)
    windows = tuple(window for _, window in found)
    return DeclaredSchedule(baseline, windows, tuple(weeks))


def _check_baseline(windows: Windows, baseline: tuple[float, float] | None) -> None:
    for visit, window in windows:
        if baseline and window.first_day <= baseline[1]:
            why = f"The window overlaps the baseline, days {baseline[0]:g} to {baseline[1]:g}."
            do = "Move one of them: a score belongs to one visit."
            visit.refuse("days", why, do, [window.first_day, window.last_day])


def _check_order(windows: Windows) -> None:
    for (_, earlier), (visit, later) in pairwise(windows):
        if later.week <= earlier.week:
            why = f'The visit stands after "{earlier.name}" of week {earlier.week:g}.'
            visit.refuse("week", why, "Order the visits by week.", later.week)
        elif later.first_day <= earlier.last_day:
            why = (
                f'The window overlaps that of "{earlier.name}", which ends on day '
                f"{earlier.last_day:g}."
            )
            do = "Move one of them: a score belongs to one visit."
            visit.refuse("days", why, do, [later.first_day, later.last_day])


def _check_names(windows: Windows) -> None:
    names = [window.name for _, window in windows]
    for i, (visit, window) in enumerate(windows):
        if window.name in names[:i]:
            visit.refuse("name", "Two visits have the same name.", "Rename one.", window.name)
