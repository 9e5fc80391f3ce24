"""Summary of findings: one table per comparison, absolute numbers first."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pandas as pd

from ctevidence.display.adjusting import adjusting_note
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import gate_of, gated, is_hidden
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.display.told import told
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import Thresholds, direction, rests_on_one_small_study
from ctevidence.language import capital, pick, say

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


def table_findings(
    estimates: Estimates,
    arm: str,
    reference: str,
    source,
    of_harms: Thresholds | None = None,
) -> Table:
    """Absolute risks of two treatments side by side, outcome by outcome.

    Parameters
    ----------
    estimates : Estimates
        Of one study: risks per arm and their differences.
    arm, reference : str
    source : Study or name of a disclosure profile
    of_harms : Thresholds, optional
        By which a difference in harms is read, as the claims about harms do.

    Returns
    -------
    Table
        One row per outcome of `OUTCOMES`; an outcome without data keeps its row and says so.
    """
    disclosure = disclosure_of(source)
    # rows of one arm name the arm, comparisons the treatment
    names = _treatments(source)
    shown_rows = (gated(row, disclosure) for row in estimates)
    estimates = Estimates(replace(row, arm=names.get(row.arm, row.arm)) for row in shown_rows)
    joined = f"{arm}-{reference}"
    rows, origins, shown_in = [], [], []
    for start, name in OUTCOMES:
        found = _found(estimates, start, arm, reference)
        if name == "staying_well_counted" and not found and _is_by_curve(estimates):
            continue  # nobody's state is unknown: there is one way of counting
        label = pick("findings", "attending" if name == "staying" and _seen(source) else name)
        matters = of_harms if name == "harm" else None
        rows.append(_finding(found, label, arm, reference, disclosure, matters))
        origins.append(told("", *found, outcome=name, comparison=joined))
        shown_in += found
    a, r = treatment_label(arm), treatment_label(reference)
    columns = [
        say("findings.outcome"),
        say("findings.with", arm=r),
        say("findings.with", arm=a),
        *(pick("findings", name) for name in ("difference", "people", "reading", "sure")),
    ]
    caption = say("findings.caption", arm=capital(a), reference=r)
    frame = pd.DataFrame(rows, columns=columns)
    notes = tuple(filter(None, (say("findings.note"), adjusting_note(shown_in))))
    numeric = tuple(columns[1:5])
    return Table(f"findings-{joined}", caption, frame, notes, numeric, origins=tuple(origins))


def _treatments(source) -> dict[str, str]:
    """Treatment by name of the arm, for treatments that one arm alone stands for."""
    arms = getattr(source, "arms", ())
    many = Counter(arm.treatment for arm in arms)
    return {arm.name: arm.treatment.value for arm in arms if many[arm.treatment] == 1}


def _is_by_curve(estimates: Estimates) -> bool:
    return any(row.outcome.startswith("staying well (by the curve)") for row in estimates)


def _seen(source) -> bool:
    """Whether staying in treatment is read off the visits that people came to."""
    rules = getattr(source, "rules", None)
    return bool(rules and rules.retention and rules.retention.source == "last_visit")


def _found(
    estimates: Estimates, start: str | tuple[str, ...], arm: str, reference: str
) -> list[Estimate]:
    """The difference, then the risks under both treatments; empty where it is not reported."""
    speaking = [row for row in estimates if row.outcome.startswith(start)]
    difference = [
        row
        for row in speaking
        if (row.arm, row.reference) == (arm, reference)
        and row.measure in DIFFERENCES
        and row.alternative == "two-sided"
    ]
    if not difference:
        return []
    row = difference[0]
    if not row.is_estimable:  # one risk alone, of a few people, is no finding
        return [row]
    alone = [
        r
        for r in speaking
        if not r.reference and r.measure in LEVELS and r.arm in (arm, reference) and _same(r, row)
    ]
    return [row, *alone]


def _finding(
    found: list[Estimate],
    label: str,
    arm: str,
    reference: str,
    disclosure: Disclosure,
    matters: Thresholds | None,
) -> list[str]:
    if not found or not found[0].is_estimable:
        why = _reading(found[0], matters) if found else say("findings.nothing")
        return [label, "", "", "", "", why, ""]
    row, *alone = found
    risks = {r.arm: shown_estimate(r, disclosure)[0] for r in alone}
    if "(by the curve)" in row.outcome:
        label = say("findings.by_curve")
    value = shown(row.estimate, row.unit)
    limits = interval(row.conf_low, row.conf_high, row.unit)
    return [
        label + ("" if math.isnan(row.week) else f", {say('when.plain', week=f'{row.week:g}')}"),
        risks.get(reference, ""),
        risks.get(arm, ""),
        say("amounts.value_and_range", value=value, limits=limits),
        _people(row, disclosure),
        _reading(row, matters),
        _sure(row),
    ]


def _sure(row: Estimate) -> str:
    """Nobody has judged it; what is known to speak against being sure."""
    kind = "sure_association" if row.randomised is False else "sure_randomised"
    size = "sure_small" if rests_on_one_small_study(row) else "sure_one"
    return say("findings.sure_of", size=pick("findings", size), kind=pick("findings", kind))


def _reading(row: Estimate, matters: Thresholds | None) -> str:
    if row.is_estimable:
        return pick("direction", direction(row, matters).key)
    return say("findings.hidden") if is_hidden(row) else say("findings.nothing")


def _same(level: Estimate, row: Estimate) -> bool:
    return level.outcome == row.outcome and (level.week == row.week or math.isnan(row.week))


def _people(row: Estimate, disclosure: Disclosure) -> str:
    if row.n is None:
        return ""
    gate = gate_of(row, disclosure)
    return f"{gate.text(row.n_reference)} + {gate.text(row.n)}"
