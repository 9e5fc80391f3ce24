import math

import pytest

from ctevidence.estimates import Estimate
from ctevidence.synthesis.absolute_rows import absolute_rows

CLOSED_FORM = 1e-9


def ratio(estimate, low, high, outcome="response", measure="risk_ratio"):
    return Estimate(
        "demo", outcome, "combined", measure, estimate, reference="medication", conf_low=low,
        conf_high=high, studies=9, n=900, events=400, randomised=True, caution="careful",
    )  # fmt: skip


def test_four_rows_by_hand():
    # RR 1.4 (0.9 to 1.78) at 35 per 100: 49 (31.5 to 62.3); 14 more (3.5 fewer to 27.3 more);
    # NNTB 1/0.14, interval through infinity from NNTH 1/0.035 to NNTB 1/0.273
    rows = list(absolute_rows(ratio(1.4, 0.9, 1.78), 0.35, "higher"))
    assert [row.measure for row in rows] == ["risk", "risk", "risk_difference", "nnt"]
    stated, risk, difference, needed = rows
    assert (stated.arm, stated.reference, stated.estimate) == ("medication", "", 0.35)
    assert math.isnan(stated.conf_low)
    assert stated.studies is None

    def numbers(row):
        return (row.estimate, row.conf_low, row.conf_high)

    assert numbers(risk) == pytest.approx((0.49, 0.315, 0.623), rel=CLOSED_FORM)
    assert numbers(difference) == pytest.approx((0.14, -0.035, 0.273), rel=CLOSED_FORM)
    assert numbers(needed) == pytest.approx((1 / 0.14, -1 / 0.035, 1 / 0.273), rel=CLOSED_FORM)
    assert len({row.id for row in rows}) == 4


def test_rows_keep_studies_and_caution_but_not_the_counts_of_the_ratio():
    *_, difference, _ = absolute_rows(ratio(1.4, 1.1, 1.78), 0.35, "higher")
    assert (difference.studies, difference.caution, difference.randomised) == (9, "careful", True)
    assert (difference.n, difference.events, difference.unit) == (None, None, "probability")
    assert math.isnan(difference.p_value)


def test_fewer_relapses_need_a_positive_number():
    # RR 0.5 (0.4 to 0.8) at 60 per 100: 30 fewer (36 to 12 fewer)
    *_, needed = absolute_rows(ratio(0.5, 0.4, 0.8, "relapse"), 0.6, "lower")
    found = (needed.estimate, needed.conf_low, needed.conf_high)
    assert found == pytest.approx((1 / 0.3, 1 / 0.36, 1 / 0.12), rel=CLOSED_FORM)


def test_a_risk_above_one_keeps_its_rows_without_numbers():
    rows = list(absolute_rows(ratio(1.8, 1.2, 2.6), 0.6, "higher"))
    assert [row.is_estimable for row in rows] == [True, False, False, False]
    assert rows[2].caution.startswith("the ratio gives a risk above 1")


def test_the_interval_of_a_baseline_is_carried_along():
    effect = ratio(1.5, 1.1, 2.0)
    sure = {row.measure: row for row in list(absolute_rows(effect, 0.4, "higher"))[2:]}
    rows = list(absolute_rows(effect, 0.4, "higher", (0.3, 0.5)))
    assert (rows[0].conf_low, rows[0].conf_high) == (0.3, 0.5)
    unsure = {row.measure: row for row in rows[2:]}
    difference = unsure["risk_difference"]
    # 0.2 - sqrt(0.16^2 + 0.05^2), 0.2 + sqrt(0.2^2 + 0.05^2)
    assert difference.conf_low == pytest.approx(0.2 - math.hypot(0.16, 0.05), rel=1e-12)
    assert difference.conf_high == pytest.approx(0.2 + math.hypot(0.20, 0.05), rel=1e-12)
    assert difference.conf_low < sure["risk_difference"].conf_low
    assert unsure["nnt"].conf_high == pytest.approx(1 / difference.conf_low, rel=1e-12)
