from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ctevidence.synthesis.contributions import contributions, random_walk_shares
from ctevidence.synthesis.network import pool_network


def loop(errors=(1.0, 1.0, 1.0)):
    frame = pd.DataFrame({"study": ["ab", "bc", "ac"], "treat1": list("aba"),
                          "treat2": list("bcc"), "estimate": 0.0, "std_error": errors})  # fmt: skip
    return pool_network(frame, "c", better="higher")


def test_one_loop_by_hand():
    # equal variances: a-c is 2/3 direct; the path over b carries 1/3, half for each of its edges
    found = loop().contributions([("a", "c")])
    assert found.comparisons.loc["a against c"].to_dict() == pytest.approx(
        {"a : b": 1 / 6, "a : c": 2 / 3, "b : c": 1 / 6}, rel=1e-12)  # fmt: skip
    assert found.studies.loc["a against c", "ac"] == pytest.approx(2 / 3, rel=1e-12)


def test_trials_share_a_comparison_by_their_weight():
    frame = pd.DataFrame({"study": ["x", "y"], "treat1": "a", "treat2": "b", "estimate": 0.0,
                          "std_error": [1.0, 2.0]})  # fmt: skip
    found = pool_network(frame, "b", better="higher", model="common").contributions()
    assert found.studies.loc["a against b"].tolist() == pytest.approx([0.8, 0.2], rel=1e-12)


def every_path(flow, start, end):
    """Shares by listing every path: the definition, for small networks."""
    out = np.where(flow > 1e-12, flow, 0.0)
    shares = np.zeros_like(flow)

    def walk(path, probability):
        here = path[-1]
        if here == end:
            for i, j in pairwise(path):
                shares[i, j] += probability / (len(path) - 1)
            return
        for there in np.flatnonzero(out[here]):
            walk([*path, there], probability * out[here, there] / out[here].sum())

    walk([start], 1.0)
    return shares


@pytest.mark.parametrize("seed", range(5))
def test_shares_equal_those_of_all_paths_listed(seed):
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.uniform(0.2, 2.0, (6, 6)) * (rng.random((6, 6)) < 0.8), 1)
    weights[0, 5] = weights[0, 1] = weights[1, 5] = 1.0
    weights += weights.T
    inverse = np.linalg.pinv(np.diag(weights.sum(axis=1)) - weights)
    potential = inverse[:, 0] - inverse[:, 5]
    flow = weights * np.subtract.outer(potential, potential)
    found = random_walk_shares(flow, 0, 5, np.argsort(-potential))
    assert found == pytest.approx(every_path(flow, 0, 5), abs=1e-12)
    assert found.sum() == pytest.approx(1.0, rel=1e-12)


def test_shares_add_up_to_one_in_a_real_network(network_of):
    network = network_of("linde2016", tau2_method="DL")
    found = network.contributions()
    for table in (found.comparisons, found.studies):
        assert table.shape[0] == 21
        assert table.sum(axis=1).to_numpy() == pytest.approx(np.ones(21), rel=1e-12)
        assert (table.to_numpy() >= 0).all()
    # the one trial of CBT + SSRI is on every path to it
    own = found.studies.loc["Face-to-face CBT + SSRI against Placebo"]
    assert own.idxmax() == "117"
    assert own["117"] > 0.3


def test_a_negative_weight_is_named():
    # standard errors that two shared arms cannot have: a-b more certain than any split allows
    rows = [("odd", "a", "b", 0.0, 0.75), ("odd", "a", "c", 0.0, 1.0), ("odd", "b", "c", 0.0, 0.3)]
    columns = ["study", "treat1", "treat2", "estimate", "std_error"]
    frame = pd.DataFrame(rows, columns=columns)
    trials = pool_network(frame, "a", better="higher").data.trials
    with pytest.raises(ValueError, match="odd: its standard errors give one of its contrasts"):
        contributions(trials, 0.0, [("a", "b")])
