"""Shares, differences and ratios of plain counts, made from the counts that may be shown.

A share, its interval, a difference and two ratios of the same four counts would together give the
exact counts away, however coarse each of them is. Made from rounded counts they tell nothing that
the counts beside them do not.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ctevidence.contrasts.compare import compare
from ctevidence.contrasts.counted_levels import counted_levels
from ctevidence.contrasts.per_arm import per_arm
from ctevidence.display.disclosure import Disclosure
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.terms import Arm

_CONTRASTS = ("risk_difference", "risk_ratio", "odds_ratio", "nnt")


def from_rounded_counts(row: Estimate, disclosure: Disclosure) -> Estimate | None:
    """The row as the rounded counts give it; None where it is more than a sum of counts.

    Parameters
    ----------
    row : Estimate
        All of its groups are large enough to show.
    disclosure : Disclosure
        One that rounds.

    Returns
    -------
    Estimate or None
        None for adjusted, model-based, one-sided or weighted numbers.

    Notes
    -----
    Whether a number is one of plain counts is not declared but calculated: it equals what its
    exact counts give to six digits.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> row = Estimate("s", "response", "combined", "risk", 18 / 37, unit="probability", n=37,
    ...     events=18)
    >>> from_rounded_counts(row, PROFILES["opensafely"]).estimate == 20 / 35
    True
    """
    if not row.is_estimable or row.alternative != "two-sided":
        return None
    exact = _made(row, row.events, row.n, row.events_reference, row.n_reference)
    if exact is None or not math.isclose(exact.estimate, row.estimate, rel_tol=1e-6):
        return None
    counts = (row.events, row.n, row.events_reference, row.n_reference)
    made = _made(row, *map(disclosure.count, counts))
    return replace(
        row,
        estimate=made.estimate,
        conf_low=made.conf_low,
        conf_high=made.conf_high,
        std_error=made.std_error,
        p_value=made.p_value,
        df=made.df,
        method=f"{row.method}; {say('display.from_rounded_counts')}"
        if row.method
        else say("display.from_rounded_counts"),
    )


def _made(row: Estimate, events, n, events_reference, n_reference) -> Estimate | None:
    """The same question answered by counts alone."""
    arms = (Arm("arm", "combined"), Arm("reference", "control"))
    if row.measure == "risk" and not row.reference and None not in (events, n):
        if n < 1 or events > n:
            return None
        levels = counted_levels((events,), (n,), arms=arms[:1])
        return per_arm(levels, conf_level=row.conf_level).one()
    counts = (events, n, events_reference, n_reference)
    if row.measure not in _CONTRASTS or None in counts or not (n and n_reference):
        return None
    if events > n or events_reference > n_reference:
        return None
    better = "higher"
    if row.measure == "nnt":  # its sign says which way is better
        more = events / n > events_reference / n_reference
        better = "higher" if more == (row.estimate > 0) else "lower"
    levels = counted_levels((events, events_reference), (n, n_reference), arms=arms, better=better)
    given = {"against": "reference", "measure": row.measure, "conf_level": row.conf_level}
    return compare(levels, "arm", **given).one()
