"""Published trials as tables: what was left out of a comparison, and why."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ctevidence.display.table import Table
from ctevidence.synthesis.effect_sizes import EffectSizes


def table_excluded(comparisons: Mapping[str, EffectSizes]) -> Table:
    """Trials that were asked for and do not contribute, with the reason.

    Parameters
    ----------
    comparisons : mapping of a comparison's name to its effects
    """
    rows = [
        [name, row.study, row.reason]
        for name, effects in comparisons.items()
        for row in effects.excluded.itertuples()
    ]
    frame = pd.DataFrame(rows, columns=["comparison", "trial", "why it is left out"])
    return Table("trials-left-out", "Trials left out of a comparison, and why", frame)


def table_notes(trials) -> Table:
    """What the trials are, in the words of whoever compiled them."""
    frame = pd.DataFrame({"note": list(trials.notes) or ["No notes are declared."]})
    return Table("trials-notes", trials.title, frame)
