"""How much more often those who were lost would have to relapse to change a conclusion."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ctevidence.data.study import Study
from ctevidence.estimates import Estimate, Estimates
from ctevidence.sensitivity.imputed_times import ImputedTimes
from ctevidence.sensitivity.tipping_point import conclusion
from ctevidence.terms import CONTRAST_MEASURES

#: Largest ratio of hazards that is looked at, either way.
REACH = 20.0
#: Log ratio to which a tipping point is found: one per cent.
PRECISION = 0.01
#: Ratios of the hazard after the loss whose rows are given.
RATIOS = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True, eq=False)
class TippingHazard:
    """A comparison under other hazards after the loss, and where its conclusion turns.

    Parameters
    ----------
    study : Study
    base : Estimate
        As lost at random.
    rows : Estimates
        With the hazard after the loss in the arm alone times each of `RATIOS`.
    better : {"higher", "lower"}
    alone, both : float
        Ratio of hazards after the loss, in the arm alone or in both arms, at which a difference is
        no longer shown, or begins to be; nan where none up to `REACH` does.
    lost : tuple of int
        People lost in the two arms.
    people : tuple of int
    """

    study: Study
    base: Estimate
    rows: Estimates
    better: str
    alone: float
    both: float
    lost: tuple[int, int]
    people: tuple[int, int]

    @property
    def is_shown(self) -> bool:
        """Whether a difference is shown as lost at random."""
        return conclusion(self.base, self.better) != 0

    @property
    def favours_arm(self) -> bool:
        """Whether the best estimate favours the arm."""
        null = CONTRAST_MEASURES[self.base.measure].null
        return (self.base.estimate > null) == (self.better == "higher")


def tipping_hazard(
    imputed: ImputedTimes,
    arm: str,
    *,
    against: str,
    week: float,
    measure: str = "rmst_difference",
    conf_level: float = 0.95,
) -> TippingHazard:
    """The hazard of those who were lost at which a comparison turns.

    Parameters
    ----------
    imputed : ImputedTimes
        A delta of its own is replaced.
    arm, against : str
        Arms or treatments.
    week : float
        Since risk began.
    measure : str
        A contrast of survival, restricted mean or cumulative incidence.
    conf_level : float

    Returns
    -------
    TippingHazard

    Notes
    -----
    All deltas share their random numbers, so that the estimate moves one way with the delta: the
    point where the conclusion turns is found by halving (Lipkovich, Ratitch and O'Kelly 2016,
    Pharm Stat 15:216). It is looked for towards worse where the arm is better by the best estimate,
    else towards better.
    """
    level = CONTRAST_MEASURES[measure].of

    def row(delta: float, other: float = 0.0) -> Estimate:
        moved = imputed.shifted({arm: delta, against: other})
        return moved.compare(
            arm, against=against, measure=measure, week=week, conf_level=conf_level
        ).one()

    base, better = row(0.0), imputed.levels(level, week).better
    begun = conclusion(base, better)
    null = CONTRAST_MEASURES[measure].null
    side = 1.0 if (base.estimate > null) == (better == "higher") else -1.0
    reach = side * math.log(REACH)
    counts = [_counts(imputed, name) for name in (arm, against)]
    return TippingHazard(
        study=imputed.study,
        base=base,
        rows=Estimates(tuple(row(math.log(ratio)) for ratio in RATIOS)),
        better=better,
        alone=_turning(lambda d: conclusion(row(d), better) != begun, reach),
        both=_turning(lambda d: conclusion(row(d, d), better) != begun, reach),
        lost=(counts[0][0], counts[1][0]),
        people=(counts[0][1], counts[1][1]),
    )


def _turning(changed: Callable[[float], bool], reach: float) -> float:
    """Ratio of hazards at which something changes on the way from one to that of `reach`."""
    if not changed(reach):
        return math.nan
    low, high = 0.0, reach
    while abs(high - low) > PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if changed(middle) else (middle, high)
    return math.exp(high)


def _counts(imputed: ImputedTimes, name: str) -> tuple[int, int]:
    members = imputed.members(name)
    return int((members & imputed.lost).sum()), int(members.sum())
