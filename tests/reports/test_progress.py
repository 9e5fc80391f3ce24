"""What a run shows: each failure once, in words, and the time that is left once it is known."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from ctevidence.data.problems import DataProblems, Problem
from ctevidence.data.project import Project
from ctevidence.reports.events import DATA, PAGES, Event, Made
from ctevidence.reports.failures import Failure, NotebookError, explain
from ctevidence.reports.orders import Order
from ctevidence.reports.progress import EXAMPLES, NAMED, Display, Times, failures_table

SENTENCE = "No score is left at week 9: widen the window."
ORDER = Order("demo")


def failure(kind="ValueError", message=SENTENCE, **other):
    return replace(Failure("demo", "02_response", 5, kind, message, ValueError()), **other)


def shown(*failures):
    console = Console(file=io.StringIO(), width=200)
    console.print(failures_table([Made(ORDER, Path("reports/demo"), (f,)) for f in failures]))
    return console.file.getvalue()


@pytest.fixture
def display(tmp_path):
    """A display whose terminal is text."""
    with Display(["demo", "other"], tmp_path / ".log") as made:
        made.console.file = io.StringIO()
        yield made


def test_a_failure_stands_once_in_the_table_and_nowhere_before(display, tmp_path):
    display(Event("demo", "02_response", "begun"))
    display(Event("demo", "02_response", "failed", failure=failure()))
    assert SENTENCE not in display.console.file.getvalue()
    assert display._bar.tasks[0].fields["failed"] == 1
    assert shown(failure()).count(SENTENCE) == 1
    assert f"ValueError: {SENTENCE}" in (tmp_path / ".log").read_text("utf-8")


@pytest.mark.parametrize(
    "error",
    [
        NotebookError("02_response", 5, "KeyError", SENTENCE),
        NotebookError("02_response", 5, "ValueError", SENTENCE),
        NotebookError("02_response", 5, "TypeError", "'NoneType' object is not subscriptable"),
        NotebookError("02_response", 5, "KeyError", "score"),
        NotebookError("02_response", None, "DeadKernelError", "Kernel died"),
        ZeroDivisionError("division by zero"),
        AssertionError(),
        RuntimeError(SENTENCE),
        DataProblems([Problem("visits.csv", "It is late.", "Come earlier.")], "demo"),
        PermissionError(13, "Permission denied", "x"),
    ],
)
def test_no_class_of_an_error_is_shown(error, tmp_path):
    found = explain(ORDER, "02_response", error, Project(tmp_path), "")
    table = shown(found)
    for name in (type(error).__name__, getattr(error, "kind", "NotebookError"), "Error"):
        assert name not in table
    assert len(found.words.split()) > 5


def test_what_is_wrong_with_the_program_is_not_blamed_on_the_data():
    said = failure("TypeError", "unsupported operand").words
    assert said.startswith("A fault of the program")
    assert said.endswith("unsupported operand")
    assert failure().words == SENTENCE
    assert "memory ran out" in failure("DeadKernelError", "Kernel died").words


def test_one_reason_is_one_line_with_all_that_it_stopped():
    reports = [failure(report=f"demo--{i}", step=step) for i in range(8) for step in (DATA, PAGES)]
    other = failure(message="The disk is full: make room.")
    table = failures_table([Made(ORDER, Path("x"), (*reports, other))])
    assert table.row_count == 2
    text = shown(*reports, other)
    assert "demo--4" in text
    assert "demo--5" not in text
    assert f"and {8 - EXAMPLES} more" in text
    assert "reading the data, cell 5" in text
    assert "making the pages, cell 5" in text


def test_what_the_times_mean_is_said_before_and_after_the_first_step():
    now = [0.0]
    bar = Progress(get_time=lambda: now[0], disable=True)
    number = bar.add_task("demo", total=40.0, failed=0)
    assert Times().render(bar.tasks[0]).plain == "after 0:00, time left not known yet"
    now[0] = 5.0
    bar.update(number, advance=10.0)
    now[0] = 15.0
    bar.update(number, advance=10.0)
    assert Times().render(bar.tasks[0]).plain == "after 0:15, about 0:20 left"
    bar.update(number, failed=2)
    assert Times().render(bar.tasks[0]).plain == "2 failed, about 0:20 left"
    bar.update(number, advance=20.0)
    assert Times().render(bar.tasks[0]).plain == "2 failed"


def test_the_step_under_way_is_named_in_words(display):
    display(Event("demo", DATA, "begun"))
    assert display._bar.tasks[0].description == "demo: reading the data"
    display(Event("demo", DATA, "done", 1.0))
    display(Event("demo", PAGES, "begun"))
    assert display._bar.tasks[0].description == "demo: making the pages"
    long = Event("a-study-with-a-very-long-name--week=9", "02_response", "begun")
    display(long)
    assert len(display._bar.tasks[0].description) == NAMED
    assert display._bar.tasks[0].description.endswith("…: 02_response")
