"""Summary of findings: one table per comparison, absolute numbers first."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import treatment_label
from ctevidence.display.language import capital, pick, say
from ctevidence.display.release import HIDDEN, gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import direction

#: start of the outcome -> its name in the language; always there, even empty: effect, course of
#: illness, staying, harm
OUTCOMES = (
    ("response (observed)", "observed"),
    ("response (missing as non-response)", "counted"),
    (("staying well (observed)", "staying well (by the curve)"), "staying_well"),
    ("staying well (missing as", "staying_well_counted"),
    ("staying in treatment", "staying"),
    ("any harm", "harm"),
)
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
        _finding(estimates, start, pick("findings", name), arm, reference, disclosure)
        for start, name in OUTCOMES
    ]
    a, r = treatment_label(arm), treatment_label(reference)
    columns = [
        say("findings.outcome"),
        say("findings.with", arm=r),
        say("findings.with", arm=a),
        *(pick("findings", name) for name in ("difference", "range", "people", "reading")),
    ]
    caption = say("findings.caption", arm=capital(a), reference=r)
    frame = pd.DataFrame(rows, columns=columns)
    name = f"findings-{arm}-{reference}"
    return Table(name, caption, frame, (say("findings.note"),), tuple(columns[1:6]))


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
        return [label, "", "", "", "", "", say("findings.nothing")]
    row = difference[0]
    alone = {
        r.arm: r for r in speaking if not r.reference and r.measure in LEVELS and _same(r, row)
    }
    if "(by the curve)" in row.outcome:
        label = say("findings.by_curve")
    return [
        label + ("" if math.isnan(row.week) else f", {say('when.plain', week=f'{row.week:g}')}"),
        _risk(alone.get(reference), disclosure),
        _risk(alone.get(arm), disclosure),
        shown(row.estimate, row.unit),
        interval(row.conf_low, row.conf_high, row.unit),
        _people(row, disclosure),
        _reading(row),
    ]


def _reading(row: Estimate) -> str:
    if row.is_estimable:
        return pick("direction", direction(row).key)
    return say("findings.hidden") if row.caution == HIDDEN else say("findings.nothing")


def _same(level: Estimate, row: Estimate) -> bool:
    return level.outcome == row.outcome and (level.week == row.week or math.isnan(row.week))


def _risk(row: Estimate | None, disclosure: Disclosure) -> str:
    return "" if row is None else shown_estimate(row, disclosure)[0]


def _people(row: Estimate, disclosure: Disclosure) -> str:
    if row.n is None:
        return ""
    return f"{disclosure.text(row.n_reference)} + {disclosure.text(row.n)}"
