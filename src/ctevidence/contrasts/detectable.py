"""The smallest difference that an estimate's precision could reliably have shown."""

from __future__ import annotations

import math

from scipy.stats import norm, t

from ctevidence.contrasts.power import POWER
from ctevidence.estimates import Estimate


def detectable_difference(row: Estimate, power: float = POWER) -> float:
    r"""Smallest effect found in 80 % of repetitions at this precision, two-sided 5 %.

    Parameters
    ----------
    row : Estimate
        A contrast with a standard error, or with a limit that it can be worked out from.
    power : float

    Returns
    -------
    float
        On the scale of the reader, above no difference: a difference, or a ratio above 1. ``nan``
        where the precision is not known.

    Notes
    -----
    :math:`(z_{1-\alpha/2} + z_{1-\beta})\,SE` on the analysis scale, with :math:`\alpha` from the
    level of the row; a one-sided row of 97.5 % is as strict as a two-sided one of 95 %. Without a
    standard error it is half the interval over its quantile.

    Examples
    --------
    >>> row = Estimate("s", "response", "a", "risk_difference", 0.1, reference="b", std_error=0.05)
    >>> round(detectable_difference(row), 4)  # (1.9600 + 0.8416) x 0.05
    0.1401
    """
    is_ratio = row.error_scale != "identity" or row.unit == "ratio"
    two_sided = row.alternative == "two-sided"
    quantile = 0.5 + row.conf_level / 2 if two_sided else row.conf_level
    error = row.std_error if row.std_error > 0 else _from_limits(row, is_ratio, quantile)
    reach = float(norm.ppf(quantile) + norm.ppf(power)) * error
    return as_ratio(reach) if is_ratio else reach


def as_ratio(reach: float) -> float:
    """The ratio of a distance on the log scale; infinite beyond the largest number."""
    try:
        return math.exp(reach)
    except OverflowError:
        return math.inf


def _from_limits(row: Estimate, is_ratio: bool, quantile: float) -> float:
    scale = (lambda x: math.log(x) if x > 0 else math.nan) if is_ratio else float
    far = [abs(scale(x) - scale(row.estimate)) for x in (row.conf_low, row.conf_high)
           if math.isfinite(x)]  # fmt: skip
    if not far or not row.is_estimable:
        return math.nan
    is_normal = math.isnan(row.df) or math.isinf(row.df)
    width = float(norm.ppf(quantile) if is_normal else t.ppf(quantile, row.df))
    return sum(far) / len(far) / width
