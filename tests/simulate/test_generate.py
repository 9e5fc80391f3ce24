"""Histories: scores with the declared mean, relapse after remission, dropout by the course."""

import math

import numpy as np
import pytest
from scipy.stats import kstest

from ctevidence.simulate import Clusters, Dropout, Effects, Harms, Relapse, Scenario
from ctevidence.simulate.generate import histories, score_distributions
from ctevidence.simulate.people import draw_people
from ctevidence.simulate.scenario import LAST_DAY, WEEKS

N = 20_000
CONTROL, MEDICATION, THERAPY, COMBINED = range(4)


def follow(scenario, arm, n=N, seed=5):
    people = draw_people(scenario, n, np.random.default_rng(seed), own_clusters=True)
    return people, histories(scenario, people, np.full(n, arm))


# -- scores ----------------------------------------------------------------------------------------


def test_distributions_have_the_declared_means():
    """A mean is the sum of 1 - F over the scores below the highest."""
    scenario = Scenario(Effects(-5, -3, -2, -1.5))
    cumulative = score_distributions(scenario)
    means = (1 - cumulative[:, :, :-1]).sum(axis=2)
    np.testing.assert_allclose(means, scenario.means((0, *WEEKS)), rtol=1e-9)
    np.testing.assert_allclose(cumulative[:, :, -1], 1)
    np.testing.assert_array_equal(cumulative[:, 0, :10], 0)  # nobody below 10 enters


@pytest.mark.parametrize("arm", range(4))
def test_scores_follow_their_distribution(arm):
    scenario = Scenario(relapse=Relapse(rate_per_year=0))
    _, happened = follow(scenario, arm)
    for visit in range(7):
        seen = np.cumsum(np.bincount(happened.scores[:, visit], minlength=28)) / N
        expected = score_distributions(scenario)[arm, visit]
        # 1.95 / sqrt(n): the 99.9 % point of Kolmogorov's statistic, conservative for steps
        assert np.abs(seen - expected).max() < 1.95 / math.sqrt(N)


def test_treatment_shifts_the_same_person():
    """Chance belongs to the person: a better arm never gives a worse score, without therapists."""
    scenario = Scenario(relapse=Relapse(rate_per_year=0), clusters=Clusters(therapist_share=0))
    people, control = follow(scenario, CONTROL)
    combined = histories(scenario, people, np.full(N, COMBINED))
    np.testing.assert_array_equal(control.scores[:, 0], combined.scores[:, 0])
    assert np.all(combined.scores <= control.scores)


def test_arms_can_be_mixed():
    people, control = follow(Scenario(), CONTROL)
    arm = np.arange(N) % 4
    mixed = histories(Scenario(), people, arm)
    np.testing.assert_array_equal(mixed.scores[arm == 0], control.scores[arm == 0])


# -- remission and relapse -------------------------------------------------------------------------


def test_remission_is_the_first_visit_at_or_below_4():
    people, happened = follow(Scenario(relapse=Relapse(rate_per_year=0)), COMBINED, n=300)
    for i in range(300):
        well = [
            d for d, s in zip(people.days[i, 1:], happened.scores[i, 1:], strict=True) if s <= 4
        ]
        assert happened.remission_day[i] == min(well, default=math.inf)


def test_relapse_follows_remission_and_brings_illness_back():
    people, happened = follow(Scenario(relapse=Relapse(rate_per_year=3)), COMBINED)
    relapsed = np.isfinite(happened.relapse_day)
    assert np.all(happened.relapse_day[relapsed] > happened.remission_day[relapsed] + 7 * 12)
    ill_again = people.days >= happened.relapse_day[:, None]
    assert ill_again.sum() > 1_000
    assert happened.scores[ill_again].min() >= 10


@pytest.mark.parametrize("arm", range(4))
def test_relapse_times_have_the_declared_hazard(arm):
    """At the time of relapse the person's cumulative hazard is standard exponential."""
    relapse = Relapse(rate_per_year=0.5, shape=1.5, medication=0.5, per_episode=1.3)
    people, happened = follow(Scenario(relapse=relapse), arm)
    known = np.isfinite(happened.relapse_day)
    days = happened.relapse_day[known] - happened.remission_day[known]
    hazard = relapse.cumulative_hazard(days)
    hazard *= relapse.hazard_ratios[arm] * 1.3 ** people.earlier_episodes[known]
    # days are whole: a day of hazard is added to the 99.9 % point of Kolmogorov's statistic
    assert kstest(hazard, "expon").statistic < 1.95 / math.sqrt(known.sum()) + 0.01


# -- dropout ---------------------------------------------------------------------------------------


def test_nobody_leaves_where_the_risk_is_zero():
    _, happened = follow(Scenario(dropout=Dropout(risk=0, missed_visit=0)), MEDICATION)
    assert np.all(np.isinf(happened.dropout_day))
    assert happened.attended.all()


def test_leaving_before_the_first_visit_has_the_declared_risk():
    """Without dependence on the score, odds are 0.1 / 0.9 times 2 under medication."""
    scenario = Scenario(dropout=Dropout(risk=0.1, per_point=0, medication=2, missed_visit=0))
    people, happened = follow(scenario, MEDICATION)
    left = (happened.dropout_day < people.days[:, 1]).mean()
    risk = (0.2 / 0.9) / (1 + 0.2 / 0.9)
    assert left == pytest.approx(risk, abs=4 * math.sqrt(risk * (1 - risk) / N))


def test_nothing_is_seen_after_leaving():
    people, happened = follow(Scenario(dropout=Dropout(risk=0.3)), CONTROL)
    assert not np.any(happened.attended & (people.days > happened.dropout_day[:, None]))
    assert happened.dropout_day.min() >= 1
    assert happened.dropout_day[np.isfinite(happened.dropout_day)].max() < LAST_DAY


def leavers_against_stayers(per_point: float) -> tuple[float, float]:
    """Difference of the week-12 scores of those who leave after it and others, with its error."""
    scenario = Scenario(dropout=Dropout(risk=0.1, per_point=per_point, missed_visit=0))
    people, happened = follow(scenario, CONTROL)
    there = happened.dropout_day > people.days[:, 4]
    leaves = there & (happened.dropout_day < people.days[:, 5])
    a, b = happened.scores[leaves, 4], happened.scores[there & ~leaves, 4]
    return a.mean() - b.mean(), math.sqrt(a.var() / len(a) + b.var() / len(b))


def test_dropout_depends_on_the_last_score_when_declared():
    difference, error = leavers_against_stayers(per_point=0.15)
    assert difference > 10 * error
    difference, error = leavers_against_stayers(per_point=-0.15)
    assert difference < -10 * error


def test_dropout_does_not_depend_on_the_last_score_otherwise():
    difference, error = leavers_against_stayers(per_point=0)
    assert abs(difference) < 4 * error


def test_given_the_last_observed_score_the_next_one_does_not_matter():
    """Missing at random: among equal last scores leavers would have scored like stayers."""
    scenario = Scenario(dropout=Dropout(risk=0.1, per_point=0.15, missed_visit=0))
    people, happened = follow(scenario, CONTROL, n=100_000)
    there = happened.dropout_day > people.days[:, 3]
    leaves = happened.dropout_day < people.days[:, 4]
    last, following = happened.scores[:, 3], happened.scores[:, 4].astype(float)
    z = []
    for score in range(8, 16):
        a, b = (following[there & (last == score) & side] for side in (leaves, ~leaves))
        z.append((a.mean() - b.mean()) / math.sqrt(a.var() / len(a) + b.var() / len(b)))
    assert abs(np.sum(z)) < 4 * math.sqrt(len(z))


def test_single_visits_are_missed_as_declared():
    _, happened = follow(Scenario(dropout=Dropout(risk=0, missed_visit=0.2)), CONTROL)
    assert happened.attended[:, 0].all()
    missed = 1 - happened.attended[:, 1:].mean(axis=0)
    np.testing.assert_allclose(missed, 0.2, atol=4 * math.sqrt(0.16 / N))


def test_reasons_follow_arm_and_course():
    """Weights by hand: side effects .05 (.35 under medication), felt well .02 (.60 in remission),
    moved .12, none given .45."""
    scenario = Scenario(dropout=Dropout(risk=0.2, per_point=0, missed_visit=0))
    for arm, side_effects in ((CONTROL, 0.05), (MEDICATION, 0.35)):
        people, happened = follow(scenario, arm, n=60_000)
        day = happened.dropout_day
        leaves = (people.days[:, 4] < day) & (day < people.days[:, 5])
        well = happened.scores[:, 4] <= 4
        for who, felt_well in ((leaves & well, 0.60), (leaves & ~well, 0.02)):
            weights = np.array([side_effects, felt_well, 0.12, 0.45])
            expected = weights / weights.sum()
            seen = np.bincount(happened.dropout_reason[who], minlength=4) / who.sum()
            reach = 4 * np.sqrt(expected * (1 - expected) / who.sum())
            assert np.all(np.abs(seen - expected) < reach)


# -- harm ------------------------------------------------------------------------------------------


def test_adverse_events_have_the_declared_risk():
    harms = Harms(control=0.1, medication=0.2, therapy=0.05)
    _, happened = follow(Scenario(harms=harms), COMBINED)
    harmed = np.isfinite(happened.adverse_day)
    assert harmed.mean() == pytest.approx(0.35, abs=4 * math.sqrt(0.35 * 0.65 / N))
    assert happened.adverse_day[harmed].max() <= 84
