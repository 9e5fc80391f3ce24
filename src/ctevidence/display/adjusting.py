"""Adjusted shares beside plain counts: each says which it is, since the two differ."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.estimates import Estimate
from ctevidence.language import in_both, pattern, say


def adjusted_for(row: Estimate) -> str:
    """The covariates that a share or difference is adjusted for; empty where it is not.

    Examples
    --------
    >>> row = Estimate("s", "response", "combined", "risk", 0.38, unit="probability",
    ...     method="logistic regression on arm and baseline, episode_length, standardised over "
    ...            "everyone analysed; HC3")
    >>> adjusted_for(row)
    'baseline, episode length'
    """
    fitted = pattern("models.response.method", on=".+?").search(row.method)
    on = pattern("models.on_arm_and").fullmatch(fitted["on"]) if fitted else None
    return on["covariates"].replace("_", " ") if on else ""


def how_made(row: Estimate) -> str:
    """That a share is adjusted, and for what, or as counted; empty for anything else."""
    if covariates := adjusted_for(row):
        return say("adjusting.adjusted", covariates=covariates)
    counted = tuple(text.lower() for text in in_both("models.risk.counted"))
    is_counted = row.unit == "probability" and row.method.lower().startswith(counted)
    return say("adjusting.counted") if is_counted else ""


def adjusting_note(rows: Iterable[Estimate]) -> str:
    """A note for tables in which adjusted numbers stand beside counts of people; else empty."""
    beside = [row for row in rows if row.events is not None or row.events_reference is not None]
    found = _covariates(beside)
    return say("adjusting.note", covariates=found) if found else ""


def _covariates(rows: Iterable[Estimate]) -> str:
    return " / ".join(dict.fromkeys(filter(None, map(adjusted_for, rows))))
