"""Contrasts over `Levels`: one implementation for every outcome type."""

from ctevidence.contrasts.better_than_both import better_than_both
from ctevidence.contrasts.closed_tests import closed_tests
from ctevidence.contrasts.compare import compare
from ctevidence.contrasts.counted_levels import counted_levels
from ctevidence.contrasts.familywise import compare_family
from ctevidence.contrasts.margins import factorial_effects
from ctevidence.contrasts.not_worse import antagonism, not_worse_than
from ctevidence.contrasts.per_arm import per_arm
from ctevidence.contrasts.power import (
    assumed_levels,
    power_better_than_both,
    power_interaction,
    sample_size_better_than_both,
    sample_size_interaction,
)
from ctevidence.contrasts.reference_models import reference_models
from ctevidence.contrasts.relative_excess import relative_excess
from ctevidence.contrasts.singles import compare_with_singles
from ctevidence.contrasts.synergy import synergy
from ctevidence.contrasts.treatments import compare_treatments

__all__ = [
    "antagonism",
    "assumed_levels",
    "better_than_both",
    "closed_tests",
    "compare",
    "compare_family",
    "compare_treatments",
    "compare_with_singles",
    "counted_levels",
    "factorial_effects",
    "not_worse_than",
    "per_arm",
    "power_better_than_both",
    "power_interaction",
    "reference_models",
    "relative_excess",
    "sample_size_better_than_both",
    "sample_size_interaction",
    "synergy",
]
