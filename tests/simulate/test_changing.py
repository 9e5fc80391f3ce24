"""A registry in which treatment changes on the way: what is true of it, by hand."""

import math

import pytest

from ctevidence.simulate.changing import POPULATION, Changing, simulate_changing_treatment


@pytest.fixture(scope="module")
def truth():
    return simulate_changing_treatment(n=50, seed=1).truth


@pytest.mark.parametrize(
    ("arm", "mean"), [("control", 54), ("medication", 42), ("therapy", 45), ("combined", 30)]
)
def test_means_are_the_drifts_added_up(truth, arm, mean):
    """60 at the start, six times four weeks: -1; -3; -2.5; -5 points each."""
    error = math.hypot(6, math.sqrt(6) * 2.5) / math.sqrt(POPULATION)
    assert truth.kept(24)[arm][0] == pytest.approx(mean, abs=4 * error)


def test_survival_is_that_of_a_constant_hazard():
    """Without the score at the start: exp(-6 x 0.06) under control."""
    truth = simulate_changing_treatment(n=50, seed=1, world=Changing(by_score=0)).truth
    error = math.sqrt(0.7 * 0.3 / POPULATION)
    assert truth.kept(24)["control"][1] == pytest.approx(math.exp(-0.36), abs=4 * error)


def test_whoever_fares_badly_is_given_more():
    study = simulate_changing_treatment(n=3000, seed=2)
    added = study.treatments.query("component == 'therapy' and start_day == 28")["participant_id"]
    score = study.visits.query("day == 28").set_index("participant_id")["score"]
    assert score.reindex(added).mean() > score.mean() + 1


def test_the_same_seed_gives_the_same_study():
    one, two = (simulate_changing_treatment(n=40, seed=3) for _ in range(2))
    for name in one.tables:
        assert one.tables[name].equals(two.tables[name])
