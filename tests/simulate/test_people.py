"""People: what chance decides before treatment."""

import math

import numpy as np
import pytest
from scipy.stats import kstest, poisson

from ctevidence.simulate.people import draw_people
from ctevidence.simulate.scenario import SCHEDULE, WEEKS, Clusters, Scenario, Severity

N = 50_000
#: Four standard errors of a mean of standard normal numbers.
REACH = 4 / math.sqrt(N)


@pytest.fixture(scope="module")
def people():
    return draw_people(Scenario(), N, np.random.default_rng(11), own_clusters=True)


def test_severity_is_standard_normal_at_every_visit(people):
    for visit in range(7):
        # 1.95 is the 99.9 % point of sqrt(n) D (Kolmogorov)
        assert kstest(people.severity[:, visit], "norm").statistic < 1.95 / math.sqrt(N)


def test_severity_correlates_as_intercept_slope_and_residual_say():
    """Corr(s, t) = (i^2 + b^2 g(s) g(t)) / sd(s) sd(t), with g(t) = log(1 + t) / log(13)."""
    severity = Severity(intercept=1.0, slope=0.8, residual=0.5)
    scenario = Scenario(severity=severity, clusters=Clusters(site_share=0))
    people = draw_people(scenario, N, np.random.default_rng(12), own_clusters=True)
    g = np.log1p([0, *WEEKS]) / math.log(13)
    shared = 1 + 0.64 * np.outer(g, g)
    expected = shared / np.sqrt(np.outer(np.diag(shared) + 0.25, np.diag(shared) + 0.25))
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(np.corrcoef(people.severity.T), expected, atol=REACH)


def test_days_fill_the_windows(people):
    for visit, window in enumerate(SCHEDULE, start=1):
        days = people.days[:, visit]
        assert (days.min(), days.max()) == (window.first_day, window.last_day)
    assert (people.days[:, 0].min(), people.days[:, 0].max()) == (-7, 0)


def test_covariates_have_their_distributions(people):
    assert abs(people.female.mean() - 0.65) < REACH
    seen = np.bincount(people.earlier_episodes, minlength=4)[:4] / N
    np.testing.assert_allclose(seen, poisson.pmf(np.arange(4), 1.5), atol=REACH)
    assert people.age.min() >= 18
    assert people.age.max() <= 75


def test_earlier_episodes_go_with_severity(people):
    for visit in range(7):
        assert np.corrcoef(people.earlier_episodes, people.severity[:, visit])[0, 1] > 0.15


def test_sites_and_therapists_are_shared_and_nested():
    scenario = Scenario(clusters=Clusters(sites=4, therapists=3, site_share=0.3))
    people = draw_people(scenario, 2_000, np.random.default_rng(13))
    assert set(people.site) == set(range(4))
    assert set(people.therapist) == set(range(12))
    np.testing.assert_array_equal(people.therapist // 3, people.site)
    for t in range(12):
        assert len(set(people.therapist_effect[people.therapist == t])) == 1


def test_people_of_a_site_are_alike():
    """The share of variance between sites is the correlation of two people of a site."""
    scenario = Scenario(clusters=Clusters(sites=1_000, site_share=0.3))
    people = draw_people(scenario, 20_000, np.random.default_rng(14))
    means = np.bincount(people.site, people.severity[:, 3]) / np.bincount(people.site)
    # expected 0.3 + 0.7 / 20; the standard error of a variance of 1,000 is 4.5 % of it
    assert np.var(means) == pytest.approx(0.335, rel=4 * 0.045)
    # the variance of all stays 1; its error is mostly that of 0.3 between the 1,000 sites
    assert np.var(people.severity[:, 3]) == pytest.approx(1, abs=4 * 0.3 * 0.045)


def test_the_same_seed_draws_the_same_people():
    a, b, c = (draw_people(Scenario(), 50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name in vars(a):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert not np.array_equal(a.severity, c.severity)
