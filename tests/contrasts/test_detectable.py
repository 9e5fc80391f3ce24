"""The smallest difference that could have been seen, held to what synergy says of itself."""

import math
from dataclasses import replace

import pytest

from ctevidence.contrasts import compare, counted_levels, synergy
from ctevidence.contrasts.detectable import detectable_difference
from ctevidence.estimates import Estimate

LEVELS = counted_levels((76, 66, 48, 39), (107, 109, 111, 112), week=12)


def test_it_agrees_with_the_detectable_rows_of_synergy():
    rows = synergy(LEVELS)
    for measure in ("interaction_difference", "interaction_ratio"):
        seen = rows.where(measure=measure).one()
        said = rows.where(measure=f"detectable_{measure}").one().estimate
        assert detectable_difference(seen) == pytest.approx(said, rel=1e-9)


def test_a_difference_and_a_ratio_by_hand():
    row = compare(LEVELS, "combined", against="therapy", measure="risk_ratio").one()
    # sqrt(1/76 - 1/107 + 1/48 - 1/111); z(.975) + z(.8) = 2.8015852
    error = math.sqrt(1 / 76 - 1 / 107 + 1 / 48 - 1 / 111)
    assert row.std_error == pytest.approx(error, rel=1e-9)
    assert detectable_difference(row) == pytest.approx(math.exp(2.8015852 * error), rel=1e-7)


def test_without_a_standard_error_the_interval_tells():
    row = Estimate("s", "response", "a", "risk_difference", 0.1, reference="b", conf_low=0.002,
                   conf_high=0.198)  # fmt: skip
    # half of the interval, 0.098, over 1.959964
    assert detectable_difference(row) == pytest.approx(2.8015852 * 0.098 / 1.959964, rel=1e-6)
    one_sided = replace(row, id="", conf_high=math.nan, alternative="greater", conf_level=0.975)
    assert detectable_difference(one_sided) == pytest.approx(detectable_difference(row), rel=1e-9)
    nothing = replace(row, id="", conf_low=math.nan, conf_high=math.nan)
    assert math.isnan(detectable_difference(nothing))
