"""Risks of harm."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.harms import fit_harms, fit_harms_by_kind
from ctevidence.simulate.study import simulate_study


def harms(make_outcome, value):
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(40)],
            "arm": np.repeat(["control", "medication", "therapy", "combined"], 10),
            "value": value,
            "years": 0.5,
        }
    )
    return make_outcome("harms", frame, better="lower")


def test_counts_without_a_week(make_outcome):
    fit = fit_harms(harms(make_outcome, [1.0] * 3 + [0.0] * 37))
    row = fit.compare("control", against="combined").one()
    assert (row.estimate, row.events, row.events_reference) == (pytest.approx(0.3), 3, 0)
    assert np.isnan(row.week)
    # Wilson interval of 0/10 (Newcombe 1998, table I has 0/20: 0 to 0.1611; R prop.test 0.2775)
    alone = fit.per_arm().where(arm="combined").one()
    assert (alone.conf_low, round(alone.conf_high, 4)) == (0.0, 0.2775)


def test_fewer_harms_are_better(make_outcome):
    fit = fit_harms(harms(make_outcome, [1.0] * 3 + [0.0] * 37))
    assert fit.levels().better == "lower"
    assert fit.compare("combined", against="control", measure="nnt").one().estimate > 0


def test_nothing_recorded_is_not_nothing_happened(make_outcome):
    fit = fit_harms(harms(make_outcome, np.nan))
    assert not any(row.is_estimable for row in fit.per_arm())
    assert fit.cautions == (
        "harms is known for nobody with control, medication, therapy, combined",
    )


def test_a_week_is_refused(make_outcome):
    with pytest.raises(KeyError, match="leave week=12 out"):
        fit_harms(harms(make_outcome, 0.0)).levels(week=12)


def test_rates_by_hand_and_exactly(make_outcome):
    """Three events in the 5 person-years of ten people: 60 per 100 person-years.

    Exact limits of a count of 3 (Garwood 1936; Ulm 1990, Am J Epidemiol 131:373): 0.619, 8.767.
    """
    fit = fit_harms(harms(make_outcome, [1.0] * 3 + [0.0] * 37))
    row = fit.per_arm("event_rate").where(arm="control").one()
    assert row.estimate == pytest.approx(60.0)
    assert (row.conf_low, row.conf_high) == pytest.approx((12.37, 175.35), abs=0.01)
    assert row.unit == "per 100 person-years"
    none = fit.compare("combined", against="control", measure="event_rate_ratio").one()
    # 0 of 3 events in equal times: p < 1 - 0.025^(1/3), R = p / (1 - p)
    assert none.conf_high == pytest.approx(1 / 0.025 ** (1 / 3) - 1, rel=1e-9)
    assert none.estimate == none.conf_low == 0


def test_what_is_not_recorded_keeps_its_rows():
    by_kind = fit_harms_by_kind(simulate_study(n=80, seed=1))
    rows = by_kind.per_arm()
    assert len(rows) == 6 * 4 * 2
    deaths = rows.where(outcome="any death")
    assert len(deaths) == 8
    assert not any(row.is_estimable for row in deaths)
    assert all("not the same as none" in row.caution for row in deaths)
    assert [fit.outcome.name for fit in by_kind.recorded] == ["any adverse event", "any withdrawal"]
