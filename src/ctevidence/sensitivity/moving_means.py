"""Means of completed scores as some of them get worse, point by point, without a new regression.

Whoever looks for the delta at which a conclusion turns asks for the same regressions hundreds of
times, of scores that differ by multiples of the same columns. Least squares is linear in the
scores and its residual variance quadratic, so that sums over people are needed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ctevidence.sensitivity.visit_regressions import VisitMeans, factored


@dataclass(frozen=True, eq=False)
class MovingMeans:
    """Sums over people from which means of A arms follow for any move.

    Parameters
    ----------
    coef : ndarray, shape (M, A)
        Means without any move.
    coef_of_moves : ndarray, shape (A, g)
        What one point of each move adds to them.
    rest : ndarray, shape (M,)
        Residual sums of squares without any move.
    across : ndarray, shape (M, g)
        Products of the residuals with those of the moves.
    among : ndarray, shape (g, g)
        Products of the residuals of the moves.
    inverse : ndarray, shape (A, A)
        Covariance of the means over the residual variance.
    df : float
    """

    coef: np.ndarray
    coef_of_moves: np.ndarray
    rest: np.ndarray
    across: np.ndarray
    among: np.ndarray
    inverse: np.ndarray
    df: float

    def at(self, points: np.ndarray) -> VisitMeans:
        """Means when each move is made by so many points, shape (g,).

        Examples
        --------
        The second of two people of one arm gets worse by 4 points: the mean by 2.

        >>> scores, arm = np.array([[1.0, 3.0]]), np.zeros(2, int)
        >>> moving = moving_means([scores], arm, np.empty((2, 0)), np.array([[0.0], [1.0]]))
        >>> found = moving.at(np.array([4.0]))
        >>> found.estimate.round(9).tolist(), found.cov.round(9).tolist()
        ([[4.0]], [[[9.0]]])
        """
        spread = self.rest + 2 * self.across @ points + points @ self.among @ points
        # rounding must not make a variance of nothing negative
        cov = np.maximum(spread, 0.0)[:, None, None] / self.df * self.inverse
        return VisitMeans(self.coef + self.coef_of_moves @ points, cov, self.df)


def moving_means(
    complete: Iterable[np.ndarray], arm: np.ndarray, covariates: np.ndarray, moves: np.ndarray
) -> MovingMeans:
    """Least squares on arm and covariates at one visit, of scores that may be moved.

    Parameters
    ----------
    complete : iterable of ndarray, shape (some, n)
        Completed scores of some data sets at a time.
    arm : ndarray of int, shape (n,)
    covariates : ndarray, shape (n, q)
        Centred.
    moves : ndarray, shape (n, g)
        What one point of each move adds to the scores.

    Returns
    -------
    MovingMeans
        Its means are those of `visit_means`.
    """
    arms = (arm[:, None] == np.arange(arm.max() + 1)).astype(float)
    q, half, df = factored(np.hstack([arms, covariates]))
    half = half[: arms.shape[1]]
    of_moves = q.T @ moves
    rest_of_moves = moves - q @ of_moves
    coef, rest, across = [], [], []
    for scores in complete:
        aligned = scores @ q
        left = scores - aligned @ q.T
        coef.append(aligned @ half.T)
        rest.append(np.einsum("ki,ki->k", left, left))
        across.append(left @ rest_of_moves)
    return MovingMeans(
        np.concatenate(coef),
        half @ of_moves,
        np.concatenate(rest),
        np.concatenate(across),
        rest_of_moves.T @ rest_of_moves,
        half @ half.T,
        df,
    )
