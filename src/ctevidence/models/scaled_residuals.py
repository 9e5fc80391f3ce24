"""Residuals of correlated scores made independent, so that plain diagnostics apply to them.

``L_i^-1 (y_i - X_i beta)`` with ``V_i = L_i L_i'`` the covariance of a person's scores: under the
model all have variance 1 and are uncorrelated, the first of a person being the plain residual over
its standard deviation, each later one what the earlier ones did not lead one to expect
(Fitzmaurice, Laird & Ware 2011, Applied Longitudinal Analysis, 10.2). Their squares add up to a
person's Mahalanobis distance, chi-square with one degree of freedom for each score. With a second
grouping its variance is in ``V_i``; that its members' people are alike is then not taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import ndtri

from ctevidence.models.people_blocks import PeopleBlocks

Array = np.ndarray
#: Places at either end of a normal plot whose medians are exact.
EXACT_PLACES = 3_000


@dataclass(frozen=True, eq=False)
class ScaledResiduals:
    """Residuals of n scores of g people.

    Attributes
    ----------
    scaled, fitted : arrays (n,)
        In the order of the rows of the fit; ``fitted`` is ``X beta``.
    person : integer array (n,)
        Number of the person of each row.
    distance : array (g,)
        Squared Mahalanobis distance of each person.
    sizes : array (g,)
        Scores of each person.
    """

    scaled: Array
    fitted: Array
    person: Array
    distance: Array
    sizes: Array

    @property
    def p_value(self) -> Array:
        """Probability of a distance as large, for each person, under the model."""
        return stats.chi2.sf(self.distance, self.sizes)


def scaled_residuals(people: PeopleBlocks, coef: Array) -> ScaledResiduals:
    """Residuals whitened by the Cholesky factor of each person's covariance.

    Parameters
    ----------
    people : PeopleBlocks
    coef : array (q,)
    """
    n = len(people.y)
    fitted = people.X @ coef
    scaled, person = np.empty(n), np.empty(n, dtype=int)
    distance, sizes = [], []
    for rows, r in people.whitened_marginally(people.y - fitted):
        scaled[rows] = r
        person[rows] = (sum(map(len, distance)) + np.arange(len(rows)))[:, None]
        distance.append((r * r).sum(axis=1))
        sizes.append(np.full(len(rows), rows.shape[1]))
    return ScaledResiduals(scaled, fitted, person, np.concatenate(distance), np.concatenate(sizes))


def moments(values: Array) -> tuple[float, float, float]:
    """Mean, standard deviation (n - 1) and skewness ``m3 / m2^1.5``; nan where too few.

    Examples
    --------
    >>> moments(np.array([0.0, 0.0, 3.0]))
    (1.0, 1.7320508075688772, 0.7071067811865475)
    """
    values = np.asarray(values, float)
    if not len(values):
        return np.nan, np.nan, np.nan
    centred = values - values.mean()
    square = (centred**2).mean()
    sd = values.std(ddof=1) if len(values) > 1 else np.nan
    skewness = (centred**3).mean() / square**1.5 if len(values) > 2 and square > 0 else np.nan
    return float(values.mean()), float(sd), float(skewness)


def excess_kurtosis(values: Array) -> float:
    """``m4 / m2^2 - 3``: 0 for a normal distribution; nan for fewer than four values."""
    centred = np.asarray(values, float) - np.mean(values)
    square = (centred**2).mean()
    return float((centred**4).mean() / square**2 - 3) if len(centred) > 3 and square > 0 else np.nan


def normal_quantiles(
    n: int, level: float = 0.95, places: Array | None = None
) -> tuple[Array, Array, Array]:
    """Median and limits of each of ``n`` ordered standard normal values.

    The i-th of n independent uniform values is Beta(i, n + 1 - i). Limits are pointwise: of the
    ordered values about 1 - level lie outside by chance.

    Parameters
    ----------
    n : int
    level : float
    places : integer array, optional
        Which of them, the lowest being 1; all when absent.

    Examples
    --------
    >>> middle, low, high = normal_quantiles(1)
    >>> middle.round(12), low.round(2), high.round(2)
    (array([0.]), array([-1.96]), array([1.96]))
    """
    i = np.arange(1, n + 1) if places is None else np.asarray(places)
    of = stats.beta(i, n + 1 - i)
    tail = (1 - level) / 2
    return tuple(ndtri(of.ppf(p)) for p in (0.5, tail, 1 - tail))


def normal_medians(n: int) -> Array:
    """Median of each of ``n`` ordered standard normal values.

    Exact for the first and last `EXACT_PLACES`; those between by the median of a beta
    distribution, ``(a - 1/3) / (a + b - 2/3)`` (Kerman 2011, arXiv:1111.0433), there right to eight
    digits.

    Examples
    --------
    >>> bool(np.abs(normal_medians(9_000) - normal_quantiles(9_000)[0]).max() < 1e-8)
    True
    """
    i = np.arange(1, n + 1)
    middle = ndtri((i - 1 / 3) / (n + 1 / 3))
    ends = np.r_[i[:EXACT_PLACES], i[max(EXACT_PLACES, n - EXACT_PLACES) :]]
    middle[ends - 1] = ndtri(stats.beta(ends, n + 1 - ends).median())
    return middle


def plot_correlation(values: Array) -> float:
    """Correlation of ordered values with normal medians: 1 on a straight normal plot.

    Filliben 1975, Technometrics 17:111, with exact medians.
    """
    if len(values) < 3 or np.ptp(values) == 0:
        return np.nan
    return float(np.corrcoef(np.sort(values), normal_medians(len(values)))[0, 1])
