import math

import numpy as np
import pytest

from ctevidence.synthesis.network_fit import (
    QTest,
    fit_network,
    identified_span,
    network_tau_squared,
    tau_squared_interval,
)
from ctevidence.synthesis.pairwise import pool_effects


def test_one_comparison_is_the_pairwise_analysis():
    y, v = np.array([0.1, 0.9, 0.4, 1.3]), np.array([0.1, 0.2, 0.05, 0.3])
    X = np.ones((4, 1))
    for method in ("REML", "DL", "ML", "PM"):
        pairwise = pool_effects(y, v, tau2_method=method, hartung_knapp="none")
        tau2 = network_tau_squared(y, v, X, method)
        fit = fit_network(y, v, X, tau2)
        assert tau2 == pytest.approx(pairwise.heterogeneity.tau2, rel=1e-9)
        assert fit.coef[0] == pytest.approx(pairwise.random.estimate, rel=1e-12)
        assert fit.cov[0, 0] == pytest.approx(pairwise.random.std_error**2, rel=1e-12)


def test_a_loop_by_hand():
    # a-b 1 (variance 1), b-c 1 (1), a-c 3 (2): the indirect a-c is 2 with variance 2, so the
    # network a-c is halfway, 2.5, with variance 1, and Q is (3 - 2)^2 / (2 + 2)
    X = np.array([[1, -1, 0], [0, 1, -1], [1, 0, -1.0]])
    fit = fit_network([1.0, 1.0, 3.0], [1.0, 1.0, 2.0], X)
    c = np.array([1.0, 0.0, -1.0])
    assert c @ fit.coef == pytest.approx(2.5, rel=1e-12)
    assert c @ fit.cov @ c == pytest.approx(1.0, rel=1e-12)
    assert fit.q == pytest.approx(0.25, rel=1e-12)
    assert (fit.df, fit.identified(c), fit.identified([1, 0, 0])) == (1, True, False)


def test_a_design_without_full_rank_identifies_only_its_row_space():
    span = identified_span(np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]]))
    assert span.shape == (3, 1)
    assert abs(span[:, 0]) == pytest.approx([0.5**0.5, 0.5**0.5, 0], abs=1e-12)


def test_no_degree_of_freedom_no_tau_squared():
    X = np.eye(2)
    assert math.isnan(network_tau_squared([0.1, 0.2], [1.0, 1.0], X))
    assert all(map(math.isnan, tau_squared_interval([0.1, 0.2], [1.0, 1.0], X)))
    assert math.isnan(QTest(0.0, 0).p_value)


def test_exact_agreement_has_no_heterogeneity():
    assert network_tau_squared([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], np.ones((3, 1))) == 0.0


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="say one of REML, DL, ML, PM"):
        network_tau_squared([0.1, 0.2], [1.0, 1.0], np.ones((2, 1)), "SJ")
