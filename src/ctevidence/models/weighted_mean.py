"""Means of arms from weighted people: plain, or augmented by a regression of the outcome.

Both come with the influence of each person, through the outcome and through the weights, so that
the covariance of any set of them is the sum of products of influences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.language import say
from ctevidence.models.standardised_risk import EVENTS_PER_COEFFICIENT
from ctevidence.outcomes.person_weights import PersonWeights

LINKS = ("logit", "identity")
#: log odds beyond which a fitted risk is 0 or 1 for all that matters: the data are separated
LARGEST_LOG_ODDS = 25.0
MAX_STEPS, PRECISION = 60, 1e-12


@dataclass(frozen=True, eq=False)
class WeightedMeans:
    """Means of k arms and the influence of the n people of the weights on them.

    Parameters
    ----------
    estimate : ndarray, shape (k,)
        nan for an arm in which nobody is seen.
    influence : ndarray, shape (n, k)
        ``influence.T @ influence`` estimates the covariance.
    """

    estimate: np.ndarray
    influence: np.ndarray


def weighted_means(
    y: np.ndarray, arm: np.ndarray, n_arms: int, weights: PersonWeights
) -> WeightedMeans:
    r"""Weighted mean of each arm, over those in whom the outcome is known.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome of everyone who has a weight; nan where it is not known.
    arm : ndarray of int, shape (n,)
    n_arms : int
    weights : PersonWeights
        Of the same n people.

    Notes
    -----
    :math:`\hat\mu_a = \sum_{i \in a} w_i y_i / \sum_{i \in a} w_i` (Hajek 1971; for generalised
    overlap weights Li and Li 2019, Ann Appl Stat 13:2389).

    Examples
    --------
    >>> import pandas as pd
    >>> none = np.empty((3, 0))
    >>> w = PersonWeights(pd.RangeIndex(3), np.array(["a", "a", "b"]), np.array([1.0, 3, 1]), none,
    ...     np.ones(3), none, none, "everyone", "given")
    >>> weighted_means(np.array([0.0, 1, 1]), np.array([0, 0, 1]), 2, w).estimate.tolist()
    [0.75, 1.0]
    """
    means, by_weight = _averaged(y, arm, n_arms, weights)
    return WeightedMeans(means, _with_gaps(weights.propagated(by_weight), means))


def _averaged(y, arm, n_arms, weights) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of the arms and their derivatives by the weights."""
    seen = np.isfinite(y)
    member = seen[:, None] & (arm[:, None] == np.arange(n_arms))
    total = weights.value @ member
    known = np.where(seen, y, 0.0)
    with np.errstate(invalid="ignore"):
        means = (weights.value * known) @ member / total
    from_mean = known[:, None] - np.where(total > 0, means, 0.0)
    return means, np.where(member, from_mean, 0.0) / np.where(total > 0, total, 1.0)


def _with_gaps(influence: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(estimate), influence, np.nan)


def augmented_means(
    y: np.ndarray,
    arm: np.ndarray,
    n_arms: int,
    covariates: np.ndarray,
    weights: PersonWeights,
    link: str,
    among: np.ndarray | None = None,
) -> WeightedMeans:
    r"""Mean of each arm from weights and a regression: right when either of the two is right.

    Parameters
    ----------
    y, arm, n_arms, weights
        As for `weighted_means`; with ``link="logit"`` `y` may be pseudo-values outside 0 to 1.
    covariates : ndarray, shape (n, q)
        Of everyone.
    link : {"logit", "identity"}
        Of the regression, which has an intercept for each arm.
    among : ndarray of bool, shape (n,), optional
        Those over whom the regression is averaged; everyone when absent.

    Raises
    ------
    ArithmeticError
        When the data cannot carry the regression; the message says why.

    Notes
    -----
    With :math:`h` the tilt of the target population and :math:`\hat m_a` the fitted mean in arm a,

    .. math:: \hat\mu_a = \frac{\sum_i h_i \hat m_a(x_i)}{\sum_i h_i}
        + \frac{\sum_{i \in a} w_i (y_i - \hat m_a(x_i))}{\sum_{i \in a} w_i}

    (Robins, Rotnitzky and Zhao 1994, JASA 89:846, for h = 1; Li and Li 2019, Ann Appl Stat
    13:2389, section 3, for several arms and any h). For h = 1 it is consistent when the weights or
    the regression are right; for overlap weights whenever the weights are, and comparisons of
    arms are still those of one population when only the regression is. People in whom the outcome
    is not known count through the regression. The influence stacks the scores of both models.
    """
    seen = np.isfinite(y)
    among = np.ones(len(y), bool) if among is None else among
    present = np.unique(arm[seen])
    intercepts = (arm[:, None] == present).astype(float)
    x = np.hstack([intercepts, covariates])
    coef, of_coef = _regression(y, x, seen, link)
    eta = covariates @ coef[len(present) :]
    tilt = weights.tilt * among
    everyone = tilt.sum()
    estimate, influence = np.full(n_arms, np.nan), np.full((len(y), n_arms), np.nan)
    for column, a in enumerate(present):
        fitted, steep = _inverse_link(eta + coef[column], link)
        in_arm = np.where(arm == a, 1.0, 0.0) * seen
        total = weights.value @ in_arm
        residual = np.where(seen, y, 0.0) - fitted
        predicted, added = tilt @ fitted / everyone, (weights.value * in_arm) @ residual / total
        estimate[a] = predicted + added
        by_tilt = among * (fitted - predicted) / everyone
        by_weight = in_arm * (residual - added) / total
        as_if = np.hstack([np.tile(np.arange(len(present)) == column, (len(y), 1)), covariates])
        towards = tilt / everyone - weights.value * in_arm / total
        through_tilt = weights.tilt_slope.T @ by_tilt
        influence[:, a] = (
            weights.propagated(by_weight[:, None], through_tilt[:, None])[:, 0]
            + weights.tilt * by_tilt
            + of_coef @ ((towards * steep) @ as_if)
        )
    return WeightedMeans(estimate, influence)


def _inverse_link(eta: np.ndarray, link: str) -> tuple[np.ndarray, np.ndarray]:
    """Fitted means and their derivatives by the linear predictor."""
    if link == "identity":
        return eta, np.ones_like(eta)
    fitted = 1 / (1 + np.exp(-eta))
    return fitted, fitted * (1 - fitted)


def _regression(y, x, seen, link) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (q,) and the influence of everyone on them (n, q); of the unseen none."""
    xs, ys = x[seen], y[seen]
    _refuse_too_little(ys, xs, link)
    if link == "identity":
        bread = np.linalg.inv(xs.T @ xs)
        coef = bread @ (xs.T @ ys)
        residual = ys - xs @ coef
    else:
        coef, bread, residual = _logistic(ys, xs)
    of_coef = np.zeros(x.shape)
    of_coef[seen] = (xs * residual[:, None]) @ bread
    return coef, of_coef


def _refuse_too_little(y: np.ndarray, x: np.ndarray, link: str) -> None:
    slopes = x.shape[1] - 1
    if link == "logit" and np.isin(y, (0.0, 1.0)).all():
        if min(y.sum(), (1 - y).sum()) < EVENTS_PER_COEFFICIENT * slopes:
            raise ArithmeticError(
                say("models.few_with_outcome", few=EVENTS_PER_COEFFICIENT, coefficients=slopes)
            )
    elif len(y) < EVENTS_PER_COEFFICIENT * slopes:
        raise ArithmeticError(
            say("models.few_people", few=EVENTS_PER_COEFFICIENT, coefficients=slopes)
        )
    if np.linalg.matrix_rank(x.T @ x, hermitian=True) < x.shape[1]:
        raise ArithmeticError(say("models.not_told_apart"))


def _logistic(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solution of ``x'(y - expit(x b)) = 0`` by Newton, inverse information and residuals.

    The equations are those of the likelihood for 0 and 1, and have one solution at most for any y.
    """
    coef = np.zeros(x.shape[1])
    for _ in range(MAX_STEPS):
        eta = x @ coef
        if np.abs(eta).max() > LARGEST_LOG_ODDS:
            break
        fitted, steep = _inverse_link(eta, "logit")
        bread = np.linalg.inv((x * steep[:, None]).T @ x)
        step = bread @ (x.T @ (y - fitted))
        coef = coef + step / max(1.0, np.abs(x @ step).max() / 4)  # no leap beyond 4 on the logit
        if np.abs(step).max() < PRECISION * max(1.0, np.abs(coef).max()):
            return coef, bread, y - fitted
    raise ArithmeticError("the outcome is separated by arm or covariates")
