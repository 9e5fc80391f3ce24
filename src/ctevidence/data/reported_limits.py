"""Standard errors from the limits that a report gives with an estimate."""

from __future__ import annotations

import numpy as np


def std_error_from_limits(low, high, conf_level):
    r"""Standard error on the scale on which the limits are symmetric.

    :math:`(u - l) / (2 z_{1-\alpha/2})`, for ratios with the logarithms of the limits (Cochrane
    Handbook 6.5, sections 6.3.1 and 6.3.2; Parmar, Torri and Stewart 1998, Stat Med 17:2815).

    Parameters
    ----------
    low, high : array_like
        Limits, on the log scale for ratios.
    conf_level : array_like
        Level of the interval, such as 0.95.

    Examples
    --------
    >>> float(np.round(std_error_from_limits(np.log(0.49), np.log(0.95), 0.95), 6))
    0.168895
    """
    from scipy.special import ndtri  # noqa: PLC0415 (slow to import, and few tables have limits)

    quantile = ndtri((1 + np.asarray(conf_level, float)) / 2)
    return (np.asarray(high, float) - np.asarray(low, float)) / (2 * quantile)


def off_centre(estimate, low, high):
    """Distance of the estimate from the middle of its limits, as a share of half their width.

    An interval from a normal approximation has 0, but for rounding; one far from it was made in
    another way (exactly, by profile likelihood), on another scale, or is misprinted.

    Examples
    --------
    >>> float(off_centre(1.0, 0.0, 2.0)), float(off_centre(0.5, 0.0, 2.0))
    (0.0, 0.5)
    """
    estimate, low, high = (np.asarray(x, float) for x in (estimate, low, high))
    return np.abs(estimate - (low + high) / 2) / ((high - low) / 2)
