"""Survival, restricted means, incidences: joint over weeks, with synergy and the min test."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.models.joint_weeks import levels_over_weeks
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.retention import fit_retention
from ctevidence.models.time_to_response import fit_time_to_response
from ctevidence.outcomes import derive_relapse, derive_retention, derive_time_to_response
from ctevidence.simulate import simulate_maintenance, simulate_study

MEASURES = ("survival", "rmst", "cumulative_incidence")


@pytest.fixture(scope="module")
def fits():
    """Relapse from randomisation, dropout, and response: an event that is bad, and one wanted."""
    maintenance, acute = simulate_maintenance(n=400, seed=2), simulate_study(n=400, seed=2)
    return {
        "relapse": fit_relapse(derive_relapse(maintenance)),
        "retention": fit_retention(derive_retention(acute)),
        "response": fit_time_to_response(derive_time_to_response(acute), []),
    }


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", ["relapse", "retention", "response"])
def test_synergy_and_the_min_test_go_in_the_declared_direction(fits, name, measure):
    fit, week = fits[name], 12
    levels = fit.levels(measure, week)
    # time without a bad event is good, without a wanted one bad; having had it the reverse
    wanted, incidence = name == "response", measure == "cumulative_incidence"
    assert levels.better == ("lower" if wanted != incidence else "higher")
    value = dict(zip([key.arm for key in levels.keys], levels.estimate, strict=True))
    variance = levels.cov.diagonal().sum()
    row = synergy(fit, measure=measure, week=week).where(measure="interaction_difference").one()
    expected = value["combined"] - value["medication"] - value["therapy"] + value["control"]
    assert row.estimate == pytest.approx(expected)
    if measure != "survival":  # that one has intervals of its own, by MOVER
        assert row.std_error == pytest.approx(np.sqrt(variance))
    assert row.randomised
    sign = 1 if levels.better == "higher" else -1
    gains = [sign * (value["combined"] - value[single]) for single in ("medication", "therapy")]
    worst = better_than_both(fit, measure=f"{measure}_difference", week=week)
    worst = worst.where(reference="best single treatment").one()
    assert worst.estimate == pytest.approx(sign * min(gains))
    assert worst.alternative == ("greater" if sign > 0 else "less")


@pytest.mark.parametrize("measure", MEASURES)
def test_each_week_is_the_level_of_that_week(fits, measure):
    fit = fits["relapse"]
    joint = levels_over_weeks(fit, measure, [12, 26, 52])
    assert joint.weeks == (12.0, 26.0, 52.0)
    for week in joint.weeks:
        alone, found = fit.levels(measure, week), joint.at(week)
        assert found.keys == alone.keys
        assert (found.n, found.events) == (alone.n, alone.events)
        np.testing.assert_allclose(found.estimate, alone.estimate, rtol=1e-12)
        np.testing.assert_allclose(found.cov, alone.cov, rtol=1e-10, atol=1e-18)
        if alone.interval_for:
            np.testing.assert_allclose(found.interval_for(0.9), alone.interval_for(0.9))


@pytest.mark.parametrize("measure", MEASURES)
def test_without_losses_the_covariance_is_that_of_the_sample(times, measure):
    """Everyone is seen to relapse: each quantity is a mean, its covariance that of a sample."""
    rng = np.random.default_rng(4)
    time = rng.integers(1, 30, 40).astype(float)
    fit = fit_relapse(times(time, np.ones(40, bool), np.repeat(["combined", "control"], 20)))
    weeks = [5.0, 12.0, 20.0]
    found = levels_over_weeks(fit, measure, weeks)
    at = [i for i, key in enumerate(found.keys) if key.arm == "combined"]
    own = time[:20, None]
    sample = {
        "survival": own > weeks,
        "cumulative_incidence": own <= weeks,
        "rmst": np.minimum(own, weeks),
    }[measure].astype(float)
    np.testing.assert_allclose(found.estimate[at], sample.mean(axis=0), rtol=1e-12)
    expected = np.cov(sample.T, ddof=0) / 20
    np.testing.assert_allclose(found.cov[np.ix_(at, at)], expected, rtol=1e-9, atol=1e-14)


def test_what_cannot_be_asked(fits):
    fit = fits["relapse"]
    with pytest.raises(KeyError, match='"risk"'):
        levels_over_weeks(fit, "risk", [12])
    for weeks in ([], [12, 12]):
        with pytest.raises(ValueError, match="each once"):
            levels_over_weeks(fit, "rmst", weeks)
    with pytest.raises(ValueError, match="largest possible week"):
        levels_over_weeks(fit, "rmst", [12, 80])


def test_an_arm_without_events_keeps_its_place(times):
    time, event = [3, 5, 9, 9.0, 9, 9], [1, 1, 0, 0, 0, 0]
    fit = fit_relapse(times(time, event, np.repeat(["combined", "control"], 3)))
    found = levels_over_weeks(fit, "survival", [4, 8])
    frame = pd.DataFrame(found.keys).assign(estimate=found.estimate)
    frame.columns = ["arm", "week", "estimate"]
    assert frame[frame["arm"] == "control"]["estimate"].isna().all()
    assert frame[frame["arm"] == "combined"]["estimate"].notna().all()
