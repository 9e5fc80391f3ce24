import numpy as np
import pytest
from scipy.stats import norm

from ctevidence.synthesis.ranks import p_scores, simulated_ranks

EFFECT, COV = np.array([0.0, 0.5, 1.0]), np.diag([0.0, 0.04, 0.09])


def test_p_scores_by_hand():
    b_a, c_a = norm.cdf(0.5 / 0.2), norm.cdf(1.0 / 0.3)
    c_b = norm.cdf(0.5 / np.sqrt(0.13))
    wanted = [(2 - b_a - c_a) / 2, (b_a + 1 - c_b) / 2, (c_a + c_b) / 2]
    assert p_scores(EFFECT, COV, True) == pytest.approx(wanted, rel=1e-12)
    assert p_scores(EFFECT, COV, False) == pytest.approx(1 - np.array(wanted), rel=1e-12)


def test_the_mean_rank_follows_from_the_p_score():
    # expected rank = 1 + sum of probabilities that another is better = T - (T - 1) P
    ranks = simulated_ranks(EFFECT, COV, True, seed=3, draws=40_000)
    wanted = 3 - 2 * p_scores(EFFECT, COV, True)
    # four Monte-Carlo standard errors of a rank between 1 and 3
    assert ranks.mean(axis=0) == pytest.approx(wanted, abs=4 / np.sqrt(40_000))
    assert (np.sort(ranks, axis=1) == [1, 2, 3]).all()


def test_the_seed_decides():
    one, two = (simulated_ranks(EFFECT, COV, True, seed, 50) for seed in (1, 1))
    assert (one == two).all()
    assert (simulated_ranks(EFFECT, COV, True, 2, 50) != one).any()


def test_ranks_of_a_network_have_intervals(network_of):
    network = network_of("linde2016", tau2_method="DL")
    rows = network.ranks(seed=1)
    assert len(rows) == 3 * 22
    for row in rows.where(measure="rank"):
        assert 1 <= row.conf_low <= row.estimate <= row.conf_high <= 22
        assert "10000 draws" in row.method
    shares = [row.estimate for row in rows.where(measure="first_place")]
    assert sum(shares) == pytest.approx(1.0, rel=1e-12)
    wide = rows.where(arm="Ind drug", measure="rank").one()
    assert wide.conf_high - wide.conf_low > 10
    again = network.ranks(seed=1)
    assert all(a.same_as(b) for a, b in zip(rows, again, strict=True))
