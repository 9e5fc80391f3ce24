"""The page of every estimate: one folded table for each outcome of each source."""

from __future__ import annotations

from ctevidence.display.labels import outcome_label
from ctevidence.display.tables import table_estimates
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.reports.material import Material
from ctevidence.reports.page import Section, folded, prose


def estimates_section(material: Material) -> Section:
    """All estimates that may be shown, by source and outcome, in the order of the notebooks."""
    groups: dict[tuple[str, str], list[Estimate]] = {}
    for row in material.estimates:
        groups.setdefault((row.study, row.outcome), []).append(row)
    intro = say("appendix.estimates_intro", count=len(material.estimates), outcomes=len(groups))
    tables = []
    for place, ((study, outcome), rows) in enumerate(groups.items(), start=1):
        caption = say(
            "appendix.estimates_of", outcome=outcome_label(outcome), study=study, count=len(rows)
        )
        table = table_estimates(Estimates(rows), material.source, f"estimates-{place}", caption)
        tables.append(folded(caption, table))
    return Section("estimates", say("appendix.open"), (prose(intro), *tables))
