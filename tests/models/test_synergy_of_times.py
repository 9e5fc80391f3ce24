"""Synergy and the min test on every measure of relapse and dropout, from joint levels."""

import numpy as np
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.models.over_time import relapse_over_time, retention_over_time
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes.relapse import derive_relapse
from ctevidence.simulate.study import simulate_study

#: every measure of a time to an event, and whether arms have a level of their own
MEASURES = {
    "survival": True,
    "rmst": True,
    "cumulative_incidence": True,
    "log_hazard": False,
    "log_subdistribution_hazard": False,
}


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=400, seed=3)


def additive(levels) -> float:
    value = dict(zip((key.arm for key in levels.keys), levels.values, strict=True))
    return value["combined"] - value["medication"] - value["therapy"] + value["control"]


def asked(levels, anchored: bool) -> None:
    """Additive synergy by hand; the ratio scale everywhere; a one-sided limit of the min test.

    Log hazards are relative: no sum of them, and no difference that the min test could be made on.
    """
    rows = {row.measure: row for row in synergy(levels)}
    assert rows["interaction_ratio"].is_estimable
    assert levels.anchored == anchored
    assert ("interaction_difference" in rows) == anchored
    if anchored:
        row = rows["interaction_difference"]
        assert row.estimate == pytest.approx(additive(levels), rel=1e-9, abs=1e-12)
        signs = [{"medication": -1, "therapy": -1}.get(key.arm, 1) for key in levels.keys]
        if levels.link == "identity":
            error = np.sqrt(np.array(signs) @ levels.cov @ np.array(signs))
            assert row.std_error == pytest.approx(error, rel=1e-9)
    if not anchored:
        with pytest.raises(ValueError, match="made on a difference"):
            better_than_both(levels)
        return
    test = next(row for row in better_than_both(levels) if row.alternative != "two-sided")
    assert test.is_estimable
    assert np.isnan(test.conf_low) != np.isnan(test.conf_high)


@pytest.mark.parametrize(("measure", "anchored"), MEASURES.items())
@pytest.mark.parametrize("event", [relapse_over_time, retention_over_time])
def test_first_seen(study, event, measure, anchored):
    asked(event(study).levels(measure), anchored)


def test_staying_without_the_event(study):
    for event in (relapse_over_time, retention_over_time):
        asked(event(study).staying(), True)


@pytest.mark.parametrize("measure", ["survival", "rmst", "log_hazard"])
def test_between_visits(study, measure):
    proportional = measure == "log_hazard"
    options = {"seen": "interval", "model": "exponential", "proportional": proportional}
    fit = fit_relapse(derive_relapse(study), [], **options)
    asked(fit.levels(measure, None if proportional else 24), not proportional)
