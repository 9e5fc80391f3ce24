"""Residual variance and random-effect covariances, linear and factored.

Inference wants the parameters in which the covariance is linear, ``phi = (sigma^2, elements of
G)``; the search wants parameters without boundaries, ``lambda = (log sigma, elements of L)``
with ``G = L L'`` and ``L`` lower triangular. ``G`` may be singular: the likelihood is smooth in
``L`` there too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class VarianceComponents:
    """Layout of the parameters of one or more groupings.

    Attributes
    ----------
    sizes : tuple of int
        Random effects per grouping.
    correlated : bool
        Whether random effects of one grouping may be correlated; otherwise ``G`` is diagonal.
    """

    sizes: tuple[int, ...]
    correlated: bool

    def elements(self, grouping: int) -> tuple[Array, Array]:
        """Rows and columns of the free elements of ``L`` and of ``G``."""
        r = self.sizes[grouping]
        return np.tril_indices(r) if self.correlated else (np.arange(r), np.arange(r))

    def units(self, grouping: int) -> Array:
        """Derivatives of ``G`` in its own elements, shape (elements, r, r)."""
        rows, columns = self.elements(grouping)
        units = np.zeros((len(rows), self.sizes[grouping], self.sizes[grouping]))
        number = np.arange(len(rows))
        units[number, rows, columns] = units[number, columns, rows] = 1.0
        return units

    @property
    def n_parameters(self) -> int:
        """Number of parameters, the same in both layouts."""
        return 1 + sum(len(self.elements(g)[0]) for g in range(len(self.sizes)))

    def start(self, residual_share: float = 0.5) -> Array:
        """Factored parameters for a total variance of about one."""
        parts = [np.array([0.5 * np.log(residual_share)])]
        for grouping in range(len(self.sizes)):
            rows, columns = self.elements(grouping)
            share = (1 - residual_share) / len(self.sizes)
            parts.append(np.where(rows == columns, np.sqrt(share), 0.0))
        return np.concatenate(parts)

    def unpack(self, factored: Array) -> tuple[float, list[Array]]:
        """Residual variance and the factors ``L`` of each grouping."""
        factors, used = [], 1
        for grouping, size in enumerate(self.sizes):
            rows, columns = self.elements(grouping)
            factor = np.zeros((size, size))
            factor[rows, columns] = factored[used : used + len(rows)]
            used += len(rows)
            factors.append(factor)
        return float(np.exp(2 * factored[0])), factors

    def to_linear(self, factored: Array) -> tuple[Array, Array]:
        """Derivatives of the linear parameters in the factored ones.

        Returns
        -------
        first : array (K, K)
            ``first[s, a]``, derivative of linear parameter ``s`` in factored parameter ``a``.
        second : array (K, K, K)
            ``second[s, a, b]``.
        """
        variance, factors = self.unpack(factored)
        k = self.n_parameters
        first, second = np.zeros((k, k)), np.zeros((k, k, k))
        first[0, 0], second[0, 0, 0] = 2 * variance, 4 * variance
        used = 1
        for grouping, factor in enumerate(factors):
            rows, columns = self.elements(grouping)
            here = slice(used, used + len(rows))
            unit = np.zeros((len(rows), *factor.shape))
            unit[np.arange(len(rows)), rows, columns] = 1.0
            slope = unit @ factor.T
            first[here, here] = (slope + slope.swapaxes(1, 2))[:, rows, columns].T
            product = unit[:, None] @ unit[None].swapaxes(2, 3)
            bend = product + product.swapaxes(2, 3)
            second[here, here, here] = np.moveaxis(bend[:, :, rows, columns], 2, 0)
            used += len(rows)
        return first, second
