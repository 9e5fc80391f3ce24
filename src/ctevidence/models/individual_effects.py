"""Random effects of people (or of sites, therapists), shrunken, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ctevidence.models.design_basis import DesignBasis
from ctevidence.models.mixed_model_equations import Solution
from ctevidence.models.random_grouping import RandomGrouping

Array = np.ndarray


@dataclass(frozen=True)
class IndividualEffects:
    """Best linear unbiased predictions of random effects.

    Attributes
    ----------
    labels : array (g,)
        Who.
    names : tuple of r str
        Which random effects.
    effect : array (g, r)
    cov : array (g, r, r)
        Prediction-error covariance, ``Var(effect - true effect)``; that the coefficients are
        estimated is accounted for, that the variance components are is not.
    cross : array (g, r, q)
        Covariance of the prediction error with the error of the coefficients.
    """

    labels: Array
    names: tuple[str, ...]
    effect: Array
    cov: Array
    cross: Array

    @property
    def std_error(self) -> Array:
        """Standard errors of prediction, shape (g, r)."""
        return np.sqrt(np.diagonal(self.cov, axis1=1, axis2=2))

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Normal prediction limits of each effect, shapes (g, r)."""
        reach = stats.norm.ppf((1 + level) / 2) * self.std_error
        return self.effect - reach, self.effect + reach

    def number(self, label: object) -> int:
        """Position of one member.

        Raises
        ------
        ValueError
            When there is no such member.
        """
        found = np.flatnonzero(self.labels == label)
        if not len(found):
            raise ValueError(f"{label!r} is not among the {len(self.labels)} members of this fit.")
        return int(found[0])


def individual_effects(
    at: Solution, groupings: list[RandomGrouping], basis: DesignBasis, unit: float
) -> tuple[IndividualEffects, IndividualEffects | None]:
    """Shrunken effects of people, and of a second grouping, in the units of the data.

    Parameters
    ----------
    at : Solution
        Mixed model equations, in scaled units.
    groupings : list of RandomGrouping
        People and, possibly, the second grouping.
    basis : DesignBasis
    unit : float
        What the scores were divided by.
    """
    J = len(at.inverse) - len(basis.to_basis)
    G = at.G[0]
    design = at.C[:, :, :-1]
    cov = G - G @ (at.M - design @ at.inverse @ design.swapaxes(1, 2)) @ G
    cross = -G @ (design @ at.inverse[:, J:])
    people = _effects(groupings[0], at.C @ at.residual @ G, cov, cross, basis, unit)
    if not J:
        return people, None
    r2 = len(at.G[1])
    number = np.arange(J // r2)
    cov = at.inverse[:J, :J].reshape(len(number), r2, len(number), r2)[number, :, number]
    cross = at.inverse[:J, J:].reshape(len(number), r2, -1)
    effects = at.effects[:J].reshape(-1, r2)
    return people, _effects(groupings[1], effects, cov, cross, basis, unit)


def _effects(
    grouping: RandomGrouping,
    effect: Array,
    cov: Array,
    cross: Array,
    basis: DesignBasis,
    unit: float,
) -> IndividualEffects:
    scale = unit / grouping.scale
    return IndividualEffects(
        grouping.labels,
        grouping.names,
        effect * scale,
        cov * np.outer(scale, scale),
        unit * scale[:, None] * (cross @ basis.to_basis.T),
    )
