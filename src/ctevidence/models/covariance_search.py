"""Which covariance structure is fitted: the one asked for, or a named simpler one with a caution.

A structure is not used when its parameters cannot be told from the visits observed together,
when the search does not converge, or when the estimate is singular. The next of the declared
fall-backs is then tried, and why is kept in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctevidence.language import say
from ctevidence.models.covariance_structures import on_distances, on_visits, starting_values
from ctevidence.models.newton import Maximum, maximise
from ctevidence.models.patterned_likelihood import PatternedLikelihood
from ctevidence.models.reml import OutsideParameterSpaceError
from ctevidence.models.visit_data import VisitData
from ctevidence.models.visit_patterns import Stack

Array = np.ndarray

FALLBACKS = (
    "heterogeneous-toeplitz",
    "heterogeneous-ar1",
    "heterogeneous-compound-symmetry",
    "ar1",
    "compound-symmetry",
)
# Smallest eigenvalue of a correlation matrix at which it is called singular.
SINGULAR_BELOW = 1e-6


@dataclass(frozen=True)
class FittedCovariance:
    """The structure that was used, where its likelihood is largest, and what was given up."""

    likelihood: PatternedLikelihood
    maximum: Maximum
    cautions: tuple[str, ...]


def fit_covariance(
    names: Sequence[str], data: VisitData, reduced: list[Stack], n_obs: int, reml: bool
) -> FittedCovariance:
    """Maximise the likelihood under the first structure of ``names`` that supports it.

    Structures with as many parameters as the first, or more, are passed over as fall-backs.

    Raises
    ------
    ValueError
        When none can be used; the message gives the reason for each.
    """
    refused: dict[str, str] = {}
    allowed = np.inf
    for name in names:
        likelihood = build_likelihood(name, data, reduced, n_obs, reml)
        if likelihood.structure.n_parameters >= allowed:
            continue
        maximum, reason = _search(likelihood, data)
        if reason is None:
            cautions = [
                say("models.covariance_search.instead", other=other, why=why, name=name)
                for other, why in refused.items()
            ]
            return FittedCovariance(likelihood, maximum, tuple(cautions))
        allowed = likelihood.structure.n_parameters if not refused else allowed
        refused[name] = reason
    raise ValueError(
        "the covariance within a person could not be estimated: "
        + "; ".join(f"{name}: {why}" for name, why in refused.items())
        + ". There may be too few people for these coefficients and visits: use fewer of either, "
        "or allow a simpler covariance."
    )


def build_likelihood(
    name: str, data: VisitData, reduced: list[Stack], n_obs: int, reml: bool
) -> PatternedLikelihood:
    """Likelihood of the reduced data under the named structure."""
    if data.coordinates is None:
        m = len(data.visits)
        structure = on_visits(name, m)
        cells = [s.positions[:, :, None] * m + s.positions[:, None] for s in reduced]
    else:
        points = [data.coordinates[s.positions] for s in reduced]
        apart = [np.linalg.norm(p[:, :, None] - p[:, None], axis=-1) for p in points]
        flat = np.concatenate([a.ravel() for a in apart])
        distances, codes = np.unique(flat, return_inverse=True)
        ends = np.cumsum([a.size for a in apart])[:-1]
        pieces = zip(np.split(codes.ravel(), ends), apart, strict=True)
        structure = on_distances(distances)
        cells = [piece.reshape(a.shape) for piece, a in pieces]
    return PatternedLikelihood(reduced, cells, structure, len(data.groups), n_obs, reml)


def _search(likelihood: PatternedLikelihood, data: VisitData) -> tuple[Maximum | None, str | None]:
    """Maximum of the likelihood, or the reason why there is none to use."""
    products, counts = _moments(likelihood)
    groups = list(zip(products, counts, strict=True))
    start = np.concatenate([_start(likelihood, p, c, data) for p, c in groups])
    for part, count, label in zip(likelihood.parts(start), counts, data.groups, strict=True):
        slopes = likelihood.structure.derivatives(part)[1]
        if np.linalg.matrix_rank(slopes[:, count > 0]) < len(part):
            where = (
                ""
                if label is None
                else say("models.covariance_search.in_group", label=f"{label!r}")
            )
            return None, say(
                "models.covariance_search.not_identified",
                where=where,
                why=_never_together(count, data),
            )
    try:
        maximum = maximise(likelihood, start)
    except OutsideParameterSpaceError:
        return None, say("models.covariance_search.singular_at_start")
    reason = _why_not(likelihood, maximum)
    return (maximum, None) if reason is None else (None, reason)


def _why_not(likelihood: PatternedLikelihood, maximum: Maximum) -> str | None:
    """Why the point that the search reached cannot be used; None when it can."""
    smallest = _smallest_eigenvalue(likelihood, maximum.theta)
    if smallest < (SINGULAR_BELOW if maximum.converged else 100 * SINGULAR_BELOW):
        return say("models.covariance_search.singular")
    if not maximum.converged:
        return say("models.covariance_search.no_convergence", steps=maximum.steps)
    if maximum.flat:
        return say("models.covariance_search.flat")
    if likelihood.structure.distances is not None and _independent(likelihood, maximum.theta):
        return say("models.covariance_search.no_correlation")
    return None


def _independent(likelihood: PatternedLikelihood, theta: Array) -> bool:
    """Whether even the closest two times are uncorrelated in some group."""
    values = [likelihood.structure.values(part) for part in likelihood.parts(theta)]
    return any(np.sort(v)[-2] < 1e-6 * v.max() for v in values)


def _moments(likelihood: PatternedLikelihood) -> tuple[Array, Array]:
    """Sums of products of least-squares residuals and their number, (groups, cells) each."""
    products, counts = np.zeros((2, likelihood.n_groups, len(likelihood.structure.exponents)))
    for stack, cells in zip(likelihood.stacks, likelihood.cells, strict=True):
        people = np.broadcast_to(stack.counts[:, None, None], cells.shape)
        response = np.eye(stack.width)[-1]
        squares = stack.around(np.outer(response, response))
        np.add.at(products[stack.group], cells.ravel(), squares.ravel())
        np.add.at(counts[stack.group], cells.ravel(), people.ravel())
    return products, counts


def _start(
    likelihood: PatternedLikelihood, products: Array, counts: Array, data: VisitData
) -> Array:
    """Parameters near the moments of one group."""
    structure = likelihood.structure
    if data.coordinates is not None:
        # Overall variance, and the correlation that is one half at the median distance.
        near = structure.distances == 0
        variance = products[near].sum() / counts[near].sum()
        apart = np.repeat(structure.distances[~near], counts[~near].astype(int))
        rate = np.log(0.5) / (np.median(apart) if len(apart) else 1.0)
        return np.r_[np.log(variance), structure.link.inverse(rate)]
    m = len(data.visits)
    moments = (products / np.maximum(counts, 1)).reshape(m, m)
    # A visit without people or without spread starts from the average visit.
    variances = moments.diagonal()
    usual = variances[variances > 0].mean() if (variances > 0).any() else 1.0
    np.fill_diagonal(moments, np.where(variances > 1e-8 * usual, variances, usual))
    return starting_values(structure, moments)


def _never_together(counts: Array, data: VisitData) -> str:
    """Which visits, or pairs of visits, nobody of a group attended, in words."""
    if data.coordinates is not None:
        return say("models.covariance_search.too_few")
    m = len(data.visits)
    seen = counts.reshape(m, m) > 0
    never = [repr(v) for v, some in zip(data.visits, seen.diagonal(), strict=True) if not some]
    if never:
        return say("models.covariance_search.nobody_at", visits=", ".join(never))
    pairs = [
        say(
            "models.covariance_search.pair",
            first=f"{data.visits[k]!r}",
            second=f"{data.visits[j]!r}",
        )
        for j, k in zip(*np.tril_indices(m, -1), strict=True)
        if not seen[j, k]
    ]
    return say("models.covariance_search.nobody_at_both", visits=", ".join(pairs))


def _smallest_eigenvalue(likelihood: PatternedLikelihood, theta: Array) -> float:
    """Smallest eigenvalue of any pattern's correlation matrix."""
    smallest = 1.0
    for _, sigma in likelihood.blocks(theta):
        scale = np.sqrt(np.diagonal(sigma, axis1=1, axis2=2))
        if not (np.isfinite(sigma).all() and (scale > 0).all()):
            return 0.0
        correlation = sigma / (scale[:, :, None] * scale[:, None])
        smallest = min(smallest, float(np.linalg.eigvalsh(correlation).min()))
    return smallest
