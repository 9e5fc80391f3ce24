"""CheckedTable: problems carry the line, the value, and what it contradicts."""

import numpy as np
import pandas as pd

from ctevidence.data.checked_table import CheckedTable

FRAME = pd.DataFrame(
    {"participant_id": ["A", "B", "C"], "day": [1.0, np.nan, 30.5]}, index=[2, 3, 7]
)


def test_problems_name_line_and_value() -> None:
    found = CheckedTable("t.csv", FRAME).problems([True, True, False], "Why.", "Do.", "day")
    assert [(p.file, p.row, p.column, p.value) for p in found] == [
        ("t.csv", 2, "day", "1"),
        ("t.csv", 3, "day", ""),
    ]


def test_what_a_value_contradicts_stands_beside_it() -> None:
    end = pd.Series([5.0, 6.0, 28.0], index=FRAME.index)
    table = CheckedTable("t.csv", FRAME)
    (found,) = table.problems(FRAME["day"] > end, "Why.", "Do.", "day", ("end", end))
    assert (found.row, found.value) == (7, "30.5 (end: 28)")


def test_repeats_name_the_first_row() -> None:
    frame = pd.DataFrame(
        {"participant_id": ["A", "B", "A", "", "", "A"], "day": [1.0, 1.0, 1.0, 1.0, 1.0, np.nan]},
        index=[2, 3, 4, 5, 6, 7],
    )
    found = CheckedTable("t.csv", frame).repeats(["participant_id", "day"], "Why.", "Do.", "day")
    assert [(p.row, p.value) for p in found] == [(4, "A, 1 (as row 2)")]
