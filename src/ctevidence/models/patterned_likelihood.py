"""Likelihood of people observed at patterned visits, from their cross-products.

Implements the sums of `ctevidence.models.reml` for a block-diagonal ``V`` whose blocks are the
rows and columns of one covariance structure at the positions a person was observed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ctevidence.models.covariance_structures import CovarianceStructure
from ctevidence.models.reml import (
    Curvature,
    OutsideParameterSpaceError,
    invert,
    score_and_information,
)
from ctevidence.models.visit_patterns import Stack

Array = np.ndarray


@dataclass(frozen=True)
class PatternedLikelihood:
    """Likelihood of stacked patterns under one covariance structure per group.

    Attributes
    ----------
    stacks : list of Stack
    cells : list of arrays (patterns, m, m)
        For each stack, which cell of the structure each pair of observations takes.
    structure : CovarianceStructure
        Same structure for all groups, with parameters of their own.
    n_groups, n_obs : int
    reml : bool
    """

    stacks: list[Stack]
    cells: list[Array]
    structure: CovarianceStructure
    n_groups: int
    n_obs: int
    reml: bool

    def parts(self, theta: Array) -> list[Array]:
        """Parameters of each group."""
        return np.split(theta, self.n_groups)

    def blocks(self, theta: Array) -> Iterator[tuple[Stack, Array]]:
        """Each stack with the covariance matrices (patterns, m, m) of its patterns."""
        values = [self.structure.values(part) for part in self.parts(theta)]
        for stack, cells in zip(self.stacks, self.cells, strict=True):
            yield stack, values[stack.group][cells]

    def _solve(self, theta: Array) -> tuple[float, Array, Array, list[Array]]:
        """Log-likelihood, coefficients, their covariance, and V^-1 per stack."""
        inverses, logdet, total = [], 0.0, 0.0
        for stack, sigma in self.blocks(theta):
            inverse, logs = invert(sigma)
            inverses.append(inverse)
            logdet += stack.counts @ logs
            total = total + stack.total(inverse)
        cov, log_information = invert(total[None, :-1, :-1])
        coef = cov[0] @ total[:-1, -1]
        squares = total[-1, -1] - total[:-1, -1] @ coef
        if not squares >= 0:
            raise OutsideParameterSpaceError("covariance is singular up to rounding")
        n = self.n_obs - len(coef) * self.reml
        deviance = n * np.log(2 * np.pi) + logdet + squares + self.reml * log_information[0]
        return -0.5 * deviance, coef, cov[0], inverses

    def curvature(self, theta: Array) -> Curvature:
        """Log-likelihood with score, information and slopes of the coefficients' covariance."""
        loglik, coef, cov, inverses = self._solve(theta)
        k, q = self.structure.n_parameters, len(coef)
        derivatives = [self.structure.derivatives(part) for part in self.parts(theta)]
        residual = np.r_[-coef, 1.0]
        cov_in_traces = cov * self.reml
        padded = np.zeros((q + 1, q + 1))
        padded[:q, :q] = cov_in_traces

        moment_slopes = np.zeros((self.n_groups, k, q + 1, q + 1))
        trace = np.zeros((self.n_groups, k))
        pairs = np.zeros((3, self.n_groups, k, k))
        tension = np.zeros((self.n_groups, len(self.structure.exponents)))
        for stack, cells, inverse in zip(self.stacks, self.cells, inverses, strict=True):
            g = stack.group
            people = stack.counts[:, None, None]
            w = inverse @ derivatives[g][1][:, cells]  # V^-1 V_a: (k, patterns, m, m)
            moment_slopes[g] += stack.total(w @ inverse)
            trace[g] += np.einsum("apjj,p->a", w, stack.counts)
            # Sums over people of r r' and of X Phi X', on the visits of each pattern.
            of_y = stack.around(np.outer(residual, residual))
            of_x = stack.around(padded)
            for which, between in enumerate((people * w, inverse @ of_y @ w, inverse @ of_x @ w)):
                flat = between.swapaxes(2, 3).reshape(k, -1)
                pairs[which, g] += w.reshape(k, -1) @ flat.T
            pull = people * inverse - inverse @ (of_y + of_x) @ inverse
            np.add.at(tension[g], cells.ravel(), pull.ravel())

        moment_slopes = moment_slopes.reshape(-1, q + 1, q + 1)
        bends = np.array([d[2] @ t for d, t in zip(derivatives, tension, strict=True)])
        pairs = (pairs + pairs.swapaxes(2, 3)) / 2
        score, observed, expected = score_and_information(
            moment_slopes,
            residual,
            cov,
            cov_in_traces,
            trace.ravel(),
            *(_block_diagonal(p) for p in pairs),
            _block_diagonal(bends),
        )
        cov_slopes = cov @ moment_slopes[:, :-1, :-1] @ cov
        return Curvature(loglik, score, observed, expected, coef, cov, cov_slopes)

    def second_order(self, theta: Array, weights: Array, curved: str = "no") -> Array:
        """``Phi {sum_ab w_ab X'V^-1 (V_a V^-1 V_b - V_ab / 4) V^-1 X} Phi``.

        The sums ``Q`` and ``R`` of Kenward & Roger (1997, Biometrics 53:983), weighted before
        they are formed, so that no (K, K, q, q) array is needed.

        Parameters
        ----------
        theta : array (K,)
        weights : array (K, K)
        curved : {"no", "theta", "natural"}
            Second derivatives ``V_ab``: none, those in ``theta``, or those in the parameters of
            SAS PROC MIXED (`CovarianceStructure.natural_bend`).
        """
        _, _, cov, inverses = self._solve(theta)
        k = self.structure.n_parameters
        total = 0.0
        for stack, cells, inverse in zip(self.stacks, self.cells, inverses, strict=True):
            here = slice(stack.group * k, (stack.group + 1) * k)
            block = weights[here, here]
            v = self.structure.derivatives(theta[here])[1][:, cells]
            middle = np.einsum("apij,apjk->pik", v, inverse @ np.tensordot(block, v, 1))
            middle = middle - self._bend(theta[here], block, curved)[cells] / 4
            total = total + stack.total(inverse @ middle @ inverse)
        return cov @ total[:-1, :-1] @ cov

    def _bend(self, theta: Array, weights: Array, curved: str) -> Array:
        """``sum_ab w_ab V_ab`` in every cell, in the parameters asked for."""
        _, first, second = self.structure.derivatives(theta)
        natural = self.structure.natural_bend(theta)
        if curved == "no" or (curved == "natural" and natural is None):
            return np.zeros(first.shape[1])
        bend = np.tensordot(weights, second, 2)
        if curved == "theta":
            return bend
        # With phi = f(theta): sum w_phi V_phiphi = sum w V_ab - sum_a w_aa (f''/f')_a V_a.
        return bend - (weights.diagonal() * natural) @ first


def _block_diagonal(blocks: Array) -> Array:
    """(groups, k, k) to (groups * k, groups * k)."""
    groups, k, _ = blocks.shape
    full = np.zeros((groups, k, groups, k))
    full[np.arange(groups), :, np.arange(groups), :] = blocks
    return full.reshape(groups * k, groups * k)
