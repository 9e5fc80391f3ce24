"""TomlTable: one key at a time, each wrong type said, each unknown key found, with its line."""

import json
import tomllib

import pytest

from ctevidence.data.toml_table import TomlTable, line_numbers

TEXT = """\
top = 1  # a remark with a = sign

[a]
word = "x"
"quoted key" = 2
list = [
    1,
]
[ a . b ]
word = "y"
[[a.rows]]
week = 4
[[a.rows]]
week = 8
[c."d.e"]
'single' = 3
"""


def table(text: str = TEXT) -> TomlTable:
    return TomlTable(tomllib.loads(text), "", "study.toml", line_numbers(text), [])


def test_lines_of_keys() -> None:
    # counted in the text above
    assert line_numbers(TEXT) == {
        "top": 1,
        "a": 3,
        "a.word": 4,
        "a.quoted key": 5,
        "a.list": 6,
        "a.b": 9,
        "a.b.word": 10,
        "a.rows[1]": 11,
        "a.rows[1].week": 12,
        "a.rows[2]": 13,
        "a.rows[2].week": 14,
        "c.d.e": 15,
        "c.d.e.single": 16,
    }


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        ("text", ['"x"'], ["3", '" "', "true", "[]"]),
        ("number", ["3", "-2.5"], ['"3"', "true", "inf", "nan", "[1]", "1" + "0" * 400]),
        ("count", ["0", "3"], ["-1", "2.0", "true", '"3"']),
        ("flag", ["true", "false"], ["1", '"true"']),
        ("texts", ["[]", '["x", "y"]'], ['"x"', "[1]", '[""]']),
        ("days", ["[0, 1]", "[-7.5, -7.5]"], ["[1]", "[2, 1]", '["0", "1"]', "7", "[0, inf]"]),
        ("table", ["{}"], ["1", "[]"]),
    ],
)
def test_each_reader_takes_its_type_and_no_other(reader: str, good: list, bad: list) -> None:
    for value in good:
        source = table(f"key = {value}")
        assert getattr(source, reader)("key") is not None
        assert source.problems == []
    for value in bad:
        source = table(f"\nkey = {value}")
        assert getattr(source, reader)("key") is None
        assert [(p.column, p.row) for p in source.problems] == [("key", 2)], value


def test_a_missing_key_is_a_problem_only_where_it_is_required() -> None:
    source = table("")
    assert source.text("x", required=False) is None
    assert source.table("y", required=False) is None
    assert source.tables("z", required=False) == {}
    assert list(source.rows("w")) == []
    assert source.problems == []
    source.number("x")
    source.table("y")
    assert [p.column for p in source.problems] == ["x", "y"]


def test_tables_inside_tables_know_their_path() -> None:
    source = table().table("a")
    assert [row.number("week") for row in source.rows("rows")] == [4, 8]
    source.table("b").number("word")
    (problem,) = source.problems
    assert (problem.file, problem.column, problem.row) == ("study.toml", "a.b.word", 10)
    assert problem.value == "y"


def test_keys_that_no_one_asked_for_are_refused_with_a_suggestion() -> None:
    source = table('titel = "x"\nother = 1\n[extra]\n')
    for key in ("title", "name"):
        source.text(key, required=False)
    source.close()
    assert [(p.column, p.row) for p in source.problems] == [
        ("titel", 1),
        ("other", 2),
        ("extra", 3),
    ]
    assert [p.why for p in source.problems][1:] == [
        "The key is not known.",
        "The table is not known.",
    ]
    assert source.problems[0].do == 'Did you mean "title"? Known here: title, name.'
    assert source.problems[1].do == "Known here: title, name."


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x07", "\x9b"])
def test_words_that_hide_or_turn_text_are_refused(sign):
    source = table(f"reason = {json.dumps(f'not{sign}blinded')}")
    assert source.text("reason") is None
    (problem,) = source.problems
    assert f"U+{ord(sign):04X}" in problem.why


def test_words_of_other_scripts_and_of_several_lines_are_words():
    told = "Gr\u00f6\u00dfe\u00a0von \u05d0\u05d1\u200f\nund \u4e2d"
    assert table(f"reason = {json.dumps(told)}").text("reason") == told
