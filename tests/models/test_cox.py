"""Cox regression against R's coxph, a case worked by hand, and what must not change the answer."""

import numpy as np
import pytest

from ctevidence.models.cox import fit_cox
from ctevidence.models.partial_maximum import SeparationError
from ctevidence.models.proportional_hazards import TRANSFORMS, proportional_hazards_test

#: how each fit of `cox.R` was asked for: argument -> column, or ties
LUNG = {
    "plain": {},
    "breslow": {"ties": "breslow"},
    "strata": {"strata": "ph.ecog"},
    "weights": {"weights": "weight"},
    "cluster": {"cluster": "inst"},
    "entry": {"start": "entry"},
    "together": {
        "start": "entry", "strata": "ph.ecog", "weights": "weight", "cluster": "inst",
    },
    "together_breslow": {
        "start": "entry", "strata": "ph.ecog", "weights": "weight", "cluster": "inst",
        "ties": "breslow",
    },
}  # fmt: skip
BLADDER = {"andersen_gill": {}, "pwp": {"strata": "enum"}}
CASES = [("lung", name) for name in LUNG] + [("bladder2", name) for name in BLADDER]


@pytest.fixture(params=CASES, ids=" ".join)
def case(request, reference):
    """The same fit by us and by R (survival 3.5-3); `cox.json`, made by `cox.R`."""
    of, name = request.param
    witness = reference("cox")[of]
    d = {column: np.array(values, float) for column, values in witness["data"].items()}
    asked = LUNG.get(name, BLADDER.get(name))
    options = {k: v if k == "ties" else d[v] for k, v in asked.items()}
    if of == "bladder2":
        options |= {"start": d["start"], "cluster": d["id"]}
        columns, stop = ["rx", "number", "size"], d["stop"]
    else:
        columns, stop = ["age", "sex"], d["time"]
    X = np.column_stack([d[c] for c in columns])
    return fit_cox(stop, d["event"], X, names=columns, **options), witness[name]


def test_as_in_r(case):
    fit, r = case
    np.testing.assert_allclose(fit.coef, r["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.cov, r["cov"], rtol=1e-9)
    np.testing.assert_allclose([fit.loglik_null, fit.loglik], r["loglik"], rtol=1e-12)
    assert fit.score_test.chi2 == pytest.approx(r["score"], rel=1e-9)


def test_the_score_is_zero_at_the_estimate(case):
    fit, _ = case
    residuals = fit.score_residuals()
    assert residuals.shape == (fit.n, len(fit.names))
    np.testing.assert_allclose(residuals.sum(axis=0), 0, atol=1e-9 * abs(residuals).sum())


def test_the_sandwich_of_the_residuals_is_the_robust_covariance():
    """In the units of the columns, whose standard deviations differ a hundredfold here."""
    rng = np.random.default_rng(6)
    stop, X = np.ceil(rng.exponential(20, 90)), rng.normal(size=(90, 2)) * [0.1, 10]
    fit = fit_cox(stop, rng.random(90) < 0.7, X, cluster=np.arange(90))
    meat = fit.score_residuals().T @ fit.score_residuals()
    np.testing.assert_allclose(fit.cov, fit.model_cov @ meat @ fit.model_cov, rtol=1e-9)


def test_score_residuals_are_those_of_r(reference):
    """``residuals(coxph(...), "score", weighted = TRUE)`` of weighting.R: Efron, weights, arms."""
    r = reference("weighting")
    data, arm = r["data"], np.array(r["data"]["arm"])
    x = (arm[:, None] == np.array(r["arms"])[1:]).astype(float)
    fit = fit_cox(data["time"], np.array(data["cause"]) == 1, x, weights=r["weight"]["overlap"])
    np.testing.assert_allclose(fit.score_residuals(), r["score_residuals"], rtol=1e-6, atol=1e-9)
    robust = fit.score_residuals() @ fit.model_cov
    np.testing.assert_allclose(robust.T @ robust, r["cox"]["cov_known"], rtol=1e-6)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_proportional_hazards_as_in_r(case, transform):
    fit, r = case
    found = proportional_hazards_test(fit, transform)
    assert list(found) == [*fit.names, "global"]
    chi2, p = np.array(r[transform]).T
    np.testing.assert_allclose([t.chi2 for t in found.values()], chi2, rtol=1e-8)
    np.testing.assert_allclose([t.p_value for t in found.values()], p, rtol=1e-8)


def tiny():
    """Therneau, validation vignette of R's survival, data set 1."""
    return (
        np.array([1.0, 1, 6, 6, 8, 9]),
        np.array([1, 0, 1, 1, 0, 1], bool),
        np.array([[1.0], [1], [1], [0], [0], [0]]),
    )


def test_the_validation_vignette():
    """Its printed values: Efron 1.676857, log-likelihoods -4.276666 and -3.358975."""
    fit = fit_cox(*tiny())
    assert fit.coef[0] == pytest.approx(1.67685749, abs=5e-9)
    assert fit.std_error[0] == pytest.approx(1.27761558, abs=5e-9)
    assert fit.loglik_null == pytest.approx(-4.27666612, abs=5e-9)
    assert fit.loglik == pytest.approx(-3.35897484, abs=5e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_time_at_risk_cut_in_pieces_changes_nothing(ties):
    stop, event, X = tiny()
    whole = fit_cox(stop, event, X, ties=ties)
    cut = stop > 2
    pieces = fit_cox(
        np.concatenate([np.where(cut, 2.0, stop), stop[cut]]),
        np.concatenate([event & ~cut, event[cut]]),
        np.concatenate([X, X[cut]]),
        start=np.concatenate([np.zeros(6), np.full(cut.sum(), 2.0)]),
        ties=ties,
    )
    assert pieces.coef == pytest.approx(whole.coef, rel=1e-12)
    assert pieces.cov == pytest.approx(whole.cov, rel=1e-12)


def test_order_of_rows_units_of_time_and_of_covariates():
    rng = np.random.default_rng(3)
    stop = np.ceil(rng.exponential(20, 200))
    event, X = rng.random(200) < 0.7, rng.normal(size=(200, 2))
    fit, order = fit_cox(stop, event, X), rng.permutation(200)
    shuffled = fit_cox(stop[order], event[order], X[order])
    scaled = fit_cox(stop * 7, event, 100 + X * [1, 1000])
    np.testing.assert_allclose(shuffled.coef, fit.coef, rtol=1e-10)
    np.testing.assert_allclose(scaled.coef * [1, 1000], fit.coef, rtol=1e-10)
    assert scaled.loglik == pytest.approx(fit.loglik, rel=1e-12)


def test_a_weight_of_two_is_the_row_twice_by_breslow():
    stop, event, X = tiny()
    weights = np.array([1.0, 2, 1, 2, 1, 1])
    twice = np.repeat(np.arange(6), weights.astype(int))
    weighted = fit_cox(stop, event, X, weights=weights, ties="breslow")
    repeated = fit_cox(stop[twice], event[twice], X[twice], ties="breslow")
    assert weighted.coef == pytest.approx(repeated.coef, rel=1e-10)


def test_clusters_of_one_are_nobody_s_cluster_but_robust():
    """Each row twice, as a cluster: the robust covariance stays, the model's is halved."""
    rng = np.random.default_rng(5)
    stop, X = rng.exponential(20, 80), rng.normal(size=(80, 1))
    event, who = np.ones(80, bool), np.arange(80)
    once = fit_cox(stop, event, X, cluster=who, ties="breslow")
    twice = fit_cox(
        *(np.concatenate([v, v]) for v in (stop, event, X)),
        cluster=np.concatenate([who, who]), ties="breslow",
    )  # fmt: skip
    assert twice.cov == pytest.approx(once.cov, rel=1e-9)
    assert twice.model_cov == pytest.approx(once.model_cov / 2, rel=1e-9)


def _one(**changes):
    stop, event, X = tiny()
    return {"stop": stop, "event": event, "X": X} | changes


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"event": np.zeros(6, bool)}, ValueError, "no event"),
        ({"X": np.ones((6, 1))}, ValueError, "x1 does not vary"),
        ({"X": np.column_stack([tiny()[2], 1 - tiny()[2]])}, ValueError, "x1, x2 are combinations"),
        ({"X": tiny()[1].astype(float)}, SeparationError, "x1: .* no finite hazard ratio"),
        ({"ties": "exact"}, ValueError, 'ties is "exact"'),
        ({"start": np.full(6, 3.0)}, ValueError, "row 0 begins at 3 and ends at 1"),
        ({"weights": np.array([1, 1, 1, 1, 0, 1.0])}, ValueError, "not positive in row 4"),
        ({"stop": np.array([1, 1, np.nan, 6, 8, 9])}, ValueError, "stop is missing .* in row 2"),
        ({"event": np.ones(5, bool)}, ValueError, "one row for each time at risk"),
    ],
)
def test_what_cannot_be_fitted_says_why(changes, error, says):
    with pytest.raises(error, match=says):
        fit_cox(**_one(**changes))


def test_a_column_that_tells_nothing_at_any_event():
    """It differs only after the last event."""
    with pytest.raises(ValueError, match="late does not differ among people at risk"):
        fit_cox(
            np.array([1.0, 2, 3, 4]), np.array([1, 1, 0, 0], bool),
            np.array([[0, 0.0], [1, 0], [0, 0], [1, 1]]),
            start=np.array([0, 0, 0, 2.5]), names=["arm", "late"],
        )  # fmt: skip


def test_proportional_hazards_of_terms_and_of_too_little():
    stop, event, X = tiny()
    fit = fit_cox(stop, event, np.column_stack([X[:, 0], [3.0, 1, 4, 1, 5, 9]]), names=["a", "b"])
    joint = proportional_hazards_test(fit, terms={"both": ["a", "b"]})
    assert joint["both"].df == 2
    assert joint["both"].chi2 == pytest.approx(joint["global"].chi2, rel=1e-12)
    with pytest.raises(KeyError, match='column "c"'):
        proportional_hazards_test(fit, terms={"both": ["c"]})
    with pytest.raises(KeyError, match='transform "kn". Known: km'):
        proportional_hazards_test(fit, "kn")
    one_time = fit_cox(np.array([5.0, 5, 6]), np.array([1, 1, 0], bool), np.array([0.0, 1, 0]))
    assert np.isnan(proportional_hazards_test(one_time)["global"].p_value)


#: columns of `event_tests.json`: start, stop, event, and what is in the model
LATER = {
    "pbc": ("tstart", "tstop", lambda d: d["death"] == 2, lambda d: [np.log(d["bili"]),
            np.log(d["protime"])]),
    "heart": ("start", "stop", lambda d: d["event"] == 1, lambda d: [d["age"], d["surgery"],
              d["transplant"]]),
}  # fmt: skip


@pytest.mark.parametrize("name", LATER)
def test_treatment_that_begins_later_and_covariates_that_change_as_in_r(reference, name):
    """Times at risk made by tmerge (its pbc example) and the heart transplants of `survival`."""
    r = reference("event_tests")["later"][name]
    d = {k: np.array(v) for k, v in r.items()}
    start, stop, event, columns = LATER[name]
    X = np.column_stack(columns(d))
    fit = fit_cox(d[stop], event(d), X, start=d[start])
    np.testing.assert_allclose(fit.coef, r["coef"], rtol=1e-8)
    np.testing.assert_allclose(fit.cov, r["cov"], rtol=1e-8)
    if name == "pbc":  # as printed in the vignette on time-dependent covariates
        assert fit.coef == pytest.approx([1.241214, 3.983400], abs=1e-6)
