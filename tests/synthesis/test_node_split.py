import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.synthesis.network import pool_network
from ctevidence.synthesis.node_split import compared_pairs, split_nodes


@pytest.mark.parametrize(("name", "close"), [("baker2009", 1e-9), ("stowe2010", 1e-9),
                                             ("linde2016", 5e-6)])  # fmt: skip
def test_splits_equal_the_model_written_out_in_r(network_of, r_networks, name, close):
    network = network_of(name, tau2_method="DL")
    found = {(s.treat1, s.treat2): s for s in split_nodes(network.data.trials, network.random.tau2)}
    for expected in r_networks[name]["splits"]:
        pair = tuple(sorted((expected["first"], expected["second"])))
        sign = 1.0 if pair[0] == expected["first"] else -1.0
        split = found[pair]
        assert sign * split.direct == pytest.approx(expected["direct"], rel=close, abs=close)
        assert sign * split.indirect == pytest.approx(expected["indirect"], rel=close, abs=close)
        errors = [*np.sqrt(np.diag(split.cov)), math.sqrt([1, -1] @ split.cov @ [1, -1])]
        wanted = [expected[f"se_{k}"] for k in ("direct", "indirect", "difference")]
        assert errors == pytest.approx(wanted, rel=close)


def loop(ac=3.0):
    return pd.DataFrame({"study": ["1", "2", "3"], "treat1": list("aba"), "treat2": list("bcc"),
                         "estimate": [1.0, 1.0, ac], "std_error": [1.0, 1.0, 2.0]})  # fmt: skip


def test_one_loop_by_hand():
    network = pool_network(loop(), "c", better="higher", model="common")
    rows = network.split().where(arm="a", reference="c")
    direct, indirect, difference = rows.rows
    # direct 3 (standard error 2); indirect 1 + 1 (variance 1 + 1)
    assert (direct.estimate, direct.std_error) == (pytest.approx(3.0), pytest.approx(2.0))
    assert (indirect.estimate, indirect.std_error) == (
        pytest.approx(2.0), pytest.approx(math.sqrt(2.0)))  # fmt: skip
    assert (difference.estimate, difference.std_error) == (
        pytest.approx(1.0), pytest.approx(math.sqrt(6.0)))  # fmt: skip
    assert difference.measure == "inconsistency_difference"
    assert [row.population.split("; ")[1] for row in rows] == [
        "direct evidence", "indirect evidence", "direct against indirect evidence"]  # fmt: skip


def test_a_network_estimate_lies_between_direct_and_indirect_by_their_weights(network_of):
    # with trials of two arms the two are independent and the network is their weighted mean
    network = network_of("linde2016", tau2_method="DL")
    trials = network.data.trials
    several = {a for trial in trials.trials if len(trial.arms) > 2 for a in trial.arms}
    checked = 0
    for split in split_nodes(trials, network.random.tau2):
        a, b = (trials.position(t) for t in (split.treat1, split.treat2))
        if {a, b} & several == {a, b}:
            continue
        w = 1 / np.diag(split.cov)
        row = network.compare(split.treat1, against=split.treat2).one()
        mean = float(w @ [split.direct, split.indirect] / w.sum())
        assert math.log(row.estimate) == pytest.approx(mean, rel=1e-8)
        assert row.std_error == pytest.approx(1 / math.sqrt(w.sum()), rel=1e-8)
        assert split.cov[0, 1] == pytest.approx(0.0, abs=1e-9)
        checked += 1
    assert checked >= 3


def test_a_comparison_without_indirect_evidence_is_not_split():
    star = pd.DataFrame({"study": ["1", "2", "3"], "treat1": list("aab"), "treat2": list("ccc"),
                         "estimate": 0.1, "std_error": 1.0})  # fmt: skip
    network = pool_network(star, "c", better="higher")
    assert len(network.split()) == 0
    assert compared_pairs(network.data.trials) == [(0, 2), (1, 2)]


def test_a_trial_of_three_arms_alone_says_nothing_about_inconsistency():
    rows = [("1", "a", "b", 0.5), ("1", "a", "c", 1.0), ("1", "b", "c", 0.5)]
    frame = pd.DataFrame(rows, columns=["study", "treat1", "treat2", "estimate"])
    network = pool_network(frame.assign(std_error=0.2), "a", better="higher")
    assert len(network.split()) == 0
