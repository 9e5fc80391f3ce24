"""The list of all checks, in order."""

from __future__ import annotations

from ctevidence.reports.checks import accessible, complete, safety, wording
from ctevidence.reports.checks.check import Check

CHECKS = (
    Check("R1", "every required section is there", "CONSORT, PRISMA", complete.sections),
    Check("R5", "no word says more than the evidence", "GRADE 26", wording.banned),
    Check("R11", "pictures and tables are accessible", "WCAG 2.2", accessible.accessible),
    Check("R13", "the brief is short and plain", "plain language summaries", wording.short_brief),
    Check("R14", "checksums, seed and versions are stated", "open science", safety.origin),
    Check("R15", "nothing runs, nothing is asked for", "security", safety.nothing_active),
    Check("R16", "no causal words; the kind of data is named", "STROBE", wording.causal),
)
