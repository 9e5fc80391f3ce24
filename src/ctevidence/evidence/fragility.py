"""How fragile an answer is: in how many ways of analysing it would be another, and under what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.verdict import Direction, Thresholds, better_direction, by_interval
from ctevidence.sensitivity.multiverse import choices_of
from ctevidence.terms import CONTRAST_MEASURES

#: the choices in the order in which ids of a multiverse have them
AXES = ("definition", "missing", "adjust", "model")


class Driver(NamedTuple):
    """The choice under which the best estimate most often lies on the other side.

    Attributes
    ----------
    axis : str
        Of `AXES`.
    choice : str
        As in ids.
    row : Estimate
        One of its rows, for the words of a definition.
    turned, ways : int
        Ways with this choice whose best estimate is on the other side, and all with it.
    """

    axis: str
    choice: str
    row: Estimate
    turned: int
    ways: int


@dataclass(frozen=True)
class Fragility:
    """One question over all ways of analysing.

    Parameters
    ----------
    main : Estimate
        The declared main analysis, by which the others are judged.
    ways : int
        With an estimate.
    failed : int
        Without one.
    better, worse : int
        Ways whose best estimate is good for the person, or bad.
    turned : int
        Ways whose best estimate is on the other side than that of the main analysis.
    verdicts : mapping of Direction to int
        Ways by what their interval says against the thresholds; one small study is not held
        against them, as they are all of the same people.
    changed : int
        Ways whose verdict is not that of the main analysis.
    driver : Driver or None
        None where no choice goes with turning more than others.
    """

    main: Estimate
    ways: int
    failed: int
    better: int
    worse: int
    turned: int
    verdicts: Mapping[Direction, int]
    changed: int
    driver: Driver | None


def fragility(
    rows: Iterable[Estimate],
    thresholds: Thresholds | None = None,
    margin: float | None = None,
) -> Fragility | None:
    """How often, and under what, direction and verdict change between ways of analysing.

    Parameters
    ----------
    rows : Estimates
        One question of a multiverse (``multiverse(...).of(...)``), the main analysis first.
    thresholds, margin
        As for `verdict.direction`.

    Returns
    -------
    Fragility or None
        None when the main analysis has no estimate.

    Notes
    -----
    A count over ways is no probability: ways are chosen, not drawn, and share their people.

    Examples
    --------
    >>> def way(definition, model, x):
    ...     return Estimate("s", "response", "combined", "risk_difference", x, unit="probability",
    ...         reference="therapy", conf_low=x - 0.1, conf_high=x + 0.1,
    ...         id=f"s/multiverse/{definition}/observed/none/{model}/combined-vs-therapy")
    >>> found = fragility([way("half", "counts", 0.2), way("half", "firth", 0.05),
    ...     way("minimal", "counts", -0.02), way("minimal", "firth", -0.04)])
    >>> found.ways, found.turned, found.changed, found.driver.choice
    (4, 2, 3, 'minimal')
    """
    rows = list(rows)
    known = [row for row in rows if row.is_estimable]
    if not rows or not rows[0].is_estimable:
        return None
    sides = [_side(row) for row in known]
    found = [by_interval(row, thresholds, margin) for row in known]
    turned = [side == -sides[0] != 0 for side in sides]
    counts = {each: found.count(each) for each in Direction if each in found}
    return Fragility(
        main=rows[0],
        ways=len(known),
        failed=len(rows) - len(known),
        better=sides.count(1),
        worse=sides.count(-1),
        turned=sum(turned),
        verdicts=counts,
        changed=sum(each is not found[0] for each in found),
        driver=_driver(known, turned),
    )


def _side(row: Estimate) -> int:
    """1 where the best estimate is good for the person, -1 where bad, 0 where it is neither."""
    known = CONTRAST_MEASURES.get(row.measure)
    none = known.null if known else 0.0
    above = (row.estimate > none) - (row.estimate < none)
    return above if better_direction(row) == "higher" else -above


def _driver(rows: list[Estimate], turned: list[bool]) -> Driver | None:
    """The choice with the largest excess of turned ways over those without it."""
    best, most = None, 0.0
    ids = [choices_of(row) for row in rows]
    for place, axis in enumerate(AXES):
        for choice in dict.fromkeys(each[place] for each in ids):
            inside = [i for i, each in enumerate(ids) if each[place] == choice]
            outside = len(rows) - len(inside)
            if not outside:
                continue
            with_it = sum(turned[i] for i in inside)
            excess = with_it / len(inside) - (sum(turned) - with_it) / outside
            if excess > most + 1e-12:
                best = Driver(axis, choice, rows[inside[0]], with_it, len(inside))
                most = excess
    return best


def fragility_of(claim: Claim, lead: Estimate, estimates: Estimates) -> Fragility | None:
    """The fragility of a lead, from the multiverse of its own study; None where there is none."""
    rows = [
        row
        for row in estimates
        if row.study == lead.study
        and (row.arm, row.reference) == (lead.arm, lead.reference)
        and (row.measure, row.week) == (lead.measure, lead.week)
        and choices_of(row) is not None
        and claim.place_of(row.outcome) is not None
    ]
    return fragility(rows, claim.thresholds, claim.margin) if rows else None
