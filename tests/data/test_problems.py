"""Problems: nothing is lost, and many of one kind read as one."""

import pickle

import pandas as pd
import pytest

from ctevidence.data.problems import (
    EXAMPLES,
    KEPT,
    TO_DECIDE,
    DataProblems,
    Problem,
    alike,
    every_problem,
)


def out_of_range(row: int, value: str = "99") -> Problem:
    why, do = "PHQ-9 runs from 0 to 27.", "Correct the score."
    return Problem("visits.csv", why, do, column="score", row=row, value=value)


MISSING = Problem("events.csv", "The file is missing.", "Add it.")


def test_the_message_says_found_why_and_what_to_do() -> None:
    assert str(DataProblems([out_of_range(41), MISSING], "demo")) == (
        "demo cannot be used: 2 problems.\n\n"
        "visits.csv\n"
        '  score: "99" (row 41)\n'
        "    Why: PHQ-9 runs from 0 to 27.\n"
        "    Do:  Correct the score.\n\n"
        "events.csv\n"
        "  the whole file\n"
        "    Why: The file is missing.\n"
        "    Do:  Add it."
    )


def test_many_of_one_kind_are_counted_and_the_first_shown() -> None:
    problems = DataProblems([out_of_range(row) for row in range(2, 1002)] + [MISSING])
    text = str(problems)
    assert "1001 problems of 2 kinds" in text
    assert "score, 1000 times" in text
    assert f"and {1000 - EXAMPLES} more" in " ".join(text.split())
    assert text.count("(row ") == EXAMPLES
    assert len(text.splitlines()) < 15
    # nothing is lost
    assert len(problems.problems) == len(problems.frame) == 1001


def test_the_frame_has_one_row_each() -> None:
    frame = DataProblems([out_of_range(41), MISSING]).frame
    assert list(frame.columns) == ["file", "row", "column", "value", "times", "why", "do"]
    assert frame["row"].tolist()[0] == 41
    assert frame["row"].isna().tolist() == [False, True]


def test_very_many_of_one_kind_are_counted_and_not_kept() -> None:
    found = alike(range(2, 10_000_002), out_of_range)
    assert len(found) == KEPT
    assert [p.row for p in found] == list(range(2, KEPT + 2))
    problems = DataProblems([*found, MISSING])
    assert problems.count == 10_000_001
    assert "10000001 problems of 2 kinds" in str(problems)
    assert f"score, {10_000_000} times" in str(problems)
    assert f"and {10_000_000 - EXAMPLES} more" in " ".join(str(problems).split())
    assert int(problems.frame["times"].sum()) == problems.count


def test_all_of_them_on_request(tmp_path) -> None:
    rows = range(2, KEPT + 52)
    assert alike(range(2, KEPT + 2), out_of_range)[-1].times == 1
    with every_problem():
        found = alike(rows, lambda row: out_of_range(row, "=1+1"))
    assert [p.row for p in found] == list(rows)
    assert len(alike(rows, out_of_range)) == KEPT
    written = pd.read_csv(DataProblems(found).write_csv(tmp_path / "all.csv"))
    assert written["row"].tolist() == list(rows)
    assert set(written["value"]) == {"'=1+1"}


def test_problems_survive_pickling() -> None:
    problems = DataProblems([out_of_range(41)], "demo")
    again = pickle.loads(pickle.dumps(problems))
    assert again.problems == problems.problems
    assert str(again) == str(problems)


def test_values_cannot_break_the_layout_of_a_terminal() -> None:
    text = str(DataProblems([out_of_range(3, "1\n2\x1b[31m" + "x" * 500)]))
    assert "\x1b" not in text
    assert len(text.splitlines()) < 10
    assert all(len(line) < 100 for line in text.splitlines())


def test_a_problem_says_all_three_things() -> None:
    with pytest.raises(ValueError, match="what to do"):
        Problem("visits.csv", "No.", "")
    with pytest.raises(ValueError, match="at least one"):
        DataProblems([])


def test_a_reason_that_many_kinds_share_stands_once():
    why = "It is missing."
    found = [Problem("s.toml", why, f"Add {k}.", k, row) for row, k in enumerate("abcd")]
    text = str(DataProblems([*found, Problem("s.toml", "Other.", "Do.", "e", 9)], "demo"))
    assert text.count("It is missing.") == 1
    assert "    row 2    c: Add c." in text
    assert "Why: Other." in text
    few = str(DataProblems(found[:3], "demo"))
    assert few.count("Why: It is missing.") == 3


def test_a_shared_reason_of_whole_rows_names_no_column():
    found = [Problem("s.csv", "It is cut off.", f"Mend {k}.", row=k) for k in range(5, 9)]
    text = str(DataProblems(found, "demo"))
    assert "    row 5    Mend 5.\n" in text


def test_open_decisions_are_counted_as_what_they_are():
    found = [Problem("s.toml", TO_DECIDE, "Say it.", k, 1, "?") for k in "abcde"]
    text = str(DataProblems(found, "demo"))
    assert text.startswith("demo cannot be used: 5 decisions are open.")
    assert len(text.splitlines()) == 2 + 2 + len(found)
    assert '"?"' not in text


def test_signs_that_act_on_a_terminal_are_shown_as_blanks():
    text = str(DataProblems([Problem("t.csv", "Not \x1b[31m\u202e known.", "Do.")], "demo\x07"))
    assert not {"\x1b", "\u202e", "\x07"} & set(text)
