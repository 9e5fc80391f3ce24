"""Pooled trials as a table: one row per group, ratios and people per 100 side by side."""

from __future__ import annotations

import pandas as pd

from ctevidence.display.format import interval, shown
from ctevidence.display.labels import condition_label
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.subgroups import Subgroups
from ctevidence.synthesis.typical_risk import absolute_effects, typical_risk

COLUMNS = (
    "group",
    "trials",
    "people",
    "risk ratio",
    "range",
    "expected in a new trial",
    "more per 100",
    "range per 100",
    "of 100, with the reference",
    "note",
)


def table_pooled(groups: Subgroups, name: str, caption: str) -> Table:
    """Pooled ratios of every group, and what they mean for 100 people.

    Parameters
    ----------
    groups : Subgroups
        Risk ratios of one contrast.
    name, caption : str

    Returns
    -------
    Table
        Groups without a trial keep their row. Below: whether groups differ, and the cautions.
    """
    per_100 = {
        row.population: row for row in absolute_effects(groups).where(measure="risk_difference")
    }
    marks: dict[str, str] = {}
    rows = [_row(group, pooled, per_100, marks) for group, pooled in groups.groups.items()]
    notes = [f"{mark}: {text}." for text, mark in marks.items()]
    notes.append(_difference(groups))
    notes.append(say("display.pooled_table.explained"))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Table(name, caption, frame, tuple(notes), COLUMNS[1:-1])


def _row(group: str, pooled: Pooled | None, per_100: dict[str, Estimate], marks: dict[str, str]):
    label = condition_label(group)
    if pooled is None:
        return [label, "0", "", say("display.overview_table.no_trial"), "", "", "", "", "", ""]
    ratio, prediction = pooled.pooled, pooled.prediction
    absolute = per_100.get(pooled.population)
    risk = typical_risk(pooled)
    for caution in pooled.cautions:
        marks.setdefault(caution, chr(97 + len(marks) % 26))
    return [
        label,
        str(pooled.result.k),
        f"{ratio.n} + {ratio.n_reference}",
        shown(ratio.estimate, ratio.unit),
        interval(ratio.conf_low, ratio.conf_high, ratio.unit),
        interval(prediction.conf_low, prediction.conf_high, ratio.unit),
        shown(absolute.estimate, absolute.unit) if absolute else "",
        interval(absolute.conf_low, absolute.conf_high, absolute.unit) if absolute else "",
        shown(risk, "probability"),
        ", ".join(marks[caution] for caution in pooled.cautions),
    ]


def _difference(groups: Subgroups) -> str:
    test = groups.test
    if not test.assessable:
        return say("display.pooled_table.groups_unknown", reason=test.reason)
    caution = f" ({test.caution})" if test.caution else ""
    return say("display.pooled_table.groups", p=shown(test.p_value, "ratio"), caution=caution)
