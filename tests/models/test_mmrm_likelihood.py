"""The REML and ML likelihood of both engines against its textbook form, and against differences.

The witness is the definition itself: dense V for all observations, matrix derivatives one by one
(Harville 1977; Kenward & Roger 1997), written here without any of the engines' shortcuts.
"""

import numpy as np
import pytest

from ctevidence.models import visit_patterns
from ctevidence.models.covariance_search import build_likelihood
from ctevidence.models.covariance_structures import (
    ON_TIMES,
    ON_VISITS,
    canonical_name,
    on_distances,
    on_visits,
    starting_values,
)
from ctevidence.models.design_basis import design_basis
from ctevidence.models.person_products import person_products
from ctevidence.models.random_effects_likelihood import RandomEffectsLikelihood
from ctevidence.models.variance_components import VarianceComponents
from ctevidence.models.visit_data import describe_visits
from ctevidence.models.visit_patterns import stacks

STEP = 1e-5
M = 4


def structure_of(name):
    if name in ON_TIMES:
        return on_distances(np.array([0.0, 0.3, 1.0, 2.5]))
    return on_visits(name, M)


def some_theta(structure, seed=1):
    theta = 0.3 * np.random.default_rng(seed).normal(size=structure.n_parameters)
    if structure.name.endswith("toeplitz"):
        theta[-structure.n_pattern :] = [0.5, 0.3, 0.1]
    return theta


def gradient(function, theta):
    rows = []
    for unit in np.eye(len(theta)) * STEP:
        rows.append((function(theta + unit) - function(theta - unit)) / (2 * STEP))
    return np.array(rows)


@pytest.mark.parametrize("name", ON_VISITS + ON_TIMES)
def test_structure_derivatives_are_those_of_its_values(name):
    structure = structure_of(name)
    theta = some_theta(structure)
    values, first, second = structure.derivatives(theta)
    np.testing.assert_allclose(values, structure.values(theta), rtol=1e-14)
    # Central differences: error of order STEP**2.
    np.testing.assert_allclose(first, gradient(structure.values, theta), atol=1e-8)
    slopes = gradient(lambda t: structure.derivatives(t)[1], theta)
    np.testing.assert_allclose(second, slopes, atol=1e-8)


@pytest.mark.parametrize("name", ON_VISITS)
def test_structures_are_symmetric_and_positive_definite(name):
    structure = structure_of(name)
    sigma = structure.values(some_theta(structure)).reshape(M, M)
    np.testing.assert_allclose(sigma, sigma.T, rtol=1e-14)
    assert np.linalg.eigvalsh(sigma)[0] > 0


def test_structures_have_the_pattern_of_their_name():
    theta = np.array([np.log(2.0), 0.75])  # 0.75 / sqrt(1 + 0.75**2) = 0.6
    ar1 = on_visits("ar1", 3).values(theta).reshape(3, 3)
    np.testing.assert_allclose(ar1[0], [4, 2.4, 1.44])
    # Logistic 0 is the middle of (-1/2, 1).
    cs = on_visits("compound-symmetry", 3).values(np.zeros(2)).reshape(3, 3)
    np.testing.assert_allclose(cs[0], [1, 0.25, 0.25])
    ante = on_visits("ante-dependence", 3).values(np.array([0, 0.75, 4 / 3])).reshape(3, 3)
    np.testing.assert_allclose(ante, [[1, 0.6, 0.48], [0.6, 1, 0.8], [0.48, 0.8, 1]])
    toeplitz = on_visits("heterogeneous-toeplitz", 3)
    sigma = toeplitz.values(np.log([1, 2, 3, 1, 1]) + [0, 0, 0, 0.75, 0]).reshape(3, 3)
    np.testing.assert_allclose(sigma, [[1, 1.2, 0], [1.2, 4, 3.6], [0, 3.6, 9]], atol=1e-14)
    us = on_visits("unstructured", 2).values(np.array([0, 0, 2.0]))
    np.testing.assert_allclose(us.reshape(2, 2), [[1, 2], [2, 5]])


@pytest.mark.parametrize("name", [n for n in ON_VISITS if n != "unstructured"])
def test_starting_values_reproduce_a_covariance_of_the_structure(name):
    structure = structure_of(name)
    theta = some_theta(structure)
    sigma = structure.values(theta).reshape(M, M)
    np.testing.assert_allclose(starting_values(structure, sigma), theta, atol=1e-6)


def test_unknown_covariance_is_refused_with_the_list():
    assert canonical_name("adh") == "heterogeneous-ante-dependence"
    with pytest.raises(ValueError, match="unstructured, toeplitz"):
        canonical_name("banded")


# -- the definition ----------------------------------------------------------------------------


def textbook(y, X, V, slopes, bends, reml):
    """Log-likelihood, score, observed and expected information, Phi, Q, P, R by definition."""
    n, q = X.shape
    W = np.linalg.inv(V)
    phi = np.linalg.inv(X.T @ W @ X)
    P = W - W @ X @ phi @ X.T @ W
    inside = P if reml else W
    deviance = (n - q * reml) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + y @ P @ y
    if reml:
        deviance -= np.linalg.slogdet(phi)[1]
    k = len(slopes)
    Py = P @ y
    score = np.array([-np.trace(inside @ a) + Py @ a @ Py for a in slopes]) / 2
    observed, expected = np.zeros((2, k, k))
    for i in range(k):
        for j in range(k):
            twice = np.trace(inside @ slopes[i] @ inside @ slopes[j])
            expected[i, j] = twice / 2
            observed[i, j] = (
                -twice
                + np.trace(inside @ bends[i, j])
                + 2 * Py @ slopes[i] @ P @ slopes[j] @ Py
                - Py @ bends[i, j] @ Py
            ) / 2
    lead = phi @ X.T @ W
    cov_slopes = np.array([lead @ a @ lead.T for a in slopes])
    pairs = np.array([[lead @ a @ W @ b @ lead.T for b in slopes] for a in slopes])
    curved = np.array([[lead @ bends[i, j] @ lead.T for j in range(k)] for i in range(k)])
    return -deviance / 2, score, observed, expected, phi, cov_slopes, pairs, curved


def compare(here, expected):
    loglik, score, observed, information, phi, cov_slopes = expected[:6]
    assert here.loglik == pytest.approx(loglik, rel=1e-11)
    for found, known in (
        (here.score, score),
        (here.observed, observed),
        (here.expected, information),
        (here.cov, phi),
        (here.cov_slopes, cov_slopes),
    ):
        np.testing.assert_allclose(found, known, atol=1e-9 * np.abs(known).max())


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("grouped", "reml"), [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("name", [*ON_VISITS, *ON_TIMES])
def test_patterned_likelihood_is_the_textbook_one(name, grouped, reml, shared, monkeypatch):
    monkeypatch.setattr(visit_patterns, "sharing_pays", lambda people, m: shared)
    rng = np.random.default_rng(5)
    person, visit = np.repeat(np.arange(14), M), np.tile(np.arange(M), 14)
    seen = rng.random(len(person)) < 0.75
    person, visit = person[seen], visit[seen]
    n = len(person)
    times = visit + 0.1 * rng.random(n)
    X = np.column_stack([np.ones(n), visit, rng.normal(size=n)])
    y = 3 + X @ rng.normal(size=3) + rng.normal(size=n)
    group = np.where(person % 2, "a", "b") if grouped else None

    data = describe_visits(person, visit, times, group, None, name, n)
    basis = design_basis(X, y, ("one", "visit", "x"))
    reduced = stacks(data.observations, X, y - X @ basis.offset, basis.to_basis)
    likelihood = build_likelihood(name, data, reduced, n, reml)
    structure = likelihood.structure
    k, groups = structure.n_parameters, len(data.groups)
    theta = np.concatenate([some_theta(structure, 1 + g) for g in range(groups)])

    V = np.zeros((n, n))
    slopes = np.zeros((k * groups, n, n))
    bends = np.zeros((k * groups, k * groups, n, n))
    for g, label in enumerate(data.groups):
        values, first, second = structure.derivatives(theta[g * k : (g + 1) * k])
        mine = np.arange(n) if group is None else np.flatnonzero(group == label)
        for i in mine:
            for j in mine[person[mine] == person[i]]:
                cell = visit[i] * M + visit[j]
                if name in ON_TIMES:
                    cell = np.argmin(np.abs(structure.distances - abs(times[i] - times[j])))
                V[i, j] = values[cell]
                slopes[g * k : (g + 1) * k, i, j] = first[:, cell]
                bends[g * k : (g + 1) * k, g * k : (g + 1) * k, i, j] = second[:, :, cell]
    Q = X @ basis.to_basis
    known = textbook(y - X @ basis.offset, Q, V, slopes, bends, reml)
    compare(likelihood.curvature(theta), known)

    weights = np.linalg.inv(known[3])
    pairs, curved = known[6:]
    for kind, share in (("no", 0.0), ("theta", 0.25)):
        second = np.einsum("ab,abij->ij", weights, pairs - share * curved)
        if grouped:  # only pairs within a group have a product
            blocks = np.kron(np.eye(groups), np.ones((k, k)))
            second = np.einsum("ab,abij->ij", weights * blocks, pairs - share * curved)
            cross = np.einsum("ab,abij->ij", weights * (1 - blocks), pairs)
            np.testing.assert_allclose(cross, 0, atol=1e-12)
        np.testing.assert_allclose(
            likelihood.second_order(theta, weights, kind), second, atol=1e-9 * abs(second).max()
        )


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("correlated", [True, False])
@pytest.mark.parametrize("second_size", [0, 1, 2])
def test_random_effects_likelihood_is_the_textbook_one(second_size, correlated, reml):
    rng = np.random.default_rng(8)
    person = np.sort(np.r_[np.arange(12), rng.integers(0, 12, 30)])
    n = len(person)
    therapist = np.where(person < 4, -1, (person + np.arange(n) // 7) % 3)  # partly crossed
    t = rng.random(n)
    X = np.column_stack([np.ones(n), t, rng.normal(size=n)])
    Z = X[:, :2]
    W = X[:, :second_size]
    y = X @ rng.normal(size=3) + rng.normal(size=n)
    sizes = (2, second_size) if second_size else (2,)
    components = VarianceComponents(sizes, correlated)
    second = (therapist, W) if second_size else (None, None)
    products = person_products(person, Z, np.column_stack([X, y]), *second)
    likelihood = RandomEffectsLikelihood(products, components, reml)
    factored = components.start() + 0.2 * rng.normal(size=components.n_parameters)

    s, factors = components.unpack(factored)
    designs = [(person, Z), (therapist, W)][: len(sizes)]
    V, slopes = s * np.eye(n), [np.eye(n)]
    for g, (member, design) in enumerate(designs):
        same = (member[:, None] == member) & (member[:, None] >= 0)
        V = V + same * (design @ factors[g] @ factors[g].T @ design.T)
        slopes += [same * (design @ unit @ design.T) for unit in components.units(g)]
    k = len(slopes)
    known = textbook(y, X, V, slopes, np.zeros((k, k, n, n)), reml)
    compare(likelihood.linear_curvature(factored), known)

    weights = np.linalg.inv(known[3])
    total = np.einsum("ab,abij->ij", weights, known[6])
    np.testing.assert_allclose(
        likelihood.second_order(factored, weights), total, atol=1e-9 * abs(total).max()
    )
    # In the factored parameters: differences of the log-likelihood and of the score.
    here = likelihood.curvature(factored)
    score = gradient(lambda f: likelihood.solve(f).loglik, factored)
    np.testing.assert_allclose(here.score, score, atol=1e-6)
    hessian = gradient(lambda f: likelihood.curvature(f).score, factored)
    np.testing.assert_allclose(-here.observed, hessian, atol=1e-6)
