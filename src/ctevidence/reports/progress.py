"""How a run shows itself: one bar with the time left, a log to follow, a table of what failed.

None of it holds a value of a person: only names of reports and notebooks, times, and messages that
`reports.failures` has cleaned.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
)
from rich.table import Table
from rich.text import Text

from ctevidence.reports.events import DATA, PAGES, Event, Made
from ctevidence.reports.failures import Failure

#: what a report may take before its plan is known, in seconds
GUESS = 25.0
#: names that the table of failures shows of very many reports stopped by one reason
EXAMPLES = 5
#: letters of the report and its step beside the bar, and of all that stands beside the bar
NAMED, OTHERS = 32, 74
_STEPS = {DATA: "reading the data", PAGES: "making the pages"}


class Times(ProgressColumn):
    """How long it has taken (or how much has failed), and how long it will take.

    The time left is unknown until a first step has ended, and this is said.
    """

    def render(self, task: Task) -> Text:
        failed = task.fields["failed"]
        begin = f"{failed} failed" if failed else f"after {_clock(task.elapsed or 0.0)}"
        left = task.time_remaining
        until = "time left not known yet" if left is None else f"about {_clock(left)} left"
        return Text(begin if task.finished else f"{begin}, {until}", no_wrap=True)


def _named(event: Event) -> str:
    """The report and its step in the width that there is; of a long report the beginning."""
    step = _STEPS.get(event.step, event.step)
    room = NAMED - len(step) - 2
    report = event.report if len(event.report) <= room else f"{event.report[: room - 1]}…"
    return f"{report}: {step}"


def _clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> _clock(9), _clock(3725)
    ('0:09', '1:02:05')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Display:
    """Told every event of a run; shows a bar and writes the log.

    Parameters
    ----------
    reports : sequence of str
        Names of the reports that are to come.
    log : Path
        A line for each event is added while the run is under way.
    quiet : bool
        No bar.
    """

    def __init__(self, reports: Sequence[str], log: Path, quiet: bool = False) -> None:
        self.console = Console(stderr=True)
        bar = BarColumn(max(6, min(40, self.console.width - OTHERS)))
        columns = (TextColumn(f"{{task.description:<{NAMED}}}"), bar, TaskProgressColumn(), Times())
        self._bar = Progress(*columns, console=self.console, disable=quiet)
        self._planned = dict.fromkeys(reports, 0.0)
        self._known: set[str] = set()
        self._expected: dict[tuple[str, str], float] = {}
        self._running: list[str] = []
        self._failed = 0
        self._path, self._lock = log, threading.Lock()

    def __enter__(self) -> Display:
        self._log = _opened(self._path)
        total = GUESS * max(1, len(self._planned))
        self._task = self._bar.add_task("starting", total=total, failed=0)
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
        name = _named(event)
        if event.state == "planned":
            self._known.add(event.report)
            self._planned[event.report] += event.seconds
            self._expected[event.report, event.step] = event.seconds
        elif event.state == "begun":
            self._running.append(name)
        elif name in self._running:
            self._running.remove(name)
        self._failed += event.failure is not None  # why stands in the table at the end
        guessed = GUESS * (len(self._planned) - len(self._known))
        step = self._expected.get((event.report, event.step), 0.0) if event.ends else 0.0
        shown = self._running[-1] if self._running else name
        total = sum(self._planned.values()) + guessed
        told = {"description": shown, "failed": self._failed}
        self._bar.update(self._task, advance=step, total=total, **told)


def failures_table(made: Sequence[Made]) -> Table:
    """What failed and why: a line for each reason, with all reports that it stopped."""
    table = Table(title="What failed, and why", title_justify="left")
    for head in ("report", "where", "why"):
        table.add_column(head, overflow="fold")
    stopped: dict[str, list[Failure]] = {}
    for failure in (f for m in made for f in m.failures):
        stopped.setdefault(failure.words, []).append(failure)
    for why, failures in stopped.items():
        reports = dict.fromkeys(failure.report for failure in failures)
        places = dict.fromkeys(map(_where, failures))
        table.add_row(_lines(reports), _lines(places), Text(why))
    return table


def _where(failure: Failure) -> str:
    """The step that failed, in words."""
    step = _STEPS.get(failure.step, failure.step)
    return step if failure.cell is None else f"{step}, cell {failure.cell}"


def _lines(names: Iterable[str]) -> Text:
    """Names below each other, the first few of very many."""
    names = list(names)
    more = [f"and {len(names) - EXAMPLES} more"] if len(names) > EXAMPLES else []
    return Text("\n".join([*names[:EXAMPLES], *more]))


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
