"""Summary of findings: one table per comparison, absolute numbers first."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import HIDDEN, gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import direction

#: outcomes that the table always holds, even empty: effect, course of illness, staying, harm
OUTCOMES = (
    ("response (observed)", "Response, people without a score left out"),
    (
        "response (missing as non-response)",
        "Response, people without a score counted as no response",
    ),
    (
        ("staying well (observed)", "staying well (by the curve)"),
        "Staying well, people without a score left out",
    ),
    ("staying well (missing as", "Staying well, people without a score counted as not"),
    ("staying in treatment", "Staying in treatment"),
    ("any harm", "Any recorded harm"),
)
NOTHING = "not recorded here"
BY_CURVE = "Staying well, by the curve (lost people taken to go on like the others)"
LEVELS, DIFFERENCES = ("risk", "survival"), ("risk_difference", "survival_difference")


def table_findings(estimates: Estimates, arm: str, reference: str, source) -> Table:
    """Absolute risks of two treatments side by side, outcome by outcome.

    Parameters
    ----------
    estimates : Estimates
        Of one study: risks per arm and their differences.
    arm, reference : str
    source : Study or name of a disclosure profile

    Returns
    -------
    Table
        One row per outcome of `OUTCOMES`; an outcome without data keeps its row and says so.
    """
    disclosure = disclosure_of(source)
    estimates = Estimates(gated(row, disclosure) for row in estimates)
    rows = [
        _finding(estimates, start, label, arm, reference, disclosure) for start, label in OUTCOMES
    ]
    a, r = treatment_label(arm), treatment_label(reference)
    columns = ["outcome", f"with {r}", f"with {a}", "difference", "range", "people", "reading"]
    caption = f"{a[0].upper()}{a[1:]} against {r}: of every 100 people"
    notes = (
        "Numbers are per 100 people. The range is the 95 % confidence interval of the difference. "
        "How sure: not assessed by a person.",
    )
    return Table(
        f"findings-{arm}-{reference}",
        caption,
        pd.DataFrame(rows, columns=columns),
        notes,
        tuple(columns[1:6]),
    )


def _finding(
    estimates: Estimates,
    start: str | tuple[str, ...],
    label: str,
    arm: str,
    reference: str,
    disclosure: Disclosure,
) -> list[str]:
    speaking = [row for row in estimates if row.outcome.startswith(start)]
    difference = [
        row
        for row in speaking
        if (row.arm, row.reference) == (arm, reference)
        and row.measure in DIFFERENCES
        and row.alternative == "two-sided"
    ]
    if not difference:
        return [label, "", "", "", "", "", NOTHING]
    row = difference[0]
    alone = {
        r.arm: r for r in speaking if not r.reference and r.measure in LEVELS and _same(r, row)
    }
    if "(by the curve)" in row.outcome:
        label = BY_CURVE
    return [
        label + ("" if math.isnan(row.week) else f", week {row.week:g}"),
        _risk(alone.get(reference), disclosure),
        _risk(alone.get(arm), disclosure),
        shown(row.estimate, row.unit),
        interval(row.conf_low, row.conf_high, row.unit),
        _people(row, disclosure),
        _reading(row),
    ]


def _reading(row: Estimate) -> str:
    if row.is_estimable:
        return direction(row).value
    return HIDDEN if row.caution == HIDDEN else NOTHING


def _same(level: Estimate, row: Estimate) -> bool:
    return level.outcome == row.outcome and (level.week == row.week or math.isnan(row.week))


def _risk(row: Estimate | None, disclosure: Disclosure) -> str:
    return "" if row is None else shown_estimate(row, disclosure)[0]


def _people(row: Estimate, disclosure: Disclosure) -> str:
    if row.n is None:
        return ""
    return f"{disclosure.text(row.n_reference)} + {disclosure.text(row.n)}"
