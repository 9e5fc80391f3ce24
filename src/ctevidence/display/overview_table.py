"""The overview of published trials as a table: one row for each cell, cautions as footnotes."""

from __future__ import annotations

import pandas as pd

from ctevidence.display.format import interval, shown
from ctevidence.display.table import Table
from ctevidence.synthesis.conditions import CONDITIONS
from ctevidence.synthesis.flags import MAIN_STRATUM
from ctevidence.synthesis.trial_overview import OverviewRow, TrialOverview

COLUMNS = (
    "condition",
    "age",
    "outcome",
    "stratum",
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
STRATA = {
    MAIN_STRATUM: "",
    "prior_nonresponse": "had not responded before",
    "taper": "drug tapered",
    "relapse_from_start": "counted from the start",
}
_EMPTY = ("", "no trial", "", "", "", "", "", "")


def table_overview(overview: TrialOverview, name: str, caption: str) -> Table:
    """One row for each condition, age group, outcome and stratum.

    Parameters
    ----------
    overview : TrialOverview
    name, caption : str

    Returns
    -------
    Table
        Conditions without a trial keep their row. Below: the cautions, and whether conditions
        differ, by a test of interaction and not by comparing the rows.
    """
    marks: dict[str, str] = {}
    rows = [_row(row, marks) for row in overview.rows]
    notes = [f"{mark}: {text}." for text, mark in marks.items()]
    notes += [
        f"Whether conditions differ ({part}, {age}): {_difference(test)}."
        for (part, age), test in overview.tests.items()
    ]
    notes.append(
        "More per 100: at the risk with the reference treatment given in the row, stated and not "
        "estimated. Expected in a new trial: prediction interval, from three trials on."
    )
    return Table(
        name, caption, pd.DataFrame(rows, columns=list(COLUMNS)), tuple(notes), COLUMNS[4:-1]
    )


def _row(row: OverviewRow, marks: dict[str, str]) -> list[str]:
    known = CONDITIONS.get(row.condition)
    condition = known.name if known else row.condition
    stratum = " + ".join(STRATA.get(s, s) for s in row.stratum.split("+"))
    who = [condition[:1].upper() + condition[1:], row.age_group, row.part.name, stratum]
    if row.pooled is None:
        return [*who, "0", *_EMPTY]
    ratio, prediction = row.pooled.pooled, row.pooled.prediction
    for caution in row.pooled.cautions:
        marks.setdefault(caution, _mark(len(marks)))
    return [
        *who,
        str(row.pooled.result.k),
        f"{ratio.n} + {ratio.n_reference}",
        shown(ratio.estimate, ratio.unit),
        interval(ratio.conf_low, ratio.conf_high, ratio.unit),
        interval(prediction.conf_low, prediction.conf_high, ratio.unit),
        *_per_100(row),
        shown(row.baseline_risk, "probability"),
        ", ".join(marks[caution] for caution in row.pooled.cautions),
    ]


def _per_100(row: OverviewRow) -> tuple[str, str]:
    """Difference and interval; empty where the baseline allows none."""
    for d in row.absolute:
        if d.measure == "risk_difference":
            return shown(d.estimate, d.unit), interval(d.conf_low, d.conf_high, d.unit)
    return "", ""


def _mark(number: int) -> str:
    """a to z, then aa, ab ..."""
    first, last = divmod(number, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)


def _difference(test) -> str:
    if not test.assessable:
        return test.reason
    caution = f" ({test.caution})" if test.caution else ""
    return f"p = {shown(test.p_value, 'ratio')}{caution}"
