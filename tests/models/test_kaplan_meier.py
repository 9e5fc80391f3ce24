"""Kaplan-Meier curves against R's survfit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from ctevidence.models.kaplan_meier import INTERVALS, kaplan_meier
from ctevidence.models.restricted_mean import restricted_mean

DATA = [("aml", "combined"), ("aml", "medication"), ("lung", "combined"), ("lung", "medication")]


@pytest.fixture(params=DATA, ids=" ".join)
def case(request, reference):
    """Curve and R's numbers; `survival.json`, made by `survival.R` (survival 3.5-3)."""
    name, arm = request.param
    witness = reference("survival")[name]
    data = witness["data"]
    rows = np.array(data["arm"]) == arm
    curve = kaplan_meier(np.array(data["time"])[rows], np.array(data["event"])[rows] == 1)
    return curve, witness["arms"][arm]


def test_curve_as_in_r(case):
    curve, r = case
    np.testing.assert_allclose(curve.at(r["times"]), r["survival"], rtol=1e-12)
    np.testing.assert_allclose(
        np.sqrt(np.diag(curve.covariance(r["times"]))), r["std_error"], rtol=1e-9
    )
    np.testing.assert_allclose(
        curve.interval(r["times"]), np.column_stack([r["conf_low"], r["conf_high"]]), rtol=1e-9
    )


def test_covariance_of_two_times_is_that_of_the_earlier_sum(case):
    curve, r = case
    np.testing.assert_allclose(curve.covariance(r["times"])[0, 1], r["covariance"], rtol=1e-9)


def test_median_and_its_limits_as_in_r(case):
    curve, r = case
    found = curve.median()
    nothing = {None: np.nan}
    expected = [nothing.get(r[k], r[k]) for k in ("median", "median_low", "median_high")]
    np.testing.assert_array_equal(found[:3], np.array(expected, float))
    assert found.is_reached


def test_numbers_at_risk_as_in_r_and_rows_add_up(case):
    curve, r = case
    numbers = curve.numbers([0, *r["times"]])
    assert list(numbers["at_risk"][1:]) == r["at_risk"]
    assert set(numbers[["at_risk", "events", "censored"]].sum(axis=1)) == {curve.n}


def test_a_median_that_is_not_reached_is_empty_not_infinite():
    median = kaplan_meier(np.array([1.0, 2, 3, 4]), np.array([True, False, False, False])).median()
    assert not median.is_reached
    assert np.isnan(median.weeks)


def test_exactly_one_half_is_the_median():
    """3/4 x 2/3 is one half, which floating point misses; by definition inf{t: S(t) <= 1/2}."""
    assert kaplan_meier(np.arange(1.0, 5), np.ones(4, bool)).median().weeks == 2.0


def test_curve_as_in_lifelines():
    """A second implementation on tied and censored times; products of logs, hence 1e-12."""
    rng = np.random.default_rng(8)
    time, event = rng.integers(0, 30, 300).astype(float), rng.random(300) < 0.6
    fitted = KaplanMeierFitter().fit(time, event)
    weeks = np.arange(0, 31)
    np.testing.assert_allclose(
        kaplan_meier(time, event).at(weeks), fitted.predict(weeks), rtol=1e-12
    )


def test_before_the_first_and_after_the_last_event_there_is_no_interval():
    curve = kaplan_meier(np.array([2.0, 3]), np.array([True, True]))
    np.testing.assert_array_equal(curve.at([1, 2, 3]), [1.0, 0.5, 0.0])
    assert np.isnan(curve.interval([1, 3])).all()
    np.testing.assert_array_equal(curve.covariance([1, 3]), np.zeros((2, 2)))


def test_people_without_any_follow_up_count_at_the_start_only():
    curve = kaplan_meier(np.array([0.0, 5, 6]), np.array([False, True, False]))
    assert curve.n == 3
    assert curve.at([5])[0] == pytest.approx(0.5)
    assert curve.numbers([0, 1])["at_risk"].tolist() == [3, 2]


@settings(max_examples=40, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=25),
    order=st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_without_censoring_it_is_a_share(data, order):
    time, event = (np.array(x) for x in zip(*data, strict=True))
    curve = kaplan_meier(time, event)
    shuffled = order.sample(data, len(data))
    again = kaplan_meier(*(np.array(x) for x in zip(*shuffled, strict=True)))
    np.testing.assert_array_equal(curve.survival, again.survival)
    assert np.all(np.diff(np.append(1.0, curve.survival)) <= 1e-15)
    everyone = kaplan_meier(time, np.ones(len(time), bool))
    shares = [np.mean(time > t) for t in everyone.times]
    np.testing.assert_allclose(everyone.survival, shares, atol=1e-12)


@pytest.fixture(params=["plain", "delayed", "weighted", "few"])
def other_case(request, reference):
    """Curve and R's numbers; `event_tests.json`, made by `event_tests.R` (survival 3.5-3)."""
    witness = reference("event_tests")
    name = request.param
    if name == "few":
        data = witness["few"]
        curve = kaplan_meier(np.array(data["time"]), np.array(data["status"]) == 1)
    else:
        data = {k: np.array(v) for k, v in witness["lung"].items()}
        options = {"delayed": {"entry": data["entry"]}, "weighted": {"weights": data["weight"]}}
        curve = kaplan_meier(data["time"], data["event"] == 1, **options.get(name, {}))
    return curve, witness["curves"][name]


def test_delayed_entry_and_weights_as_in_r(other_case):
    curve, r = other_case
    found = [curve.at(r["times"]), np.sqrt(np.diag(curve.covariance(r["times"])))]
    np.testing.assert_allclose(found, [r["survival"], r["std_error"]], rtol=1e-9)
    np.testing.assert_allclose(curve.numbers(r["times"])["at_risk"], r["at_risk"], rtol=1e-9)
    estimate, cov = restricted_mean(curve, [max(r["times"])])
    np.testing.assert_allclose([estimate[0], np.sqrt(cov[0, 0])], r["rmean"], rtol=1e-9)


@pytest.mark.parametrize("method", INTERVALS)
def test_three_intervals_and_quantiles_as_in_r(other_case, method):
    curve, r = other_case
    limits = np.array([r[method]["low"], r[method]["high"]], float).T
    np.testing.assert_allclose(curve.interval(r["times"], method=method), limits, rtol=1e-9)
    found = [curve.quantile(share, method=method)[:3] for share in (0.25, 0.5, 0.75)]
    expected = [r["quantile"], r[method]["quantile_low"], r[method]["quantile_high"]]
    np.testing.assert_array_equal(np.array(found).T, np.array(expected, float))


def test_a_limit_beyond_one_is_cut_and_an_unknown_interval_named():
    curve = kaplan_meier(np.array([1.0, 2, 3, 4]), np.array([True, False, False, False]))
    assert curve.interval([1], method="plain")[0, 1] == 1
    with pytest.raises(KeyError, match='"logit"; did you mean|"logit"'):
        curve.interval([1], method="logit")
    with pytest.raises(ValueError, match="between 0 and 1"):
        curve.quantile(1.0)


@settings(max_examples=40, deadline=None)
@given(
    data=st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.integers(1, 3)), min_size=1, max_size=20
    ),
    cut=st.integers(1, 8),
)
def test_weights_are_people_and_time_cut_in_pieces_is_the_same_time(data, cut):
    time, event, weight = (np.array(x) for x in zip(*data, strict=True))
    curve = kaplan_meier(time, event, weights=weight)
    repeated = kaplan_meier(np.repeat(time, weight), np.repeat(event, weight))
    np.testing.assert_allclose(curve.survival, repeated.survival, atol=1e-12)
    np.testing.assert_allclose(curve.hazard_variance, repeated.hazard_variance, rtol=1e-12)
    later = time > cut
    pieces = kaplan_meier(
        np.concatenate([np.minimum(time, cut), time[later]]),
        np.concatenate([event & ~later, event[later]]),
        entry=np.concatenate([np.zeros(len(time)), np.full(later.sum(), cut)]),
        weights=np.concatenate([weight, weight[later]]),
    )
    np.testing.assert_allclose(pieces.at(np.arange(10)), curve.at(np.arange(10)), atol=1e-12)
    np.testing.assert_allclose(
        pieces.covariance(np.arange(10)), curve.covariance(np.arange(10)), atol=1e-12
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"time": [], "event": []}, "nobody"),
        ({"time": [1.0, np.nan]}, "row 1"),
        ({"entry": np.array([0.0, 2.0])}, "Row 1 comes under observation at 2"),
        ({"weights": np.array([1.0, 0.0])}, "not positive in row 1"),
    ],
)
def test_what_makes_no_curve_is_named(options, says):
    given = {"time": [1.0, 2.0], "event": [True, False]} | options
    with pytest.raises(ValueError, match=says):
        kaplan_meier(given.pop("time"), given.pop("event"), **given)


def test_everybody_on_day_zero_has_a_curve_at_zero():
    curve = kaplan_meier(np.zeros(4), np.ones(4, bool))
    assert curve.at([0])[0] == 0
    assert curve.median().weeks == 0
