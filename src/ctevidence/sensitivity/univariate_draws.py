"""One variable imputed from others: predictive mean matching, and categories by regression."""

from __future__ import annotations

import numpy as np

DONORS = 5
RIDGE = 1e-5
MOST_STEPS, CONVERGED = 50, 1e-8


def matched(
    y: np.ndarray, x: np.ndarray, x_missing: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Numbers drawn from people with a like expectation: predictive mean matching.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Values that are known.
    x : ndarray, shape (n, p)
        Predictors of these people, with a column of ones.
    x_missing : ndarray, shape (k, p)
    rng : Generator

    Returns
    -------
    ndarray, shape (k,)
        Values that occur in y.

    Notes
    -----
    A linear regression with a draw of its parameters gives the expectation of whoever misses the
    value, its estimate that of the others; one of the `DONORS` nearest lends the value (Little
    1988, J Bus Econ Stat 6:287; matching of type 1 in van Buuren 2018, Flexible Imputation of
    Missing Data, section 3.4).
    """
    products = x.T @ x
    inverse = np.linalg.inv(products + RIDGE * np.diag(np.diag(products)))
    beta = inverse @ (x.T @ y)
    squares = float(np.sum((y - x @ beta) ** 2))
    spread = np.sqrt(squares / rng.chisquare(max(len(y) - x.shape[1], 1)))
    drawn = beta + spread * np.linalg.cholesky(inverse) @ rng.standard_normal(len(beta))
    order = np.argsort(x @ beta, kind="stable")
    known, wanted = (x @ beta)[order], x_missing @ drawn
    donors = min(DONORS, len(y))
    place = np.searchsorted(known, wanted)
    window = np.clip(place[:, None] + np.arange(-donors, donors), 0, len(y) - 1)
    apart = np.abs(known[window] - wanted[:, None])
    # at an end of the scale the window holds the last person several times: count each once
    apart[:, 1:][window[:, 1:] == window[:, :-1]] = np.inf
    nearest = np.take_along_axis(window, np.argsort(apart, axis=1, kind="stable"), axis=1)
    chosen = nearest[np.arange(len(wanted)), rng.integers(donors, size=len(wanted))]
    return y[order[chosen]]


def categories(
    y: np.ndarray, k: int, x: np.ndarray, x_missing: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Categories drawn by multinomial logistic regression (logistic for two).

    Parameters
    ----------
    y : ndarray of int, shape (n,)
        Known categories, 0 to k - 1.
    k : int
    x, x_missing, rng
        As for `matched`.

    Returns
    -------
    ndarray of int

    Notes
    -----
    Parameters are drawn from their large-sample normal posterior. So that they are finite where a
    predictor separates the categories, a few people of little weight are added at both ends of
    each predictor in each category (White, Daniel and Royston 2010, Comput Stat Data Anal
    54:2267).
    """
    rows, labels, weights = _augmented(y, k, x)
    beta, information = _multinomial(labels, k, rows, weights)
    half = np.linalg.cholesky(np.linalg.inv(information))
    drawn = beta + (half @ rng.standard_normal(beta.size)).reshape(beta.shape)
    chance = np.cumsum(_shares(x_missing, drawn), axis=1)
    return np.minimum((rng.random(len(x_missing))[:, None] > chance).sum(axis=1), k - 1)


def _augmented(y, k: int, x) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centre, spread = x.mean(axis=0), x.std(axis=0)
    moved = np.flatnonzero(spread > 0)
    ends = [
        centre + sign * np.where(np.arange(x.shape[1]) == j, spread, 0.0)
        for j in moved
        for sign in (-1, 1)
    ]
    extra = np.repeat(np.array(ends).reshape(-1, x.shape[1]), k, axis=0)
    weight = x.shape[1] / max(len(extra), 1)
    return (
        np.vstack([x, extra]),
        np.r_[y, np.tile(np.arange(k), len(ends))],
        np.r_[np.ones(len(y)), np.full(len(extra), weight)],
    )


def _multinomial(y, k: int, x, weights) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (k - 1, p) against category 0 by Newton's method, and their information."""
    p = x.shape[1]
    beta = np.zeros((k - 1, p))
    happened = (y[:, None] == np.arange(1, k)).astype(float)
    for _ in range(MOST_STEPS):
        share = _shares(x, beta)[:, 1:]
        score = ((happened - share) * weights[:, None]).T @ x
        information = np.empty((k - 1, p, k - 1, p))
        for a in range(k - 1):
            for b in range(k - 1):
                w = weights * share[:, a] * ((a == b) - share[:, b])
                information[a, :, b] = (x * w[:, None]).T @ x
        information = information.reshape(beta.size, beta.size) + 1e-9 * np.eye(beta.size)
        step = np.linalg.solve(information, score.ravel()).reshape(beta.shape)
        beta = beta + step / max(1.0, np.abs(step).max() / 5.0)
        if np.abs(step).max() < CONVERGED:
            break
    return beta, information


def _shares(x: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Probabilities of all categories, shape (n, k)."""
    line = np.hstack([np.zeros((len(x), 1)), x @ beta.T])
    grown = np.exp(line - line.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)
