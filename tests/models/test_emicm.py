"""The non-parametric curve of intervals: against R, against Kaplan-Meier, and by its conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.models.emicm import fit_npmle
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.turnbull import intersections


def given_times(data):
    """Lower and upper of a reference; a missing upper is infinite."""
    lower, upper = (np.array(data[c], float) for c in ("lower", "upper"))
    return lower, np.where(np.isnan(upper), np.inf, upper)


@pytest.fixture(scope="module", params=[1, 2], ids=["radiotherapy", "with chemotherapy"])
def retraction(request, reference):
    """One group of `bcdeter` (Finkelstein and Wolfe 1985) with numbers of `intervals.R`."""
    found = reference("intervals")["bcdeter"]
    lower, upper = given_times(found["data"])
    group = np.array(found["data"]["treat"]) == request.param
    numbers = {name: found[name][request.param - 1] for name in ("turnbull", "survfit")}
    return fit_npmle(lower[group], upper[group]), numbers, request.param


def test_as_turnbull_s_em_run_to_its_end_in_r(retraction):
    curve, numbers, _ = retraction
    r = numbers["turnbull"]
    # EM closes in on zero masses slowly: its last steps change the curve by 1e-15 each
    np.testing.assert_allclose(curve.at(r["weeks"])[:, 1], r["survival"], atol=1e-9)
    assert curve.loglik == pytest.approx(r["loglik"], abs=1e-9)
    assert curve.loglik >= r["loglik"] - 1e-12
    assert curve.converged


def test_as_survfit_of_r(retraction):
    """survival::survfit; the numbers are those known for `bcdeter`."""
    curve, numbers, group = retraction
    r = numbers["survfit"]
    known = {1: [0.953662, 0.465858], 2: [0.702747, 0.329358]}[group]
    assert r["survival"] == pytest.approx(known, abs=1e-6)
    # survfit puts a jump in the middle of its interval: these weeks are such middles. It stops its
    # EM early, at steps of 5e-5; run to its end, the same EM is met to 1e-9 above
    assert curve.at(r["weeks"])[:, 0] == pytest.approx(r["survival"], abs=5e-4)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_with_points_it_is_kaplan_meier(people, random):
    random.shuffle(people)
    time, event = np.array([t for t, _ in people], float), np.array([e for _, e in people])
    km = kaplan_meier(time, event)
    curve = fit_npmle(time, np.where(event, time, np.inf))
    weeks = np.linspace(0, km.last_time, 50)
    np.testing.assert_allclose(curve.at(weeks)[:, 0], km.at(weeks), atol=1e-9)
    np.testing.assert_allclose(curve.at(weeks)[:, 1], km.at(weeks), atol=1e-9)


intervals = st.lists(
    st.tuples(st.integers(0, 15), st.integers(1, 12), st.booleans()), min_size=1, max_size=50
)


@settings(deadline=None, max_examples=60)
@given(intervals)
def test_fenchel_conditions_hold(people):
    """Mass where the gradient is the number of people, none where it is less (Gentleman 1994)."""
    lower = np.array([low for low, _, _ in people], float)
    upper = np.array([np.inf if gone else low + w for low, w, gone in people], float)
    curve, found = fit_npmle(lower, upper), intersections(lower, upper)
    assert curve.converged
    assert curve.mass.sum() == pytest.approx(1, abs=1e-12)
    mass = np.zeros(len(found.left))
    ends = list(zip(found.left, found.right, strict=True))
    for left, right, p in zip(curve.left, curve.right, curve.mass, strict=True):
        mass[ends.index((left, right))] = p
    holds = (lower[:, None] <= found.left) & (upper[:, None] >= found.right)
    gradient = holds.T @ (1 / (holds @ mass))
    assert (gradient <= len(people) * (1 + 1e-9)).all()
    assert gradient[mass > 1e-9] == pytest.approx(len(people), rel=1e-6)


def simulated(n=300, seed=4):
    rng = np.random.default_rng(seed)
    visits = np.cumsum(rng.exponential(5, (n, 12)), axis=1)
    time = 20 * rng.weibull(1.3, n)
    lower = np.where(visits < time[:, None], visits, 0).max(axis=1)
    upper = np.where(visits >= time[:, None], visits, np.inf).min(axis=1)
    return lower, upper


def test_order_unit_of_time_and_weights():
    lower, upper = simulated()
    curve, order = fit_npmle(lower, upper), np.random.default_rng(1).permutation(len(lower))
    shuffled, days = fit_npmle(lower[order], upper[order]), fit_npmle(7 * lower, 7 * upper)
    np.testing.assert_allclose(shuffled.mass, curve.mass, atol=1e-9)
    np.testing.assert_allclose(days.left, 7 * curve.left)
    np.testing.assert_allclose(days.mass, curve.mass, atol=1e-9)
    twice = np.where(np.arange(len(lower)) < 100, 2, 1)
    repeated = fit_npmle(np.repeat(lower, twice), np.repeat(upper, twice))
    np.testing.assert_allclose(fit_npmle(lower, upper, twice).mass, repeated.mass, atol=1e-9)


def test_no_em_of_many_steps_finds_a_higher_likelihood():
    lower, upper = simulated()
    found = intersections(lower, upper)
    holds = (lower[:, None] <= found.left) & (upper[:, None] >= found.right)
    mass = np.full(len(found.left), 1 / len(found.left))
    for _ in range(3000):
        mass = mass * (holds / (holds @ mass)[:, None]).mean(axis=0)
    curve = fit_npmle(lower, upper)
    below = curve.loglik - np.log(holds @ mass).sum()
    assert 0 <= below < 0.01


def test_a_search_that_is_cut_short_says_so():
    curve = fit_npmle(*simulated(), max_steps=0)
    assert not curve.converged
    assert curve.gap > 1
    assert "ran out of steps" in curve.cautions[0]


@pytest.mark.parametrize(
    ("lower", "upper", "survival"),
    [
        ([3.0, 5], [np.inf, np.inf], 1.0),  # nobody had it: all mass beyond week 5
        ([0.0, 0], [0.0, 0], 0.0),  # everybody at once
        ([0.0], [4.0], 0.0),
    ],
)
def test_one_place_for_all_mass(lower, upper, survival):
    curve = fit_npmle(lower, upper)
    assert curve.converged
    assert curve.at([5.0])[0].tolist() == [survival, survival]
