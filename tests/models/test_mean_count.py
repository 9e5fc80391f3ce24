"""Mean cumulative count against R: survfit without deaths, mets::recurrentMarginal with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.models.aalen_johansen import aalen_johansen, competing
from ctevidence.models.mean_count import mean_count


@pytest.fixture(params=["placebo", "thiotepa"])
def bladder(request, reference):
    """Recurrences of bladder tumours, `illness.json`, made by `illness.R`."""
    return reference("illness")[request.param], reference("illness")["at"]


def columns(r, start="start", stop="stop"):
    names = ("id", start, stop, "event", "died")
    return [np.array(r[name]) for name in names]


def test_without_deaths_as_survfit(bladder):
    r, weeks = bladder
    person, start, stop, event, _ = columns(r)
    found = mean_count(person, start, stop, event, np.zeros(len(event), bool), weeks)
    np.testing.assert_allclose(found.estimate, r["nelson"]["count"], rtol=1e-12)
    np.testing.assert_allclose(found.std_error, r["nelson"]["error"], rtol=1e-9)


def test_with_deaths_as_recurrent_marginal(bladder):
    r, weeks = bladder
    person, _, _, event, died = columns(r)
    start, stop = np.array(r["ghosh"]["start"]), np.array(r["ghosh"]["stop"])
    found = mean_count(person, start, stop, event, died, weeks)
    np.testing.assert_allclose(found.estimate, r["ghosh"]["count"], rtol=1e-12)
    np.testing.assert_allclose(found.std_error, r["ghosh"]["error"], rtol=1e-9)


def test_order_of_rows_pieces_of_time_and_units_change_nothing(bladder):
    r, weeks = bladder
    rows = columns(r)
    found = mean_count(*rows, weeks)
    order = np.random.default_rng(1).permutation(len(rows[0]))
    mixed = mean_count(*(c[order] for c in rows), weeks)
    person, start, stop, event, died = rows
    cut = (start < 5) & (stop > 5)
    pieces = mean_count(
        np.append(person, person[cut]),
        np.append(start, np.full(cut.sum(), 5)),
        np.append(np.where(cut, 5, stop), stop[cut]),
        np.append(event & ~cut, event[cut]),
        np.append(died & ~cut, died[cut]),
        weeks,
    )
    days = mean_count(person, start * 7, stop * 7, event, died, np.array(weeks) * 7)
    for same in (mixed, pieces, days):
        np.testing.assert_allclose(same.estimate, found.estimate, rtol=1e-12)
        np.testing.assert_allclose(same.cov, found.cov, rtol=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=3, max_size=25))
def test_with_one_event_each_it_is_cumulative_incidence(people):
    """Nobody has a second event when the first takes people out: Aalen-Johansen by another way."""
    time, what = (np.array(v, float) for v in zip(*people, strict=True))
    # an event at a time comes before a death at it: only there the two conventions part
    time = time + (what == 2) * 0.5
    n, week = len(time), float(time.max())
    known = aalen_johansen(competing(time, what.astype(int), 2), [week]).probability[0, 1]
    # whoever has the event stays under observation, to the end, as the mean count wants it
    followed = what == 1
    person = np.append(np.arange(n), np.arange(n)[followed])
    start = np.append(np.zeros(n), time[followed])
    stop = np.append(time, np.full(followed.sum(), week + 1))
    event = np.append(what == 1, np.zeros(followed.sum(), bool))
    died = np.append(what == 2, np.zeros(followed.sum(), bool))
    if not ((what == 0) & (time < week)).any():  # with nobody lost both count the same people
        found = mean_count(person, start, stop, event, died, [week])
        assert found.estimate[0] == pytest.approx(known, abs=1e-12)
        share = (what == 1).mean()
        assert found.estimate[0] == pytest.approx(share, abs=1e-12)


def test_no_event_at_all():
    found = mean_count([1, 2], [0, 0], [5, 6], [False, False], [False, True], [4, 6])
    assert found.estimate.tolist() == [0, 0]
    assert found.cov.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("rows", "weeks", "says"),
    [
        (([1], [3], [3], [True], [False]), [2], "begins at 3 and ends at 3"),
        (([1], [0], [3], [True], [True]), [2], "give death its own row"),
        (([1], [0], [3], [True], [False]), [4], "largest possible week is 3"),
    ],
)
def test_what_cannot_be(rows, weeks, says):
    with pytest.raises(ValueError, match=says):
        mean_count(*rows, weeks)
