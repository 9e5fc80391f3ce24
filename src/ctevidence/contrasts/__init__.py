"""Contrasts over `Levels`: one implementation for every outcome type."""

from ctevidence.contrasts.better_than_both import better_than_both
from ctevidence.contrasts.compare import compare, per_arm
from ctevidence.contrasts.synergy import synergy

__all__ = ["better_than_both", "compare", "per_arm", "synergy"]
