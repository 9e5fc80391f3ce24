"""What was known when: cumulative pooling as a table."""

from __future__ import annotations

import pandas as pd

from ctevidence.data.trial_labels import short_citation
from ctevidence.display.format import interval, number, shown
from ctevidence.display.table import Table
from ctevidence.language import say
from ctevidence.synthesis.cumulative import in_order_of
from ctevidence.synthesis.pooled import Pooled


def table_cumulative(pooled: Pooled, name: str, caption: str, by: str = "year") -> Table:
    """One row for each trial in the order of `by`: the pooled effect with it and all before it.

    Parameters
    ----------
    pooled : Pooled
    name, caption : str
    by : str
        A numeric column of the effects.
    """
    order, known = in_order_of(pooled.effects.frame, by)
    rows = []
    for position, row in zip(order, pooled.cumulative(by), strict=True):
        study = pooled.effects.frame.iloc[position]
        rows.append([
            short_citation(study["label"]),
            number(study[by], 0).replace("\u202f", "")
            if known[position]
            else say("display.not_stated"),
            str(row.studies),
            shown(row.estimate, row.unit),
            interval(row.conf_low, row.conf_high, row.unit),
        ])  # fmt: skip
    columns = ["trial added", by, "trials", "estimate", "range"]
    frame = pd.DataFrame(rows, columns=columns)
    return Table(
        name, caption, frame, (say("display.cumulative_table.not_corrected"),), tuple(columns[1:])
    )
