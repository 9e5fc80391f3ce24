"""Variance components: the search, what is done when it fails, and what is said of boundaries.

A model whose components cannot be told apart, or whose search does not converge, is replaced by
the one with uncorrelated random effects, and a caution says so. A covariance on its boundary (a
variance of zero, effects perfectly correlated) is a maximum like any other: it is kept, and a
caution says which.
"""

from __future__ import annotations

import numpy as np

from ctevidence.language import say
from ctevidence.models.mixed_model_equations import Solution
from ctevidence.models.newton import Maximum, maximise
from ctevidence.models.person_products import PersonProducts
from ctevidence.models.random_effects_likelihood import RandomEffectsLikelihood
from ctevidence.models.random_grouping import RandomGrouping
from ctevidence.models.variance_components import VarianceComponents

# Share of the residual variance below which the variance of a random effect (its design scaled to
# unit mean square) counts as zero; lme4's isSingular draws this line at 1e-4 standard deviations.
SINGULAR_BELOW = 1e-8
# Share of the least-squares residual variance below which the residual variance counts as zero.
RESIDUAL_BELOW = 1e-10
# Smallest eigenvalue of the scaled expected information below which components are confounded.
UNTOLD = 1e-10


def fit_components(
    products: PersonProducts, groupings: list[RandomGrouping], correlated: bool, reml: bool
) -> tuple[RandomEffectsLikelihood, Maximum, tuple[str, ...]]:
    """Maximise the likelihood, with uncorrelated random effects where correlated ones fail.

    Returns
    -------
    likelihood : RandomEffectsLikelihood
    maximum : Maximum
    cautions : tuple of str
        That correlated effects were given up, and why.

    Raises
    ------
    ValueError
        When uncorrelated effects fail as well; the message says why.
    """
    sizes = tuple(g.Z.shape[1] for g in groupings)
    cautions: tuple[str, ...] = ()
    for together in (True, False) if correlated and max(sizes) > 1 else (correlated,):
        likelihood = RandomEffectsLikelihood(products, VarianceComponents(sizes, together), reml)
        maximum, reason = _search(likelihood)
        if reason is None:
            return likelihood, maximum, cautions
        cautions = (say("models.random_effects_search.uncorrelated", reason=reason),)
    raise ValueError(f"the random effects could not be estimated: {reason}. Use fewer of them.")


def _search(likelihood: RandomEffectsLikelihood) -> tuple[Maximum | None, str | None]:
    """Maximum of the likelihood, or the reason why there is none to use."""
    start = likelihood.components.start()
    expected = likelihood.linear_curvature(start).expected
    size = expected.diagonal()
    scale = np.sqrt(np.maximum(size, 0))
    # rounding leaves a little information about what the coefficients already explain
    nothing = (size < UNTOLD * size.max()).any()
    if nothing or np.linalg.eigvalsh(expected / np.outer(scale, scale))[0] < UNTOLD:
        return None, (say("models.random_effects_search.not_told_apart"))
    maximum = maximise(likelihood, start)
    if likelihood.components.unpack(maximum.theta)[0] < RESIDUAL_BELOW:
        return None, say("models.random_effects_search.no_residual")
    if not maximum.converged:
        return None, say("models.covariance_search.no_convergence", steps=maximum.steps)
    return maximum, None


def on_boundary(at: Solution, groupings: list[RandomGrouping]) -> list[str]:
    """Cautions for covariances of random effects that are singular."""
    cautions = []
    for G, grouping in zip(at.G, groupings, strict=True):
        zero = G.diagonal() < SINGULAR_BELOW * at.s
        cautions += [
            say("models.random_effects_search.no_variance", name=name, members=len(grouping.labels))
            for name, none in zip(grouping.names, zero, strict=True)
            if none
        ]
        rest = G[np.ix_(~zero, ~zero)]
        if rest.size and np.linalg.eigvalsh(rest)[0] < SINGULAR_BELOW * at.s:
            names = ", ".join(n for n, none in zip(grouping.names, zero, strict=True) if not none)
            cautions.append(say("models.random_effects_search.perfect", names=names))
    return cautions
