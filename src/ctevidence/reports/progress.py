"""How a run shows itself: one bar with the time left, a log to follow, a table of what failed.

None of it holds a value of a person: only names of reports and notebooks, times, and messages that
`reports.failures` has cleaned.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from ctevidence.reports.events import Event, Made
from ctevidence.reports.failures import Failure

#: what a report may take before its plan is known, in seconds
GUESS = 25.0


class Display:
    """Told every event of a run; shows a bar and writes the log.

    Parameters
    ----------
    reports : sequence of str
        Names of the reports that are to come.
    log : Path
        A line for each event is added while the run is under way.
    quiet : bool
        No bar; failures are still shown.
    """

    def __init__(self, reports: Sequence[str], log: Path, quiet: bool = False) -> None:
        self.console = Console(stderr=True)
        columns = (TextColumn("{task.description:<36.36}"), BarColumn(), TaskProgressColumn())
        left = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        self._bar = Progress(*columns, *left, console=self.console, disable=quiet)
        self._planned = dict.fromkeys(reports, 0.0)
        self._known: set[str] = set()
        self._expected: dict[tuple[str, str], float] = {}
        self._running: list[str] = []
        self._path, self._lock = log, threading.Lock()

    def __enter__(self) -> Display:
        self._log = _opened(self._path)
        self._task = self._bar.add_task("starting", total=GUESS * max(1, len(self._planned)))
        return self

    def __exit__(self, *_) -> None:
        if self._bar.live.is_started:  # else it would leave an empty line
            self._bar.stop()
        if self._log:
            self._close_log()

    def __call__(self, event: Event) -> None:
        """Take in an event, from any thread."""
        with self._lock:
            self._bar.start()  # with the first event: what is refused before shows no bar
            self._write(event)
            self._show(event)

    def _write(self, event: Event) -> None:
        if self._log is None or event.state == "planned":
            return
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        took = f" {event.seconds:.1f} s" if event.ends and event.seconds else ""
        why = f": {_why(event.failure)}" if event.failure else ""
        try:
            self._log.write(f"{stamp} {event.report} {event.step} {event.state}{took}{why}\n")
            self._log.flush()
        except OSError:  # a full disk: the run itself will say so
            self._close_log()

    def _close_log(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written is tried again
            self._log.close()
        self._log = None

    def _show(self, event: Event) -> None:
        name = f"{event.report}: {event.step}"
        if event.state == "planned":
            self._known.add(event.report)
            self._planned[event.report] += event.seconds
            self._expected[event.report, event.step] = event.seconds
        elif event.state == "begun":
            self._running.append(name)
        elif name in self._running:
            self._running.remove(name)
        if event.failure:
            self.console.print(Text(f"failed: {name}: {_why(event.failure)}"))
        guessed = GUESS * (len(self._planned) - len(self._known))
        step = self._expected.get((event.report, event.step), 0.0) if event.ends else 0.0
        shown = self._running[-1] if self._running else name
        total = sum(self._planned.values()) + guessed
        self._bar.update(self._task, advance=step, total=total, description=shown)


def failures_table(made: Sequence[Made]) -> Table:
    """What failed and why, one line each."""
    table = Table(title="What failed, and why", title_justify="left")
    for head in ("report", "notebook", "cell", "why"):
        table.add_column(head, overflow="fold")
    for failure in (f for m in made for f in m.failures):
        cell = "" if failure.cell is None else str(failure.cell)
        why = f"{failure.kind}: {failure.message}"
        table.add_row(*map(Text, (failure.report, failure.step, cell, why)))
    return table


def plain(made: Sequence[Made]) -> dict:
    """The same for machines."""
    reports = [
        {
            "report": m.order.report,
            "path": str(m.path),
            "status": "failed" if m.failures else "unchanged" if m.unchanged else "made",
            "asked": m.order.asked,
            "seconds": {part: round(s, 3) for part, s in m.seconds.items()},
            "notebooks": {name: round(s, 3) for name, s in m.notebooks.items()},
            "failures": [failure.plain for failure in m.failures],
            "remarks": list(m.remarks),
        }
        for m in made
    ]
    return {"reports": reports, "failed": sum(bool(m.failures) for m in made)}


def _why(failure: Failure) -> str:
    where = "" if failure.cell is None else f"cell {failure.cell}: "
    return f"{where}{failure.kind}: {failure.message}".replace("\n", " ")


def _opened(path: Path) -> TextIO | None:
    """The log; None where nothing can be written, which the run itself will say."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", encoding="utf-8")
    except OSError:
        return None
