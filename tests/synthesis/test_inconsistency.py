import numpy as np
import pandas as pd
import pytest

from ctevidence.synthesis.inconsistency import (
    network_heterogeneity,
    own_effects,
    without_each_design,
)
from ctevidence.synthesis.network import pool_network


def loop(ab, bc, ac, se=1.0):
    frame = pd.DataFrame({"study": ["1", "2", "3"], "treat1": list("aba"), "treat2": list("bcc"),
                          "estimate": [ab, bc, ac], "std_error": se})  # fmt: skip
    return pool_network(frame, "a", better="higher").data.trials


def test_one_loop_by_hand():
    # three designs of one trial: nothing within; between (ab + bc - ac)^2 / 3
    found = network_heterogeneity(loop(1.0, 2.0, 0.0))
    assert (found.within.q, found.within.df) == (pytest.approx(0.0, abs=1e-20), 0)
    assert (found.between.q, found.between.df) == (pytest.approx(3.0, rel=1e-12), 1)
    assert found.between_random.q == found.between.q
    assert found.i2 == pytest.approx(100 * (3 - 1) / 3, rel=1e-12)


@pytest.mark.parametrize("name", ["baker2009", "stowe2010", "linde2016"])
def test_parts_add_up_and_designs_are_counted(network_of, name):
    network = network_of(name)
    found, trials = network.heterogeneity, network.data.trials
    assert found.within.q + found.between.q == pytest.approx(found.total.q, rel=1e-10)
    assert found.within.df + found.between.df == found.total.df
    assert found.designs["q"].sum() == pytest.approx(found.within.q, rel=1e-10)
    assert found.designs["df"].sum() == found.within.df
    assert found.designs["trials"].sum() == len(trials.trials)
    own = own_effects(trials)
    assert np.linalg.matrix_rank(own) == own.shape[1] == trials.y.size - found.within.df
    # heterogeneity within designs explains part of what they disagree about
    assert found.between_random.q <= found.between.q + 1e-12


def test_the_design_that_disagrees_is_found():
    frame = pd.DataFrame({
        "study": ["1", "2", "3", "4", "5"], "treat1": list("aabab"), "treat2": list("bccdd"),
        "estimate": [0.0, 0.0, 0.0, 5.0, 0.0], "std_error": 1.0})  # fmt: skip
    trials = pool_network(frame, "a", better="higher").data.trials
    rest = without_each_design(trials).set_index("design")
    assert rest.loc["a : d", "q"] == pytest.approx(0.0, abs=1e-12)
    assert rest.loc["a : b", "q"] > 1
    assert (rest["df"] == 1).all()
