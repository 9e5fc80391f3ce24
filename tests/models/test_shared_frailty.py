"""Shared frailty against R's coxph(... + frailty()), and what must not matter."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.integrate import quad

from ctevidence.models.cox import fit_cox
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.shared_frailty import fit_shared_frailty

#: how each fit of `event_tests.R` was asked for
ASKED = {
    "rats_gamma": {},
    "rats_gamma_fixed": {"variance": 0.5},
    "rats_breslow_fixed": {"variance": 0.5, "ties": "breslow"},
    "rats_normal": {"distribution": "normal"},
    "rats_normal_fixed": {"distribution": "normal", "variance": 0.4},
    "kidney_gamma": {},
    "kidney_gamma_fixed": {"variance": 0.5},
    "kidney_normal": {"distribution": "normal"},
}


@pytest.fixture(scope="module")
def r(reference):
    """`event_tests.json`, made by `event_tests.R` (survival 3.5-3; female rats, and kidney)."""
    return reference("event_tests")["frailty"]


@pytest.fixture(scope="module")
def rats(r):
    d = {k: np.array(v) for k, v in r["rats"].items()}
    return d["time"], d["status"] == 1, d["rx"], d["litter"]


@pytest.fixture(scope="module")
def kidney(r):
    d = {k: np.array(v) for k, v in r["kidney"].items()}
    return d["time"], d["status"] == 1, np.column_stack([d["age"], d["sex"]]), d["id"]


@pytest.mark.parametrize("asked", ASKED)
def test_as_in_r(r, rats, kidney, asked):
    """1e-8 where the variance is given. R's search for it ends one step short of the coefficients:
    within 1e-4 standard errors then, with a likelihood at least as high.
    """
    fit = fit_shared_frailty(*(rats if asked.startswith("rats") else kidney), **ASKED[asked])
    expected = r[asked]
    given = "fixed" in asked
    assert fit.variance == pytest.approx(expected["theta"], rel=1e-6)
    apart = np.abs(fit.coef - expected["coef"])
    assert (apart < (1e-8 * np.abs(fit.coef) if given else 1e-4 * fit.std_error)).all()
    cov = np.atleast_2d(expected["cov"])
    np.testing.assert_allclose(fit.cov, cov, rtol=1e-7 if given else 2e-4)
    if "gamma" in asked:
        assert fit.loglik == pytest.approx(expected["marginal"], rel=1e-11)
        assert given or fit.loglik >= expected["marginal"] - 1e-10


def test_published_values_of_rats(rats):
    """R's printed fit: 0.91433 (0.32302), variance 0.499; robust over litters 0.3025."""
    fit = fit_shared_frailty(*rats)
    assert fit.coef[0] == pytest.approx(0.91433, abs=1e-5)
    assert fit.std_error[0] == pytest.approx(0.32302, abs=5e-5)
    assert fit.variance == pytest.approx(0.499, abs=5e-4)
    robust = fit_cox(*rats[:3], cluster=rats[3])
    assert robust.coef[0] == pytest.approx(0.90473524, abs=1e-8)
    assert robust.std_error[0] == pytest.approx(0.30251651, abs=1e-8)


def test_gamma_frailties_are_the_posterior_means_of_the_em_algorithm(rats):
    """exp(w) = (1 / theta + events) / (1 / theta + expected), with Breslow's hazard by hand."""
    time, event, x, litter = rats
    fit = fit_shared_frailty(time, event, x, litter, ties="breslow")
    own = dict(zip(fit.groups, fit.frailty, strict=True))
    risk = np.exp(x * fit.coef[0] + np.array([own[g] for g in litter]))
    moments = np.unique(time[event])
    hazard = [np.sum(event & (time == t)) / risk[time >= t].sum() for t in moments]
    lived = np.array([np.sum(np.array(hazard)[moments <= t]) for t in time])
    for g in fit.groups[:10]:
        rows = litter == g
        expected = np.sum(lived[rows] * np.exp(x[rows] * fit.coef[0]))
        mean = (1 / fit.variance + event[rows].sum()) / (1 / fit.variance + expected)
        assert np.exp(own[g]) == pytest.approx(mean, rel=1e-8)


@pytest.mark.parametrize("distribution", ["gamma", "normal"])
def test_groups_that_do_not_differ_have_no_frailty(distribution):
    """Two of each group with exactly the same times in every group: no variance, plain Cox."""
    x = np.tile([0.0, 1, 0, 1], 12)
    stop = np.tile([1.0, 2, 4, 3], 12) + np.repeat(np.arange(12), 4) / 1000
    fit = fit_shared_frailty(
        stop, np.ones(48, bool), x, np.repeat(np.arange(12), 4), distribution=distribution
    )
    plain = fit_cox(stop, np.ones(48, bool), x)
    assert (fit.variance, fit.p_value) == (0.0, 1.0)
    np.testing.assert_array_equal(fit.coef, plain.coef)
    np.testing.assert_array_equal(fit.frailty, np.zeros(12))


def test_order_units_labels_and_pieces_of_time_change_nothing(kidney):
    stop, event, X, who = kidney
    fit, order = fit_shared_frailty(*kidney), np.random.default_rng(1).permutation(len(stop))
    labels = np.char.add("therapist ", who.astype(str))
    cut = stop > 30
    pieces = {
        "stop": np.concatenate([np.minimum(stop, 30), stop[cut]]),
        "event": np.concatenate([event & ~cut, event[cut]]),
        "X": np.concatenate([X, X[cut]]),
        "group": np.concatenate([who, who[cut]]),
        "start": np.concatenate([np.zeros(len(stop)), np.full(cut.sum(), 30.0)]),
    }
    for again in (
        fit_shared_frailty(stop[order] * 7, event[order], X[order], labels[order]),
        fit_shared_frailty(**pieces),
    ):
        assert again.variance == pytest.approx(fit.variance, rel=1e-6)
        np.testing.assert_allclose(again.coef, fit.coef, rtol=1e-6)
        np.testing.assert_allclose(again.cov, fit.cov, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"distribution": "stable"}, "gamma or normal"),
        ({"variance": -1.0}, "positive"),
        ({"group": np.zeros(150)}, "one group only"),
    ],
)
def test_what_cannot_be_fitted_is_named(rats, options, says):
    given = dict(zip(("stop", "event", "X", "group"), rats, strict=True)) | options
    with pytest.raises(ValueError, match=says):
        fit_shared_frailty(**given)


def _partly_nested(seed=7):
    """An arm whose people share therapists, and one without; times without ties."""
    rng = np.random.default_rng(seed)
    therapist = np.append(np.repeat(np.nan, 60), np.repeat(np.arange(12.0), 5))
    own = rng.gamma(1, 1, 12)[np.nan_to_num(therapist).astype(int)]
    x = (~np.isnan(therapist)).astype(float)
    stop = rng.exponential(20 / np.where(x > 0, 0.6 * own, 1))
    return stop, rng.random(120) < 0.8, x, therapist


def test_people_of_no_group_have_no_frailty_and_the_likelihood_is_the_integral():
    """The marginal likelihood over the frailties by numerical integration, at Breslow's hazard."""
    stop, event, x, therapist = _partly_nested()
    fit = fit_shared_frailty(stop, event, x, therapist)
    assert len(fit.frailty) == 12
    assert fit.variance > 0.1

    def marginal(coef, w_of, theta):
        risk = np.exp(x * coef + w_of)
        hazard = np.array([1 / risk[stop >= t].sum() for t in stop[event]])
        lived = np.array([hazard[stop[event] <= t].sum() for t in stop]) * np.exp(x * coef)
        total = np.log(hazard).sum() + np.sum(x[event] * coef)
        total -= lived[np.isnan(therapist)].sum() if theta else lived.sum()
        for j in range(12 if theta else 0):
            rows = therapist == j
            d, expected, nu = event[rows].sum(), lived[rows].sum(), 1 / theta
            density = stats.gamma(nu, scale=theta).pdf
            total += np.log(quad(lambda z: z**d * np.exp(-z * expected) * density(z), 0, np.inf,  # noqa: B023
                                 epsabs=0, epsrel=1e-10)[0])  # fmt: skip
        return total

    own = dict(zip(fit.groups, fit.frailty, strict=True))
    w_of = np.array([own.get(g, 0.0) for g in therapist])
    plain = fit_cox(stop, event, x)
    gained = marginal(fit.coef[0], w_of, fit.variance) - marginal(plain.coef[0], 0 * x, 0)
    assert fit.loglik - fit.loglik_null == pytest.approx(gained, abs=1e-6)


def test_frailty_of_a_fit_is_that_of_its_people(make_outcome):
    stop, event, x, therapist = _partly_nested()
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(120)],
            "arm": np.where(x > 0, "combined", "medication"),
            "entry": 0.0,
            "lower": stop,
            "upper": np.where(event, stop, np.inf),
            "state": np.where(event, "relapsed", "well"),
        }
    )
    people = frame[["participant_id", "arm"]].assign(therapist=therapist)
    fit = fit_relapse(make_outcome("relapse", frame, people))
    witness = fit_shared_frailty(stop, event, x, therapist)
    shared = fit.shared_frailty("therapist")
    row = shared.compare("combined", against="medication").one()
    assert np.log(row.estimate) == pytest.approx(witness.coef[0], rel=1e-5)
    assert row.std_error == pytest.approx(witness.std_error[0], rel=1e-5)
    assert "gamma frailty shared by people of one therapist" in row.method
    assert shared.model.variance == pytest.approx(witness.variance, rel=1e-5)
    with pytest.raises(KeyError, match='did you mean "therapist"'):
        fit.shared_frailty("therapists")
