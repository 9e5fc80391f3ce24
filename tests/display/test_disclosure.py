"""The disclosure gate, against the rules of the OpenSAFELY documentation (outputs/sdc)."""

import math

import pytest

from ctevidence.display.disclosure import PROFILES, disclosure_of
from ctevidence.display.release import released
from ctevidence.display.tables import table_estimates
from ctevidence.estimates import Estimate, Estimates

STRICT = PROFILES["opensafely"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (1, "1–7"), (7, "1–7"), (8, "10"), (12, "10"), (13, "15"), (100, "100")],
)
def test_counts_up_to_seven_are_hidden_and_others_rounded_to_five(count, shown):
    assert STRICT.text(count) == shown


def test_shares_come_from_the_rounded_counts():
    assert STRICT.share(13, 28) == pytest.approx(15 / 30)
    assert math.isnan(STRICT.share(3, 28))


def test_cumulative_counts_of_curves_are_midpoint_six():
    # midpoint 6: ceil(x / 6) * 6 - 3 for x > 0
    assert [STRICT.cumulative(x) for x in (0, 1, 6, 7, 12)] == [0, 3, 3, 9, 9]


def test_an_unknown_profile_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match="open, opensafely, min10"):
        disclosure_of("opensafly")


@pytest.fixture
def rows():
    small = Estimate("s", "response", "combined", "risk", 3 / 9, unit="probability", n=9, events=3,
                     conf_low=0.12, conf_high=0.65)  # fmt: skip
    gap = Estimate("s", "response", "combined", "risk_difference", 0.1234, reference="therapy",
                   unit="probability", n=9, events=3, n_reference=43, events_reference=9,
                   conf_low=-0.2, conf_high=0.4, std_error=0.15678)  # fmt: skip
    return Estimates([small, gap])


def test_no_hidden_count_can_be_read_in_a_table(rows):
    text = table_estimates(rows, "opensafely").frame.to_string()
    assert "1–7 of 10" in text
    assert "3 of" not in text
    assert "33" not in text  # 3 of 9 would give the count away


def test_what_is_released_is_as_coarse_as_what_is_shown(rows):
    small, gap = released(rows, "opensafely")
    assert (small.events, small.n) == (None, 10)
    assert math.isnan(small.estimate)
    assert (gap.estimate, gap.std_error, gap.n_reference) == (0.12, 0.16, 45)


def test_open_data_are_released_exactly(rows):
    assert released(rows, "open") is rows
