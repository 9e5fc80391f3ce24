"""What the covariance of a second grouping's random effects adds to score and information.

With ``V_b = W (I x E_b) W'`` for an element of ``G2``, everything follows from two matrices of the
size of the grouping, ``W'P W`` and ``W'P y``; notation of
`ctevidence.models.random_effects_likelihood`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.mixed_model_equations import Solution

Array = np.ndarray


@dataclass(frozen=True)
class Steps:
    """Derivatives ``I x E_b`` of the covariance of all members' effects.

    Attributes
    ----------
    units : array (elements, r2, r2)
        ``E_b``, derivatives of ``G2`` in its elements.
    J : int
        Columns of ``W``: members times r2.
    """

    units: Array
    J: int

    def after(self, matrix: Array) -> Array:
        """``matrix (I x E_b)`` for (m, J), shape (elements, m, J)."""
        split = matrix.reshape(len(matrix), -1, self.units.shape[1])
        product = np.einsum("ijk,akl->aijl", split, self.units)
        return product.reshape(len(self.units), *matrix.shape)

    def cov_slopes(self, at: Solution) -> Array:
        """Derivatives of ``Phi`` in the elements of ``G2``, shape (elements, q, q)."""
        back = fixed_by_second(at, self.J)
        return self.after(back) @ back.T


def fixed_by_second(at: Solution, J: int) -> Array:
    """``Phi X'V^-1 W``, shape (q, J)."""
    return at.inverse[J:] @ at.equations[:-1, :J]


def into_second(at: Solution, inverse: Array, J: int) -> Array:
    """``K`` with ``(V1^-1 - V1^-1 [W, X] inverse [W, X]'V1^-1) W = V1^-1 [W, X] K``."""
    return np.eye(len(inverse))[:, :J] - inverse @ at.equations[:-1, :J]


def extend_information(
    at: Solution,
    steps: Steps,
    slopes: Array,
    in_traces: Array,
    parts: tuple[Array, Array, Array],
) -> tuple[Array, Array, Array]:
    """Score, observed and expected information of all parameters, from those of the first ones.

    Parameters
    ----------
    at : Solution
    steps : Steps
    slopes : array (K1, d, d)
        ``[W, X, y]'V1^-1 V_a V1^-1 [W, X, y]`` of the first K1 parameters.
    in_traces : array (d - 1, d - 1)
        ``C`` for REML, with the block of W only for maximum likelihood.
    parts : score, observed, expected
        Of the first K1 parameters.
    """
    J = steps.J
    of_w = at.equations[:J, :-1]
    into_y = into_second(at, at.inverse, J)
    into_traces = into_second(at, in_traces, J)
    wpy = at.equations[:J, -1] - of_w @ at.effects
    step = steps.after(wpy[None])[:, 0]
    wpw = steps.after(of_w @ into_traces)

    traces = np.einsum("aij,bji->ab", wpw, wpw, optimize=True)
    around = steps.after(into_traces) @ into_traces.T
    cross = np.einsum("aij,bji->ab", slopes[:, :-1, :-1], around, optimize=True)
    score = (step @ wpy - np.trace(wpw, axis1=1, axis2=2)) / 2
    observed = step @ (of_w @ into_y) @ step.T - traces / 2
    observed_cross = slopes[:, :-1] @ at.residual @ into_y @ step.T - cross / 2
    return (
        np.r_[parts[0], score],
        np.block([[parts[1], observed_cross], [observed_cross.T, observed]]),
        np.block([[parts[2], cross / 2], [cross.T / 2, traces / 2]]),
    )


def second_order_terms(at: Solution, steps: Steps, slopes: Array, weights: Array) -> Array:
    """Share of pairs with an element of ``G2`` in the Kenward-Roger sum, shape (q, q).

    Parameters
    ----------
    slopes : array (K1, d - 1, d - 1)
        ``[W, X]'V1^-1 V_a V1^-1 [W, X]`` of the first K1 parameters.
    weights : array (K, K)
    """
    J, first = steps.J, len(slopes)
    into = into_second(at, at.second, J)  # V^-1 W = V1^-1 [W, X] @ into
    turned = steps.after(fixed_by_second(at, J))
    weighed = np.tensordot(weights[:first, first:], turned, 1)
    cross = np.einsum("ij,ajk,alk->il", at.inverse[J:], slopes @ into, weighed, optimize=True)
    paired = np.tensordot(weights[first:, first:], turned, 1)
    wvw = at.equations[:J, :-1] @ into
    return cross + cross.T + np.einsum("aij,jk,alk->il", turned, wvw, paired, optimize=True)
