"""What a cell says: every spelling of a number, and everything that is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.data.cells import DAY_FAULTS, FAULTS, day_fault, read_number

NUMBERS = {
    "0": 0.0,
    "-0": 0.0,
    "+7": 7.0,
    "007": 7.0,
    "12.50": 12.5,
    ".5": 0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "-2.5E-1": -0.25,
}

NOT_NUMBERS = {
    "": "empty",
    # dates, as people and spreadsheets write them
    "2024-03-29": "date",
    "2024-03-29 00:00:00": "date",
    "2024-03-29T10:30:00Z": "date",
    "29.03.2024": "date",
    "3/29/24": "date",
    "29/3/2024 08:00": "date",
    "29-Mar-2024": "date",
    "5 March 2024": "date",
    # separators of thousands, in any fashion
    "1,234": "grouped",
    "1.234,5": "grouped",
    "1,234,567.8": "grouped",
    "1 234": "grouped",
    "1'234": "grouped",
    "1\u202f234": "grouped",
    # decimal commas
    "12,5": "comma",
    "-0,25": "comma",
    ",5": "comma",
    "1,2345": "comma",
    # not observed
    "inf": "infinite",
    "-Infinity": "infinite",
    "1e999": "infinite",
    # words and signs
    "NA": "text",
    "nan": "text",
    "n/a": "text",
    "-": "text",
    "#N/A": "text",
    "12 mg": "text",
    "50%": "text",
    "1_000": "text",
    "0x1F": "text",
    "12..5": "text",
    "１２": "text",
    "true": "text",
}


@pytest.mark.parametrize(("cell", "value"), NUMBERS.items())
def test_numbers(cell: str, value: float) -> None:
    assert read_number(cell) == (value, "")


@pytest.mark.parametrize(("cell", "fault"), NOT_NUMBERS.items())
def test_what_is_not_a_number_says_why(cell: str, fault: str) -> None:
    value, found = read_number(cell)
    assert math.isnan(value)
    assert found == fault
    assert all(FAULTS[found])


@pytest.mark.parametrize(
    ("cell", "value", "fault"),
    [
        ("12,5", 12.5, ""),
        ("12", 12.0, ""),
        ("1,234", 1.234, ""),
        ("12.5", math.nan, "point"),
        ("1.234", math.nan, "point"),
        ("1.234,5", math.nan, "grouped"),
    ],
)
def test_a_declared_decimal_comma(cell: str, value: float, fault: str) -> None:
    found, why = read_number(cell, ",")
    assert why == fault
    assert found == value or (math.isnan(found) and math.isnan(value))


def test_spreadsheet_dates_are_faults_in_columns_of_days_only() -> None:
    # 45380 is 29 March 2024 in a spreadsheet; no one is followed up for 124 years
    assert day_fault("45380") == "serial"
    assert read_number("45380") == (45380.0, "")
    assert day_fault("3650") == ""  # ten years of follow-up
    assert all(DAY_FAULTS["serial"])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read_back(number: float) -> None:
    assert read_number(repr(number)) == (number, "")


@given(st.text(max_size=12))
def test_no_text_is_a_number_and_a_fault_at_once(text: str) -> None:
    value, fault = read_number(text.strip())
    assert math.isnan(value) == bool(fault)
    assert not fault or fault in FAULTS
