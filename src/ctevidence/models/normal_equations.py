"""Coefficients and second-grouping effects from whitened rows, the covariance being known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.people_blocks import PeopleBlocks

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """``A effects = b`` for ``effects = (v, beta)``; ``v`` has variance 1 and joins as a penalty.

    Attributes
    ----------
    A : array (J + q, J + q)
    b : array (J + q,)
    """

    A: Array
    b: Array

    @classmethod
    def of(cls, people: PeopleBlocks) -> NormalEquations:
        """The equations of all people."""
        J, q = people.n_second, people.X.shape[1]
        A, b = np.diag(np.repeat([1.0, 0.0], [J, q])), np.zeros(J + q)
        for _, x, y in people.equations():
            A += np.einsum("pmi,pmj->ij", x, x, optimize=True)
            b += np.einsum("pmi,pm->i", x, y)
        return cls(A, b)

    def less(self, x: Array, y: Array) -> NormalEquations:
        """Without the whitened rows ``x`` (m, J + q) and ``y`` (m,) of one person."""
        return NormalEquations(self.A - x.T @ x, self.b - x.T @ y)

    def solved(self) -> tuple[Array, Array]:
        """Error covariance ``C`` of the effects, and the effects."""
        scale = 1 / np.sqrt(self.A.diagonal())
        C = np.linalg.inv(self.A * np.outer(scale, scale)) * np.outer(scale, scale)
        return C, C @ self.b

    @property
    def is_regular(self) -> bool:
        """Whether all effects can be told apart."""
        d = self.A.diagonal()
        if not (d > 1e-12 * d.max()).all():
            return False
        scale = 1 / np.sqrt(d)
        return bool(np.linalg.eigvalsh(self.A * np.outer(scale, scale))[0] > 1e-10)
