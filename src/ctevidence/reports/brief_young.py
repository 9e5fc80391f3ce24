"""Adolescents and children in the brief: apart from adults, also where nothing is known."""

from __future__ import annotations

from ctevidence.display.contrast_words import difference_words, outcome_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.labels import treatment_label
from ctevidence.display.language import say
from ctevidence.display.release import gated
from ctevidence.display.told import Told, told
from ctevidence.display.verdict_words import people_words
from ctevidence.reports.material import Material

CLAIMS = ("better-than-medication-young", "better-than-therapy-young")


def young_told(material: Material) -> list[Told]:
    """A line for each comparison that has an estimate; one that says so where none has."""
    disclosure = disclosure_of(material.source)
    lines = []
    for claim in CLAIMS:
        verdict = material.verdicts.get(claim)
        if verdict is None or verdict.lead is None:
            continue
        row = gated(verdict.lead, disclosure)
        if not row.is_estimable:
            continue
        best, limits = difference_words(row)
        words = say(
            "brief.young",
            reference=treatment_label(row.reference),
            best=best,
            outcome=outcome_words(row),
            limits=limits,
            people=people_words(verdict, disclosure),
        )
        lines.append(told(words, row, claim=claim))
    return lines or [Told(say("brief.young_none"))]
