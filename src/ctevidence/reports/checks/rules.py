"""The list of all checks, in order."""

from __future__ import annotations

from ctevidence.reports.checks import (
    accessible,
    complete,
    content,
    counts,
    effects,
    safety,
    structure,
    wording,
)
from ctevidence.reports.checks.check import Check

CHECKS = (
    Check("R1", "every required section is there", "CONSORT, PRISMA", complete.sections),
    Check("R2", "findings say both risks, people, time, certainty", "GRADE", content.findings),
    Check("R3", "every effect is one of the estimates", "EPOC", effects.same_numbers),
    Check("R4", "ratios stand with numbers per 100", "Altman 1998", effects.absolute_too),
    Check("R5", "no word says more than the evidence", "GRADE 26", wording.banned),
    Check("R6", "every estimate has its estimand", "ICH E9(R1)", effects.estimands),
    Check("R7", "four cells: comparisons and interaction", "CONSORT factorial", content.factorial),
    Check("R8", "counts add up", "CONSORT, KMunicate", counts.add_up),
    Check("R9", "curves and forests show what they must", "KMunicate, RevMan", content.figures),
    Check("R10", "no count points to a few people", "OpenSAFELY", counts.hidden),
    Check("R11", "pictures and tables are accessible", "WCAG 2.2", accessible.accessible),
    Check("R12", "assistive technology can use every page", "axe-core", structure.usable),
    Check("R13", "the brief is short and plain", "plain language summaries", wording.short_brief),
    Check("R14", "checksums, seed and versions are stated", "open science", safety.origin),
    Check("R15", "nothing runs, nothing is asked for", "security", safety.nothing_active),
    Check("R16", "causes only where chance assigned", "STROBE", wording.causal),
)
