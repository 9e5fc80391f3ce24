"""The simulated maintenance trial: its closed-form truth, and what the house finds in it."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_study
from ctevidence.models.fit import EVERYONE
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes import derive_relapse
from ctevidence.simulate import Maintenance, MaintenanceTruth, Relapse, simulate_maintenance


def test_survival_by_hand():
    """No episodes, constant hazard 1 a year, no withdrawal: exp(-HR t)."""
    world = Maintenance(
        Relapse(rate_per_year=1.0, medication=0.5, therapy=0.8, per_episode=1.0, delay_weeks=0),
        withdrawal=1.0,
    )
    week = 365.25 / 7 / 2
    found = MaintenanceTruth(world).levels("survival", week).estimate
    np.testing.assert_allclose(found, np.exp(-0.5 * np.array([1, 0.5, 0.8, 0.4])), rtol=1e-12)


def test_withdrawal_acts_for_its_weeks_in_arms_off_the_drug_only():
    """Twice the hazard for 8 weeks adds the hazard of 8 weeks, and no more."""
    plain, off = (Maintenance(withdrawal=w, withdrawal_weeks=8) for w in (1.0, 2.0))
    extra = off.cumulative_hazard([4, 8, 30]) - plain.cumulative_hazard([4, 8, 30])
    np.testing.assert_allclose(extra[[1, 3]], 0, atol=1e-15)
    np.testing.assert_allclose(extra[0], plain.cumulative_hazard([4, 8, 8])[0], rtol=1e-12)


def test_times_of_relapse_follow_the_hazard():
    world = Maintenance(withdrawal=3.0, withdrawal_weeks=6)
    arm = np.array([0, 1, 2, 3])
    for week in (2.0, 6.0, 40.0):
        hazard = world.cumulative_hazard(week)[:, 0]
        np.testing.assert_allclose(world.weeks_until(hazard, arm), week, rtol=1e-9)


@pytest.fixture(scope="module")
def study():
    return simulate_maintenance(n=4000, seed=12)


@pytest.fixture(scope="module")
def fit(study):
    return fit_relapse(derive_relapse(study))


@pytest.mark.parametrize("measure", ["survival", "rmst", "cumulative_incidence"])
def test_relapse_from_randomisation_finds_the_truth(fit, study, measure):
    for week in (8, 26, 52):
        found, true = fit.levels(measure, week), study.truth.levels(measure, week)
        error = np.sqrt(found.cov.diagonal())
        # 36 comparisons in all: beyond 3.7 errors once in a hundred such tests
        assert (np.abs(found.estimate - true.estimate) < 3.7 * error).all()


def test_it_is_a_randomised_comparison_of_everyone(fit, study):
    row = fit.compare("combined", against="medication", measure="rmst_difference", week=52).one()
    assert (row.randomised, row.population, row.caution) == (True, EVERYONE, "")
    assert "entered after remission" in study.rules.maintenance.describe()


def test_withdrawal_is_said_where_the_arms_differ_in_it(fit):
    for pair in (("medication", "control"), ("combined", "therapy")):
        row = fit.compare(pair[0], against=pair[1], measure="survival_difference", week=26).one()
        assert "withdrawal as well: sertraline was tapered over 4 weeks" in row.caution
    row = fit.compare("therapy", against="control", measure="survival_difference", week=26).one()
    assert "withdrawal" not in row.caution
    four = synergy(fit, measure="survival", week=26).where(measure="interaction_difference").one()
    assert "withdrawal as well" in four.caution


def test_the_min_test_meets_the_truth(fit, study):
    row = better_than_both(fit, measure="survival_difference", week=52)
    worst = row.where(reference="best single treatment").one()
    gain = min(
        study.truth.value("survival_difference", "combined", 52, against=single)
        for single in ("medication", "therapy")
    )
    assert worst.conf_low < gain
    assert worst.p_value < 0.001


def test_truth_on_other_scales(study):
    truth = study.truth
    value = dict(zip("cmtb", truth.levels("survival", 30).estimate, strict=True))
    expected = value["b"] - value["m"] - value["t"] + value["c"]
    assert truth.value("interaction_difference", "combined", 30) == pytest.approx(expected)
    assert truth.value("survival", "therapy", 30) == pytest.approx(value["t"])
    assert truth.levels("rmst", 30).better == "higher"
    assert truth.levels("cumulative_incidence", 30).better == "lower"
    with pytest.raises(KeyError, match="any week up to 54"):
        truth.levels("survival", 60)
    with pytest.raises(KeyError, match='"hazard"'):
        truth.levels("hazard", 20)


def test_it_reads_as_any_study(tmp_path):
    small = simulate_maintenance(n=40, seed=3)
    write_study(small, tmp_path / "again")
    again = read_study(tmp_path / "again")
    assert again.rules == small.rules
    assert again.participants["arm"].to_list() == small.participants["arm"].to_list()


def test_the_same_seed_gives_the_same_trial():
    one, two = (simulate_maintenance(n=40, seed=3) for _ in range(2))
    for name, table in one.tables.items():
        assert table.equals(two.tables[name])
    assert not one.visits.equals(simulate_maintenance(n=40, seed=4).visits)


@pytest.mark.parametrize(
    ("change", "says"), [({"withdrawal": 0}, "withdrawal is 0"), ({"taper_weeks": -1}, "above 0")]
)
def test_impossible_worlds(change, says):
    with pytest.raises(ValueError, match=says):
        Maintenance(**change)
    with pytest.raises(ValueError, match="at least 4 people"):
        simulate_maintenance(n=3)


def test_nobody_leaves_and_nobody_relapses():
    world = Maintenance(Relapse(rate_per_year=0, delay_weeks=0), dropout_per_year=0)
    study = simulate_maintenance(n=40, seed=1, world=world)
    assert set(study.events["event"]) == {"end_of_follow_up"}
    levels = fit_relapse(derive_relapse(study)).levels("survival", 52)
    assert np.isnan(levels.estimate).all()
    assert replace(study, title="x").truth is study.truth
