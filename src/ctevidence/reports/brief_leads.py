"""Lead estimates in the brief, a line each: all ages, then the young apart from adults."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.display.contrast_words import difference_words, outcome_words
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import gated
from ctevidence.display.told import Told, told
from ctevidence.display.verdict_words import count_words, turned_words, who_words
from ctevidence.evidence.claims import Verdict
from ctevidence.language import say
from ctevidence.reports.material import Material

YOUNG = ("better-than-medication-young", "better-than-therapy-young", "harms-young")


def young_told(material: Material) -> list[Told]:
    """A line for each comparison that has an estimate; one that says so where none has."""
    lines = leads_told(material, YOUNG)
    if not lines:
        return [Told(say("brief.young_none"))]
    return lines


def leads_told(material: Material, claims: Iterable[str]) -> list[Told]:
    """The number per 100, its range, people and certainty of each claim that has an estimate."""
    disclosure = disclosure_of(material.source)
    lines = []
    for claim in claims:
        verdict = material.verdicts.get(claim)
        row = None if verdict is None or verdict.lead is None else gated(verdict.lead, disclosure)
        if row is None or not row.is_estimable:
            continue
        best, limits = difference_words(row)
        sure = say("tail.not_assessed")
        if verdict.certainty:
            sure = say("tail.certainty", certainty=verdict.certainty)
        if row.randomised is False:
            sure = f"{sure}; {say('tail.association')}"
        words = say(
            "brief.lead",
            reference=treatment_label(row.reference),
            best=best,
            outcome=outcome_words(row),
            limits=limits,
            people=_people(verdict, disclosure),
            sure=sure,
        )
        lines.append(told(words, row, claim=claim))
    return lines


def _people(verdict: Verdict, disclosure: Disclosure) -> str:
    """Trials, people and whom of them to know of; the trial without which it reads otherwise.

    Harms of the young stand in a line of their own here.
    """
    who, _, _ = who_words(verdict.lead).partition(" (")  # which trials stands in the report
    parts = (count_words(verdict, disclosure), who, turned_words(verdict))
    return "; ".join(filter(None, parts))
