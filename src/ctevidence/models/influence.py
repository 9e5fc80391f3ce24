"""What a contrast would be without one person, or without several, the covariance being kept.

Exact least squares with the fitted covariance taken as known, in closed form from each person's
whitened rows ``x_i``, residuals ``r_i`` and leverage ``H_i = x_i C x_i'`` (the algebra behind the
jackknife covariance CR3; Christensen, Pearson & Johnson 1992, Technometrics 34:38; Cook 1977,
Technometrics 19:15):

    beta - beta(-i) = C x_i' (I - H_i)^-1 r_i,    C(-i) = C + C x_i' (I - H_i)^-1 x_i C

How few people carry a conclusion is found by leaving out the most influential one after the other
(after Broderick, Giordano & Meager 2020, arXiv:2011.14999, but with the refit after each): so many
are enough; fewer, differently chosen, might be too. Effects of a second grouping are among the
columns of ``x``, with their penalty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ctevidence.models.normal_equations import NormalEquations
from ctevidence.models.people_blocks import PeopleBlocks

Array = np.ndarray

# Share of a person's residual that must remain after fitting for the fit without them to exist.
FULL_LEVERAGE = 1e-8
MOST_LEFT_OUT = 1000


@dataclass(frozen=True, eq=False)
class Influence:
    """One contrast with each person left out.

    Attributes
    ----------
    estimate, std_error : float
        With everyone.
    first_row : integer array (g,)
        A row of each person, to find them by.
    without : array (g,)
        The estimate without each person; nan where it could not be estimated without them.
    error_without : array (g,)
    cook : array (g,)
        Cook's distance of each person, over all coefficients.
    to_change_sign : int or None
        People whose leaving out together turns the sign; None when not found among half of all.
    to_change_limits : int or None
        The same for whether the interval holds zero.
    """

    estimate: float
    std_error: float
    first_row: Array
    without: Array
    error_without: Array
    cook: Array
    to_change_sign: int | None
    to_change_limits: int | None

    @property
    def change(self) -> Array:
        """Estimate without each person less the estimate with everyone, shape (g,)."""
        return self.without - self.estimate


def influence(
    people: PeopleBlocks, contrast: Array, std_error: float, df: float, level: float = 0.95
) -> Influence:
    """Leave out each person in turn, then the most influential ones together.

    Parameters
    ----------
    people : PeopleBlocks
    contrast : array (q,)
    std_error, df : float
        Of the contrast as reported; errors without people change in proportion to those of
        least squares, degrees of freedom are kept.
    level : float
        Of the interval whose limits are watched.

    Examples
    --------
    The mean of 1, 2 and 6 is 3; without the 6 it is 1.5.

    >>> y, X = np.array([1.0, 2.0, 6.0]), np.ones((3, 1))
    >>> people = PeopleBlocks(y, X, lambda: [(np.array([[0], [1], [2]]), np.eye(1)[None])])
    >>> influence(people, np.ones(1), 1.0, 2.0).without.round(12)
    array([4. , 3.5, 1.5])
    """
    system = NormalEquations.of(people)
    c = np.concatenate([np.zeros(people.n_second), contrast])
    C, effects = system.solved()
    estimate, variance = float(c @ effects), float(c @ C @ c)
    parts = [
        (rows[:, 0], *_one_out(x, y - x @ effects, C, c, people.n_second))
        for rows, x, y in people.equations()
    ]
    first_row, change, gain, cook = (np.concatenate(part) for part in zip(*parts, strict=True))
    reach = stats.t.ppf((1 + level) / 2, df) * std_error / np.sqrt(variance)

    def sign(value: float, _variance: float) -> bool:
        return value > 0

    def holds_zero(value: float, variance: float) -> bool:
        return abs(value) <= reach * np.sqrt(variance)

    toward = np.sign(estimate) * change  # largest where leaving out moves it towards zero
    to_limits = -toward if holds_zero(estimate, variance) else toward
    by_sign, by_limits = (
        first_row[np.argsort(-np.nan_to_num(by, nan=-np.inf), kind="stable")]
        for by in (toward, to_limits)
    )
    return Influence(
        estimate=estimate,
        std_error=std_error,
        first_row=first_row,
        without=estimate - change,
        error_without=std_error * np.sqrt(1 + gain / variance),
        cook=cook,
        to_change_sign=_fewest(people, system, c, by_sign, sign),
        to_change_limits=_fewest(people, system, c, by_limits, holds_zero),
    )


def _one_out(x: Array, r: Array, C: Array, c: Array, J: int) -> tuple[Array, Array, Array]:
    """Change of the contrast, gain of its variance, and Cook's distance, of a block of people."""
    values, vectors = np.linalg.eigh(np.eye(x.shape[1]) - x @ C @ x.swapaxes(1, 2))
    full = values < FULL_LEVERAGE
    turned = vectors.swapaxes(1, 2)
    inverse = np.where(full, 0.0, 1 / np.where(full, 1.0, values))
    u = (turned @ (x @ (C @ c))[:, :, None])[:, :, 0]
    e = (turned @ r[:, :, None])[:, :, 0]
    # with full leverage in a direction that the contrast uses there is no fit without them
    lost = (full & (abs(u) > 1e-8 * np.sqrt(c @ C @ c))).any(axis=1)
    change, gain = (u * inverse * e).sum(axis=1), (u * inverse * u).sum(axis=1)
    step = ((inverse * e)[:, None, :] @ (turned @ x @ C[:, J:]))[:, 0]
    cook = np.einsum("pi,ij,pj->p", step, np.linalg.inv(C[J:, J:]), step) / (len(C) - J)
    change[lost] = gain[lost] = np.nan
    cook[full.any(axis=1)] = np.nan
    return change, gain, cook


def _fewest(
    people: PeopleBlocks, system: NormalEquations, c: Array, order: Array, judge
) -> int | None:
    """How many people, left out in this order, change the judgement of the contrast."""
    C, effects = system.solved()
    before = judge(c @ effects, c @ C @ c)
    most = min(len(order) // 2, MOST_LEFT_OUT)
    wanted = {row: place for place, row in enumerate(order[:most])}
    own: dict[int, tuple[Array, Array]] = {}
    for rows, x, y in people.equations():
        for i in np.flatnonzero(np.isin(rows[:, 0], order[:most])):
            own[wanted[rows[i, 0]]] = x[i], y[i]
    for k in range(most):
        system = system.less(*own[k])
        if not system.is_regular:
            return None
        C, effects = system.solved()
        if judge(c @ effects, c @ C @ c) != before:
            return k + 1
    return None
