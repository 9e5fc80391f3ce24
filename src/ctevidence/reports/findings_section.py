"""Summary of findings: what leads for each comparison, then what the study itself found."""

from __future__ import annotations

from ctevidence.contrasts.treatments import PAIRS
from ctevidence.data.study import Study
from ctevidence.display.findings import table_findings
from ctevidence.display.leading_findings import ROWS, table_by_condition, table_leading
from ctevidence.language import say
from ctevidence.reports.material import Material
from ctevidence.reports.page import Block, Section, folded, folded_table, grid, heading, prose

COMPARISONS = (("combined", "medication"), ("combined", "therapy"), ("therapy", "medication"))
#: the claim by whose thresholds harms of a study are read
HARMS = "harms"
#: misreadings that the tables invite
MISREAD = ("not-determined", "not-established", "no-data", "dropout")


def findings_section(material: Material) -> Section:
    """One table for each comparison and kind of source; what was not recorded keeps its row."""
    blocks: list[Block] = []
    if material.trials is not None:
        blocks += [*_leading(material)]
    if material.study is not None:
        # without visits nobody's score is missing
        intro = say("findings.both_ways") if material.study.schedule else ""
        own, pairs = material.own_estimates, _pairs(material.study)
        harms = material.verdicts.get(HARMS)
        matters = None if harms is None else harms.claim.thresholds
        tables = [table_findings(own, *pair, material.study, matters) for pair in pairs]
        shown = [prose(intro), *map(grid, tables[:2])]
        if blocks:  # all sources lead; its own risks stand in print beside each outcome
            blocks.append(folded(say("findings.in_study"), *shown, is_open=True))
        else:
            blocks += [heading(say("findings.in_study")), *shown]
        blocks += map(folded_table, tables[2:])
    blocks.append(prose(material.warning(*MISREAD)))
    return Section("findings", say("findings.title"), tuple(blocks))


def _pairs(study: Study) -> list[tuple[str, str]]:
    """Comparisons of treatments that the study has; of its arms where it has none of them."""
    present = [str(arm.treatment) for arm in study.arms]
    found = [pair for pair in COMPARISONS if set(pair) <= {*present}]
    if not found and len({*present}) == len(present):
        found = [pair for pair in PAIRS if set(pair) <= {*present}]
    return found or [(arm.name, study.arms[0].name) for arm in study.arms[1:]]


def _leading(material: Material) -> list[Block]:
    """By what leads each claim; then the misreadings that the tables invite."""
    told = material.verdicts, material.estimates
    tables = [table_leading(*told, pair, material.source) for pair in ROWS]
    # what adding a treatment brings; single treatments against each other stay in the appendix
    adding = [grid(table) for table, pair in zip(tables, ROWS, strict=True) if "combined" in pair]
    alone = [t for t, pair in zip(tables, ROWS, strict=True) if "combined" not in pair]
    if material.condition is None:
        adding.append(grid(table_by_condition(*told, material.source)))
    singles = (folded_table(table, is_open=True) for table in alone)
    return [heading(say("findings.all_sources")), *adding, *singles]
