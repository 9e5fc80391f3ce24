"""Groups of so few people that a number per 100 would say more than they can."""

from __future__ import annotations

from ctevidence.display.disclosure import Disclosure
from ctevidence.display.release import gate_of
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import is_of_a_handful


def too_few(row: Estimate, disclosure: Disclosure) -> bool:
    """Whether a group behind the row of one study has fewer than `SMALL` people.

    Asked of the counts that may be shown, so that the answer tells nothing else.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> row = Estimate("s", "response", "combined", "risk_difference", 0.5, reference="therapy",
    ...     unit="probability", n=2, n_reference=40)
    >>> too_few(row, PROFILES["open"])
    True
    """
    return is_of_a_handful(row, gate_of(row, disclosure).count)
