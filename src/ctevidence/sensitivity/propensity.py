"""The chance of each arm given what is known of a person: multinomial logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

#: log odds between two arms beyond which a chance is zero for all that matters
LARGEST_LOG_ODDS = 25.0
MAX_STEPS, MAX_HALVINGS, PRECISION = 50, 30, 1e-11
#: Precision of the normal prior on each log odds ratio (of one standard deviation) that is used
#: where arms are separated: a standard deviation of 2 holds odds ratios up to 50.
PENALTY = 0.25


@dataclass(frozen=True, eq=False)
class Propensity:
    """Fitted chances of K arms.

    Attributes
    ----------
    probability : array (n, K)
        Of each arm for each person; rows sum to one.
    coef : array (K - 1, q)
        Log odds of each arm but the first against the first; the intercept first.
    cov : array (p, p)
        Inverse information of the coefficients, p = (K - 1) q, arm by arm.
    influence : array (n, p)
        Of each person on them.
    x : array (n, q)
        Intercept and covariates.
    loglik : float
        Without the penalty.
    penalty : float
        Precision of the prior; 0 for maximum likelihood.
    is_separated : bool
        Whether the penalty had to be set in because covariates separate the arms.
    """

    probability: Array
    coef: Array
    cov: Array
    influence: Array
    x: Array
    loglik: float
    penalty: float
    is_separated: bool

    def gradient(self, by_probability: Array) -> Array:
        """Derivatives by the coefficients of something that depends on the chances.

        Parameters
        ----------
        by_probability : array (n, K)
            Its derivatives by the chances, of each person.

        Returns
        -------
        array (n, p)
        """
        p = self.probability
        mean = (by_probability * p).sum(axis=1, keepdims=True)
        by_log_odds = (p * (by_probability - mean))[:, 1:]
        return (by_log_odds[:, :, None] * self.x[:, None, :]).reshape(len(p), -1)


def fit_propensity(
    arm: Array, covariates: Array, n_arms: int, penalty: float | None = None
) -> Propensity:
    r"""Fit the chance of each arm.

    Parameters
    ----------
    arm : array of int (n,)
        0 to K - 1; each has somebody.
    covariates : array (n, q)
    n_arms : int
        K, at least 2.
    penalty : float, optional
        Precision of a normal prior on each log odds ratio of one standard deviation between an arm
        and the average of all. When absent none, unless covariates separate the arms (then
        `PENALTY`).

    Raises
    ------
    ValueError
        For an arm without people, or covariates that follow from each other.

    Notes
    -----
    :math:`\log \Pr(A = a \mid x) / \Pr(A = 0 \mid x) = x' \beta_a` by Newton-Raphson (McCullagh and
    Nelder 1989, 5.2.4; for several treatments McCaffrey et al. 2013, Stat Med 32:3388). Where
    covariates separate arms there is no finite maximum (Albert and Anderson 1984, Biometrika
    71:1); a weak normal prior (ridge; Le Cessie and van Houwelingen 1992, Appl Stat 41:191) then
    gives finite chances. It does not depend on which arm comes first.

    Examples
    --------
    One covariate with two values: the chances are the shares of the arms in each.

    >>> arm, x = np.array([0, 1, 1, 0, 0, 1]), np.array([[0.0], [0], [0], [1], [1], [1]])
    >>> fit_propensity(arm, x, 2).probability[[0, 3]].round(9).tolist()
    [[0.333333333, 0.666666667], [0.666666667, 0.333333333]]
    """
    people = np.bincount(arm, minlength=n_arms)
    if n_arms < 2 or not people.all():
        raise ValueError(
            "Propensities need people in at least two arms, and somebody in each arm that is named."
        )
    spread = covariates.std(axis=0)
    x = np.hstack([np.ones((len(arm), 1)), covariates])
    scaled = x / np.append(1.0, spread)
    if np.linalg.matrix_rank(scaled.T @ scaled, hermitian=True) < x.shape[1]:
        raise ValueError(
            "Some covariates follow from others (or are the same for everyone): their odds cannot "
            "be told apart. Leave one out of adjust."
        )
    y = np.eye(n_arms)[arm]
    start = np.zeros((n_arms - 1, x.shape[1]))
    start[:, 0] = np.log(people[1:] / people[0])
    found = _climb(y, x, start, _prior(n_arms, spread, penalty or 0.0))
    is_separated = found is None
    if is_separated:
        penalty = max(penalty or 0.0, PENALTY)
        found = _climb(y, x, start, _prior(n_arms, spread, penalty))
    if found is None:
        raise ValueError(
            f"The chances of the arms have no maximum even with a penalty of {penalty:g}. Give a "
            "larger penalty, or fewer covariates."
        )
    coef, probability, information = found
    cov = np.linalg.inv(information)
    scores = ((y - probability)[:, 1:, None] * x[:, None, :]).reshape(len(arm), -1)
    return Propensity(
        probability=probability,
        coef=coef,
        cov=cov,
        influence=scores @ cov,
        x=x,
        loglik=float(np.log(probability[np.arange(len(arm)), arm]).sum()),
        penalty=penalty or 0.0,
        is_separated=is_separated,
    )


def _prior(n_arms: int, spread: Array, penalty: float) -> Array:
    """Precision of the coefficients: symmetric in the arms, none on the intercepts."""
    among_arms = np.eye(n_arms - 1) - 1 / n_arms
    return np.kron(among_arms, np.diag(np.append(0.0, penalty * spread**2)))


def _climb(y: Array, x: Array, coef: Array, prior: Array):
    """Newton steps, halved until the penalised likelihood rises; None where there is no maximum."""
    here, loglik = _chances(x, coef), -np.inf
    loglik = _penalised(y, here, coef, prior)
    for _ in range(MAX_STEPS):
        score = ((y - here)[:, 1:].T @ x).ravel() - prior @ coef.ravel()
        information = _information(here, x) + prior
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return None
        done = float(score @ step) < PRECISION * max(1.0, abs(loglik))
        for _ in range(MAX_HALVINGS):
            tried = coef + step.reshape(coef.shape)
            there = _chances(x, tried)
            risen = _penalised(y, there, tried, prior)
            # the last full step is taken whatever it gains: it squares the error that is left
            if done or risen >= loglik:
                break
            step = step / 2
        coef, here, loglik = tried, there, risen
        if np.ptp(np.log(np.maximum(here, 1e-300)), axis=1).max() > LARGEST_LOG_ODDS:
            return None
        if done:
            return coef, here, _information(here, x) + prior
    return None


def _chances(x: Array, coef: Array) -> Array:
    eta = np.hstack([np.zeros((len(x), 1)), x @ coef.T])
    risen = np.exp(eta - eta.max(axis=1, keepdims=True))
    return risen / risen.sum(axis=1, keepdims=True)


def _penalised(y: Array, probability: Array, coef: Array, prior: Array) -> float:
    likelihood = np.log(np.maximum((y * probability).sum(axis=1), 1e-300)).sum()
    return float(likelihood - coef.ravel() @ prior @ coef.ravel() / 2)


def _information(probability: Array, x: Array) -> Array:
    k, q = probability.shape[1] - 1, x.shape[1]
    information = np.empty((k, q, k, q))
    for a in range(k):
        for b in range(a + 1):
            p, other = probability[:, a + 1], probability[:, b + 1]
            block = (x * (p * ((a == b) - other))[:, None]).T @ x
            information[a, :, b] = information[b, :, a] = block
    return information.reshape(k * q, k * q)
