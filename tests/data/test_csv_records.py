"""CSV records against the standard library's reader, on any table."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from ctevidence.data.csv_records import DELIMITERS, read_records

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
