r"""Times of events of people who were lost, drawn from the curve of those who were not.

A person lost at :math:`c` without the event has it at :math:`t > c` with the chances that a curve
:math:`S` gives: :math:`T = \min\{t: S(t) \le S(c)\, u^{\exp(-\delta)}\}` with :math:`u` uniform on
(0, 1). With :math:`\delta = 0` that is censoring at random (Taylor, Murray and Hsu 2002, Stat Med
21:3005: risk set and Kaplan-Meier imputation); :math:`\delta` multiplies the hazard after the loss
by :math:`e^\delta` (Jackson et al. 2014, Stat Med 33:4681); the curve of another arm is its hazard
after the loss (Atkinson et al. 2019, Pharm Stat 18:5: jump to reference).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.kaplan_meier import SurvivalCurve, kaplan_meier
from ctevidence.replicates import stream_of


@dataclass(frozen=True, eq=False)
class Draws:
    """Random numbers of M imputations, which every assumption shares.

    Parameters
    ----------
    curves : tuple of M mappings of int to SurvivalCurve
        By arm, each of people drawn with replacement from it: what is not known of a curve is
        carried into the imputations (approximate Bayesian bootstrap).
    uniform : ndarray, shape (M, number lost)
    """

    curves: tuple[dict[int, SurvivalCurve], ...]
    uniform: np.ndarray


def draw(
    time: np.ndarray, event: np.ndarray, arm: np.ndarray, lost: int, imputations: int, seed: int
) -> Draws:
    """Curves of resampled arms and uniform numbers; imputation k has its own stream.

    Parameters
    ----------
    time, event, arm : ndarray, shape (n,)
    lost : int
        People whose times are to be drawn.
    imputations, seed : int
    """
    members = {int(a): np.flatnonzero(arm == a) for a in np.unique(arm)}
    curves, uniform = [], np.empty((imputations, lost))
    for k in range(imputations):
        rng = stream_of(seed, k)
        again = {a: rng.choice(rows, len(rows)) for a, rows in members.items()}
        curves.append({a: kaplan_meier(time[rows], event[rows]) for a, rows in again.items()})
        uniform[k] = rng.uniform(size=lost)
    return Draws(tuple(curves), uniform)


def times_after(
    curve: SurvivalCurve, after: np.ndarray, uniform: np.ndarray, delta: np.ndarray | float = 0.0
) -> np.ndarray:
    """Times of the event of people who were without it at `after`; infinite beyond the curve.

    Parameters
    ----------
    curve : SurvivalCurve
    after : ndarray, shape (n,)
        Week at which each was lost.
    uniform : ndarray, shape (n,)
        Between 0 and 1.
    delta : ndarray, shape (n,), or float
        Log of the ratio of hazards after the loss.

    Returns
    -------
    ndarray, shape (n,)
        Infinite too where the curve had already ended at `after`: it then says nothing.

    Examples
    --------
    Half have the event at week 2, the other half at 4. Whoever was lost at week 3 has it at 4,
    whoever was lost at week 1 at 2 or at 4, by chance; with a hazard twice as high, the chance of
    2 is 3/4 instead of 1/2.

    >>> curve = kaplan_meier(np.array([2.0, 4.0]), np.array([True, True]))
    >>> times_after(curve, np.array([3.0, 1.0, 1.0]), np.array([0.9, 0.4, 0.6])).tolist()
    [4.0, 4.0, 2.0]
    >>> times_after(curve, np.array([1.0]), np.array([0.26]), np.log(2.0)).tolist()
    [2.0]
    """
    left = curve.at(after)
    height = left * uniform ** np.exp(-np.asarray(delta, float))
    # rising for the search; a first drop to or below the height
    first = np.searchsorted(-curve.survival, -height, side="left")
    times = np.append(curve.times, np.inf)[first]
    return np.where((left > 0) & (times > after), times, np.inf)
