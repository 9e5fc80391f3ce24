"""Claims and their verdicts as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.labels import contrast_label
from ctevidence.display.sentences import difference_words
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.verdict import EXPLAINED, Direction, people_behind


def table_verdicts(verdicts: Iterable[Verdict], source="opensafely") -> Table:
    """Every claim with its verdict: direction and size, how sure, and the number it leads with.

    Parameters
    ----------
    verdicts : iterable of Verdict
    source : Study, Trials or name of a disclosure profile

    Returns
    -------
    Table
        One row per claim, also where there is no data. Each verdict that occurs is explained below.
    """
    verdicts, disclosure = tuple(verdicts), disclosure_of(source)
    rows = [_verdict(verdict, disclosure) for verdict in verdicts]
    occurring = [d for d in Direction if d in {verdict.direction for verdict in verdicts}]
    notes = tuple(f"{d.value[0].upper()}{d.value[1:]}: {EXPLAINED[d]}." for d in occurring)
    frame = pd.DataFrame(rows, columns=["claim", "verdict", "how sure", "estimate", "rests on"])
    return Table("verdicts", "The claims, weighed", frame, notes)


def _verdict(verdict: Verdict, disclosure: Disclosure) -> list[str]:
    says = f"Worry: {verdict.claim.says}" if verdict.claim.worry else verdict.claim.says
    sure = verdict.certainty or "not assessed"
    if verdict.lead is None:
        return [says, verdict.direction.value, "", "", verdict.reason]
    best, reach = difference_words(verdict.lead)
    return [
        says,
        verdict.direction.value,
        sure,
        f"{best} ({reach})",
        _rests_on(verdict, disclosure),
    ]


def _rests_on(verdict: Verdict, disclosure: Disclosure) -> str:
    row = verdict.lead
    people = f"{disclosure.text(people_behind(row))} people"
    where = f"{row.outcome}, {row.population}" if (row.studies or 1) > 1 else row.outcome
    count = f"{row.studies} trials" if (row.studies or 1) > 1 else row.study
    beside = f"; {len(verdict.beside)} more estimates beside it" if len(verdict.beside) else ""
    return f"{count}, {people} ({where}){beside}"


def table_leads(verdicts: Iterable[Verdict], source="opensafely") -> Table:
    """The estimates behind the verdicts: the lead and those beside it, claim by claim."""
    disclosure = disclosure_of(source)
    rows = []
    for verdict in verdicts:
        lead = [] if verdict.lead is None else [verdict.lead]
        for row in (*lead, *verdict.beside):
            if row.is_estimable:
                role = "leads" if row is verdict.lead else "beside"
                rows.append([verdict.claim.says, role, *_estimate(row, disclosure)])
    columns = ["claim", "role", "source", "comparison", "outcome", "estimate", "people"]
    frame = pd.DataFrame(rows, columns=columns)
    return Table("leads", "The estimates behind each verdict", frame, numeric=("people",))


def _estimate(row: Estimate, disclosure: Disclosure) -> list[str]:
    best, reach = difference_words(row)
    week = "" if math.isnan(row.week) else f", week {row.week:g}"
    studies = f" ({row.studies} studies)" if (row.studies or 1) > 1 else ""
    label = contrast_label(row.arm, row.reference)
    outcome = f"{row.outcome}{week}; {row.population}"
    people = disclosure.text(people_behind(row))
    return [row.study + studies, label, outcome, f"{best} ({reach})", people]
