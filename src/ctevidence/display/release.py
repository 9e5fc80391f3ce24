"""Estimates as they may leave the house: counts through the gate, numbers as precise as shown."""

from __future__ import annotations

import math
from dataclasses import replace

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import rounded
from ctevidence.estimates import COUNT_COLUMNS, SMALL_GROUP, Estimate, Estimates

HIDDEN = "not shown: too few people in a group"


def gated(row: Estimate, disclosure: Disclosure) -> Estimate:
    """The row as it may be shown: without a value where it rests on a group that is hidden.

    Counts of a row of several groups, an interaction or a min test, are sums, in which a small
    group does not show; there its caution says that there is one.
    """
    sides = (row.events, row.n), (row.events_reference, row.n_reference)
    among_several = not disclosure.is_open and SMALL_GROUP in row.caution.split("; ")
    if not among_several and not any(disclosure.hides(*side) for side in sides):
        return row
    missing = dict.fromkeys(
        ("estimate", "conf_low", "conf_high", "std_error", "p_value", "df"), math.nan
    )
    return replace(row, **missing, caution=HIDDEN)


def released(estimates: Estimates, source) -> Estimates:
    """Estimates for release under the disclosure profile of a source.

    Open data are released exactly. Otherwise suppressed counts are empty, others rounded, and all
    numbers are rounded to the precision that pages show, so that exact counts cannot be worked
    out from them.

    Parameters
    ----------
    estimates : Estimates
    source : Study, Trials or name of a disclosure profile
    """
    disclosure = disclosure_of(source)
    if disclosure.is_open:
        return estimates
    return Estimates(_coarse(row, disclosure) for row in estimates)


def _coarse(row: Estimate, disclosure: Disclosure) -> Estimate:
    row = gated(row, disclosure)
    fine = row.unit in ("probability", "ratio", "standard deviations", "events per person")
    decimals = 2 if fine or row.unit.endswith("per week") else 1
    counts = {c: disclosure.count(getattr(row, c)) for c in COUNT_COLUMNS if c != "studies"}
    numbers = {c: rounded(getattr(row, c), decimals) for c in ("conf_low", "conf_high")}
    estimate = rounded(row.estimate, decimals)
    if row.is_estimable and is_share(row):
        estimate = disclosure.share(row.events, row.n)
        # the interval is of the exact share: it must still hold the rounded one
        numbers["conf_low"] = min(numbers["conf_low"], estimate)
        numbers["conf_high"] = max(numbers["conf_high"], estimate)
    errors = {"std_error": rounded(row.std_error, decimals), "p_value": rounded(row.p_value, 3)}
    return replace(row, estimate=estimate, **counts, **numbers, **errors)


def is_share(row: Estimate) -> bool:
    """Whether a row is a share of people counted; a curve's share at a week is no such count."""
    counted = row.measure == "risk" and row.events is not None
    return not row.reference and row.unit == "probability" and counted
