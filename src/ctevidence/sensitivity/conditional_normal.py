"""Missing scores given those seen, when all are jointly normal: means, and draws around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.sensitivity.draw_blocks import blocks
from ctevidence.sensitivity.score_table import ScoreTable
from ctevidence.sensitivity.strategies import Plan, expected_profile, joint_covariance


@dataclass(frozen=True, eq=False)
class JointNormal:
    """Parameters of the scores under each of A arms, for any number of draws of them.

    Parameters
    ----------
    coef : ndarray, shape (draws, A, 1 + q, m)
        In each arm, the mean at centred covariates of zero, and the slopes of the q covariates.
    sigma : ndarray, shape (draws, G, m, m)
        Covariance within a person, one for all arms (G = 1) or one for each (G = A).
    """

    coef: np.ndarray
    sigma: np.ndarray

    def means(self, arm: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """Mean scores of people as if in these arms, shape (draws, n, m)."""
        found = np.empty((len(self.coef), len(arm), self.coef.shape[-1]))
        for a in np.unique(arm):
            who = arm == a
            found[:, who] = self.coef[:, a, :1] + covariates[who] @ self.coef[:, a, 1:]
        return found

    def of_arm(self, a: int) -> np.ndarray:
        """Covariances of one arm, shape (draws, m, m)."""
        return self.sigma[:, a if self.sigma.shape[1] > 1 else 0]


def fill(
    table: ScoreTable, plan: Plan, parameters: JointNormal, noise: np.ndarray | None = None
) -> np.ndarray:
    r"""Values of what is missing, given what was seen, under each person's strategy.

    Parameters
    ----------
    table : ScoreTable
    plan : Plan
    parameters : JointNormal
        As many draws as there shall be imputations.
    noise : ndarray, shape (draws, number missing), optional
        Standard normal; conditional means when absent.

    Returns
    -------
    ndarray, shape (draws, number missing)
        In the order of ``np.nonzero(table.missing)``.

    Notes
    -----
    With o seen and u missing,
    :math:`y_u = \mu_u + \Sigma_{uo}\Sigma_{oo}^{-1}(y_o - \mu_o) + L z`,
    :math:`LL^\top = \Sigma_{uu} - \Sigma_{uo}\Sigma_{oo}^{-1}\Sigma_{ou}`.
    """
    found = np.empty((len(parameters.coef), int(table.missing.sum())))
    for some in blocks(len(found), table.scores.size):
        these = JointNormal(parameters.coef[some], parameters.sigma[some])
        found[some] = _fill(table, plan, these, None if noise is None else noise[some])
    return found


def _fill(table: ScoreTable, plan: Plan, parameters: JointNormal, noise) -> np.ndarray:
    own = parameters.means(table.arm, table.covariates)
    reference = own
    if (plan.reference != table.arm).any():
        reference = parameters.means(plan.reference, table.covariates)
    mean = expected_profile(plan, own, reference, table.seen, table.baseline)
    value = np.repeat(table.scores[None], len(mean), axis=0)
    z = None
    if noise is not None:
        z = np.zeros_like(value)
        z[:, table.missing] = noise
    for who, sigma in _alike(table, plan, parameters):
        u = table.missing[who[0]]
        value[:, who[:, None], u] = given_seen(
            table.scores[who], mean[:, who], sigma, u, None if z is None else z[:, who][..., u]
        )
    return value[:, table.missing]


def given_seen(
    scores: np.ndarray, mean: np.ndarray, sigma: np.ndarray, u: np.ndarray, z: np.ndarray | None
) -> np.ndarray:
    """Missing scores of people of one pattern, given the others; see `fill`.

    Parameters
    ----------
    scores : ndarray, shape (k, m)
    mean : ndarray, shape (draws, k, m)
    sigma : ndarray, shape (draws, m, m)
    u : ndarray of bool, shape (m,)
        What is drawn; all else is seen.
    z : ndarray, shape (draws, k, number of u), optional

    Returns
    -------
    ndarray, shape (draws, k, number of u)

    Examples
    --------
    One score seen 2 points above its mean, with a correlation of a half.

    >>> sigma = np.array([[[4.0, 2.0], [2.0, 4.0]]])
    >>> given_seen(np.array([[12.0, np.nan]]), np.array([[[10.0, 8.0]]]), sigma,
    ...     np.array([False, True]), None).tolist()
    [[[9.0]]]
    """
    o = ~u
    here = mean[..., u]
    rest = sigma[:, u][:, :, u]
    if o.any():
        across = sigma[:, o][:, :, u]
        slope = np.linalg.solve(sigma[:, o][:, :, o], across)
        here = here + (scores[:, o] - mean[..., o]) @ slope
        rest = rest - np.swapaxes(across, -1, -2) @ slope
    if z is None:
        return here
    return here + z @ np.swapaxes(np.linalg.cholesky(rest), -1, -2)


def _alike(table: ScoreTable, plan: Plan, parameters: JointNormal):
    """People with the same visits missing and the same covariance, and that covariance."""
    lacking = table.missing.any(axis=1)
    people = np.flatnonzero(lacking)
    if not len(people):
        return
    code = table.missing[people] @ (1 << np.arange(len(table.weeks)))
    columns = [code]
    by_arm = parameters.sigma.shape[1] > 1
    if by_arm:
        columns += [table.arm[people], plan.reference[people], plan.strategy[people]]
        columns += [table.seen[people]]
    _, first, number = np.unique(
        np.column_stack(columns), axis=0, return_index=True, return_inverse=True
    )
    for g, one in enumerate(people[first]):
        own = parameters.of_arm(table.arm[one])
        reference = parameters.of_arm(plan.reference[one]) if by_arm else own
        yield (
            people[number.ravel() == g],
            joint_covariance(plan.strategy[one], own, reference, int(table.seen[one])),
        )
