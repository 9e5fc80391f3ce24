"""Mixed model for repeated measures: Gaussian scores at visits, covariance within a person.

    y_i = X_i beta + e_i,   e_i ~ N(0, Sigma_i)

with ``Sigma_i`` the rows and columns of one covariance matrix for the visits at which person
``i`` was observed. Missing visits need no filling in; estimates are valid when missingness
depends on observed data only (missing at random).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.models.between_within import BetweenWithin, coefficient_df
from ctevidence.models.covariance_structures import (
    ON_TIMES,
    ORDER_FREE,
    CovarianceStructure,
    canonical_name,
    on_distances,
    on_visits,
    starting_values,
)
from ctevidence.models.design_basis import DesignBasis, design_basis
from ctevidence.models.empirical_covariance import empirical_covariance
from ctevidence.models.gaussian_fit import GaussianFit, Inference
from ctevidence.models.kenward_roger import KenwardRoger, adjusted_covariance
from ctevidence.models.newton import Maximum, maximise
from ctevidence.models.patterned_likelihood import PatternedLikelihood
from ctevidence.models.satterthwaite import Satterthwaite
from ctevidence.models.visit_patterns import Observations, Stack, observe, stacks

Array = np.ndarray

METHODS = (
    "satterthwaite",
    "kenward-roger",
    "kenward-roger-linear",
    "between-within",
    "empirical-cr0",
    "empirical-cr2",
    "empirical-cr3",
)
FALLBACKS = (
    "heterogeneous-toeplitz",
    "heterogeneous-ar1",
    "heterogeneous-compound-symmetry",
    "ar1",
    "compound-symmetry",
)
# Smallest eigenvalue of a correlation matrix below which it is called singular.
SINGULAR_BELOW = 1e-6


@dataclass(frozen=True)
class MmrmFit(GaussianFit):
    """Fitted MMRM; see `GaussianFit` for what it answers.

    Attributes
    ----------
    covariance : str
        Structure that was fitted, which differs from the one asked for after a fall-back.
    visits : tuple
        Visits in the order of the rows and columns of ``sigma``.
    sigma : array (m, m), or dict of them by group
        Covariance within a person; for a spatial structure ``{"variance", "correlation"}``.
    theta : array (K,)
        Covariance parameters in the parameterisation named in ``method``.
    score : array (K,)
        Gradient of the log-likelihood there; zero but for rounding.
    """

    covariance: str
    visits: tuple
    theta: Array
    score: Array


def fit_mmrm(
    y: Array,
    X: Array,
    subject: Array,
    visit: Array | None = None,
    covariance: str = "unstructured",
    method: str = "kenward-roger",
    reml: bool = True,
    names: Sequence[str] | None = None,
    group: Array | None = None,
    weights: Array | None = None,
    times: Array | None = None,
    visits: Sequence | None = None,
    fallbacks: Sequence[str] = FALLBACKS,
) -> MmrmFit:
    """Fit a mixed model for repeated measures by REML or maximum likelihood.

    Parameters
    ----------
    y : array (n,)
        Scores; one row per person and visit observed, in any order, none missing.
    X : array (n, q)
        Design matrix, including the column of ones if there is an intercept.
    subject : array (n,)
        Who; any labels.
    visit : array (n,)
        At which visit. Numbers are ordered by value, a pandas Categorical by its categories;
        for text give ``visits`` unless the structure does not depend on the order. Not needed
        for ``spatial-exponential``.
    covariance : str
        ``unstructured``, ``toeplitz``, ``ar1``, ``compound-symmetry``, ``ante-dependence``, each
        but the first also as ``heterogeneous-...`` (a variance per visit);
        ``spatial-exponential``. R mmrm's abbreviations are understood.
    method : str
        ``satterthwaite``; ``kenward-roger`` (with second derivatives in R mmrm's
        parameterisation); ``kenward-roger-linear`` (without); ``between-within``;
        ``empirical-cr0``, ``empirical-cr2``, ``empirical-cr3`` (jackknife).
    reml : bool
        Restricted maximum likelihood, or maximum likelihood.
    names : sequence of q str
        Names of the columns of ``X``; ``x1, x2, ...`` when not given.
    group : array (n,)
        People of different groups (arms) have covariance matrices of their own.
    weights : array (n,)
        Positive; the covariance of a person becomes ``W^-1/2 Sigma W^-1/2``.
    times : array (n,) or (n, d)
        When, for ``spatial-exponential``: covariance ``variance * rho**distance``.
    visits : sequence
        The visits in order.
    fallbacks : sequence of str
        Covariance structures to try, in this order, when the one asked for does not converge,
        is singular or is not identified; those not simpler are passed over. What happened is
        recorded in ``cautions``. ``()`` refuses instead.

    Returns
    -------
    MmrmFit

    Raises
    ------
    ValueError
        When the data cannot be used (missing values, two rows for a person's visit, columns of
        ``X`` whose coefficients cannot be estimated) or no structure could be fitted.

    Examples
    --------
    Two visits of four people, all observed: the means are plain means.

    >>> y = np.array([10.0, 8.0, 12.0, 9.0, 14.0, 13.0, 12.0, 6.0])
    >>> visit = np.array([1, 2] * 4)
    >>> X = np.column_stack([visit == 1, visit == 2]).astype(float)
    >>> fit = fit_mmrm(y, X, np.repeat(np.arange(4), 2), visit, names=["week 1", "week 2"])
    >>> fit.coef
    array([12.,  9.])
    >>> test = fit.contrast([-1, 1])
    >>> round(test.estimate, 6), round(test.df, 6)
    (-3.0, 3.0)
    """
    asked = canonical_name(covariance)
    _check_method(method, reml)
    y, X, names = _checked_design(y, X, names)
    root = _root_weights(weights, len(y))
    data = _describe(subject, visit, times, group, visits, asked, len(y))
    if weights is not None:
        X, y = X * root[:, None], y * root
    basis = design_basis(X, y, names)
    reduced = stacks(data.observations, X, y - X @ basis.offset, basis.to_basis)

    attempts = []
    for name in [asked, *map(canonical_name, fallbacks)]:
        likelihood = _likelihood(name, data, reduced, len(y), reml)
        if attempts and likelihood.structure.n_parameters >= attempts[0][1]:
            continue
        maximum, reason = _search(likelihood, data)
        if reason is None:
            break
        attempts.append((name, likelihood.structure.n_parameters, reason))
    else:
        raise ValueError(
            "the covariance within a person could not be estimated. "
            + " ".join(f"{n}: {r}." for n, _, r in attempts)
            + " Fewer coefficients, fewer visits or a simpler structure may be supported."
        )
    cautions = tuple(
        f"covariance {n} was not used: {r}; {name} was fitted instead" for n, _, r in attempts
    )
    jacobian = np.log(abs(basis.to_basis.diagonal())).sum() * reml + np.log(root).sum()
    theta = maximum.theta
    return MmrmFit(
        names=names,
        coef=basis.offset + basis.to_basis @ maximum.curvature.coef,
        sigma=_sigma(likelihood, data, theta),
        random_cov=None,
        loglik=float(maximum.curvature.loglik + jacobian),
        reml=reml,
        converged=maximum.converged,
        cautions=cautions,
        n_obs=len(y),
        n_subjects=data.observations.n_subjects,
        n_parameters=len(theta),
        method=_describe_method(method, reml, likelihood.structure),
        inference=_inference(method, likelihood, maximum, basis, X, y, data.observations),
        covariance=name,
        visits=data.visits,
        theta=theta,
        score=maximum.curvature.score,
    )


# -- what comes in -----------------------------------------------------------------------------


@dataclass(frozen=True)
class VisitData:
    """Who was observed where: codes, labels and, for spatial structures, coordinates."""

    observations: Observations
    visits: tuple
    groups: tuple
    coordinates: Array | None


def _check_method(method: str, reml: bool) -> None:
    if method not in METHODS:
        raise ValueError(f"method={method!r} is not known. Use one of: {', '.join(METHODS)}.")
    if method.startswith("kenward-roger") and not reml:
        raise ValueError(
            f"method={method!r} is derived for REML only. Use reml=True, or satterthwaite with "
            "maximum likelihood."
        )


def _checked_design(
    y: Array, X: Array, names: Sequence[str] | None
) -> tuple[Array, Array, tuple[str, ...]]:
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    if y.ndim != 1 or X.ndim != 2 or len(X) != len(y) or len(y) == 0:
        raise ValueError(
            f"y must have shape (n,) and X shape (n, q) with n > 0; found {y.shape} and {X.shape}."
        )
    if names is None:
        names = [f"x{i + 1}" for i in range(X.shape[1])]
    if len(names) != X.shape[1]:
        raise ValueError(f"X has {X.shape[1]} columns but {len(names)} names were given.")
    for what, values in (("y", y), ("X", X)):
        # One sum is finite only if every value is: no mask of the size of X in the usual case.
        if not np.isfinite(values.sum()):
            bad = np.flatnonzero(~np.isfinite(values.reshape(len(y), -1)).all(axis=1))
            if len(bad):
                raise ValueError(
                    f"{what} has missing or infinite values in {len(bad)} rows (first: row "
                    f"{bad[0]}). Leave out the rows of visits that were not observed."
                )
    return y, X, tuple(str(name) for name in names)


def _root_weights(weights: Array | None, n: int) -> Array:
    if weights is None:
        return np.ones(1)
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (n,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError("weights must be one positive finite number for each observation.")
    return np.sqrt(weights)


def _describe(
    subject: Array,
    visit: Array | None,
    times: Array | None,
    group: Array | None,
    visits: Sequence | None,
    covariance: str,
    n: int,
) -> VisitData:
    people, subject_labels = _codes(subject, "subject", n)
    groups, group_labels = (
        (np.zeros(n, dtype=np.int64), (None,)) if group is None else _codes(group, "group", n)
    )
    coordinates = None
    if covariance in ON_TIMES:
        position, coordinates = _time_positions(times, n)
        labels: tuple = ()
    else:
        position, labels = _visit_positions(visit, visits, covariance, n)
    try:
        observations = observe(people, position, groups)
    except ValueError as error:
        if len(error.args) < 3:
            raise
        _, who, where = error.args
        place = f"visit {labels[where]!r}" if labels else f"time {coordinates[where].tolist()}"
        raise ValueError(
            f"subject {subject_labels[who]!r} has two observations at {place}. Decide which "
            "counts before fitting."
        ) from None
    return VisitData(observations, labels, tuple(group_labels), coordinates)


def _codes(labels: Array, what: str, n: int) -> tuple[Array, Array]:
    if len(labels) != n:
        raise ValueError(f"{what} must have one entry for each of the {n} observations.")
    codes, found = pd.factorize(labels)
    if (codes < 0).any():
        raise ValueError(f"{what} is missing in row {int(np.argmin(codes))}.")
    return codes.astype(np.int64), np.asarray(found)


def _visit_positions(
    visit: Array | None, visits: Sequence | None, covariance: str, n: int
) -> tuple[Array, tuple]:
    if visit is None:
        raise ValueError(f"covariance={covariance!r} needs visit=, the visit of each observation.")
    codes, found = _codes(visit, "visit", n)
    if visits is None and isinstance(getattr(visit, "dtype", None), pd.CategoricalDtype):
        visits = [category for category in visit.dtype.categories if category in set(found)]
    if visits is None:
        if found.dtype.kind not in "iufbM" and covariance not in ORDER_FREE:
            raise ValueError(
                f"covariance={covariance!r} depends on the order of the visits, which labels such "
                f"as {found[0]!r} do not tell. Give visits=, the labels in order."
            )
        visits = sorted(found)
    unknown = set(found) - set(visits)
    if unknown:
        raise ValueError(f"visit has values that visits= does not list: {sorted(unknown)}.")
    order = [label for label in visits if label in set(found)]
    place = {label: number for number, label in enumerate(order)}
    order = [getattr(label, "item", lambda label=label: label)() for label in order]
    return np.array([place[label] for label in found])[codes], tuple(order)


def _time_positions(times: Array | None, n: int) -> tuple[Array, Array]:
    if times is None:
        raise ValueError("covariance='spatial-exponential' needs times=, when each row was seen.")
    times = np.asarray(times, dtype=float).reshape(n, -1)
    if not np.isfinite(times).all():
        raise ValueError("times has missing or infinite values.")
    coordinates, position = np.unique(times, axis=0, return_inverse=True)
    return position.ravel(), coordinates


# -- fitting -----------------------------------------------------------------------------------


def _likelihood(
    name: str, data: VisitData, reduced: list[Stack], n_obs: int, reml: bool
) -> PatternedLikelihood:
    n_groups = len(data.groups)
    if data.coordinates is None:
        m = len(data.visits)
        cells = [s.positions[:, :, None] * m + s.positions[:, None] for s in reduced]
        return PatternedLikelihood(reduced, cells, on_visits(name, m), n_groups, n_obs, reml)
    apart = []
    for stack in reduced:
        points = data.coordinates[stack.positions]
        apart.append(np.sqrt(((points[:, :, None] - points[:, None]) ** 2).sum(axis=-1)))
    distances, codes = np.unique(np.concatenate([a.ravel() for a in apart]), return_inverse=True)
    pieces = np.split(codes.ravel(), np.cumsum([a.size for a in apart])[:-1])
    cells = [piece.reshape(a.shape) for piece, a in zip(pieces, apart, strict=True)]
    return PatternedLikelihood(reduced, cells, on_distances(distances), n_groups, n_obs, reml)


def _search(likelihood: PatternedLikelihood, data: VisitData) -> tuple[Maximum | None, str | None]:
    """Maximum of the likelihood, or the reason why there is none to use."""
    structure, size = likelihood.structure, likelihood.structure.n_parameters
    start = _start(likelihood, data)
    for g, label in enumerate(data.groups):
        seen = [
            c.ravel()
            for s, c in zip(likelihood.stacks, likelihood.cells, strict=True)
            if s.group == g
        ]
        slopes = structure.derivatives(start[g * size : (g + 1) * size])[1]
        if np.linalg.matrix_rank(slopes[:, np.unique(np.concatenate(seen))]) < size:
            where = "" if label is None else f" in group {label!r}"
            return None, f"not identified{where}: {_never_together(likelihood, data, g)}"
    maximum = maximise(likelihood, start)
    if _smallest_eigenvalue(likelihood, maximum.theta) < SINGULAR_BELOW:
        return None, "the estimated covariance is singular"
    if not maximum.converged:
        return None, f"no convergence in {maximum.steps} steps"
    return maximum, None


def _start(likelihood: PatternedLikelihood, data: VisitData) -> Array:
    """Moment estimates from the least-squares residuals, per group."""
    parts = []
    for g in range(likelihood.n_groups):
        cells = np.zeros((2, len(likelihood.structure.exponents)))
        for stack, cell in zip(likelihood.stacks, likelihood.cells, strict=True):
            if stack.group == g:
                people = np.broadcast_to(stack.counts[:, None, None], cell.shape)
                np.add.at(cells[0], cell.ravel(), stack.moments[:, -1])
                np.add.at(cells[1], cell.ravel(), people.ravel())
        products, counts = cells
        if data.coordinates is not None:
            parts.append(_spatial_start(likelihood, products, counts))
            continue
        m = len(data.visits)
        moments = (products / np.maximum(counts, 1)).reshape(m, m)
        spread = moments.diagonal()
        # A visit without spread (or people) starts from the average visit.
        usual = spread[spread > 0].mean() if (spread > 0).any() else 1.0
        spread = np.where(spread > 1e-8 * usual, spread, usual)
        np.fill_diagonal(moments, spread)
        parts.append(starting_values(likelihood.structure, moments))
    return np.concatenate(parts)


def _spatial_start(likelihood: PatternedLikelihood, products: Array, counts: Array) -> Array:
    """Overall variance, and the correlation that is one half at the median distance."""
    distance = likelihood.structure.distances
    near = distance == 0
    variance = products[near].sum() / counts[near].sum()
    apart = np.repeat(distance[~near], counts[~near].astype(int))
    half = 0.5 ** (1 / np.median(apart)) if len(apart) else 0.5
    return np.concatenate([[np.log(variance)], likelihood.structure.link.inverse(np.array([half]))])


def _never_together(likelihood: PatternedLikelihood, data: VisitData, group: int) -> str:
    """Which pairs of visits no person of the group attended both, in words."""
    m = len(data.visits)
    together = np.zeros(m * m, dtype=bool)
    for stack, cell in zip(likelihood.stacks, likelihood.cells, strict=True):
        if stack.group == group:
            together[cell.ravel()] = True
    pairs = [
        f"{data.visits[j]!r} and {data.visits[k]!r}"
        for j, k in zip(*np.tril_indices(m, -1), strict=True)
        if not together[j * m + k]
    ]
    if not pairs:
        return "too few different visits or times"
    return "never observed in one person are visits " + ", ".join(pairs)


def _smallest_eigenvalue(likelihood: PatternedLikelihood, theta: Array) -> float:
    """Smallest eigenvalue of any pattern's correlation matrix."""
    parts = np.split(theta, likelihood.n_groups)
    smallest = 1.0
    for stack, cells in zip(likelihood.stacks, likelihood.cells, strict=True):
        sigma = likelihood.structure.values(parts[stack.group])[cells]
        scale = np.sqrt(np.diagonal(sigma, axis1=1, axis2=2))
        if not (np.isfinite(sigma).all() and (scale > 0).all()):
            return 0.0
        correlation = sigma / (scale[:, :, None] * scale[:, None])
        smallest = min(smallest, float(np.linalg.eigvalsh(correlation).min()))
    return smallest


# -- what goes out -----------------------------------------------------------------------------


def _sigma(likelihood: PatternedLikelihood, data: VisitData, theta: Array) -> Array | dict:
    found = {}
    for label, part in zip(data.groups, np.split(theta, likelihood.n_groups), strict=True):
        if data.coordinates is None:
            m = len(data.visits)
            found[label] = likelihood.structure.values(part).reshape(m, m)
        else:
            rho = float(likelihood.structure.link.apply(part[1:])[0][0])
            found[label] = {"variance": float(np.exp(part[0])), "correlation": rho}
    return found[None] if None in found else found


def _inference(
    method: str,
    likelihood: PatternedLikelihood,
    maximum: Maximum,
    basis: DesignBasis,
    X: Array,
    y: Array,
    observations: Observations,
) -> Inference:
    here, back = maximum.curvature, basis.to_basis
    cov = back @ here.cov @ back.T
    if method == "between-within":
        return BetweenWithin(cov, coefficient_df(X, observations.order, observations.first))
    if method.startswith("empirical-"):
        coef = basis.offset + back @ here.coef
        people = _whitened(likelihood, maximum.theta, X, y - X @ coef, observations)
        return empirical_covariance(people, cov, method.removeprefix("empirical-"))
    half = back @ here.cov
    cov_slopes = half @ here.slopes @ half.T
    weights = np.linalg.inv(here.observed)
    if method == "satterthwaite":
        return Satterthwaite(cov, cov_slopes, weights)
    curved = method == "kenward-roger"
    second = half @ likelihood.second_order(maximum.theta, weights, curved) @ half.T
    adjusted = adjusted_covariance(cov, cov_slopes, weights, second)
    return KenwardRoger(adjusted, cov, cov_slopes, weights)


def _whitened(
    likelihood: PatternedLikelihood, theta: Array, X: Array, residual: Array, seen: Observations
) -> Iterator[tuple[Array, Array]]:
    """Whitened design and residuals of people, block by block of one pattern."""
    for number, inverse in likelihood.inverse_factors(theta):
        for rows in seen.rows(number):
            yield inverse @ X[rows], residual[rows] @ inverse.T


def _describe_method(method: str, reml: bool, structure: CovarianceStructure) -> str:
    estimation = "REML" if reml else "ML"
    information = "observed information"
    text = {
        "satterthwaite": f"Satterthwaite, {information}",
        "kenward-roger": (
            f"Kenward-Roger, second order in {structure.parameterisation}, {information}"
        ),
        "kenward-roger-linear": f"Kenward-Roger, first order, {information}",
        "between-within": "between-within degrees of freedom",
        "empirical-cr0": "empirical covariance CR0, Bell-McCaffrey degrees of freedom",
        "empirical-cr2": "empirical covariance CR2, Bell-McCaffrey degrees of freedom",
        "empirical-cr3": "empirical covariance CR3 (jackknife), Bell-McCaffrey degrees of freedom",
    }[method]
    return f"MMRM, {structure.name} covariance, {estimation}; {text}"
