"""Weighted log-rank tests against R's survdiff, sums written out in R, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test

from ctevidence.models.weighted_log_rank import (
    FOUR_WEIGHTS,
    chance_of_largest,
    log_rank_scores,
    max_combo,
    weighted_log_rank,
)

#: how each test of `event_tests.R` was asked for: groups, strata
ASKED = {
    "sex": ("sex", None),
    "group": ("group", None),
    "strata": ("sex", "ph.ecog"),
    "group_strata": ("group", "ph.ecog"),
}


@pytest.fixture(scope="module")
def r(reference):
    """`event_tests.json`, made by `event_tests.R` (survival 3.5-3, mvtnorm 1.1-3)."""
    return reference("event_tests")


@pytest.fixture(scope="module")
def lung(r):
    columns = {k: np.array(v) for k, v in r["lung"].items()}
    return columns | {"event": columns["event"] == 1}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("rho", [0, 0.5, 1])
def test_g_rho_of_several_arms_and_strata_as_in_r(r, lung, rho, asked):
    group, strata = ASKED[asked]
    found = weighted_log_rank(
        lung["time"], lung["event"], lung[group], rho, strata=lung.get(strata)
    )
    expected = r["tests"][f"rho{rho}"][asked]
    assert found.statistic == pytest.approx(expected["chi2"], rel=1e-10)
    assert found.df == expected["df"]


@pytest.mark.parametrize("name", ["combo", "combo_delayed"])
def test_joint_scores_and_max_combo_as_in_r(r, lung, name):
    """Scores and covariance to 1e-10; the p-value is an integral of three dimensions."""
    entry = lung["entry"] if name == "combo_delayed" else None
    columns = lung["time"], lung["event"], lung["sex"]
    scores = log_rank_scores(*columns, FOUR_WEIGHTS, entry=entry)
    second = 1 if lung["sex"][0] == 1 else 0  # R's scores are those of sex 2
    expected = r["tests"][name]
    np.testing.assert_allclose(scores.score[:, second], expected["score"], rtol=1e-10)
    np.testing.assert_allclose(scores.cov[:, :, second, second], expected["cov"], rtol=1e-10)
    found = max_combo(*columns, entry=entry)
    assert found.statistic == pytest.approx(np.abs(expected["z"]).max(), rel=1e-10)
    assert found.p_value == pytest.approx(expected["p"], abs=3e-7)  # as far as mvtnorm goes
    assert found == max_combo(*columns, entry=entry)


def test_max_combo_of_veteran_as_in_r(r):
    v = {k: np.array(x) for k, x in r["veteran"].items()}
    found = max_combo(v["time"], v["status"] == 1, v["trt"])
    assert found.p_value == pytest.approx(r["tests"]["combo_veteran"]["p"], rel=3e-5)


def test_published_log_rank_of_lung_by_sex(reference):
    """greenwood's fixture, made with R: 10.326741954886, of all 228 people."""
    data = reference("survival")["lung"]["data"]
    found = weighted_log_rank(data["time"], data["event"], data["arm"])
    assert found.statistic == pytest.approx(10.326741954886, rel=1e-12)


@pytest.mark.parametrize("gamma", [0.5, 1.0])
def test_late_weights_as_in_lifelines(lung, gamma):
    rows = [lung["sex"] == k for k in (1, 2)]
    witness = logrank_test(
        *(lung["time"][k] for k in rows), *(lung["event"][k] for k in rows),
        weightings="fleming-harrington", p=0.5, q=gamma,
    )  # fmt: skip
    found = weighted_log_rank(lung["time"], lung["event"], lung["sex"], 0.5, gamma)
    assert found.statistic == pytest.approx(witness.test_statistic, rel=1e-9)


def test_largest_of_one_and_of_independent_scores():
    """One score: the two-sided normal p. Two that are independent: 1 - (1 - p)^2."""
    one = chance_of_largest(1.959963984540054, np.eye(1))
    assert one == (pytest.approx(0.05, rel=1e-12), 1)
    two = chance_of_largest(1.959963984540054, np.eye(2))
    assert two == (pytest.approx(1 - 0.95**2, rel=1e-7), 2)
    assert chance_of_largest(3.0, np.ones((4, 4)))[1] == 1


people = st.lists(
    st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 2)), min_size=2, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(data=people, order=st.randoms(use_true_random=False), cut=st.integers(1, 8))
def test_order_units_and_pieces_of_time_change_nothing(data, order, cut):
    time, event, group = (np.array(x) for x in zip(*data, strict=True))
    test = weighted_log_rank(time, event, group, 1, 0.5)
    shuffled = order.sample(data, len(data))
    again = weighted_log_rank(*(np.array(x) for x in zip(*shuffled, strict=True)), 1, 0.5)
    scaled = weighted_log_rank(time * 7.0, event, group, 1, 0.5)
    later = time > cut
    pieces = weighted_log_rank(
        np.concatenate([np.minimum(time, cut), time[later]]),
        np.concatenate([event & ~later, event[later]]),
        np.concatenate([group, group[later]]), 1, 0.5,
        entry=np.concatenate([np.zeros(len(time)), np.full(later.sum(), cut)]),
    )  # fmt: skip
    for other in (again, scaled, pieces):
        assert other.statistic == pytest.approx(test.statistic, rel=1e-9, nan_ok=True)
        assert other.df == test.df


def test_nothing_to_compare_is_said_and_not_guessed():
    time, arm = np.array([1.0, 2, 3, 4]), np.array([0, 0, 1, 1])
    for event in (np.zeros(4, bool), np.array([0, 0, 1, 1], bool)):  # none, or one arm left alone
        test = weighted_log_rank(time, event, arm)
        assert (test.df, np.isnan(test.p_value)) == (0, True)
        assert np.isnan(max_combo(time, event, arm).p_value)
    everyone_on_day_zero = weighted_log_rank(np.zeros(4), np.ones(4, bool), arm)
    assert everyone_on_day_zero.df == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"event": np.ones(2, bool)}, "time has 3 rows, event 2"),
        ({"time": np.array([1.0, np.inf, 2])}, "row 1"),
        ({"entry": np.array([0.0, 0, 3])}, "row 2 begins at 3 and ends at 3"),
        ({"weights": ((-1.0, 0.0),)}, "at least 0"),
    ],
)
def test_what_cannot_be_compared_is_named(options, says):
    given = {"time": np.arange(1.0, 4), "event": np.ones(3, bool), "group": [0, 1, 1]} | options
    with pytest.raises(ValueError, match=says):
        log_rank_scores(**given)
    with pytest.raises(ValueError, match="found 3. Take them in pairs"):
        max_combo(np.arange(1.0, 4), np.ones(3, bool), [0, 1, 2])
