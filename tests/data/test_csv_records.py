"""CSV records against the standard library's reader, on any table."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.data.csv_records import DELIMITERS, read_records
from ctevidence.data.limits import LONGEST_CELL
from ctevidence.data.problems import DataProblems

CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8
).filter(lambda cell: cell == cell.strip())


@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
    ),
    delimiter=st.sampled_from(list(DELIMITERS)),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_the_standard_library_writes_is_read(rows: list, delimiter: str, end: str) -> None:
    header = [f"c{i}" for i in range(len(rows[0]) if rows else 2)]
    out = io.StringIO(newline="")
    # with fewer quotation marks, Python before 3.13 leaves a line end inside a cell unquoted
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    records = read_records(out.getvalue(), delimiter, "t.csv")
    assert records.names == header
    assert records.rows == rows
    assert records.problems == []
    assert records.lines == sorted(set(records.lines))


def refused(text):
    with pytest.raises(DataProblems) as caught:
        read_records(text, ",", "t.csv")
    return [(problem.row, problem.why.split(" ", 2)[:2]) for problem in caught.value.problems]


def test_every_broken_quotation_and_every_row_of_another_length_is_told_at_once():
    text = 'a,b\n1\n2,"x"y\n3,4\n5,6,7\n8,"z"z\n9,"open\n10,11\n'
    assert refused(text) == [
        (2, ["The", "row"]),
        (3, ["A", "quotation"]),
        (5, ["The", "row"]),
        (6, ["A", "quotation"]),
        (7, ["A", "quotation"]),
    ]


def test_a_header_that_cannot_be_read_is_told_alone():
    assert refused('"a"x,b\n1\n2,"x"y\n') == [(1, ["A", "quotation"])]


def test_nothing_is_read_from_the_middle_of_a_cell_that_is_too_long():
    text = f'a,b\n1\n2,"{"x" * (LONGEST_CELL + 1)}\n3,"y"y\n'
    assert refused(text) == [(2, ["The", "row"]), (3, ["A", "cell"])]
