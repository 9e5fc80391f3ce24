"""Contrasts over `Levels`: one implementation for every outcome type."""

from ctevidence.contrasts.better_than_both import better_than_both
from ctevidence.contrasts.compare import compare
from ctevidence.contrasts.counted_levels import counted_levels
from ctevidence.contrasts.familywise import compare_family
from ctevidence.contrasts.per_arm import per_arm
from ctevidence.contrasts.relative_excess import relative_excess
from ctevidence.contrasts.synergy import synergy
from ctevidence.contrasts.treatments import compare_treatments

__all__ = [
    "better_than_both",
    "compare",
    "compare_family",
    "compare_treatments",
    "counted_levels",
    "per_arm",
    "relative_excess",
    "synergy",
]
