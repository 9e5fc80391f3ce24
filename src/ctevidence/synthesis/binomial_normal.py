"""Binomial-normal models: random log odds ratios with the exact distribution of the counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from ctevidence.synthesis.count_tables import CountTables

MODELS = ("conditional", "fixed-studies")
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
_LOG_WEIGHTS = np.log(_WEIGHTS) + _NODES**2 / 2
_STEP = 1e-5


@dataclass(frozen=True)
class BinomialNormalFit:
    """Log odds ratio, its standard error, between-study variance, log-likelihood.

    `studies` is how many say anything about it.
    """

    estimate: float
    std_error: float
    tau2: float
    loglik: float
    studies: int


class _Terms(NamedTuple):
    """Log-likelihood of each study at its own log odds ratio, with slopes; shape (..., k).

    `by_effect`, `by_effect_twice` are by the log odds ratio, `by_level` by the study's own level.
    """

    value: np.ndarray
    by_effect: np.ndarray
    by_effect_twice: np.ndarray
    by_level: np.ndarray


def binomial_normal(tables: CountTables, model="conditional") -> BinomialNormalFit:
    r"""Random-effects odds ratio by maximum likelihood, without correcting zero cells.

    ``"conditional"``: given all events of a study, those of arm 1 follow Fisher's non-central
    hypergeometric distribution with log odds ratio :math:`\theta_i \sim N(\mu,\tau^2)`.
    ``"fixed-studies"``: both arms are binomial, logits :math:`\alpha_i \pm \theta_i/2`, with one
    :math:`\alpha_i` of each study's own. Stijnen, Hamza and Ozdemir (2010), Stat Med 29:3046;
    Jackson et al. (2018), Stat Med 37:1059 (half coding). The integral over :math:`\theta_i` is
    taken by Gauss-Hermite quadrature centred and scaled study by study, 41 nodes (Pinheiro and
    Bates 1995, J Comput Graph Stat 4:12). Maximum likelihood: :math:`\tau^2` tends to be too small
    with few studies. Studies in which all or none had the event say nothing and drop out.

    Raises
    ------
    ValueError
        When the model is unknown, fewer than two studies say anything, or the odds ratio is
        infinite.

    Examples
    --------
    >>> few = CountTables([1, 2, 0], [50, 60, 40], [4, 6, 3], [50, 60, 40])
    >>> fit = binomial_normal(few)
    >>> round(fit.estimate, 4), fit.tau2
    (-1.5277, 0.0)
    """
    if model not in MODELS:
        raise ValueError(f'model="{model}" is unknown; say one of {", ".join(MODELS)}.')
    used = tables.where(tables.informative)
    if used.k < 2:
        raise ValueError(f"{used.k} study says anything about the odds ratio; two are needed.")
    a, b, c, d = used.cells
    if ((a == 0) | (d == 0)).all() or ((b == 0) | (c == 0)).all():
        raise ValueError(
            "All events lie on one side in every study: the odds ratio is 0 or infinite. Report "
            "the counts, or the risk difference."
        )
    terms = _conditional(used) if model == "conditional" else _fixed_studies(used)
    start = np.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
    level = (np.log((a + 0.5) / (b + 0.5)) + np.log((c + 0.5) / (d + 0.5))) / 2
    nuisance = model == "fixed-studies"
    fits = [
        _maximum(terms, np.median(start), tau, level, nuisance)
        for tau in (0.0, max(0.3, float(start.std())))
    ]
    mean, tau, value, error = max(fits, key=lambda fit: fit[2] + 1e-9 * (fit[1] == 0))
    return BinomialNormalFit(mean, error, tau**2, value, used.k)


def _conditional(t: CountTables) -> Callable[[np.ndarray, np.ndarray], _Terms]:
    events = t.events1 + t.events2
    least, most = np.maximum(0, events - t.n2), np.minimum(t.n1, events)
    x = np.arange(int((most - least).max()) + 1)[:, None] + least  # (values, k)
    possible = x <= most
    inside = np.where(possible, x, least)
    base = np.where(
        possible, _log_choose(t.n1, inside) + _log_choose(t.n2, events - inside), -np.inf
    )
    observed = _log_choose(t.n1, t.events1) + _log_choose(t.n2, t.events2)

    def terms(theta: np.ndarray, _level: np.ndarray) -> _Terms:
        logs = base + inside * theta[..., None, :]
        total = logsumexp(logs, axis=-2)
        share = np.exp(logs - total[..., None, :])
        mean = (share * inside).sum(axis=-2)
        variance = (share * (inside - mean[..., None, :]) ** 2).sum(axis=-2)
        value = observed + t.events1 * theta - total
        return _Terms(value, t.events1 - mean, -variance, np.zeros_like(mean))

    return terms


def _fixed_studies(t: CountTables) -> Callable[[np.ndarray, np.ndarray], _Terms]:
    constant = _log_choose(t.n1, t.events1) + _log_choose(t.n2, t.events2)

    def terms(theta: np.ndarray, level: np.ndarray) -> _Terms:
        up, down = level + theta / 2, level - theta / 2
        p1, p2 = expit(up), expit(down)
        value = constant + t.events1 * up + t.events2 * down
        value = value - t.n1 * np.logaddexp(0, up) - t.n2 * np.logaddexp(0, down)
        first, second = t.events1 - t.n1 * p1, t.events2 - t.n2 * p2
        curve = -(t.n1 * p1 * (1 - p1) + t.n2 * p2 * (1 - p2)) / 4
        return _Terms(value, (first - second) / 2, curve, first + second)

    return terms


def _log_choose(n, x) -> np.ndarray:
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)


def _integrated(terms, mean: float, tau: float, level: np.ndarray):
    """Marginal log-likelihood of each study and its slopes by mean, tau, level; shape (3, k).

    The random effect is tau times a standard normal z; slopes are posterior means (Fisher).
    """
    z = np.zeros_like(level)
    for _ in range(100):
        at = terms(mean + tau * z, level)
        step = (tau * at.by_effect - z) / (1 - tau**2 * at.by_effect_twice)
        z = z + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-12:
            break
    width = 1 / np.sqrt(1 - tau**2 * terms(mean + tau * z, level).by_effect_twice)
    points = z + width * _NODES[:, None]
    at = terms(mean + tau * points, level)
    logs = (
        at.value - points**2 / 2 + _LOG_WEIGHTS[:, None] + np.log(width) - 0.5 * np.log(2 * np.pi)
    )
    value = logsumexp(logs, axis=0)
    share = np.exp(logs - value)
    slopes = [(share * s).sum(axis=0) for s in (at.by_effect, points * at.by_effect, at.by_level)]
    return value, np.array(slopes)


def _curvature(terms, mean, tau, level) -> np.ndarray:
    """Second derivatives of each study's part, shape (k, 3, 3), by differences of the slopes."""
    columns = []
    for moved in np.eye(3):
        ends = [
            _integrated(terms, mean + s * moved[0], tau + s * moved[1], level + s * moved[2])[1]
            for s in (_STEP, -_STEP)
        ]
        columns.append((ends[0] - ends[1]) / (2 * _STEP))
    found = np.array(columns).transpose(2, 1, 0)
    return (found + found.transpose(0, 2, 1)) / 2


def _maximum(terms, mean, tau, level, nuisance: bool):
    """Newton from a start; a tau of exactly 0 stays 0. Gives mean, tau, log-likelihood, error."""
    own = [0] if tau == 0 else [0, 1]
    for _ in range(200):
        value, slopes = _integrated(terms, mean, tau, level)
        gradient, information, back = _reduced(terms, mean, tau, level, slopes, own, nuisance)
        values, vectors = np.linalg.eigh(information)
        step = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-6))
        step *= min(1.0, 2 / max(np.abs(step).max(), 1e-300))
        for _ in range(30):
            trial = np.array([mean, tau])
            trial[own] += step
            moved = level + back(step)
            if _integrated(terms, *trial, moved)[0].sum() >= value.sum() - 1e-12:
                break
            step = step / 2
        mean, tau, level = float(trial[0]), abs(float(trial[1])), moved
        if np.abs(step).max() < 1e-10:
            break
    value, slopes = _integrated(terms, mean, tau, level)
    if tau < 1e-5:
        own = [0]
    _, information, _ = _reduced(terms, mean, tau, level, slopes, own, nuisance)
    error = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    return float(mean), tau if tau >= 1e-5 else 0.0, float(value.sum()), error


def _reduced(terms, mean, tau, level, slopes, own, nuisance):
    """Gradient and information of mean and tau with the levels at their best, and their step."""
    curve = _curvature(terms, mean, tau, level)
    gradient = slopes[own].sum(axis=1)
    information = -curve[:, own][:, :, own].sum(axis=0)
    if not nuisance:
        return gradient, information, lambda step: np.zeros_like(level)
    cross, inner = curve[:, own, 2], curve[:, 2, 2]
    gradient = gradient - (cross * (slopes[2] / inner)[:, None]).sum(axis=0)
    information = information + (cross.T / inner) @ cross
    return gradient, information, lambda step: -(slopes[2] + cross @ step) / inner
