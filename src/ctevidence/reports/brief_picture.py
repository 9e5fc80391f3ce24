"""The picture of the brief: what leads the answer, else the one study's own."""

from __future__ import annotations

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.lead_per_100 import plot_lead
from ctevidence.display.short_answer import ASKED
from ctevidence.display.told import told
from ctevidence.display.verdict_words import count_words
from ctevidence.evidence.claim import PARTICIPANTS
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.hearing import source_of
from ctevidence.language import pattern
from ctevidence.reports.material import Material
from ctevidence.reports.page import Block, beside, picture

#: of one study, the first that there is
OWN = ("response-counted", "forest-medication", "relapse")


def answered_elsewhere(material: Material) -> bool:
    """Whether the answer has a lead, and none of its leads is of the one study."""
    leads = [verdict.lead for verdict in _asked(material) if verdict.lead is not None]
    return bool(leads) and not any(source_of(row) == PARTICIPANTS for row in leads)


def picture_block(material: Material) -> Block | None:
    """Both comparisons beside each other where published numbers lead them, else one figure."""
    if answered_elsewhere(material):
        drawn = [_of_lead(verdict, material) for verdict in _asked(material)]
        if blocks := [block for block in drawn if block is not None]:
            return beside(*blocks)
    figure = next(filter(None, map(material.figure, OWN)), None)
    if figure is None or pattern("display.per_100.alt_few").match(figure.alt):
        return None  # counts of a handful stand in the table above
    # its numbers stand above it, and in the report
    return picture(figure, has_numbers=False)


def _of_lead(verdict: Verdict, material: Material) -> Block | None:
    figure = plot_lead(verdict, material.source, f"lead-{verdict.claim.reference}")
    if figure is None:
        return None
    people = count_words(verdict, disclosure_of(material.source))
    return picture(figure, told(people, verdict.lead), has_numbers=False)


def _asked(material: Material) -> list[Verdict]:
    return [material.verdicts[claim] for claim in ASKED if claim in material.verdicts]
