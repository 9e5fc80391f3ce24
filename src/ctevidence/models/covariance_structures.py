"""Within-person covariance structures and their exact first and second derivatives.

Every structure is the same small composition. For a pair of visits ``(j, k)``, called a cell,

    Sigma[j, k] = exp(exponents[j, k] @ tau) * R[j, k](rho),

where ``tau`` holds log standard deviations (one per visit, or one for all) and ``R`` is a
correlation pattern of the parameters ``rho``. ``rho`` itself is an elementwise function (a link)
of unbounded parameters. Derivatives then follow from the product rule, once, for all structures.

The parameters ``theta = (tau, unbounded rho)`` are those of R's mmrm (vignette "covariance"),
because the second derivatives in that parameterisation enter its Kenward-Roger covariance:
log standard deviations; ``t / sqrt(1 + t^2)`` for correlations; a logistic map onto
``(-1/(m-1), 1)`` for compound symmetry; the unit-diagonal Cholesky factor, row by row, for the
unstructured matrix; log variance and logistic ``rho`` per unit of distance for the spatial one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctevidence.language import say
from ctevidence.models.correlation_patterns import (
    BOUNDED,
    IDENTITY,
    LOG_LOGISTIC,
    Derivatives,
    Link,
    alone,
    below,
    by_lag,
    chain,
    cholesky,
    decay,
    logistic,
    power,
)

Array = np.ndarray

ALIASES = {
    "us": "unstructured",
    "toep": "toeplitz",
    "toeph": "heterogeneous-toeplitz",
    "ar1h": "heterogeneous-ar1",
    "ad": "ante-dependence",
    "adh": "heterogeneous-ante-dependence",
    "cs": "compound-symmetry",
    "csh": "heterogeneous-compound-symmetry",
    "sp_exp": "spatial-exponential",
}
ON_VISITS = (
    "unstructured",
    "toeplitz",
    "heterogeneous-toeplitz",
    "ar1",
    "heterogeneous-ar1",
    "ante-dependence",
    "heterogeneous-ante-dependence",
    "compound-symmetry",
    "heterogeneous-compound-symmetry",
)
ON_TIMES = ("spatial-exponential",)
ORDER_FREE = ("unstructured", "compound-symmetry", "heterogeneous-compound-symmetry")


def canonical_name(covariance: str) -> str:
    """Full name of a covariance structure, given in full or by R mmrm's abbreviation.

    Raises
    ------
    ValueError
        When there is no such structure; the message lists those there are.

    Examples
    --------
    >>> canonical_name("toeph")
    'heterogeneous-toeplitz'
    """
    name = ALIASES.get(covariance, covariance)
    if name not in ON_VISITS + ON_TIMES:
        raise ValueError(
            f"covariance={covariance!r} is not known. Use one of: "
            + ", ".join(ON_VISITS + ON_TIMES)
            + " (or R mmrm's abbreviations: "
            + ", ".join(ALIASES)
            + ")."
        )
    return name


@dataclass(frozen=True)
class CovarianceStructure:
    """One covariance structure over a list of cells.

    Attributes
    ----------
    name : str
        Full name.
    exponents : array (cells, scales)
        How often each log scale enters a cell.
    pattern : callable
        ``rho -> (R, dR, d2R)`` with shapes (cells,), (r, cells), (r, r, cells).
    link : Link
        From the unbounded parameters to ``rho``.
    n_pattern : int
        Number of pattern parameters ``r``.
    parameterisation : str
        In words, for the output.
    distances : array (cells,) or None
        For a spatial structure, the distance each cell stands for.
    """

    name: str
    exponents: Array
    pattern: Callable[[Array], Derivatives]
    link: Link
    n_pattern: int
    parameterisation: str
    distances: Array | None = None

    def natural_bend(self, theta: Array) -> Array | None:
        """``f''/f'`` of the map from each parameter to the one SAS PROC MIXED uses, shape (k,).

        SAS's parameters are variances and correlations, for the spatial structure the range
        ``-1 / rate``. None where they are elements of the covariance matrix (unstructured,
        Toeplitz, compound symmetry), in which the covariance is linear.
        """
        if self.name in ("unstructured", "toeplitz", "compound-symmetry"):
            return None
        scales = self.exponents.shape[1]
        rho, slope, bend = self.link.apply(theta[scales:])
        if self.distances is not None:
            return np.r_[1.0, bend / slope - 2 * slope / rho]
        return np.r_[np.full(scales, 2.0), bend / slope]

    @property
    def n_parameters(self) -> int:
        """Number of covariance parameters of one group."""
        return self.exponents.shape[1] + self.n_pattern

    def values(self, theta: Array) -> Array:
        """Covariance in each cell, shape (cells,)."""
        tau, t = np.split(theta, [self.exponents.shape[1]])
        return np.exp(self.exponents @ tau) * self.pattern(self.link.apply(t)[0])[0]

    def derivatives(self, theta: Array) -> Derivatives:
        """Covariance per cell with its gradient (k, cells) and Hessian (k, k, cells)."""
        tau, t = np.split(theta, [self.exponents.shape[1]])
        scale = np.exp(self.exponents @ tau)
        rho, slope, bend = self.link.apply(t)
        r, r1, r2 = self.pattern(rho)
        r2 = r2 * np.multiply.outer(slope, slope)[:, :, None]
        r2[np.diag_indices(self.n_pattern)] += bend[:, None] * r1
        r1 = r1 * slope[:, None]

        a = self.exponents.T
        s = len(a)
        k = self.n_parameters
        first = np.concatenate([a * (scale * r), scale * r1])
        second = np.empty((k, k, len(r)))
        second[:s, :s] = a[:, None] * a[None] * (scale * r)
        second[:s, s:] = a[:, None] * (scale * r1)[None]
        second[s:, :s] = second[:s, s:].swapaxes(0, 1)
        second[s:, s:] = scale * r2
        return scale * r, first, second


def on_visits(name: str, n_visits: int) -> CovarianceStructure:
    """Structure over the ``n_visits**2`` cells of scheduled visits, in row-major order.

    Examples
    --------
    >>> structure = on_visits("ar1", 3)
    >>> structure.values(np.zeros(2)).reshape(3, 3).diagonal()
    array([1., 1., 1.])
    """
    row, column = (a.ravel() for a in np.indices((n_visits, n_visits)))
    exponents = np.eye(n_visits)[row] + np.eye(n_visits)[column]
    scale_text = say("models.parameters.deviations")
    if not (name.startswith("heterogeneous-") or name == "unstructured"):
        exponents = exponents.sum(axis=1, keepdims=True)
        scale_text = say("models.parameters.deviation")
    lag = abs(row - column)
    kind = name.removeprefix("heterogeneous-")
    if kind == "unstructured":
        count = n_visits * (n_visits - 1) // 2
        text = say("models.parameters.cholesky", scale=scale_text)
        return CovarianceStructure(name, exponents, cholesky(n_visits), IDENTITY, count, text)
    if n_visits == 1:
        return CovarianceStructure(name, exponents, alone, IDENTITY, 0, scale_text)
    if kind == "compound-symmetry":
        text = say("models.parameters.logistic", scale=scale_text)
        link = logistic(-1.0 / (n_visits - 1), 1.0)
        return CovarianceStructure(name, exponents, by_lag((lag > 0) * 1, 1), link, 1, text)
    text = say("models.parameters.bounded", scale=scale_text)
    if kind == "ar1":
        return CovarianceStructure(name, exponents, power(lag), BOUNDED, 1, text)
    count = n_visits - 1
    pattern = by_lag(lag, count) if kind == "toeplitz" else chain(row, column, count)
    return CovarianceStructure(name, exponents, pattern, BOUNDED, count, text)


def on_distances(distances: Array) -> CovarianceStructure:
    """Spatial exponential structure, ``variance * exp(rate * distance)``, rate < 0, over cells.

    Parameters
    ----------
    distances : array (cells,)
        Distance between the two measurements of each cell, in the unit of time supplied.
    """
    return CovarianceStructure(
        "spatial-exponential",
        np.ones((len(distances), 1)),
        decay(distances),
        LOG_LOGISTIC,
        1,
        say("models.parameters.in_time"),
        distances,
    )


def starting_values(structure: CovarianceStructure, moments: Array) -> Array:
    """Parameters whose covariance is near a moment estimate, shape (m, m), on all visits.

    Correlations are shrunk towards zero until the structure is positive definite.
    """
    moments = _positive_definite(moments)
    variances = moments.diagonal()
    correlation = moments / np.sqrt(np.outer(variances, variances))
    if structure.name == "unstructured":
        factor = np.linalg.cholesky(moments)
        tau = np.log(factor.diagonal())
        return np.concatenate([tau, (factor / factor.diagonal()[:, None])[below(len(moments))]])
    heterogeneous = structure.exponents.shape[1] > 1
    tau = 0.5 * np.log(variances if heterogeneous else [variances.mean()])
    if structure.n_pattern == 0:
        return tau
    kind = structure.name.removeprefix("heterogeneous-")
    by_lag = np.array([correlation.diagonal(d).mean() for d in range(1, len(moments))])
    if kind == "compound-symmetry":
        rho = np.array([correlation[below(len(moments))].mean()])
    elif kind == "toeplitz":
        rho = by_lag
    elif kind == "ar1":
        rho = by_lag[:1]
    else:
        rho = correlation.diagonal(1)
    for _ in range(60):
        theta = np.concatenate([tau, structure.link.inverse(np.clip(rho, -0.98, 0.98))])
        sigma = structure.values(theta).reshape(moments.shape)
        if np.linalg.eigvalsh(sigma)[0] > 1e-3 * variances.min():
            break
        rho = 0.9 * rho
    return theta


def _positive_definite(moments: Array) -> Array:
    """Shrink the correlations of a moment matrix until it is comfortably positive definite."""
    diagonal = np.diag(moments.diagonal())
    scale = np.sqrt(moments.diagonal())
    for share in (1.0, 0.95, 0.9, 0.8, 0.6, 0.4, 0.2):
        candidate = share * moments + (1 - share) * diagonal
        if np.linalg.eigvalsh(candidate / np.outer(scale, scale))[0] > 0.01:
            return candidate
    return diagonal
