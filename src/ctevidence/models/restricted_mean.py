"""Restricted mean survival time: the area under a Kaplan-Meier curve up to a horizon."""

from __future__ import annotations

import numpy as np

from ctevidence.models.kaplan_meier import SurvivalCurve


def restricted_mean(curve: SurvivalCurve, horizons) -> tuple[np.ndarray, np.ndarray]:
    r"""Mean weeks without the event within each horizon.

    Parameters
    ----------
    curve : SurvivalCurve
    horizons : sequence of float, length m
        Weeks, none beyond the end of the curve (`SurvivalCurve.known_until`).

    Returns
    -------
    estimate : ndarray, shape (m,)
        Weeks.
    cov : ndarray, shape (m, m)
        Of the estimates, as horizons share their beginning.

    Raises
    ------
    ValueError
        For a horizon beyond the follow-up; the message names the largest possible one.

    Notes
    -----
    :math:`\int_0^\tau S(t) dt`, with the variance
    :math:`\sum_i [\int_{t_i}^\tau S(t) dt]^2 d_i / (n_i (n_i - d_i))` over the event times
    (Klein and Moeschberger 2003, 4.5.1). At a last time at which all at risk have the event the
    integral is zero, and with it the term.

    Examples
    --------
    Half of two people have the event at week 4: 4 weeks together, then half of 6.

    >>> from ctevidence.models.kaplan_meier import kaplan_meier
    >>> curve = kaplan_meier(np.array([4.0, 10.0]), np.array([True, False]))
    >>> estimate, cov = restricted_mean(curve, [10])
    >>> estimate.tolist(), cov.tolist()
    ([7.0], [[4.5]])
    """
    horizons = np.asarray(horizons, float)
    if np.any(horizons > curve.known_until):
        raise ValueError(
            f"Week {horizons.max():g} is beyond the follow-up: the largest horizon is week "
            f"{curve.known_until:g}."
        )
    starts = np.append(0.0, curve.times)
    ends = np.append(curve.times, np.inf)
    widths = np.clip(np.minimum(ends, horizons[:, None]) - starts, 0.0, None)
    areas = np.append(1.0, curve.survival) * widths
    beyond = np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]  # area from each start to the horizon
    remaining = beyond[:, 1:]
    return beyond[:, 0], (remaining * curve.hazard_variance) @ remaining.T
