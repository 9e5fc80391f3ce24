import numpy as np
import pandas as pd
import pytest

from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.network_trials import (
    connected,
    network_trials,
    pair_weights,
    rotation,
)

RNG = np.random.default_rng(6)


def effects(*rows, covariance=None):
    columns = ["study", "treat1", "treat2", "estimate", "std_error"]
    frame = pd.DataFrame(rows, columns=columns)
    return EffectSizes(frame, "effect", covariance or {})


def three_arms(a, b, c, study="s"):
    """All contrasts of three arms with variances 0.01, 0.02, 0.03; values on any origin."""
    e = np.sqrt([0.03, 0.04, 0.05])
    return [(study, "a", "b", a - b, e[0]), (study, "a", "c", a - c, e[1]),
            (study, "b", "c", b - c, e[2])]  # fmt: skip


@pytest.mark.parametrize("arms", [2, 3, 4, 6])
def test_rotated_contrasts_are_independent_whatever_the_heterogeneity(arms):
    root = RNG.normal(size=(arms - 1, arms + 1))
    cov, M = root @ root.T, (np.eye(arms - 1) + 1) / 2
    A, v = rotation(cov)
    for tau2 in (0.0, 0.3, 7.0):
        assert A @ (cov + tau2 * M) @ A.T == pytest.approx(np.diag(v + tau2), abs=1e-11)


def test_pair_weights_give_the_information_of_the_trial_by_hand():
    # independent arms of variance 1, 2 and 4: weight w_i w_j / sum w (Ruecker 2012)
    w = np.array([1.0, 0.5, 0.25])
    wanted = np.outer(w, w) / w.sum()
    np.fill_diagonal(wanted, 0.0)
    assert pair_weights(np.diag([1.0, 2.0, 4.0])) == pytest.approx(wanted, rel=1e-12)


def test_a_trial_of_several_arms_has_the_covariance_of_its_arms():
    (trial,) = network_trials(effects(*three_arms(1.0, 0.5, 0.0))).trials
    assert trial.arms == (0, 1, 2)
    assert trial.estimate == pytest.approx([-0.5, -1.0], rel=1e-12)
    # contrasts against a share its variance 0.01
    assert trial.cov == pytest.approx(np.array([[0.03, 0.01], [0.01, 0.04]]), rel=1e-12)


def test_a_declared_covariance_needs_only_contrasts_that_link_all_arms():
    rows = three_arms(1.0, 0.5, 0.0)
    every = network_trials(effects(*rows))
    two = network_trials(
        effects(rows[0], rows[2], covariance={"s": np.array([[0.03, -0.02], [-0.02, 0.05]])})
    )
    assert two.trials[0].cov == pytest.approx(every.trials[0].cov, rel=1e-12)
    assert two.trials[0].estimate == pytest.approx(every.trials[0].estimate, rel=1e-12)


def test_what_rounding_does_is_tolerated_and_no_more():
    rows = three_arms(1.0, 0.5, 0.0)
    rounded = [(*row[:3], round(row[3] + 0.004, 2), row[4]) for row in rows]
    off = [(*rows[0][:3], 0.52, rows[0][4]), *rows[1:]]
    assert network_trials(effects(*rounded)).y.size == 2
    network_trials(effects(*off), rounding=0.03)
    worse = [(*rows[0][:3], 0.55, rows[0][4]), *rows[1:]]
    with pytest.raises(
        ValueError,
        match=r"s has contrasts that do not .*; off by 0\.05 where rounding explains 0\.015",
    ):
        network_trials(effects(*worse))


def test_every_trial_that_cannot_enter_is_named():
    wrong = three_arms(1.0, 0.5, 0.0, "wrong sign")
    wrong[2] = (*wrong[2][:3], -wrong[2][3], wrong[2][4])
    errors = [("errors", "a", "b", 0.5, 0.1), ("errors", "a", "c", 1.0, 0.1),
              ("errors", "b", "c", 0.5, 0.9)]  # fmt: skip
    missing = three_arms(1.0, 0.5, 0.0, "a pair missing")[:2]
    apart = [("apart", "a", "b", 0.1, 0.1), ("apart", "c", "d", 0.1, 0.1)]
    with pytest.raises(ValueError, match="cannot enter a network") as problem:
        network_trials(
            effects(*wrong, *errors, *missing, *apart, covariance={"apart": np.eye(2) / 100})
        )
    for words in ("wrong sign has contrasts", "errors has standard errors", "a pair missing comp",
                  "apart compares treatments that none"):  # fmt: skip
        assert words in str(problem.value)


def test_parts_are_listed_the_largest_first():
    trials = network_trials(
        effects(("1", "a", "b", 0, 1), ("2", "d", "c", 0, 1), ("3", "e", "c", 0, 1))
    )
    assert trials.parts == (("c", "d", "e"), ("a", "b"))
    assert connected([], 2) == [[0], [1]]
