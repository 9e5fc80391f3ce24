r"""Draws of means and covariance of scores with gaps and dropout, from their posterior.

Once the few gaps before a person's last score are filled, what is missing is monotone, and the
likelihood is a product of ordinary regressions: each visit on arm, covariates and the visits
before, among those seen up to it. Their posterior is drawn from exactly; only the gaps need a
chain (monotone data augmentation: Schafer 1997, Analysis of Incomplete Multivariate Data,
section 6.5; Liu 1993, J Multivariate Anal 46:198).

All chains are carried forward side by side, each with random numbers of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.replicates import stream_of
from ctevidence.sensitivity.conditional_normal import JointNormal, given_seen
from ctevidence.sensitivity.draw_blocks import blocks
from ctevidence.sensitivity.score_table import ScoreTable

#: Steps of each chain, from the restricted maximum of the likelihood. A chain forgets at the rate
#: of the information that is missing in the gaps alone: with a third of all scores missing in gaps
#: these leave 0.03 standard deviations of a far start. Without gaps one step is exact.
STEPS = 40
#: least share of its length that a column keeps beside those before it
LEAST_APART = 1e-7


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws that impute under any strategy: parameters, and the noise around them.

    Parameters
    ----------
    parameters : JointNormal
    noise : ndarray, shape (draws, number missing)
        Standard normal: all strategies share it, so that they differ by assumption alone.
    """

    parameters: JointNormal
    noise: np.ndarray


def draw_posterior(
    table: ScoreTable, start: JointNormal, draws: int, seed: int, by_arm: bool = False
) -> Posterior:
    """Independent draws, number k with random numbers made of the seed and k.

    Parameters
    ----------
    table : ScoreTable
    start : JointNormal
        One set of parameters, near the maximum of the likelihood.
    draws, seed : int
    by_arm : bool
        Slopes and covariance of each arm by itself.

    Raises
    ------
    ValueError
        When too few people were seen up to some visit.
    """
    rngs = [stream_of(seed, k) for k in range(draws)]
    noise = np.array([rng.standard_normal(int(table.missing.sum())) for rng in rngs])
    arms = len(table.arms)
    if not by_arm:
        intercepts = (table.arm[:, None] == np.arange(arms)).astype(float)
        x = np.hstack([intercepts, table.covariates])
        first = np.concatenate([start.coef[0, :, 0], start.coef[0, 0, 1:]])
        b, sigma = _chains(table.scores, table.seen, x, (first, start.sigma[0, 0]), rngs)
        slopes = np.repeat(b[:, None, arms:], arms, axis=1)
        coef = np.concatenate([b[:, :arms, None], slopes], axis=2)
        return Posterior(JointNormal(coef, sigma[:, None]), noise)
    found = []
    for a in range(arms):
        who = table.arm == a
        x = np.hstack([np.ones((who.sum(), 1)), table.covariates[who]])
        begin = start.coef[0, a], start.sigma[0, a]
        found.append(_chains(table.scores[who], table.seen[who], x, begin, rngs))
    coef, sigma = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return Posterior(JointNormal(coef, sigma), noise)


def _chains(scores, seen, x, start, rngs) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (M, p, m) and covariances (M, m, m) at the end of each chain."""
    size = len(x) * (x.shape[1] + scores.shape[1])
    each = [_together(scores, seen, x, start, rngs[some]) for some in blocks(len(rngs), size)]
    b, sigma = (np.concatenate(part) for part in zip(*each, strict=True))
    return b, sigma


def _together(scores, seen, x, start, rngs) -> tuple[np.ndarray, np.ndarray]:
    """The same for chains that are carried forward side by side."""
    m = scores.shape[1]
    centre = np.nanmean(scores, axis=0)
    y = scores - centre
    gaps = np.isnan(y) & (np.arange(m) < seen[:, None])
    holed = gaps.any(axis=1)
    fixed = _products(np.where(np.isnan(y), 0.0, y)[None, ~holed], seen[~holed], x[~holed])
    # a column of ones, or the indicators of all arms, takes what is subtracted from every score
    b = np.repeat((start[0] - _shift(x, centre))[None], len(rngs), axis=0)
    sigma = np.repeat(start[1][None], len(rngs), axis=0)
    people = np.array([np.sum(seen > j) for j in range(m)])
    whole = np.repeat(np.where(np.isnan(y), 0.0, y)[None, holed], len(rngs), axis=0)
    for _ in range(STEPS if holed.any() else 1):
        if holed.any():
            _fill_gaps(whole, y[holed], gaps[holed], seen[holed], x[holed] @ b, sigma, rngs)
        products = fixed + (_products(whole, seen[holed], x[holed]) if holed.any() else 0.0)
        b, sigma = draw_regressions(products, people, x.shape[1], rngs)
    return b + _shift(x, centre), sigma


def _shift(x: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Coefficients whose fitted values are `centre` for everybody, shape (p, m)."""
    return np.outer(np.linalg.lstsq(x, np.ones(len(x)), rcond=None)[0], centre)


def _fill_gaps(whole, y, gaps, seen, mean, sigma, rngs) -> None:
    """Gaps drawn given what was seen of the same person, in place; whole is (M, people, m)."""
    z = np.zeros_like(whole)
    z[:, gaps] = np.array([rng.standard_normal(int(gaps.sum())) for rng in rngs])
    code = np.column_stack([gaps @ (1 << np.arange(gaps.shape[1])), seen])
    _, number = np.unique(code, axis=0, return_inverse=True)
    number = number.ravel()
    for g in range(number.max() + 1):
        who = np.flatnonzero(number == g)
        upto = int(seen[who[0]])
        u = gaps[who[0], :upto]
        drawn = given_seen(
            y[who, :upto],
            mean[:, who, :upto],
            sigma[:, :upto, :upto],
            u,
            z[:, who, :upto][..., u],
        )
        whole[:, who[:, None], np.flatnonzero(u)] = drawn


def _products(whole: np.ndarray, seen: np.ndarray, x: np.ndarray) -> np.ndarray:
    """For each visit, products of [x, scores] of those seen up to it: (M, m, p + m, p + m)."""
    m, size = whole.shape[2], x.shape[1] + whole.shape[2]
    rows = np.concatenate([np.repeat(x[None], len(whole), axis=0), whole], axis=2)
    total = np.zeros((len(whole), m, size, size))
    for j in range(m):
        last = rows[:, seen == j + 1]
        total[:, j] = np.swapaxes(last, 1, 2) @ last
    return np.cumsum(total[:, ::-1], axis=1)[:, ::-1]


def draw_regressions(
    products: np.ndarray, people: np.ndarray, p: int, rngs: list[np.random.Generator]
) -> tuple[np.ndarray, np.ndarray]:
    r"""Coefficients and covariance of monotone normal scores, drawn from their posterior.

    Parameters
    ----------
    products : ndarray, shape (M or 1, m, p + m, p + m)
        For each visit, :math:`\sum (x, y)(x, y)^\top` over the people seen up to it.
    people : ndarray of int, shape (m,)
        How many these are.
    p : int
        Columns of x.
    rngs : list of Generator, length M

    Returns
    -------
    b : ndarray, shape (M, p, m)
    sigma : ndarray, shape (M, m, m)

    Raises
    ------
    ValueError
        When a visit has too few people, or columns that follow from others.

    Notes
    -----
    Visit j is regressed on x and visits before it, among the :math:`n_j` people seen up to it,
    with the usual prior :math:`1/\sigma_j^2` of each regression:
    :math:`\sigma_j^2 = SSE_j/\chi^2_{n_j-p-j+1}`, coefficients normal around least squares. With
    :math:`(I-\Phi)y = \Gamma^\top x + e`, :math:`B = \Gamma (I-\Phi)^{-\top}` and
    :math:`\Sigma = (I-\Phi)^{-1}D(I-\Phi)^{-\top}`.
    """
    draws, m = len(rngs), products.shape[1]
    gamma, phi = np.zeros((draws, p, m)), np.zeros((draws, m, m))
    residual = np.zeros((draws, m))
    for j in range(m):
        df = int(people[j]) - p - j
        if df < 1:
            raise ValueError(
                f"Too few people were seen up to visit {j + 1} for {p} coefficients and the visits "
                "before it. Adjust for fewer covariates, take fewer visits, or do not impute each "
                "arm by itself."
            )
        factor = _triangle(products[:, j, : p + j + 1, : p + j + 1], j)
        chance = np.array([rng.chisquare(df) for rng in rngs])
        z = np.array([rng.standard_normal(p + j) for rng in rngs])
        residual[:, j] = factor[:, -1, -1] ** 2 / chance
        aim = factor[:, -1, :-1] + np.sqrt(residual[:, [j]]) * z
        line = np.linalg.solve(np.swapaxes(factor[:, :-1, :-1], 1, 2), aim[:, :, None])[..., 0]
        gamma[:, :, j], phi[:, j, :j] = line[:, :p], line[:, p:]
    inverse = np.linalg.inv(np.eye(m) - phi)
    turned = np.swapaxes(inverse, 1, 2)
    return gamma @ turned, (inverse * residual[:, None]) @ turned


def _triangle(products: np.ndarray, j: int) -> np.ndarray:
    """Cholesky factors of regressors and response, refused where a column follows from others."""
    length = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    try:
        factor = np.linalg.cholesky(products)
        apart = np.diagonal(factor, axis1=1, axis2=2)[:, :-1] / length[:, :-1]
        singular = bool(np.any(apart < LEAST_APART))
    except np.linalg.LinAlgError:
        singular = True
    if singular:
        raise ValueError(
            f"Among the people seen up to visit {j + 1} some arm, covariate or score cannot be "
            "told from the others. Adjust for fewer covariates, or take fewer visits."
        )
    return factor
