"""Published trials as tables: what was left out of a comparison, and why."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ctevidence.data.trials import Trials
from ctevidence.display.format import number
from ctevidence.display.labels import outcome_label
from ctevidence.display.table import Table
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.conditions import condition_group, group_named
from ctevidence.synthesis.effect_sizes import EffectSizes


def table_excluded(comparisons: Mapping[str, EffectSizes], trials: Trials | None = None) -> Table:
    """Trials that were asked for and do not contribute, with the reason.

    Parameters
    ----------
    comparisons : mapping of a comparison's name to its effects
    trials : Trials, optional
        For what readers see of each trial.
    """
    names = trials.names if trials is not None else {}
    rows = [
        [name, names.get(row.study, row.study), row.reason]
        for name, effects in comparisons.items()
        for row in effects.excluded.itertuples()
    ]
    frame = pd.DataFrame(rows, columns=["comparison", "trial", "why it is left out"])
    return Table("trials-left-out", "Trials left out of a comparison, and why", frame)


def table_notes(trials, name: str = "trials-notes") -> Table:
    """What the trials are, in the words of whoever compiled them."""
    frame = pd.DataFrame({"note": list(trials.notes) or [say("display.trial_tables.no_notes")]})
    return Table(name, trials.title, frame)


def table_cell_means(trials, name: str = "cell-means", condition: str | None = None) -> Table:
    """Means of the four cells of factorial trials that give no standard deviations.

    Parameters
    ----------
    trials : Trials
    name : str
    condition : str, optional
        Only trials of its group; all when absent or not known.

    Returns
    -------
    Table
        Shown beside synergy, never pooled: without a standard deviation nobody can say how far
        chance alone would have moved them. One row says so where there is no such trial.
    """
    caption = say("display.trial_tables.cell_means")
    means, group = trials.cell_means, group_named(condition)
    if means is not None and group is not None:
        means = means[means["condition"].map(condition_group) == group]
    if means is None or means.empty:
        return Table(
            name, caption, pd.DataFrame({"trial": [say("display.trial_tables.no_such_trial")]})
        )
    cells = ("control", "medication", "therapy", "combined")
    rows = [
        [
            row.citation or row.trial_id,
            f"{outcome_label(row.outcome)} ({in_words(row.unit)})",
            *(f"{number(getattr(row, cell), 1)} ({getattr(row, f'n_{cell}')})" for cell in cells),
            number(row.combined - row.medication - row.therapy + row.control, 1),
        ]
        for row in means.itertuples()
    ]
    columns = ["trial", "outcome", *cells, "more than its parts"]
    notes = dict.fromkeys(f"{c[:1].upper()}{c[1:]}." for c in means["caution"] if c)
    notes = (
        say("display.trial_tables.in_brackets") + say("display.trial_tables.more_than_parts"),
        *notes,
    )
    return Table(name, caption, pd.DataFrame(rows, columns=columns), notes, tuple(columns[2:]))
