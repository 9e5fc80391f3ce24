"""Random effects of people (or of sites, therapists), shrunken, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

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
