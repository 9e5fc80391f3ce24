"""Gaussian mixed model with random effects: irregular times, individual curves, clusters.

    y = X beta + Z u + W v + e,   u_i ~ N(0, G),  v_j ~ N(0, G2),  e ~ N(0, sigma^2)

``u`` belong to people, ``v`` to a second grouping (therapist, site) that may contain people,
cross them, or exist for some people only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ctevidence.language import pick, say
from ctevidence.models.design_basis import (
    DesignBasis,
    checked_design,
    design_basis,
    residual_to_fit,
    root_weights,
)
from ctevidence.models.gaussian_fit import GaussianFit, Inference
from ctevidence.models.individual_effects import IndividualEffects, individual_effects
from ctevidence.models.kenward_roger import kenward_roger
from ctevidence.models.newton import Maximum
from ctevidence.models.people_blocks import PeopleBlocks, SecondRows, random_effect_covariances
from ctevidence.models.person_products import PersonProducts, person_products
from ctevidence.models.random_effects_likelihood import RandomEffectsLikelihood
from ctevidence.models.random_effects_search import fit_components, on_boundary
from ctevidence.models.random_grouping import RandomGrouping, random_grouping
from ctevidence.models.satterthwaite import Satterthwaite
from ctevidence.names import in_words

Array = np.ndarray

METHODS = ("satterthwaite", "kenward-roger")
# As in lmerTest and pbkrtest, which are the usual witnesses.
USUAL_INFORMATION = {"satterthwaite": "observed", "kenward-roger": "expected"}


@dataclass(frozen=True)
class MixedFit(GaussianFit):
    """Fitted mixed model; see `GaussianFit` for what it answers.

    Attributes
    ----------
    sigma : float
        Residual variance.
    random_cov : array (r, r)
        Covariance of the random effects of people.
    second_cov : array (r2, r2) or None
        Covariance of the random effects of the second grouping.
    blups : IndividualEffects
        Shrunken effects of people.
    second_blups : IndividualEffects or None
        Shrunken effects of the members of the second grouping.
    singular : bool
        Whether a random-effect covariance is on its boundary (a variance of zero, or effects
        perfectly correlated); then a caution says which.
    score : array (K,)
        Gradient of the log-likelihood in log sigma and Cholesky factors; zero but for rounding.
    people : PeopleBlocks
        The rows of each person with their covariance, for residuals and influence.
    """

    second_cov: Array | None
    blups: IndividualEffects
    second_blups: IndividualEffects | None
    singular: bool
    score: Array
    people: PeopleBlocks = field(repr=False)

    def curve(self, label: object, X: Array, Z: Array) -> tuple[Array, Array]:
        """Expected scores of one person, shrunken towards people like them.

        Parameters
        ----------
        label : object
            The person, as given in ``groups``.
        X : array (t, q)
        Z : array (t, r)
            Designs at the times wanted; effects of the second grouping are at their mean.

        Returns
        -------
        estimate, std_error : arrays (t,)
            The error is that of the expected score, without residual variation.
        """
        i = self.blups.number(label)
        X, Z = np.atleast_2d(X), np.atleast_2d(Z)
        both = np.einsum("tq,rq,tr->t", X, self.blups.cross[i], Z, optimize=True)
        variance = (
            np.einsum("tq,qp,tp->t", X, self.model_cov, X)
            + np.einsum("tr,rs,ts->t", Z, self.blups.cov[i], Z)
            + 2 * both
        )
        return X @ self.coef + Z @ self.blups.effect[i], np.sqrt(variance)

    @property
    def model_cov(self) -> Array:
        """Covariance of the coefficients with the variance components taken as known."""
        return self.inference.model_cov


def fit_mixed(
    y: Array,
    X: Array,
    Z: Array,
    groups: Array,
    reml: bool = True,
    method: str = "satterthwaite",
    names: Sequence[str] | None = None,
    random_names: Sequence[str] | None = None,
    second_groups: Array | None = None,
    second_Z: Array | None = None,
    correlated: bool = True,
    weights: Array | None = None,
    information: str | None = None,
) -> MixedFit:
    """Fit a Gaussian model with random effects by REML or maximum likelihood.

    Parameters
    ----------
    y : array (n,)
        Scores, none missing; one row per observation, in any order and at any times.
    X : array (n, q)
        Design of the coefficients, including the column of ones if there is an intercept;
        columns may change over time within a person.
    Z : array (n, r)
        Design of the random effects of people: a column of ones for an intercept, time for a
        slope.
    groups : array (n,)
        The person of each observation.
    reml : bool
        Restricted maximum likelihood, or maximum likelihood.
    method : str
        ``satterthwaite`` (observed information, as lmerTest) or ``kenward-roger`` (expected
        information and linear variance components, as pbkrtest).
    names, random_names : sequences of str
        Names of the columns of ``X`` and ``Z``.
    second_groups : array (n,)
        Member of a second grouping (therapist, site) of each observation; missing (None or nan)
        where there is none, as for people without a therapist.
    second_Z : array (n, r2)
        Design of its random effects; a column of ones when not given.
    correlated : bool
        Whether the random effects of one grouping may be correlated.
    weights : array (n,)
        Positive; the residual variance of an observation becomes ``sigma^2 / weight``.
    information : {"observed", "expected"}
        Information behind the degrees of freedom, when not the usual one of the method. With
        the same one, Kenward-Roger and Satterthwaite agree on one-dimensional contrasts.

    Returns
    -------
    MixedFit

    Raises
    ------
    ValueError
        When the data cannot be used, columns of ``X`` or variance components cannot be told
        apart, or neither the model nor the one with uncorrelated random effects converges.

    Notes
    -----
    If the search does not converge, uncorrelated random effects are tried and a caution says so.
    A covariance on its boundary is kept, with a caution: degrees of freedom then treat the
    boundary as known (Satterthwaite with the observed information).

    Examples
    --------
    >>> week = np.tile([0.0, 1.0, 2.0], 4)
    >>> person = np.repeat(np.arange(4), 3)
    >>> y = np.array([10, 9, 8, 14, 12, 11, 12, 12, 9, 8, 8, 6], dtype=float)
    >>> X = np.column_stack([np.ones(12), week])
    >>> fit = fit_mixed(y, X, X[:, :1], person, names=["intercept", "week"])
    >>> test = fit.contrast([0, 1])
    >>> round(test.estimate, 6), round(test.df, 6)
    (-1.25, 7.0)
    """
    _check_choices(method, information, reml)
    y, X, names = checked_design(y, X, names)
    n = len(y)
    root = root_weights(weights, n)
    groupings = [random_grouping("groups", groups, Z, random_names, n)]
    if second_groups is not None:
        second_Z = np.ones((n, 1)) if second_Z is None else second_Z
        second = random_grouping("second_groups", second_groups, second_Z, None, n, optional=True)
        groupings.append(second)
    if weights is not None:
        y, X = y * root, X * root[:, None]
    basis = design_basis(X, y, names)
    residual = residual_to_fit(y, X, basis)
    unit = float(np.sqrt(residual @ residual / n))
    products = _reduce(groupings, root, np.column_stack([X @ basis.to_basis, residual / unit]))
    likelihood, maximum, cautions = fit_components(products, groupings, correlated, reml)

    information = information or USUAL_INFORMATION[method]
    here = maximum.curvature
    at = likelihood.solve(maximum.theta)
    covs = [unit**2 * G / np.outer(g.scale, g.scale) for G, g in zip(at.G, groupings, strict=True)]
    boundary = on_boundary(at, groupings)
    people, second = individual_effects(at, groupings, basis, unit)
    lost = n - X.shape[1] * reml
    return MixedFit(
        names=names,
        coef=basis.offset + unit * basis.to_basis @ here.coef,
        sigma=unit**2 * at.s,
        random_cov=covs[0],
        loglik=float(
            here.loglik + basis.log_jacobian * reml - lost * np.log(unit) + np.log(root).sum()
        ),
        reml=reml,
        converged=maximum.converged,
        cautions=(*cautions, *boundary),
        n_obs=n,
        n_subjects=len(groupings[0].labels),
        n_parameters=len(maximum.theta),
        method=_in_words(method, information, reml),
        inference=_inference(method, information, likelihood, maximum, basis, unit),
        second_cov=covs[1] if second else None,
        blups=people,
        second_blups=second,
        singular=bool(boundary),
        score=here.score,
        people=_people(y, X, groupings, root, [unit**2 * G for G in at.G], unit**2 * at.s),
    )


def _check_choices(method: str, information: str | None, reml: bool) -> None:
    if method not in METHODS:
        raise ValueError(f"method={method!r} is not known. Use one of: {', '.join(METHODS)}.")
    if information not in (None, "observed", "expected"):
        raise ValueError(f"information={information!r} must be 'observed' or 'expected'.")
    if method == "kenward-roger" and not reml:
        raise ValueError("Kenward-Roger is derived for REML only. Use reml=True or satterthwaite.")


def _in_words(method: str, information: str, reml: bool) -> str:
    text = pick("models.mixed.methods", method, information=in_words(information))
    return say("models.mixed.method", criterion="REML" if reml else "ML", method=text)


def _reduce(groupings: list[RandomGrouping], root: Array, D: Array) -> PersonProducts:
    designs = [g.Z * root[:, None] for g in groupings]
    second = (groupings[1].codes, designs[1]) if len(groupings) > 1 else (None, None)
    return person_products(groupings[0].codes, designs[0], D, *second)


def _people(
    y: Array,
    X: Array,
    groupings: list[RandomGrouping],
    root: Array,
    G: list[Array],
    sigma2: float,
) -> PeopleBlocks:
    """Rows of each person with their covariance, given the effects of a second grouping."""
    first, *rest = groupings
    covariances = partial(
        random_effect_covariances, first.codes, first.Z * root[:, None], G[0], sigma2
    )
    if not rest:
        return PeopleBlocks(y, X, covariances)
    values, axes = np.linalg.eigh(G[1])
    there = values > 1e-12 * max(values[-1], sigma2)  # effects without variance are left out
    if not there.any():
        return PeopleBlocks(y, X, covariances)
    second = rest[0]
    Z = (second.Z * root[:, None]) @ (axes[:, there] * np.sqrt(values[there]))
    return PeopleBlocks(y, X, covariances, SecondRows(second.codes, Z, len(second.labels)))


def _inference(
    method: str,
    information: str,
    likelihood: RandomEffectsLikelihood,
    maximum: Maximum,
    basis: DesignBasis,
    unit: float,
) -> Inference:
    linear = likelihood.linear_curvature(maximum.theta)
    if information == "expected":
        weights = np.linalg.inv(linear.expected)
    else:
        # Factored parameters have a proper Hessian on the boundary too; directions in which the
        # likelihood is flat there do not move the covariance and get no weight.
        first, _ = likelihood.components.to_linear(maximum.theta)
        inverse = np.linalg.pinv(maximum.curvature.observed, rcond=1e-9, hermitian=True)
        weights = first @ inverse @ first.T
    cov = unit**2 * basis.back(linear.cov)
    cov_slopes = unit**2 * basis.back(linear.cov_slopes)
    if method == "satterthwaite":
        return Satterthwaite(cov, cov_slopes, weights)
    second = likelihood.second_order(maximum.theta, weights)
    return kenward_roger(cov, cov_slopes, weights, unit**2 * basis.back(second))
