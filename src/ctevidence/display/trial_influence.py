"""What each trial does to a pooled effect, as a table."""

from __future__ import annotations

import pandas as pd

from ctevidence.data.trial_labels import short_citation
from ctevidence.display.format import interval, number, shown
from ctevidence.display.table import Table
from ctevidence.language import capital, say
from ctevidence.synthesis.pooled import Pooled

COLUMNS = (
    "trial",
    "weight",
    "without it",
    "range",
    "Cook's distance",
    "DFFITS",
    "change of \u03c4\u00b2",
)


def table_trial_influence(pooled: Pooled, name: str, caption: str) -> Table:
    """One row for each trial: its weight, the result without it, its influence.

    Parameters
    ----------
    pooled : Pooled
        At least three trials.
    name, caption : str
    """
    by_trial: dict[str, dict] = {}
    for row in pooled.influence():
        by_trial.setdefault(row.study, {})[row.measure] = row
    labels = dict(zip(pooled.effects.frame["study"], pooled.effects.frame["label"], strict=True))
    rows, marked = [], False
    for without, (study, found) in zip(pooled.leave_one_out(), by_trial.items(), strict=True):
        flagged = say("synthesis.influence.influential") in found["weight"].caution
        marked |= flagged
        rows.append([
            short_citation(labels[study]) + (" *" if flagged else ""),
            f"{number(100 * found['weight'].estimate, 1)} %",
            shown(without.estimate, without.unit),
            interval(without.conf_low, without.conf_high, without.unit),
            number(found["cooks_distance"].estimate, 2),
            number(found["dffits"].estimate, 2),
            number(found["tau2_change"].estimate, 3),
        ])  # fmt: skip
    notes = [f"* {capital(say('synthesis.influence.influential'))}."] if marked else []
    row = pooled.pooled
    everyone = (
        f"{shown(row.estimate, row.unit)} ({interval(row.conf_low, row.conf_high, row.unit)})"
    )
    notes.append(say("display.trial_influence.with_all", trials=pooled.result.k, all=everyone))
    return Table(
        name, caption, pd.DataFrame(rows, columns=list(COLUMNS)), tuple(notes), COLUMNS[1:]
    )
