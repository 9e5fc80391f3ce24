"""The world around the treatments."""

import math

import numpy as np
import pytest

from ctevidence.simulate.effects import Effects
from ctevidence.simulate.scenario import SCHEDULE, Clusters, Dropout, Scenario, Severity


def test_means_start_at_baseline_and_fall_by_the_effects():
    scenario = Scenario(Effects(-4, -3, -2, 1), Severity(baseline_mean=18))
    np.testing.assert_allclose(scenario.means((0, 12)), [[18, 14], [18, 11], [18, 12], [18, 10]])


def test_effects_beyond_the_scale_are_refused():
    with pytest.raises(ValueError, match=r"mean scores from -2.0 to 16.0; PHQ-9 runs from 0 to 27"):
        Scenario(Effects(control=-6, medication=-6, therapy=-6))


def test_log_odds_to_leave():
    odds = np.exp(Dropout(risk=0.2, medication=2, therapy=0.5).log_odds)
    np.testing.assert_allclose(odds, [0.25, 0.5, 0.125, 0.25])
    assert np.all(Dropout(risk=0).log_odds == -math.inf)


def test_visits_do_not_overlap():
    assert all(a.last_day < b.first_day for a, b in zip(SCHEDULE, SCHEDULE[1:], strict=False))


def test_scenarios_are_equal_when_their_numbers_are():
    assert Scenario() == Scenario()
    assert hash(Scenario()) == hash(Scenario(Effects()))
    assert Scenario() != Scenario(Effects(interaction=-1))


@pytest.mark.parametrize(
    ("declare", "named"),
    [
        (lambda: Severity(baseline_mean=10), "baseline_mean is 10"),
        (lambda: Severity(residual=0), "residual"),
        (lambda: Severity(slope=-1), "slope"),
        (lambda: Dropout(risk=1), "risk"),
        (lambda: Dropout(per_point=math.inf), "per_point"),
        (lambda: Clusters(sites=0), "sites"),
        (lambda: Clusters(therapist_share=1), "therapist_share"),
    ],
)
def test_impossible_numbers_are_refused(declare, named):
    with pytest.raises(ValueError, match=named):
        declare()
