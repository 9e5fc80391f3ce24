"""Files as text cells: lines as an editor counts them, bytes as they were meant."""

from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data import parquet_cells
from ctevidence.data.files import FileFormat, RawTable, read_raw
from ctevidence.data.problems import DataProblems


def table(tmp_path: Path, content: str | bytes, **options) -> RawTable:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_raw(path, FileFormat(**options))


def refused(tmp_path: Path, content: str | bytes, **options) -> DataProblems:
    with pytest.raises(DataProblems) as caught:
        table(tmp_path, content, **options)
    return caught.value


def test_rows_are_the_lines_of_the_file(tmp_path: Path) -> None:
    # line 3 is blank, the quoted cell of line 4 runs over lines 4 and 5, line 6 holds only commas
    raw = table(tmp_path, 'a,b\n1,x\n\n2,"two\nlines"\n,\n3,y\n')
    assert raw.frame.index.tolist() == [2, 4, 7]
    assert raw.frame["b"].tolist() == ["x", "two\nlines", "y"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_counts_as_one(end: str, tmp_path: Path) -> None:
    raw = table(tmp_path, end.join(["a,b", "1,x", "2,y", ""]))
    assert raw.frame.index.tolist() == [2, 3]


def test_cells_are_text_and_nothing_becomes_missing(tmp_path: Path) -> None:
    raw = table(tmp_path, "a,b\n007,NA\n 1e3 ,null\nTRUE,\u00a0x\n")
    assert raw.frame["a"].tolist() == ["007", "1e3", "TRUE"]
    assert raw.frame["b"].tolist() == ["NA", "null", "x"]


def test_a_quoted_separator_and_quotation_mark_belong_to_the_cell(tmp_path: Path) -> None:
    raw = table(tmp_path, 'a,b\n"x, y", "say ""no"""\n')
    assert raw.frame.loc[2].tolist() == ["x, y", 'say "no"']


def test_trailing_empty_columns_of_a_spreadsheet_are_not_columns(tmp_path: Path) -> None:
    assert list(table(tmp_path, "a,b,,\n1,2,,\n").frame.columns) == ["a", "b"]


def test_a_cell_beyond_the_header_is_a_problem_of_its_row(tmp_path: Path) -> None:
    raw = table(tmp_path, "a,b\n1,2\n3,4,5\n6\n7,8\n")
    assert [(p.row, p.value) for p in raw.problems] == [(3, "3,4,5"), (4, "6")]
    assert raw.frame.index.tolist() == [2, 5]


@pytest.mark.parametrize(
    ("text", "row"), [('a,b\n1,"x\n2,y\n3,z\n', 2), ('a,b\n1,x\n2,"y"z\n3,z\n', 3)]
)
def test_an_open_quotation_is_found_where_it_opens(text: str, row: int, tmp_path: Path) -> None:
    problem = refused(tmp_path, text).problems[0]
    assert problem.row == row
    assert "quotation mark" in problem.why


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical")])
def test_another_separator_is_said_and_can_be_declared(
    sign: str, name: str, tmp_path: Path
) -> None:
    text = f"a{sign}b\n1{sign}2\n"
    problem = refused(tmp_path, text).problems[0]
    assert name in problem.why
    assert table(tmp_path, text, delimiter=sign).frame.loc[2].tolist() == ["1", "2"]


def test_commas_where_semicolons_are_declared(tmp_path: Path) -> None:
    assert "separated by a comma" in refused(tmp_path, "a,b\n1,2\n", delimiter=";").problems[0].why


def test_one_column_is_a_table(tmp_path: Path) -> None:
    assert table(tmp_path, "a\n1\n").frame["a"].tolist() == ["1"]


def test_encodings_that_a_file_declares_itself(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        raw = table(tmp_path, "a,b\nÅse,€\n".encode(encoding))
        assert raw.frame.loc[2].tolist() == ["Åse", "€"]


def test_windows_1252_is_refused_with_the_line_and_read_when_declared(tmp_path: Path) -> None:
    data = "a,b\nx,y\nÅse,€\n".encode("cp1252")
    problem = refused(tmp_path, data).problems[0]
    assert (problem.row, problem.value) == (3, "Åse,€")
    assert 'encoding = "cp1252"' in problem.do
    assert table(tmp_path, data, encoding="cp1252").frame.loc[3].tolist() == ["Åse", "€"]


def test_every_line_of_another_encoding_is_told_at_once(tmp_path: Path) -> None:
    data = "a,b\nÅse,1\nx,2\ny,€\n".encode("cp1252")
    found = refused(tmp_path, data).problems
    assert [(p.row, p.value) for p in found] == [(2, "Åse,1"), (4, "y,€")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_letters_of_several_bytes_are_read_when_declared(encoding: str, tmp_path: Path) -> None:
    raw = table(tmp_path, "a,b\nÅse,€\n".encode(encoding), encoding=encoding)
    assert raw.frame.loc[2].tolist() == ["Åse", "€"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_damage_in_letters_of_several_bytes_is_told_at_its_line(
    encoding: str, ending: str, tmp_path: Path
) -> None:
    # U+0A0A and U+010A hold the byte of a line's end, and are none
    before = ending.join(["a,b", "\u0a0a,\u010a", "x,"])
    order = "be" if encoding == "utf-16-be" else "le"
    alone = (0xD800).to_bytes(
        4 if encoding == "utf-32" else 2, "big" if order == "be" else "little"
    )
    after = f"{ending}z,1{ending}".encode(f"{encoding[:6]}-{order}")
    data = before.encode(encoding) + alone + after  # half of a pair
    declared = {} if encoding == "utf-16" else {"encoding": encoding}
    problems = refused(tmp_path, data, **declared).problems
    assert [p.row for p in problems] == [3]
    assert encoding.upper() in problems[0].why
    assert "1252" not in problems[0].do


def test_a_byte_order_mark_counts_in_what_is_wrong_too(tmp_path: Path) -> None:
    data = "\ufeffa,b\nx,1\n".encode() + b"\xc5se,2\n"
    problem = refused(tmp_path, data, encoding="cp1252").problems[0]
    assert problem.row == 3
    assert problem.why.startswith("The line is not UTF-8;")


def test_a_declared_encoding_cannot_garble_utf_8(tmp_path: Path) -> None:
    # read as Windows-1252 this would be "Ã…se", without any error
    problem = refused(tmp_path, "a\nÅse\n".encode(), encoding="cp1252").problems[0]
    assert "garbled" in problem.why


def test_bytes_that_are_no_windows_1252_either(tmp_path: Path) -> None:
    problem = refused(tmp_path, b"a\n\x81\x8d\n", encoding="cp1252").problems[0]
    assert problem.row == 2


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"encoding": "utf-99"}, "not known"),
        ({"encoding": "base64"}, "not known"),
        ({"delimiter": ":"}, "delimiter"),
        ({"decimal": "·"}, "decimal"),
        ({"decimal": ","}, "both"),
    ],
)
def test_impossible_formats(options: dict, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        FileFormat(**options)


def test_a_damaged_name_in_a_parquet_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"score": [1.0, 2.0]}).to_parquet(path)
    path.write_bytes(path.read_bytes().replace(b"score", b"sc\x80re"))
    with pytest.raises(DataProblems, match="not a readable Parquet file"):
        read_raw(path)


def test_parquet_columns_of_different_lengths_are_a_problem(tmp_path: Path, monkeypatch) -> None:
    # a damaged file may give a column without its rows
    path = tmp_path / "t.parquet"
    pd.DataFrame({"id": ["a", "b"], "score": [1.0, 2.0]}).to_parquet(path)
    whole = parquet_cells._cells
    monkeypatch.setattr(
        parquet_cells, "_cells", lambda c: whole(c.slice(0, 0) if c.type == "double" else c)
    )
    with pytest.raises(DataProblems, match=r"different numbers of rows \(0, 2\)"):
        read_raw(path)


def test_parquet_cells_read_like_those_of_a_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "id": [7, 8, 9],
            "score": [12.0, None, 2.5],
            "day": pd.to_datetime(["2024-03-29", None, "2024-03-30"]),
            "word": pd.Categorical(["x ", None, "Jose\u0301"]),
            "flag": [True, False, True],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    raw = read_raw(tmp_path / "t.parquet")
    assert raw.frame.index.tolist() == [2, 3, 4]
    assert raw.frame["id"].tolist() == ["7", "8", "9"]
    assert raw.frame["score"].tolist() == ["12", "", "2.5"]
    assert raw.frame["day"].tolist() == ["2024-03-29 00:00:00", "", "2024-03-30 00:00:00"]
    assert raw.frame["word"].tolist() == ["x", "", "José"]
    assert raw.frame["flag"].tolist() == ["True", "False", "True"]
