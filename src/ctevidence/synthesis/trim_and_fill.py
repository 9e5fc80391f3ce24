"""Trim and fill: what the mean would be if the missing side of the funnel were filled in."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import rankdata

from ctevidence.synthesis.meta_regression import meta_regression
from ctevidence.synthesis.pairwise import PairwisePool, pool_effects

ESTIMATORS = ("L0", "R0")
SIDES = ("left", "right")


@dataclass(frozen=True, eq=False)
class TrimAndFill:
    """Result of `trim_and_fill`.

    Attributes
    ----------
    pool : PairwisePool
        The analysis with the studies filled in; the one given where none is.
    missing : int
        How many were filled in.
    side : str
        Side of the funnel on which they lie.
    filled : ndarray, shape (missing,)
        Their effects.
    """

    pool: PairwisePool
    missing: int
    side: str
    filled: np.ndarray


def trim_and_fill(pool: PairwisePool, side: str | None = None, estimator="L0") -> TrimAndFill:
    r"""Duval and Tweedie's non-parametric estimate of the studies that are missing.

    With ranks of :math:`|y_i-\hat\mu|` about the mean of the studies left after trimming, and
    :math:`T` the rank sum of those above it: :math:`L_0 = \{4T - k(k+1)\}/(2k-1)`; :math:`R_0` is
    one less than the length of the rightmost run. Iterated until it stays; then the most extreme
    studies are mirrored about the mean: Duval and Tweedie (2000), Biometrics 56:455 and J Am Stat
    Assoc 95:89.

    Parameters
    ----------
    pool : PairwisePool
        Its options hold for every step.
    side : {"left", "right"}, optional
        Where studies are thought missing; opposite to where effects grow with their standard error
        when absent.
    estimator : {"L0", "R0"}

    Raises
    ------
    ValueError
        For fewer than three studies, an unknown option, or when the iteration goes in circles.

    Examples
    --------
    >>> lopsided = pool_effects([0.1, 0.12, 0.1, 0.5, 0.9], [0.01, 0.01, 0.01, 0.2, 0.4])
    >>> trim_and_fill(lopsided).side
    'left'
    """
    if estimator not in ESTIMATORS or side not in (None, *SIDES):
        raise ValueError(f"Say estimator L0 or R0 and side left or right, not {estimator}, {side}.")
    if pool.k < 3:
        raise ValueError(f"Trim and fill needs three studies; there are {pool.k}.")
    y, v = pool.studies.estimate, pool.studies.variance
    options = asdict(pool.options)
    side = side or _side(pool)
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    sorted_y, sorted_v = sign * y[order], v[order]
    missing, seen = 0, []
    while missing not in seen:
        seen.append(missing)
        kept = slice(0, pool.k - missing)
        mean = pool_effects(sorted_y[kept], sorted_v[kept], **options).random.estimate
        missing = _missing(_centred(sorted_y, mean), estimator)
    if missing != seen[-1]:
        raise ValueError(f"Trim and fill goes in circles ({seen} studies); it does not apply.")
    if not missing:
        return TrimAndFill(pool, 0, side, np.empty(0))
    filled = sign * (2 * mean - sorted_y[-missing:])
    names = (*pool.studies.study, *(f"filled {i + 1}" for i in range(missing)))
    variance = np.append(v, sorted_v[-missing:])
    again = pool_effects(np.append(y, filled), variance, names, **options)
    return TrimAndFill(again, missing, side, filled)


def _side(pool: PairwisePool) -> str:
    """Left unless effects fall with their standard error."""
    error = np.sqrt(pool.studies.variance)
    if np.ptp(error) <= 1e-9 * error.max():
        return "left"
    design = np.column_stack([np.ones(pool.k), error])
    fit = meta_regression(
        pool.studies.estimate,
        pool.studies.variance,
        design,
        tau2_method=pool.options.tau2_method,
    )
    return "right" if fit.coef[1] < 0 else "left"


def _centred(y: np.ndarray, mean: float) -> np.ndarray:
    """Distances from the mean; what is rounding alone lies on neither side of it."""
    distance = y - mean
    return np.where(np.abs(distance) <= 1e-12 * (np.abs(y) + abs(mean)), 0.0, distance)


def _missing(centred: np.ndarray, estimator: str) -> int:
    k = centred.size
    ranks = rankdata(np.abs(centred), method="ordinal")
    if estimator == "R0":
        found = k - ranks[centred < 0].max(initial=0) - 1
    else:
        found = (4 * ranks[centred > 0].sum() - k * (k + 1)) / (2 * k - 1)
    # half to even, as in R; never all but two studies
    return int(min(max(0, np.round(found)), k - 2))
