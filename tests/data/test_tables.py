"""Tables: which cells each column refuses, and which types come of the others."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.columns import TABLE_COLUMNS
from ctevidence.data.files import RawTable
from ctevidence.data.tables import check_table, empty_table


def raw(columns: dict[str, list[str]], first_line: int = 2) -> RawTable:
    frame = pd.DataFrame(columns, dtype=object)
    frame.index = range(first_line, first_line + len(frame))
    return RawTable("t.csv", frame)


def test_all_cells_of_all_columns_are_checked_at_once() -> None:
    table, problems = check_table(
        "visits",
        raw(
            {
                "participant_id": ["A", "", "C"],
                "day": ["0", "2024-01-01", "45000"],
                "scale": ["PHQ-9", "", "PHQ-9"],
                "score": ["x", "1,5", ""],
            }
        ),
    )
    assert [(p.row, p.column) for p in problems] == [
        (2, "score"),
        (3, "participant_id"),
        (3, "day"),
        (3, "scale"),
        (3, "score"),
        (4, "day"),
        (4, "score"),
    ]
    # what was refused is missing, so that nothing is computed with it
    assert table.frame["day"].isna().tolist() == [False, True, True]
    assert table.frame["score"].isna().all()


def test_without_a_required_column_there_is_no_table() -> None:
    table, problems = check_table("events", raw({"participant_id": ["A"], "day": ["x"]}))
    assert table is None
    assert [(p.row, p.column) for p in problems] == [(1, "event"), (2, "day")]


def test_covariates_are_numbers_or_words() -> None:
    people = raw(
        {
            "participant_id": ["1", "2", "3"],
            "arm": ["a", "a", "a"],
            "age": ["30", "", "41.5"],
            "sex": ["f", "", "m"],
            "site": ["1", "2", ""],
            "nothing": ["", "", ""],
        }
    )
    table, problems = check_table("participants", people)
    assert problems == []
    assert list(table.frame.columns) == list(people.frame.columns)
    assert table.frame["participant_id"].tolist() == ["1", "2", "3"]
    np.testing.assert_array_equal(table.frame["age"], [30.0, np.nan, 41.5])
    assert table.frame["sex"].isna().tolist() == [False, True, False]
    assert table.frame["site"].tolist()[:2] == ["1", "2"]
    assert table.frame["nothing"].isna().all()


@pytest.mark.parametrize(
    ("cells", "kind", "refused"),
    [
        (["30", "unknown"], None, ["unknown"]),
        (["30", "unknown"], "category", []),
        (["30", "unknown"], "number", ["unknown"]),
        # no cell is a number that can be read, but numbers were meant
        (["30,5", "41,5"], None, ["30,5", "41,5"]),
        (["low", "high"], "number", ["low", "high"]),
    ],
)
def test_a_covariate_is_of_one_kind(cells: list[str], kind: str | None, refused: list) -> None:
    people = raw({"participant_id": ["1", "2"], "arm": ["a", "a"], "x": cells})
    _, problems = check_table("participants", people, covariates={"x": kind} if kind else None)
    assert [p.value for p in problems] == refused


@pytest.mark.parametrize("name", ["item1", "Item_1", "item_01", "Q1", "item 1"])
def test_items_under_another_name_are_not_overlooked(name: str) -> None:
    visits = raw(
        {"participant_id": ["A"], "day": ["0"], "scale": ["X"], "score": ["1"], name: ["1"]}
    )
    _, problems = check_table("visits", visits)
    assert [p.column for p in problems] == [name]
    assert "item_1" in problems[0].why


def test_further_columns_are_kept_as_text() -> None:
    events = raw({"participant_id": ["A"], "day": ["3"], "event": ["relapse"], "rater": ["07"]})
    table, problems = check_table("events", events)
    assert problems == []
    assert list(table.frame.columns) == [*TABLE_COLUMNS["events"], "rater"]
    assert table.frame.loc[2, "rater"] == "07"
    assert table.frame.loc[2, "reason"] == ""


@pytest.mark.parametrize("name", TABLE_COLUMNS)
def test_an_empty_table_has_the_types_of_a_full_one(name: str) -> None:
    cells = {"number": "1", "score": "1", "day": "1", "component": "therapy"}
    row = {column: [cells.get(s.kind, "x")] for column, s in TABLE_COLUMNS[name].items()}
    full, problems = check_table(name, raw(row))
    assert problems == []
    assert empty_table(name).dtypes.equals(full.frame.dtypes)
