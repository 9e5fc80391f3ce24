"""State probabilities and weeks in states against R's survfit, prodlim and cmprsk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.models.aalen_johansen import STAYED, Histories, aalen_johansen, competing
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.restricted_mean import restricted_mean


@pytest.fixture(params=["women", "men"])
def mgus(request, reference):
    """`aalen_johansen.json`, made by `aalen_johansen.R`."""
    witness = reference("aalen_johansen")
    r = witness[request.param]
    return competing(np.array(r["time"], float), np.array(r["cause"]), 2), witness["times"], r


def test_competing_events_as_in_r(mgus):
    people, times, r = mgus
    found = aalen_johansen(people, times, [240])
    np.testing.assert_allclose(found.probability, r["probability"], rtol=1e-12)
    np.testing.assert_allclose(found.probability[:, 1:], r["cuminc"], rtol=1e-12)
    np.testing.assert_allclose(found.weeks_in_state[0], r["rmean"], rtol=1e-12)
    # prodlim's errors are of the Greenwood type
    np.testing.assert_allclose(found.std_error()[0][:, 1:], r["greenwood"], rtol=1e-9)


def test_competing_events_with_robust_errors_as_in_r(mgus):
    people, times, r = mgus
    found = aalen_johansen(people, times, [240], variance="robust")
    errors, area_errors = found.std_error()
    np.testing.assert_allclose(errors, r["robust"], rtol=1e-9)
    np.testing.assert_allclose(area_errors[0], r["rmean_error"], rtol=1e-9)


@pytest.fixture
def myeloid(reference):
    """Remission, transplant, relapse and death in any order; the states are those of `then`."""
    r = reference("aalen_johansen")["myeloid"]
    person, then = np.array(r["id"]), np.array(r["then"])
    state = np.zeros(len(person), int)
    for i in np.flatnonzero(np.diff(person) == 0) + 1:
        state[i] = then[i - 1] or state[i - 1]
    start, stop = (np.array(r[k], float) for k in ("start", "stop"))
    return Histories(person, start, stop, state, np.where(then == 0, STAYED, then), 6), r


def test_several_states_as_in_r(myeloid):
    histories, r = myeloid
    found = aalen_johansen(histories, [100, 500, 1000], [1000], variance="robust")
    errors, area_errors = found.std_error()
    np.testing.assert_allclose(found.probability, r["probability"], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(errors, r["robust"], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.weeks_in_state[0], r["rmean"], rtol=1e-11)
    np.testing.assert_allclose(area_errors[0], r["rmean_error"], rtol=1e-9)


def test_somebody_is_always_in_some_state(myeloid):
    histories, _ = myeloid
    for variance in ("greenwood", "robust"):
        found = aalen_johansen(histories, [100, 700], [300], variance=variance)
        np.testing.assert_allclose(found.probability.sum(axis=1), 1, rtol=1e-12)
        assert found.weeks_in_state.sum() == pytest.approx(300, rel=1e-12)
        of_a_sum = found.cov.reshape(18, 3, 6).sum(axis=2)
        np.testing.assert_allclose(of_a_sum, 0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=3, max_size=30))
def test_with_one_event_it_is_kaplan_meier_and_greenwood(people):
    time, event = (np.array(v) for v in zip(*people, strict=True))
    curve = kaplan_meier(time.astype(float), event)
    weeks = [3.0, 7.0] if time.max() >= 7 else [float(time.max())]
    found = aalen_johansen(competing(time.astype(float), event.astype(int), 1), weeks, weeks)
    m = len(weeks)
    np.testing.assert_allclose(found.probability[:, 0], curve.at(weeks), atol=1e-12)
    np.testing.assert_allclose(
        found.cov[: 2 * m : 2, : 2 * m : 2], curve.covariance(weeks), atol=1e-12
    )
    area, cov = restricted_mean(curve, weeks)
    np.testing.assert_allclose(found.weeks_in_state[:, 0], area, atol=1e-10)
    np.testing.assert_allclose(found.cov[2 * m :: 2, 2 * m :: 2], cov, atol=1e-10)


def test_order_of_rows_units_of_time_and_pieces_change_nothing(myeloid):
    histories, _ = myeloid
    order = np.random.default_rng(2).permutation(histories.n)
    parts = [getattr(histories, k) for k in ("person", "start", "stop", "state", "then")]
    mixed = Histories(*(p[order] for p in parts), 6)
    person, start, stop, state, then = parts
    in_days = Histories(person, start * 7, stop * 7, state, then, 6)
    cut = (start < 50) & (stop > 50)
    pieces = Histories(
        np.append(person, person[cut]),
        np.append(start, np.full(cut.sum(), 50.0)),
        np.append(np.where(cut, 50.0, stop), stop[cut]),
        np.append(state, state[cut]),
        np.append(np.where(cut, STAYED, then), then[cut]),
        6,
    )
    for variance in ("greenwood", "robust"):
        found = aalen_johansen(histories, [300], [300], variance=variance)
        for same in (mixed, pieces):
            other = aalen_johansen(same, [300], [300], variance=variance)
            np.testing.assert_allclose(other.probability, found.probability, rtol=1e-12)
            np.testing.assert_allclose(other.cov, found.cov, rtol=1e-9, atol=1e-14)
        days = aalen_johansen(in_days, [2100], [2100], variance=variance)
        np.testing.assert_allclose(days.weeks_in_state, 7 * found.weeks_in_state, rtol=1e-12)


def test_an_event_and_a_loss_at_one_time_have_no_order():
    """Two people: at week 4 one relapses, the other is last seen; by hand one half."""
    for cause in ([1, 0], [0, 1]):
        found = aalen_johansen(competing(np.array([4.0, 4]), np.array(cause), 1), [4])
        assert found.probability.tolist() == [[0.5, 0.5]]


A = np.array(["a", "a"])


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((A, [0, 3], [3, 3], [0, 1], [1, STAYED]), "begins at 3 and ends at 3"),
        ((A, [0, 4], [3, 9], [0, 1], [1, STAYED]), "one ends at 3, the next begins at 4"),
        ((A, [0, 3], [3, 9], [0, 0], [1, STAYED]), "does not begin in the state"),
        ((A, [1, 3], [3, 9], [0, 1], [1, STAYED]), "does not begin at week 0"),
        ((A, [0, 3], [3, 9], [0, 2], [2, STAYED]), "not one of the 2"),
    ],
)
def test_histories_that_cannot_be_are_refused(parts, says):
    with pytest.raises(ValueError, match=says):
        Histories(*(np.array(p) for p in parts), n_states=2)


def test_beyond_the_follow_up():
    people = competing(np.array([2.0, 5]), np.array([1, 0]), 1)
    with pytest.raises(ValueError, match="largest possible week is 5"):
        aalen_johansen(people, [6])
    with pytest.raises(ValueError, match='"bootstrap"; use greenwood, robust, none'):
        aalen_johansen(people, [4], variance="bootstrap")


def test_nobody_changes():
    found = aalen_johansen(competing(np.array([3.0, 8]), np.array([0, 0]), 2), [2, 8], [8])
    assert found.probability.tolist() == [[1, 0, 0]] * 2
    assert found.weeks_in_state.tolist() == [[8, 0, 0]]
    assert not found.cov.any()


def test_curves_without_their_errors_are_the_same_curves(myeloid):
    histories, _ = myeloid
    last = histories.last_time
    weeks = np.linspace(0, last, 5)
    drawn = aalen_johansen(histories, weeks, weeks, "none")
    known = aalen_johansen(histories, weeks, weeks, "robust")
    assert (drawn.probability == known.probability).all()
    assert (drawn.weeks_in_state == known.weeks_in_state).all()
    assert drawn.cov.shape == known.cov.shape
    assert np.isnan(drawn.cov).all()
