"""Summary of findings by what leads each claim: one table per comparison, certainty with reason."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from ctevidence.display.certainty_tables import hint_words
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import outcome_label, population_label, treatment_label
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.display.told import told
from ctevidence.display.verdict_tables import sure_words
from ctevidence.display.verdict_words import direction_words, people_words
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.hearing import is_of_the_young
from ctevidence.language import capital, pick, say
from ctevidence.outcomes.harms import is_harm

#: comparison -> claim -> its row; the same rows whatever the data hold
ROWS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("combined", "medication"): {
        "better-than-medication": "better",
        "better-than-medication-young": "better-young",
        "relapse-prevention": "relapse",
        "staying-in-treatment-medication": "leaving",
        "harms": "harm",
        "harms-young": "harm-young",
    },
    ("combined", "therapy"): {
        "better-than-therapy": "better",
        "better-than-therapy-young": "better-young",
        "relapse-prevention-therapy": "relapse",
        "staying-in-treatment-therapy": "leaving",
        "harms-therapy": "harm",
        "harms-therapy-young": "harm-young",
    },
    ("therapy", "medication"): {
        "therapy-or-medication": "better",
        "reduce-medication-later": "relapse-taper",
    },
}
#: combined treatment against medication in each condition, where none was asked for
BY_CONDITION = {
    "works-in-depression": "depression",
    "works-in-anxiety": "anxiety",
    "works-in-bipolar": "bipolar",
    "works-in-ptsd": "ptsd",
}
_COLUMNS = ("outcome", "with_reference", "with_arm", "difference", "rests", "reading", "sure")
#: reasons that stand in a cell; the others stand with the hints
MOST_REASONS = 2


def table_leading(
    verdicts: Mapping[str, Verdict],
    estimates: Estimates,
    comparison: tuple[str, str],
    source="opensafely",
) -> Table:
    """Risks of two treatments side by side, for the claims about them, with how sure and why.

    Parameters
    ----------
    verdicts : mapping of str to Verdict
        By id of the claim.
    estimates : Estimates
        Among which risks under one treatment are looked for, where the lead states no baseline.
    comparison : (str, str)
        A key of `ROWS`.
    source : Study, Trials or name of a disclosure profile

    Returns
    -------
    Table
        One row for each claim; one without data keeps its row and says so.
    """
    return _table(ROWS[comparison], "caption", "-".join(comparison), verdicts, estimates, source)


def table_by_condition(
    verdicts: Mapping[str, Verdict], estimates: Estimates, source="opensafely"
) -> Table:
    """Combined treatment against medication, a row for each condition; else as `table_leading`."""
    joined = "combined-medication-by-condition"
    return _table(BY_CONDITION, "by_condition", joined, verdicts, estimates, source)


def _table(
    rows: Mapping[str, str],
    caption: str,
    joined: str,
    verdicts: Mapping[str, Verdict],
    estimates: Estimates,
    source,
) -> Table:
    """Rows by claim; `joined` names the table and begins with arm and reference."""
    disclosure = disclosure_of(source)
    known = [(name, verdicts[claim]) for claim, name in rows.items() if claim in verdicts]
    cells = [_row(name, verdict, estimates, disclosure) for name, verdict in known]
    arm, reference = map(treatment_label, joined.split("-")[:2])
    titles = {key: pick("leading_columns", key, arm=arm, reference=reference) for key in _COLUMNS}
    origins = tuple(
        told("", verdict.lead, *_levels(verdict, estimates), outcome=name, comparison=joined)
        for name, verdict in known
    )
    frame = pd.DataFrame(cells, columns=[titles[key] for key in _COLUMNS])
    numeric = tuple(titles[key] for key in ("with_reference", "with_arm", "difference"))
    notes = [say("leading.note")]
    if any(v.lead is not None and is_of_the_young(v.lead) for _, v in known):
        notes.append(say("misreadings.young-harms"))
    told_of = pick("leading", caption, arm=capital(arm), reference=reference)
    return Table(f"leading-{joined}", told_of, frame, tuple(notes), numeric, origins=origins)


def _row(name: str, verdict: Verdict, estimates: Estimates, disclosure: Disclosure) -> list[str]:
    label = pick("leading", name)
    lead = None if verdict.lead is None else gated(verdict.lead, disclosure)
    if lead is None or not lead.is_estimable:
        return [label, "", "", "", "", direction_words(verdict), say("leading.nothing")]
    limits = interval(lead.conf_low, lead.conf_high, lead.unit)
    return [
        _what(label, lead),
        *_risks(verdict, lead, estimates, disclosure),
        say("amounts.value_and_range", value=shown(lead.estimate, lead.unit), limits=limits),
        people_words(verdict, disclosure),
        direction_words(verdict),
        _sure(verdict),
    ]


def _what(label: str, row: Estimate) -> str:
    """What is counted, when and of whom; the label of a harm names it already."""
    outcome = label if is_harm(row.outcome) else f"{label}: {outcome_label(row.outcome)}"
    week = "" if math.isnan(row.week) else f", {say('when.plain', week=f'{row.week:g}')}"
    who = (
        "" if row.population == "everyone who started" else f" ({population_label(row.population)})"
    )
    return f"{outcome}{week}{who}"


def _risks(verdict: Verdict, lead: Estimate, estimates: Estimates, disclosure) -> list[str]:
    """The risk with the reference and with the arm; empty where neither is stated."""
    if lead.unit != "probability":
        return ["", ""]
    if 0 < verdict.baseline < 1:
        with_arm = min(max(verdict.baseline + lead.estimate, 0.0), 1.0)
        return [shown(verdict.baseline, lead.unit), shown(with_arm, lead.unit)]
    alone = {row.arm: shown_estimate(row, disclosure)[0] for row in _levels(verdict, estimates)}
    return [alone.get(lead.reference, ""), alone.get(lead.arm, "")]


def _levels(verdict: Verdict, estimates: Estimates) -> list[Estimate]:
    """Risks under one treatment that belong to the lead."""
    lead = verdict.lead
    if lead is None:
        return []
    stated = [row for row in estimates if row.id.startswith(f"{lead.id}/risk-with-")]
    return stated or [
        row
        for row in estimates
        if row.measure in ("risk", "survival")
        and not row.reference
        and row.arm in (lead.arm, lead.reference)
        and (row.study, row.outcome) == (lead.study, lead.outcome)
        and (row.week == lead.week or math.isnan(row.week))
    ]


def _sure(verdict: Verdict) -> str:
    """The level with the reasons that people gave; without one, what speaks against being sure."""
    if verdict.judgement is not None:
        given = [step.reason for step in verdict.judgement.steps if step.step]
        level = sure_words(verdict)
        return pick(
            "leading", "judged" if given else "level", level=level, reasons="; ".join(given)
        )
    concerns = [hint_words(hint) for hint in verdict.hints if hint.is_concern]
    told_of = "; ".join(concerns[:MOST_REASONS])
    return pick("leading", "hinted" if told_of else "not_judged", reasons=told_of)
