"""What stands behind a verdict: what could have been seen, and which trial drives it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ctevidence.contrasts.detectable import detectable_difference
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.one_scale import Weighed, key_of, per_100
from ctevidence.evidence.verdict import Direction, better_direction, direction, is_ratio
from ctevidence.synthesis.drivers import WITHOUT


@dataclass(frozen=True)
class Driver:
    """The trial whose absence moves the lead most.

    Attributes
    ----------
    trial : str
    weight : float
        Its share of the weight.
    without : Estimate
        The effect of the others, on the scale of the lead where possible.
    direction : Direction
        The verdict without it.
    bias : str
        What speaks of bias in it; empty where nothing does.
    """

    trial: str
    weight: float
    without: Estimate
    direction: Direction
    bias: str = ""


def detectable(weighed: Weighed) -> float:
    """The smallest effect that the lead could reliably have shown, in its own unit.

    A ratio at a baseline risk is turned into people there: p0 (R - 1) of a wanted outcome,
    p0 (1 - 1/R) of an unwanted one. ``nan`` where the precision is not known.

    Examples
    --------
    >>> ratio = Estimate("t", "response", "a", "risk_ratio", 1.2, reference="b", unit="ratio",
    ...     std_error=0.1, error_scale="log")
    >>> row = per_100(ratio, 0.4)
    >>> round(detectable(Weighed(row, ratio, 0.4)), 4)  # a ratio: exp(2.8016 x 0.1) = 1.3233
    1.3233
    """
    row, ratio, p0 = weighed.row, weighed.ratio, weighed.baseline
    from_ratio = ratio is not None and math.isnan(row.std_error) and not is_ratio(row)
    if not from_ratio or not 0 < p0 < 1:
        return detectable_difference(row)
    found = detectable_difference(ratio)
    return p0 * (found - 1) if better_direction(row) == "higher" else p0 * (1 - 1 / found)


def driver_of(claim: Claim, weighed: Weighed, estimates: Estimates) -> Driver | None:
    """What drives a pooled lead, from the rows that tell it; None where none do."""
    row = weighed.row
    if (row.studies or 1) < 2:
        return None
    mine = [r for r in estimates if _is_about(r, row)]
    weight = next((r for r in mine if r.measure == "weight"), None)
    without = next((r for r in mine if r.measure.endswith(WITHOUT)), None)
    if weight is None or without is None or not without.is_estimable:
        return None
    others = _of_others(without, weighed)
    found = direction(others, claim.thresholds, claim.margin)
    return Driver(weight.study, weight.estimate, others, found, weight.caution)


def _is_about(row: Estimate, lead: Estimate) -> bool:
    drives = row.measure == "weight" or row.measure.endswith(WITHOUT)
    return drives and key_of(row)[1:5] == key_of(lead)[1:5]


def _of_others(without: Estimate, weighed: Weighed) -> Estimate:
    """The effect of the others as a plain row, per 100 at the same baseline where the lead is."""
    measure = without.measure.removesuffix(WITHOUT)
    plain = replace(without, id=f"{without.id}/plain", measure=measure)
    return plain if is_ratio(weighed.row) else per_100(plain, weighed.baseline)
