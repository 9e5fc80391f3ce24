"""A curve of real people: steps of several people at whole weeks, ended where few are left."""

from __future__ import annotations

import numpy as np

from ctevidence.contrasts.combination import wilson
from ctevidence.display.disclosure import Disclosure
from ctevidence.display.precision import step_for


def coarse_curve(weeks, happened, limits, at_risk, n: int, disclosure: Disclosure):
    """A curve of the share with an event as it may be shown.

    Cumulative counts, ``happened * n``, rise by whole blocks to the middle of the next
    (`Disclosure.cumulative`), their share is one of the people that may be shown. A step stands at
    the end of the week in which it falls, since the day of one event points to a person. The band
    changes with the curve only, its limits no finer than one person, and holds the curve; where
    too few had the event it is Wilson's of the rounded counts.

    Parameters
    ----------
    weeks : array (k,)
        In order, the first with nothing happened yet.
    happened : array (k,)
        Share with the event from each week on, without censoring or corrected for it.
    limits : array (k, 2)
        Of that share; nan where there is no band.
    at_risk : array (k,)
        People followed up to each week.
    n : int
    disclosure : Disclosure
        One that rounds.

    Returns
    -------
    weeks (m,), happened (m,), limits (m, 2)
        Empty where the group is too small to show. The last point is where the curve ends.

    Notes
    -----
    After ``round_km`` of OpenSAFELY (osutils) and its midpoint-6 rounding.

    Examples
    --------
    Twelve events of 60 people, one on each day: two steps, of 3 and of 9 people.

    >>> from ctevidence.display.disclosure import PROFILES
    >>> days = np.arange(13)
    >>> weeks, share, band = coarse_curve(days / 7, days / 60, np.full((13, 2), np.nan),
    ...     60 - days, 60, PROFILES["opensafely"])
    >>> weeks.tolist(), (60 * share).round(6).tolist()
    ([0.0, 1.0, 2.0], [0.0, 9.0, 9.0])
    """
    weeks, happened = np.asarray(weeks, float), np.asarray(happened, float)
    limits = np.asarray(limits, float)
    people = disclosure.count(n)
    few = np.flatnonzero(np.asarray(at_risk) <= disclosure.suppress_up_to)
    end = few[0] if len(few) else len(weeks)
    if not people or not end:
        return np.zeros(0), np.zeros(0), np.zeros((0, 2))
    # a little less, so that rounding in the product does not reach the next block
    counts = np.array([disclosure.cumulative(max(0.0, f * n - 1e-9)) for f in happened[:end]])
    whole = np.abs(np.ceil(weeks[:end] - 1e-9))  # not minus 0
    last_of_week = np.append(whole[1:] > whole[:-1], True)
    changed = np.append(True, np.diff(counts[last_of_week]) > 0)
    changed[-1] = True
    kept = np.flatnonzero(last_of_week)[changed]
    share = np.clip(counts[kept] / people, 0, 1)
    band = _band(limits[kept], share, step_for(people))
    for i, events in enumerate(np.round(happened[kept] * n).astype(int)):
        if disclosure.hides(int(events), n) and not np.isnan(limits[kept[i]]).any():
            # the exact limits of so few would give their number away
            band[i] = wilson(counts[kept[i]], people, 0.95)
    if len(share) > 1 and share[-1] == share[-2]:
        band[-1] = band[-2]
    return whole[kept], share, band


def _band(limits: np.ndarray, share: np.ndarray, step: float) -> np.ndarray:
    limits = np.where(np.isnan(limits), share[:, None], limits)
    low = np.floor(limits[:, 0] / step + 1e-9) * step
    high = np.ceil(limits[:, 1] / step - 1e-9) * step
    return np.column_stack([np.minimum(low, share), np.maximum(high, share)]).clip(0, 1)
