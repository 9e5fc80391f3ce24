"""Several claims of one trial by closed testing."""

import json
import math

import numpy as np
import pytest

from ctevidence.contrasts import (
    closed_tests,
    compare,
    counted_levels,
)
from ctevidence.contrasts.closed_tests import LOCAL_TESTS, adjusted_p_values, simes

CLOSED_FORM = 1e-9
TADS = (76, 66, 48, 39), (107, 109, 111, 112)  # March 2004, JAMA 292:807
CAMS = (113, 73, 83, 18), (140, 133, 139, 76)  # Walkup 2008, N Engl J Med 359:2753


@pytest.fixture(scope="module")
def r(reference_folder):
    """`factorial.json`, made by `factorial.R`."""
    return json.loads((reference_folder / "factorial.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("raw", ["raw", "raw2"])
def test_closed_testing_equals_holm_and_hommel_of_r(r, raw):
    of_r, p = r["adjust"], r["adjust"][raw]
    suffix = raw.removeprefix("raw")
    assert adjusted_p_values(p) == pytest.approx(of_r[f"holm{suffix}"], rel=CLOSED_FORM)
    assert adjusted_p_values(p, simes) == pytest.approx(of_r[f"hommel{suffix}"], rel=CLOSED_FORM)


def test_what_could_not_be_tested_stays_in_the_family():
    assert adjusted_p_values([0.01, math.nan, 0.04])[::2] == pytest.approx([0.03, 0.08])
    assert math.isnan(adjusted_p_values([0.01, math.nan, 0.04])[1])


def test_the_family_of_cams():
    levels = counted_levels(*CAMS)
    rows = closed_tests(levels)
    assert [(row.arm, row.reference) for row in rows] == [
        ("medication", "control"),
        ("therapy", "control"),
        ("combined", "medication"),
        ("combined", "therapy"),
    ]
    raw = [
        compare(
            levels, x.arm, against=x.reference, alternative="greater", conf_level=0.975
        ).one()
        for x in rows
    ]  # fmt: skip
    # Holm by hand: sorted, times 4, 3, 2, 1, and never below the one before
    order = np.argsort([x.p_value for x in raw])
    holm = np.maximum.accumulate([(4 - i) * raw[j].p_value for i, j in enumerate(order)])
    assert [rows.rows[j].p_value for j in order] == pytest.approx(holm, rel=CLOSED_FORM)
    assert [row.conf_low for row in rows] == [row.conf_low for row in raw]


def test_three_arms_leave_their_places_in_the_family():
    rows = closed_tests(counted_levels(TADS[0][:3], TADS[1][:3]))
    assert [row.is_estimable for row in rows] == [False, False, True, True]
    single = compare(
        counted_levels(*TADS), "combined", against="therapy", alternative="greater"
    ).one()
    assert rows.rows[3].p_value == pytest.approx(4 * single.p_value, rel=1e-6)


@pytest.mark.parametrize("local", sorted(LOCAL_TESTS))
def test_no_true_null_is_claimed_too_often(local):
    # four equal arms: all nulls true, and the contrasts share arms; 20,000 trials at 2.5 %
    z = np.random.default_rng(3).normal(size=(20_000, 4))
    c, m, t, o = z.T
    claims = np.stack([m - o, t - o, c - m, c - t]) / math.sqrt(2)
    p = np.sort([[0.5 * math.erfc(x / math.sqrt(2)) for x in claim] for claim in claims], axis=0)
    # at least one claim is made when the intersection of all four is rejected
    overall = np.array([LOCAL_TESTS[local](column) for column in p.T])
    assert np.mean(overall < 0.025) <= 0.025 + 2 * math.sqrt(0.025 * 0.975 / 20_000)
