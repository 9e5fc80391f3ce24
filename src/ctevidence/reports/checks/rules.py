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
    Check("R1", complete.sections),
    Check("R2", content.findings),
    Check("R3", effects.same_numbers),
    Check("R4", effects.absolute_too),
    Check("R5", wording.banned),
    Check("R6", effects.estimands),
    Check("R7", content.factorial),
    Check("R8", counts.add_up),
    Check("R9", content.figures),
    Check("R10", counts.hidden),
    Check("R11", accessible.accessible),
    Check("R12", structure.usable),
    Check("R13", wording.short_brief),
    Check("R14", safety.origin),
    Check("R15", safety.nothing_active),
    Check("R16", wording.causal),
)
