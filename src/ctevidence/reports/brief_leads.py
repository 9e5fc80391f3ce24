"""Lead estimates in the brief, a line each; the young apart, their harms in one line."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.display.contrast_words import amount, difference_told
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.labels import condition_of, treatment_label
from ctevidence.display.release import gated
from ctevidence.display.told import Told, told
from ctevidence.display.verdict_words import count_words, turned_words, who_words
from ctevidence.estimates import Estimate
from ctevidence.evidence.claims import Verdict
from ctevidence.language import say
from ctevidence.reports.material import Material

YOUNG = ("better-than-medication-young", "better-than-therapy-young")
#: one line for both: safer than one treatment alone does not mean safer than the other
YOUNG_HARMS = ("harms-young", "harms-therapy-young")


def young_told(material: Material) -> list[Told]:
    """A line for each comparison that has an estimate; one that says so where none has."""
    lines = [*leads_told(material, YOUNG), *_harms_told(material)]
    return lines or [Told(say("brief.young_none"))]


def _harms_told(material: Material) -> list[Told]:
    """Harms of both treatments against each alone; where one has no data, that it has none."""
    verdicts = [material.verdicts[name] for name in YOUNG_HARMS if name in material.verdicts]
    leads = [_lead(verdict, material) for verdict in verdicts]
    known = [(v, row) for v, row in zip(verdicts, leads, strict=True) if row is not None]
    if not known:
        return []
    sure = dict.fromkeys(_sure(verdict, row) for verdict, row in known)
    parts, said = [], ""
    for verdict, row in zip(verdicts, leads, strict=True):
        if row is None:
            reference = treatment_label(verdict.claim.reference)
            parts.append(say("brief.harm_none", reference=reference))
            continue
        found = _found(verdict, row, disclosure_of(material.source))
        if found["outcome"] == said:  # of the same people: not told twice
            found |= {"best": amount(row.estimate, row.unit), "outcome": ""}
        else:
            said = found["outcome"]
        parts.append(say("brief.harm_found", **found))
    words = say("brief.harm", found="; ".join(parts), sure=" / ".join(sure))
    return [told(words, *leads, claim=YOUNG_HARMS[0])]


def leads_told(material: Material, claims: Iterable[str]) -> list[Told]:
    """The number per 100, its range, people and certainty of each claim that has an estimate."""
    disclosure = disclosure_of(material.source)
    lines = []
    for claim in claims:
        verdict = material.verdicts.get(claim)
        row = None if verdict is None else _lead(verdict, material)
        if row is not None:
            found = _found(verdict, row, disclosure)
            if material.condition is None:  # leads of several conditions stand side by side
                found["people"] = _with_condition(found["people"], row)
            words = say("brief.lead", **found, sure=_sure(verdict, row))
            lines.append(told(words, row, claim=claim))
    return lines


def _lead(verdict: Verdict, material: Material) -> Estimate | None:
    """The lead as it may be shown; None where there is no number."""
    if verdict.lead is None:
        return None
    row = gated(verdict.lead, disclosure_of(material.source))
    return row if row.is_estimable else None


def _found(verdict: Verdict, row: Estimate, disclosure: Disclosure) -> dict[str, str]:
    """Against what, how many more, of what, the range and the people."""
    people = _people(verdict, disclosure)
    return {"reference": treatment_label(row.reference), "people": people, **difference_told(row)}


def _sure(verdict: Verdict, row: Estimate) -> str:
    """How sure, and that chance did not assign people where it did not."""
    given = verdict.certainty
    sure = say("tail.certainty", certainty=given) if given else say("tail.not_assessed")
    return f"{sure}; {say('tail.association')}" if row.randomised is False else sure


def _with_condition(people: str, row: Estimate) -> str:
    return "; ".join(filter(None, (people, condition_of(row.population))))


def _people(verdict: Verdict, disclosure: Disclosure) -> str:
    """Trials, people and whom of them to know of; the trial without which it reads otherwise.

    Harms of the young stand in a line of their own here.
    """
    who, _, _ = who_words(verdict.lead).partition(" (")  # which trials stands in the report
    parts = (count_words(verdict, disclosure), who, turned_words(verdict))
    return "; ".join(filter(None, parts))
