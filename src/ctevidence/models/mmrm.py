"""Mixed model for repeated measures: Gaussian scores at visits, covariance within a person.

    y_i = X_i beta + e_i,   e_i ~ N(0, Sigma_i)

with ``Sigma_i`` the rows and columns of one covariance matrix for the visits at which person
``i`` was observed. Missing visits need no filling in; estimates are valid when missingness
depends on observed data only (missing at random).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ctevidence.language import pick, say
from ctevidence.models.between_within import BetweenWithin, coefficient_df
from ctevidence.models.covariance_search import FALLBACKS, FittedCovariance, fit_covariance
from ctevidence.models.covariance_structures import (
    ON_TIMES,
    ORDER_FREE,
    CovarianceStructure,
    canonical_name,
)
from ctevidence.models.design_basis import (
    DesignBasis,
    checked_design,
    design_basis,
    residual_to_fit,
    root_weights,
)
from ctevidence.models.empirical_covariance import empirical_covariance
from ctevidence.models.gaussian_fit import GaussianFit, Inference
from ctevidence.models.kenward_roger import kenward_roger
from ctevidence.models.people_blocks import PeopleBlocks
from ctevidence.models.satterthwaite import Satterthwaite
from ctevidence.models.visit_data import VisitData, describe_visits
from ctevidence.models.visit_patterns import Observations, stacks
from ctevidence.names import in_words

Array = np.ndarray

METHODS = (
    "satterthwaite",
    "kenward-roger",
    "kenward-roger-linear",
    "kenward-roger-sas",
    "between-within",
    "empirical-cr0",
    "empirical-cr2",
    "empirical-cr3",
)
# Parameters in which the second-derivative term of Kenward & Roger is taken.
SECOND_DERIVATIVES = {
    "kenward-roger": "theta",
    "kenward-roger-linear": "no",
    "kenward-roger-sas": "natural",
}


@dataclass(frozen=True)
class MmrmFit(GaussianFit):
    """Fitted MMRM; see `GaussianFit` for what it answers.

    Attributes
    ----------
    sigma : array (m, m), or dict of them by group
        Covariance within a person; for a spatial structure ``{"variance", "correlation"}``, the
        latter per unit of time.
    covariance : str
        Structure that was fitted, which differs from the one asked for after a fall-back.
    visits : tuple
        Visits in the order of the rows and columns of ``sigma``.
    theta : array (K,)
        Covariance parameters in the parameterisation of the structure.
    score : array (K,)
        Gradient of the log-likelihood there; zero but for rounding.
    people : PeopleBlocks
        The rows of each person with their covariance, for residuals and influence.
    """

    covariance: str
    visits: tuple
    theta: Array
    score: Array
    people: PeopleBlocks = field(repr=False)


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
        parameterisation), ``kenward-roger-linear`` (without), ``kenward-roger-sas`` (with those
        in SAS PROC MIXED's parameters); ``between-within``; ``empirical-cr0``,
        ``empirical-cr2``, ``empirical-cr3`` (jackknife).
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
        is singular or is not identified; those not simpler, or that would need an order of
        visits that is not known, are passed over. What happened is recorded in ``cautions``.
        ``()`` refuses instead.

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
    return fit_mmrm_by_methods(
        [method], y, X, subject, visit, covariance, reml, names, group, weights, times, visits,
        fallbacks,
    )[method]  # fmt: skip


def fit_mmrm_by_methods(
    methods: Sequence[str],
    y: Array,
    X: Array,
    subject: Array,
    visit: Array | None = None,
    covariance: str = "unstructured",
    reml: bool = True,
    names: Sequence[str] | None = None,
    group: Array | None = None,
    weights: Array | None = None,
    times: Array | None = None,
    visits: Sequence | None = None,
    fallbacks: Sequence[str] = FALLBACKS,
) -> dict[str, MmrmFit]:
    """One fit under several methods of inference, without searching for each anew.

    Parameters
    ----------
    methods : sequence of str
        Values of ``method`` of `fit_mmrm`; everything else as there.

    Returns
    -------
    dict of MmrmFit
        By method, in the order given.
    """
    asked = canonical_name(covariance)
    for method in methods:
        _check_method(method, reml)
    y, X, names = checked_design(y, X, names)
    root = root_weights(weights, len(y))
    data = describe_visits(subject, visit, times, group, visits, asked, len(y))
    if weights is not None:
        y, X = y * root, X * root[:, None]
    basis = design_basis(X, y, names)
    to_fit = residual_to_fit(y, X, basis)
    reduced = stacks(data.observations, X, to_fit, basis.to_basis)
    structures = [asked, *_usable(fallbacks, asked, data)]
    fitted = fit_covariance(structures, data, reduced, len(y), reml)
    found = _Found(y, X, names, root, reml, data, basis, fitted)
    return {method: _inferred(found, method) for method in methods}


def fit_mmrm_by_structures(
    structures: Sequence[str],
    y: Array,
    X: Array,
    subject: Array,
    visit: Array,
    method: str = "satterthwaite",
    reml: bool = True,
) -> dict[str, MmrmFit | None]:
    """The same coefficients under several covariances, reducing the rows to sums only once.

    Parameters
    ----------
    structures : sequence of str
        Values of ``covariance`` of `fit_mmrm` that are on visits; everything else as there.

    Returns
    -------
    dict of MmrmFit or None
        By structure, in the order given; None where it is not identified, singular or does not
        converge: nothing simpler takes its place.
    """
    _check_method(method, reml)
    y, X, names = checked_design(y, X, None)
    data = describe_visits(subject, visit, None, None, None, structures[0], len(y))
    basis = design_basis(X, y, names)
    to_fit = residual_to_fit(y, X, basis)
    reduced = stacks(data.observations, X, to_fit, basis.to_basis)
    root, found = root_weights(None, len(y)), {}
    for name in structures:
        try:
            fitted = fit_covariance([name], data, reduced, len(y), reml)
            each = _Found(y, X, names, root, reml, data, basis, fitted)
            found[name] = _inferred(each, method)
        except ValueError:
            found[name] = None
    return found


@dataclass(frozen=True)
class _Found:
    """Checked data, times the root of their weights, and where their likelihood is largest."""

    y: Array
    X: Array
    names: tuple[str, ...]
    root: Array
    reml: bool
    data: VisitData
    basis: DesignBasis
    fitted: FittedCovariance


def _inferred(found: _Found, method: str) -> MmrmFit:
    """The result under one method of inference."""
    y, X, basis, fitted, seen = found.y, found.X, found.basis, found.fitted, found.data.observations
    here, theta = fitted.maximum.curvature, fitted.maximum.theta
    coef = basis.offset + basis.to_basis @ here.coef
    structure = fitted.likelihood.structure
    people = PeopleBlocks(y, X, partial(_covariances, fitted, seen))
    inference = _inference(method, fitted, basis, coef, people, seen)
    cautions = fitted.cautions
    if method in SECOND_DERIVATIVES and not inference.usable:
        method, given_up = "kenward-roger-linear", method
        inference = _inference(method, fitted, basis, coef, people, seen)
        cautions = (
            *cautions,
            say("models.mmrm.first_order", given_up=given_up, method=method),
        )
    return MmrmFit(
        names=found.names,
        coef=coef,
        sigma=_sigma(fitted, found.data),
        random_cov=None,
        loglik=float(here.loglik + basis.log_jacobian * found.reml + np.log(found.root).sum()),
        reml=found.reml,
        converged=fitted.maximum.converged,
        cautions=cautions,
        n_obs=len(y),
        n_subjects=seen.n_subjects,
        n_parameters=len(theta),
        method=_in_words(method, found.reml, structure),
        inference=inference,
        covariance=structure.name,
        visits=found.data.visits,
        theta=theta,
        score=here.score,
        people=people,
    )


def _check_method(method: str, reml: bool) -> None:
    if method not in METHODS:
        raise ValueError(f"method={method!r} is not known. Use one of: {', '.join(METHODS)}.")
    if method.startswith("kenward-roger") and not reml:
        raise ValueError(
            f"method={method!r} is derived for REML only. Use reml=True, or satterthwaite with "
            "maximum likelihood."
        )


def _usable(fallbacks: Sequence[str], asked: str, data: VisitData) -> list[str]:
    """Fall-backs that the positions of these data give a meaning to."""
    names = [canonical_name(name) for name in fallbacks]
    if asked in ON_TIMES:
        return []
    return [n for n in names if n not in ON_TIMES and (data.ordered or n in ORDER_FREE)]


def _in_words(method: str, reml: bool, structure: CovarianceStructure) -> str:
    text = pick("models.mmrm.methods", method, parameters=structure.parameterisation)
    return say(
        "models.mmrm.name",
        covariance=in_words(structure.name),
        criterion="REML" if reml else "ML",
        method=text,
    )


def _sigma(fitted: FittedCovariance, data: VisitData) -> Array | dict:
    structure = fitted.likelihood.structure
    found = {}
    for label, part in zip(data.groups, fitted.likelihood.parts(fitted.maximum.theta), strict=True):
        if data.coordinates is None:
            m = len(data.visits)
            found[label] = structure.values(part).reshape(m, m)
        else:
            at_one = float(np.exp(structure.link.apply(part[1:])[0][0]))
            found[label] = {"variance": float(np.exp(part[0])), "correlation": at_one}
    return found[None] if data.groups == (None,) else found


def _inference(
    method: str,
    fitted: FittedCovariance,
    basis: DesignBasis,
    coef: Array,
    people: PeopleBlocks,
    seen: Observations,
) -> Inference:
    likelihood, theta, here = fitted.likelihood, fitted.maximum.theta, fitted.maximum.curvature
    cov = basis.back(here.cov)
    if method == "between-within":
        return BetweenWithin(cov, coefficient_df(people.X, seen.order, seen.first))
    if method.startswith("empirical-"):
        rows = people.whitened(people.X, people.y - people.X @ coef)
        blocks = ((x, r) for _, x, r in rows)
        return empirical_covariance(blocks, cov, method.removeprefix("empirical-"))
    weights = np.linalg.inv(here.observed)
    cov_slopes = basis.back(here.cov_slopes)
    if method == "satterthwaite":
        return Satterthwaite(cov, cov_slopes, weights)
    second = likelihood.second_order(theta, weights, SECOND_DERIVATIVES[method])
    return kenward_roger(cov, cov_slopes, weights, basis.back(second))


def _covariances(fitted: FittedCovariance, seen: Observations) -> Iterator[tuple[Array, Array]]:
    """Row numbers of people of one pattern, and the covariance that they share."""
    for stack, sigma in fitted.likelihood.blocks(fitted.maximum.theta):
        patterns, example = np.unique(stack.patterns, return_index=True)
        for pattern, shared in zip(patterns, sigma[example], strict=True):
            for rows in seen.rows(pattern):
                yield rows, shared[None]
