"""How much worse the missing would have to be: the delta at which a conclusion turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ctevidence.data.study import Study
from ctevidence.estimates import Estimate
from ctevidence.sensitivity.conditional_means import ConditionalMeans
from ctevidence.sensitivity.imputed import Imputed
from ctevidence.terms import CONTRAST_MEASURES, contrast_measure, resolve_arms

#: Steps of the search from nothing to the whole range of the scale.
STEPS = 63
#: Points to which a tipping point is found.
PRECISION = 0.01
#: A grid reaches so many standard deviations of the baseline scores, in so many steps each way.
REACH, STEPS_OF_GRID = 1.5, 4


@dataclass(frozen=True, eq=False)
class TippingPoint:
    """A comparison under every pair of deltas in its two arms, and where its conclusion turns.

    Parameters
    ----------
    study : Study
    base : Estimate
        Without any delta.
    deltas, deltas_against : ndarray, shape (a,), (b,)
        Points worse in the arm, and in the one it is compared with.
    estimate, conf_low, conf_high, p_value : ndarray, shape (a, b)
    better : {"higher", "lower"}
    alone : float
        Points worse (negative: better) in the arm alone at which the conclusion turns: a difference
        is no longer shown, or where none was shown, one begins to be; nan when not even the whole
        range of the scale does.
    both : float
        The same with equally many points in both arms.
    turns : float
        Points worse (negative: better) in the arm alone at which the best estimate is no
        difference.
    missing, people : tuple of int
        Scores missing after dropout at the week in the two arms, and people there.
    """

    study: Study
    base: Estimate
    deltas: np.ndarray
    deltas_against: np.ndarray
    estimate: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    p_value: np.ndarray
    better: str
    alone: float
    both: float
    turns: float
    missing: tuple[int, int]
    people: tuple[int, int]

    @property
    def null(self) -> float:
        """The value of no difference."""
        return CONTRAST_MEASURES[self.base.measure].null

    @property
    def is_shown(self) -> bool:
        """Whether a difference is shown without any delta."""
        return conclusion(self.base, self.better) != 0

    @property
    def favours(self) -> np.ndarray:
        """1 where the arm is shown better, -1 where worse, 0 where neither, shape (a, b)."""
        above = np.where(self.conf_low > self.null, 1, 0) - np.where(
            self.conf_high < self.null, 1, 0
        )
        return above if self.better == "higher" else -above


def tipping_point(
    imputed: Imputed | ConditionalMeans,
    arm: str,
    *,
    against: str,
    week: float | None = None,
    measure: str | None = None,
    deltas: Sequence[float] | None = None,
    deltas_against: Sequence[float] | None = None,
    conf_level: float = 0.95,
) -> TippingPoint:
    """How much worse than imputed the missing would have to be to change the conclusion.

    Parameters
    ----------
    imputed : Imputed or ConditionalMeans
        What the deltas are added to; missing at random as a rule. A delta of its own is replaced.
    arm, against : str
        Arms or treatments; scores after dropout in each get a delta.
    week : float, optional
        A week of the outcome; the study's primary week when absent.
    measure : str, optional
        A contrast measure of the outcome.
    deltas, deltas_against : sequence of float, optional
        Points worse (negative: better) of the grid, in either arm; when absent up to `REACH`
        standard deviations of the baseline scores either way.
    conf_level : float

    Returns
    -------
    TippingPoint

    Notes
    -----
    Yan, Lee and Li 2009, J Biopharm Stat 19:1085. The conclusion is whether the interval leaves
    out no difference. The tipping point is the smallest delta at which it changes, searched from
    nothing towards worse where the arm is better by the best estimate, towards better where it is
    worse, up to the range of the scale, in steps of a `STEPS`-th of it, then by halving.
    """
    at = imputed.study.primary_week if week is None else week

    moving = _moving(imputed, (arm, against), at)

    def row(delta: float, delta_against: float) -> Estimate:
        return (
            moving(delta, delta_against)
            .compare(arm, against=against, week=at, measure=measure, conf_level=conf_level)
            .one()
        )

    base = row(0.0, 0.0)
    better = imputed.levels(week=at).better
    own = _grid(imputed.study, deltas)
    other = _grid(imputed.study, deltas_against)
    rows = [[row(a, b) for b in other] for a in own]
    numbers = {
        name: np.array([[getattr(each, name) for each in line] for line in rows])
        for name in ("estimate", "conf_low", "conf_high", "p_value")
    }
    null = contrast_measure(base.measure).null
    side = 1.0 if (base.estimate > null) == (better == "higher") else -1.0
    reach = side * (imputed.study.scale.high - imputed.study.scale.low)
    begun = conclusion(base, better)
    sign = math.copysign(1.0, base.estimate - null)
    return TippingPoint(
        study=imputed.study,
        base=base,
        deltas=own,
        deltas_against=other,
        **numbers,
        better=better,
        alone=first_change(lambda d: conclusion(row(d, 0.0), better) != begun, reach),
        both=first_change(lambda d: conclusion(row(d, d), better) != begun, reach),
        turns=first_change(lambda d: sign * (row(d, 0.0).estimate - null) <= 0, reach),
        missing=tuple(_missing(imputed, name, at) for name in (arm, against)),
        people=tuple(int(_members(imputed, name).sum()) for name in (arm, against)),
    )


def _moving(imputed: Imputed | ConditionalMeans, names: tuple[str, str], week: float) -> Callable:
    """From points worse in the two arms to a fit."""
    if isinstance(imputed, ConditionalMeans):
        return lambda *points: imputed.shifted(dict(zip(names, points, strict=True)))
    if imputed.outcome.kind == "course" and imputed.covariates is None:
        return imputed.moving(names, week)
    return lambda *points: imputed.shifted(dict(zip(names, points, strict=True))).fit(weeks=(week,))


def conclusion(row: Estimate, better: str) -> int:
    """1 where the arm is shown better, -1 where it is shown worse, 0 where neither is."""
    null = CONTRAST_MEASURES[row.measure].null
    above = int(row.conf_low > null) - int(row.conf_high < null)
    return above if better == "higher" else -above


def first_change(changed: Callable[[float], bool], reach: float) -> float:
    """The smallest delta at which something has changed, on the way from nothing to `reach`.

    Parameters
    ----------
    changed : callable
        From a delta to whether it has changed; not at 0.
    reach : float
        How far to look; negative looks towards better.

    Returns
    -------
    float
        To `PRECISION`; nan when nothing changes.

    Examples
    --------
    >>> round(first_change(lambda delta: delta < -4.2, -60.0), 1)
    -4.2
    """
    low = 0.0
    for high in np.linspace(0.0, reach, STEPS + 1)[1:]:
        if changed(float(high)):
            break
        low = float(high)
    else:
        return math.nan
    while abs(high - low) > PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if changed(middle) else (middle, high)
    return float(high)


def _grid(study: Study, deltas: Sequence[float] | None) -> np.ndarray:
    if deltas is not None:
        return np.asarray(deltas, float)
    spread = float(study.entering()["baseline"].std())
    step = max(1.0, round(REACH * spread / STEPS_OF_GRID))
    return step * np.arange(-STEPS_OF_GRID, STEPS_OF_GRID + 1)


def _members(imputed: Imputed | ConditionalMeans, name: str) -> np.ndarray:
    wanted = [arm.name for arm in resolve_arms(name, imputed.study.arms)]
    return np.isin(np.array(imputed.table.arms)[imputed.table.arm], wanted)


def _missing(imputed: Imputed | ConditionalMeans, name: str, week: float) -> int:
    at = imputed.table.weeks.index(week)
    return int(imputed.table.after_dropout[_members(imputed, name), at].sum())
