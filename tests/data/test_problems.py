"""Problems: nothing is lost, and many of one kind read as one."""

import pickle

import pytest

from ctevidence.data.problems import EXAMPLES, DataProblems, Problem


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
    assert list(frame.columns) == ["file", "row", "column", "value", "why", "do"]
    assert frame["row"].tolist()[0] == 41
    assert frame["row"].isna().tolist() == [False, True]


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
