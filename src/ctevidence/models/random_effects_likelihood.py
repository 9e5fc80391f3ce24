"""Likelihood of a Gaussian model with random effects of people and of a second grouping.

    y = X beta + W v + Z u + e,   u_i ~ N(0, G),  v_j ~ N(0, G2),  e ~ N(0, s I)

People are independent given ``v``: ``V1 = blockdiag(Z_i G Z_i' + s I)`` is inverted person by
person in the dimension of ``G`` (with ``T_i = (s I + G Z_i'Z_i)^-1``: ``Z_i'V1^-1 = T_i'Z_i'``).
The second grouping joins ``X`` as columns with a penalty (Henderson 1975, Biometrics 31:423), so
that nested, crossed and partially nested designs need no case of their own: with
``D = [W, X]`` and ``C = (D'V1^-1 D + penalty)^-1``,

    P = V1^-1 - V1^-1 D C D'V1^-1.

What the parameters of ``G2`` add is in `ctevidence.models.second_grouping`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.mixed_model_equations import Solution
from ctevidence.models.person_products import PersonProducts
from ctevidence.models.reml import (
    Curvature,
    OutsideParameterSpaceError,
    invert,
    score_and_information,
)
from ctevidence.models.second_grouping import Steps, extend_information, second_order_terms
from ctevidence.models.variance_components import VarianceComponents

Array = np.ndarray

# Residual variances (of scores of unit variance) beyond this are no candidates.
TINY = 1e-100


@dataclass(frozen=True)
class RandomEffectsLikelihood:
    """REML or ML likelihood in the factored parameters of `VarianceComponents`.

    Attributes
    ----------
    products : PersonProducts
    components : VarianceComponents
    reml : bool
    """

    products: PersonProducts
    components: VarianceComponents
    reml: bool

    def solve(self, factored: Array) -> Solution:
        """Solve the mixed model equations."""
        p = self.products
        s, factors = self.components.unpack(factored)
        if not (TINY < s < 1 / TINY and np.isfinite(factored).all()):
            raise OutsideParameterSpaceError("residual variance is not positive and finite")
        G = [factor @ factor.T for factor in factors]
        people, r, _ = p.zz.shape
        mixed = s * np.eye(r) + G[0] @ p.zz
        try:
            T = np.linalg.inv(mixed)
        except np.linalg.LinAlgError:
            raise OutsideParameterSpaceError("covariance is not positive definite") from None
        logdet = (p.n_obs - people * r) * np.log(s) + np.linalg.slogdet(mixed)[1].sum()
        K = T @ G[0]
        equations = (p.dd - _sandwich(p.zd, K)) / s

        J = p.n_second
        n_fixed = len(equations) - 1 - J
        scale = np.eye(len(equations) - 1)
        if J:
            scale[:J, :J] = np.kron(np.eye(J // len(factors[1])), factors[1])
        penalised = scale.T @ equations[:-1, :-1] @ scale
        penalised[np.arange(J), np.arange(J)] += 1.0
        inverse, logs = invert(penalised[None])
        inverse = scale @ inverse[0] @ scale.T
        second = np.zeros_like(inverse)
        logs_second = 0.0
        if J:
            within, logs_within = invert(penalised[None, :J, :J])
            second[:J, :J] = scale[:J, :J] @ within[0] @ scale[:J, :J].T
            logs_second = logs_within[0]
        effects = inverse @ equations[:-1, -1]
        squares = equations[-1, -1] - equations[:-1, -1] @ effects
        n = p.n_obs - n_fixed * self.reml
        logdet += logs[0] if self.reml else logs_second
        loglik = -0.5 * (n * np.log(2 * np.pi) + logdet + squares)
        if not (np.isfinite(loglik) and squares >= 0):
            raise OutsideParameterSpaceError("covariance is singular up to rounding")
        C = T.swapaxes(1, 2) @ p.zd
        return Solution(loglik, s, G, T, p.zz @ T, C, equations, inverse, second, effects)

    def curvature(self, factored: Array) -> Curvature:
        """Likelihood with derivatives in the factored parameters, for the search."""
        linear = self.linear_curvature(factored)
        first, second = self.components.to_linear(factored)
        bend = np.tensordot(linear.score, second, 1)
        return Curvature(
            linear.loglik,
            first.T @ linear.score,
            first.T @ linear.observed @ first - bend,
            first.T @ linear.expected @ first,
            linear.coef,
            linear.cov,
            np.tensordot(first.T, linear.cov_slopes, 1),
        )

    def linear_curvature(self, factored: Array) -> Curvature:
        """Likelihood with derivatives in the linear parameters ``(s, elements of G, of G2)``."""
        at = self.solve(factored)
        J = self.products.n_second
        slopes = self._moment_slopes(at)
        in_traces = at.inverse if self.reml else at.second
        parts = score_and_information(
            slopes,
            at.residual,
            at.inverse,
            in_traces,
            *self._person_traces(at, slopes[0], in_traces),
        )
        fixed = at.inverse[J:]
        cov_slopes = fixed @ slopes[:, :-1, :-1] @ fixed.T
        if J:
            steps = Steps(self.components.units(1), J)
            parts = extend_information(at, steps, slopes, in_traces, parts)
            cov_slopes = np.concatenate([cov_slopes, steps.cov_slopes(at)])
        return Curvature(at.loglik, *parts, at.effects[J:], at.inverse[J:, J:], cov_slopes)

    def _moment_slopes(self, at: Solution) -> Array:
        """``[W, X, y]'V1^-1 V_a V1^-1 [W, X, y]`` for ``s`` and the elements of ``G``."""
        g, r, d = at.C.shape
        flat = at.C.reshape(g, r * d)
        cc = (flat.T @ flat).reshape(r, d, r, d).swapaxes(1, 2).reshape(r * r, d * d)
        of_g = self.components.units(0).reshape(-1, r * r) @ cc
        return np.concatenate([self._squared(at)[None], of_g.reshape(-1, d, d)])

    def _squared(self, at: Solution) -> Array:
        """``[W, X, y]'V1^-2 [W, X, y]``."""
        K = at.T @ at.G[0]
        return (at.equations - _sandwich(self.products.zd, K @ at.T.swapaxes(1, 2))) / at.s

    def _person_traces(
        self, at: Solution, squared: Array, in_traces: Array
    ) -> tuple[Array, Array, Array, Array]:
        """``tr(V^-1 V_a)`` and the three pair sums of `score_and_information`."""
        p = self.products
        g, r, _ = at.T.shape
        units = self.components.units(0)
        turned = at.T.swapaxes(1, 2)
        spare = p.n_obs - g * r  # dimensions without random effects
        trace = np.r_[
            spare / at.s + np.trace(at.T, axis1=1, axis2=2).sum(),
            np.tensordot(units, at.M.sum(axis=0), 2),
        ]
        c = at.C @ at.residual
        of_y = c[:, :, None] * c[:, None]
        of_x = at.C[:, :, :-1] @ in_traces @ at.C[:, :, :-1].swapaxes(1, 2)
        K = at.T @ at.G[0]

        def pairs(among: Array, with_s: Array, s_alone: float) -> Array:
            flat = at.M.reshape(g, r * r).T @ among.reshape(g, r * r)
            flat = flat.reshape(r, r, r, r)  # [j, k, l, i]: sum of M[j, k] among[l, i]
            full = np.empty((len(units) + 1,) * 2)
            full[1:, 1:] = np.einsum("aij,jkli,bkl->ab", units, flat, units, optimize=True)
            full[0, 1:] = full[1:, 0] = np.tensordot(units, with_s, 2)
            full[0, 0] = s_alone
            return (full + full.T) / 2

        def spread(around: Array, total: float) -> Array:
            alone = (total - np.einsum("gij,gji->", K, around)) / at.s
            return pairs(around, (turned @ around).sum(axis=0), alone)

        second = pairs(
            at.M, (turned @ at.M).sum(axis=0), spare / at.s**2 + np.einsum("gij,gji->", at.T, at.T)
        )
        mixed = spread(of_y, at.residual @ squared @ at.residual)
        around_x = spread(of_x, float((in_traces * squared[:-1, :-1]).sum()))
        return trace, second, mixed, around_x

    def second_order(self, factored: Array, weights: Array) -> Array:
        """``Phi {sum_ab w_ab X'V^-1 V_a V^-1 V_b V^-1 X} Phi`` over the linear parameters."""
        at = self.solve(factored)
        J = self.products.n_second
        slopes = self._moment_slopes(at)[:, :-1, :-1]
        units = self.components.units(0)
        w = weights[: len(slopes), : len(slopes)]
        turned = at.T.swapaxes(1, 2)
        with_s = np.tensordot(w[0, 1:], units, 1)
        middle = np.einsum("ab,aij,gjk,bkl->gil", w[1:, 1:], units, at.M, units, optimize=True)
        middle = middle + with_s @ turned + at.T @ with_s - w[0, 0] / at.s * (at.T @ at.G[0])
        total = (_sandwich(at.C, middle) + w[0, 0] / at.s * self._squared(at))[:-1, :-1]
        # V^-1 = V1^-1 - V1^-1 W (...) W'V1^-1 between the two slopes.
        total = total - np.einsum("ab,aij,jk,bkl->il", w, slopes, at.second, slopes, optimize=True)
        fixed = at.inverse[J:]
        result = fixed @ total @ fixed.T
        if J:
            steps = Steps(self.components.units(1), J)
            result = result + second_order_terms(at, steps, slopes, weights)
        return result


def _sandwich(inner: Array, middle: Array) -> Array:
    """``sum_i inner_i' middle_i inner_i`` for (g, r, d) and (g, r, r)."""
    flat = inner.reshape(-1, inner.shape[2])
    return flat.T @ (middle @ inner).reshape(flat.shape)
