import numpy as np
import pytest

from ctevidence.synthesis.permutation import arrangements, distinct_orders, permutation_test


def columns(*values):
    return np.column_stack([np.ones(len(values[0])), *values])


def test_exact_test_of_allocation_equals_metafor(one_by_one):
    # metafor repeats each distinct arrangement the same number of times: the same p-values
    bcg, expected = one_by_one["bcg"], one_by_one["alloc7"]
    y, v, alloc = bcg["yi"][:7], bcg["vi"][:7], np.array(bcg["alloc"][:7])
    words = [w for w in np.unique(alloc)[1:]]
    design = columns(*((alloc == w) for w in words))
    found = permutation_test(
        y, v, design, permutations=5040, tau2_method="DL", hartung_knapp="none"
    )
    assert found.exact
    assert found.p_value == pytest.approx(np.array(expected["permutation_p"]), abs=1e-12)
    assert found.joint_p_value == pytest.approx(expected["permutation_qm"], abs=1e-12)


def test_exact_test_of_latitude_equals_metafor(one_by_one):
    bcg, expected = one_by_one["bcg"], one_by_one["latitude7"]
    design = columns(bcg["ablat"][:7])
    found = permutation_test(bcg["yi"][:7], bcg["vi"][:7], design, permutations=5040,
                             hartung_knapp="plain")  # fmt: skip
    assert found.p_value[1] == pytest.approx(expected["permutation_p"][1], abs=1e-12)


def test_drawn_arrangements_need_a_seed_and_repeat(one_by_one):
    bcg = one_by_one["bcg"]
    design = columns(bcg["ablat"])
    with pytest.raises(ValueError, match="give a seed"):
        permutation_test(bcg["yi"], bcg["vi"], design, tau2_method="DL")
    twice = [
        permutation_test(bcg["yi"], bcg["vi"], design, permutations=200, seed=4, tau2_method="DL")
        for _ in range(2)
    ]
    assert twice[0].p_value.tolist() == twice[1].p_value.tolist()
    assert not twice[0].exact
    assert twice[0].p_value[1] >= 1 / 200


def test_every_arrangement_is_visited_once():
    design = np.array([[1, 0], [1, 0], [1, 1], [1, 2], [1, 1]])
    seen = {tuple(design[order, 1]) for order in distinct_orders(design)}
    orders = list(distinct_orders(design))
    assert len(orders) == len(seen) == arrangements(design) == 30
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
