"""Gray's test against cmprsk::cuminc, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.models.gray_test import gray_test
from ctevidence.models.weighted_log_rank import log_rank_scores, weighted_log_rank

#: how each test of `event_tests.R` was asked for: groups, strata, rho
ASKED = {
    "gray_sex": ("sex", None, 0),
    "gray_three": ("three", None, 0),
    "gray_rho": ("three", None, 1),
    "gray_strata": ("sex", "three", 0),
}


@pytest.fixture(scope="module")
def r(reference):
    """`event_tests.json`, made by `event_tests.R` (cmprsk 2.2-11, data mgus2)."""
    return reference("event_tests")["competing"]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("of", [1, 2])
def test_as_in_r(r, asked, of):
    group, strata, rho = ASKED[asked]
    d = {k: np.array(v) for k, v in r["data"].items()}
    found = gray_test(d["time"], d["cause"], d[group], rho, of=of, strata=d.get(strata))
    assert found.statistic == pytest.approx(r[asked]["chi2"][of - 1], rel=1e-11)
    assert found.p_value == pytest.approx(r[asked]["p"][of - 1], rel=1e-9, abs=1e-15)
    assert found.df == r[asked]["df"][of - 1]


def test_published_values_of_mgus2(r):
    """Progression by sex 1.194507825 (p 0.274422), death 11.651259 (p 0.000641591)."""
    d = r["data"]
    found = [gray_test(d["time"], d["cause"], d["sex"], of=of) for of in (1, 2)]
    assert [t.statistic for t in found] == pytest.approx([1.194507825, 11.651259], rel=1e-7)
    assert [t.p_value for t in found] == pytest.approx([0.274422, 0.000641591], rel=1e-5)


def test_without_competing_events_it_is_nearly_the_log_rank_test():
    """Its scores are then those of the log-rank test; only the variance has another form."""
    rng = np.random.default_rng(2)
    time, arm = rng.exponential(10, 400), np.repeat([0, 1], 200)
    event = rng.random(400) < 0.6
    gray, plain = gray_test(time, event.astype(int), arm), weighted_log_rank(time, event, arm)
    scores = log_rank_scores(time, event, arm)
    assert gray.statistic == pytest.approx(plain.statistic, rel=0.05)
    variance = scores.score[0, 0] ** 2 / gray.statistic
    assert variance == pytest.approx(scores.cov[0, 0, 0, 0], rel=0.05)


people = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(data=people, order=st.randoms(use_true_random=False))
def test_order_and_units_change_nothing(data, order):
    test = gray_test(*(np.array(x) for x in zip(*data, strict=True)))
    shuffled = [np.array(x) for x in zip(*order.sample(data, len(data)), strict=True)]
    again = gray_test(shuffled[0] * 7.0, *shuffled[1:])
    assert again.statistic == pytest.approx(test.statistic, rel=1e-7, abs=1e-12, nan_ok=True)
    assert again.df == test.df


def test_nothing_to_compare_is_said_and_not_guessed():
    time, arm = np.array([1.0, 2, 3, 4]), np.array([0, 0, 1, 1])
    assert gray_test(time, np.zeros(4, int), arm).df == 0
    assert gray_test(time, np.full(4, 2), arm).df == 0
    assert gray_test(time, np.array([1, 2, 0, 0]), np.zeros(4)).df == 0
    with pytest.raises(ValueError, match="time has 4 rows, cause 2"):
        gray_test(time, [1, 0], arm)
    with pytest.raises(ValueError, match="row 1"):
        gray_test([1.0, np.nan], [1, 0], [0, 1])
