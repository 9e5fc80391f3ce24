"""Levels of time to an event, and the plain reason where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.models.relapse import fit_relapse

PAIR = ("combined", "medication")


def test_an_arm_without_events_is_not_estimable_with_a_plain_reason(times):
    fit = fit_relapse(
        times(
            [4, 9, 12, 12, 5, 12, 12], [1, 1, 0, 0, 0, 0, 0], ["combined"] * 4 + ["medication"] * 3
        )
    )
    for measure, week in (
        ("rmst_difference", 10),
        ("rmst_ratio", 10),
        ("survival_difference", 10),
        ("survival_ratio", 10),
        ("hazard_ratio", None),
    ):
        row = fit.compare("combined", against="medication", measure=measure, week=week).one()
        assert not row.is_estimable
        assert np.isnan([row.conf_low, row.conf_high, row.p_value]).all()
        assert "no relapse with medication" in row.caution
        assert (row.n_reference, row.events_reference) == (3, 0)
    row = fit.compare("combined", against="therapy", measure="rmst_difference", week=10).one()
    assert "nobody with therapy was at risk of relapse" in row.caution


def test_events_counted_are_those_until_the_week(times):
    fit = fit_relapse(times([4, 9, 12, 3, 7, 12], [1, 1, 0, 1, 1, 0], np.repeat(PAIR, 3)))
    row = fit.compare("combined", against="medication", measure="rmst_difference", week=5).one()
    assert (row.n, row.events, row.n_reference, row.events_reference) == (3, 1, 3, 1)


def test_a_level_is_missing_only_until_the_first_event(times):
    """By hand: one of the two people left in week 9 relapses, and nobody before."""
    fit = fit_relapse(times([4, 9, 12, 3, 9, 12], [0, 1, 0, 1, 1, 0], np.repeat(PAIR, 3)))
    early, late = (fit.levels("survival", week) for week in (8, 10))
    combined = [key.arm for key in early.keys].index("combined")
    assert np.isnan(early.values[combined])
    assert "no relapse with combined by week 8" in early.caution
    assert late.values[combined] == pytest.approx(1 / 2)
    assert "combined" not in late.caution


def test_arms_at_separate_times_have_no_hazard_ratio(times):
    fit = fit_relapse(times([1, 2, 3, 4], [1, 1, 1, 1], ["medication"] * 2 + ["combined"] * 2))
    row = fit.compare("combined", against="medication", measure="hazard_ratio").one()
    assert not row.is_estimable
    assert "falls at times when no other arm can be compared" in row.caution


def test_an_arm_that_nobody_followed_does_not_stop_the_others(times):
    """For instance the only one who responded did so at the last visit."""
    time, event = [4, 9, 12, 3, 9, 12, 0], [1, 1, 0, 1, 1, 0, 0]
    fit = fit_relapse(times(time, event, [*np.repeat(PAIR, 3), "therapy"]))
    assert fit.largest_week == 12
    assert (
        fit.compare("combined", against="medication", measure="rmst_difference", week=10)
        .one()
        .is_estimable
    )
    row = fit.compare("combined", against="therapy", measure="rmst_difference", week=10).one()
    assert not row.is_estimable
    assert "nobody with therapy was followed after risk of relapse began" in row.caution


def test_the_largest_week_is_always_a_number(times):
    assert fit_relapse(times([5, 6], [1, 1], PAIR)).largest_week == 6
    assert fit_relapse(times([0, 0], [0, 0], PAIR)).largest_week == 12  # the last scheduled week


def test_cumulative_incidence_without_deaths_is_one_minus_kaplan_meier(times):
    outcome = times([4, 9, 12, 3, 7, 12], [1, 1, 0, 1, 0, 0], np.repeat(PAIR, 3))
    fit = fit_relapse(outcome, adjust=[])
    survival, incidence = (fit.levels(m, 10) for m in ("survival", "cumulative_incidence"))
    np.testing.assert_allclose(incidence.values, 1 - survival.values, rtol=1e-12)
    np.testing.assert_allclose(incidence.cov, survival.cov, rtol=1e-12)
    assert (survival.better, incidence.better) == ("higher", "lower")


def test_death_competes_with_the_event_by_hand(times):
    """Three people: death at week 2, relapse at week 5, the third well to week 9.

    A third die; of the two left half relapse: one third. Kaplan-Meier, which takes the dead for
    people who were lost, would say one half.
    """
    outcome = times([2, 5, 9, 5, 9, 9], [1, 1, 0, 1, 0, 0], np.repeat(PAIR, 3))
    frame = outcome.frame.assign(
        state=outcome.frame["state"].where(outcome.frame.index != 0, "died")
    )
    fit = fit_relapse(replace(outcome, frame=frame), adjust=[])
    of_combined = [arm.name for arm in fit.study.arms].index("combined")
    assert fit.levels("cumulative_incidence", 6).values[of_combined] == pytest.approx(1 / 3)
    assert fit.levels("survival", 6).values[of_combined] == pytest.approx(1 / 2)
