"""TOML text: tomllib, which is not ours, reads back what was written."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from ctevidence.data.toml_text import toml_text

WORDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.one_of(WORDS, NUMBERS, st.booleans(), st.lists(WORDS, max_size=4), st.lists(NUMBERS))
TABLES = st.dictionaries(
    WORDS,
    st.recursive(VALUES, lambda inner: st.dictionaries(WORDS, inner, max_size=3), max_leaves=8),
    max_size=4,
)


@given(TABLES)
def test_any_values_are_read_back(values: dict) -> None:
    assert tomllib.loads(toml_text(values)) == values


def test_lists_of_tables_and_long_lists() -> None:
    values = {
        "s": {"days": [0, 1], "visits": [{"week": 4, "days": [1.5, 2]}, {"week": 8}]},
        "notes": ["x" * 60, 'with "quotes", \\ and \x7f'],
    }
    text = toml_text(values)
    assert tomllib.loads(text) == values
    assert "[[s.visits]]" in text


def test_what_is_none_is_left_out() -> None:
    assert toml_text({"a": None, "b": {"c": None, "d": 1}, "e": None}) == "[b]\nd = 1\n"
