"""Risks of harm."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.harms import fit_harms


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
    assert fit.cautions == ("harms is known for nobody of control, medication, therapy, combined",)


def test_a_week_is_refused(make_outcome):
    with pytest.raises(KeyError, match="leave week=12 out"):
        fit_harms(harms(make_outcome, 0.0)).levels(week=12)
