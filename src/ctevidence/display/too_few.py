"""Groups of so few people that a number per 100 would say more than they can."""

from __future__ import annotations

from ctevidence.display.disclosure import Disclosure
from ctevidence.display.release import gate_of
from ctevidence.estimates import SMALL, Estimate


def too_few(row: Estimate, disclosure: Disclosure) -> bool:
    """Whether a group behind the row of one study has fewer than `SMALL` people.

    Asked of the counts that may be shown, so that the answer tells nothing else. Of a row of
    several groups together at least one is as small where they have fewer than two such groups.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> row = Estimate("s", "response", "combined", "risk_difference", 0.5, reference="therapy",
    ...     unit="probability", n=2, n_reference=40)
    >>> too_few(row, PROFILES["open"])
    True
    """
    if row.n is None or (row.studies or 1) > 1:
        return False
    gate = gate_of(row, disclosure)
    if row.n_reference is None and row.reference:
        return (gate.count(row.n) or 0) < 2 * SMALL
    groups = [n for n in (row.n, row.n_reference) if n is not None]
    return any((gate.count(n) or 0) < SMALL for n in groups)
