"""Rounding and number words, against values worked by hand."""

import math

import pytest

from ctevidence.display.format import interval, number, number_needed, p_value, rounded, shown


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (0.125, 2, 0.13),
        (1.005, 2, 1.01),
    ],
)
def test_halves_go_away_from_zero_as_in_clinical_tables(value, decimals, expected):
    assert rounded(value, decimals) == expected


def test_a_rounded_zero_has_no_sign():
    assert number(-0.04, 1) == "0.0"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.005, "probability", "1"),
        (1.0, "probability", "100"),
        (0.995, "ratio", "1.00"),
        (-7.25, "BDI points", "−7.3"),
        (math.nan, "ratio", "not estimable"),
    ],
)
def test_a_value_is_shown_as_precisely_as_its_unit_deserves(value, unit, expected):
    assert shown(value, unit) == expected


def test_intervals_with_one_limit_say_so():
    assert interval(math.nan, 0.2, "probability") == "20 or less"
    assert interval(math.nan, math.nan, "ratio") == ""


def test_a_p_value_is_never_zero():
    assert p_value(0.0) == "< 0.001"


def test_nnt_through_infinity_as_altman_writes_it():
    # Altman 1998, BMJ 317:1309: a difference of 10 % (-5 % to 25 %) is NNTB 10,
    # NNTB 4 to infinity to NNTH 20
    assert number_needed(10.0, -20.0, 4.0) == ("NNTB 10", "NNTB 4 to ∞ to NNTH 20")
    assert number_needed(-10.0, -40.0, -5.0) == ("NNTH 10", "NNTH 5 to 40")
