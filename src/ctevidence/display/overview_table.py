"""The overview of published trials as a table: one row for each cell, cautions as footnotes."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctevidence.display.format import interval, shown
from ctevidence.display.labels import caption_of, strata_label
from ctevidence.display.table import Table
from ctevidence.language import capital, say
from ctevidence.names import in_words
from ctevidence.synthesis.conditions import CONDITIONS, condition_group, group_named
from ctevidence.synthesis.flags import MAIN_STRATUM
from ctevidence.synthesis.trial_overview import YOUNG, OverviewRow, TrialOverview

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
SHORT_COLUMNS = (
    "who",
    "outcome",
    "trials",
    "people",
    "of 100, with the reference",
    "more per 100 (range)",
    "note",
)


def table_overview(
    overview: TrialOverview, name: str, caption: str = "", condition: str | None = None
) -> Table:
    """One row for each condition, age group, outcome and stratum.

    Parameters
    ----------
    overview : TrialOverview
    name, caption : str
        The table `captions` of the file of words knows the caption of a name.
    condition : str, optional
        A condition or group of conditions, for a short table: the rows of its group that have
        trials; what has none stands below. The whole table for a condition that is not known.

    Returns
    -------
    Table
        Conditions without a trial keep their row. Below: the cautions, and whether conditions
        differ, by a test of interaction and not by comparing the rows.
    """
    caption = caption or caption_of(name)
    if group := group_named(condition):
        return _short(overview, name, caption, group)
    marks: dict[str, str] = {}
    rows = [_row(row, marks) for row in overview.rows]
    notes = [f"{mark}: {text}." for text, mark in marks.items()]
    notes += [
        say(
            "display.overview_table.differ",
            part=in_words(part),
            age=in_words(age),
            told=_difference(test),
        )
        for (part, age), test in overview.tests.items()
    ]
    notes += _harms(overview.rows)
    notes.append(say("display.overview_table.explained"))
    return Table(
        name, caption, pd.DataFrame(rows, columns=list(COLUMNS)), tuple(notes), COLUMNS[4:-1]
    )


def _short(overview: TrialOverview, name: str, caption: str, group: str) -> Table:
    own = [row for row in overview.rows if condition_group(row.condition) == group]
    marks: dict[str, str] = {}
    rows = [_row(row, marks) for row in own if row.pooled is not None]
    notes = [f"{mark}: {text}." for text, mark in marks.items()]
    empty: dict[str, list[str]] = {}
    for row in own:
        if row.pooled is None:
            empty.setdefault(row.part.name, []).append(_row(row, marks)[0].lower())
    notes += [
        say("display.overview_table.none", part=in_words(part), who=", ".join(who))
        for part, who in empty.items()
    ]
    notes += _harms(own)
    frame = pd.DataFrame(map(_together, rows), columns=list(SHORT_COLUMNS))
    return Table(
        name,
        caption,
        frame,
        (*notes, say("display.overview_table.explained_short")),
        SHORT_COLUMNS[2:-1],
    )


def _harms(rows: Iterable[OverviewRow]) -> list[str]:
    """What the trials of the young do not tell, where there are any."""
    young = any(row.pooled is not None and row.age_group in YOUNG for row in rows)
    return [say("misreadings.young-harms")] if young else []


def _together(row: list[str]) -> list[str]:
    """A row of the whole table in fewer columns: a page is narrower than a notebook."""
    cell = dict(zip(COLUMNS, row, strict=True))
    outcome = ", ".join(filter(None, (cell["outcome"], cell["stratum"])))
    return [
        ", ".join(filter(None, (cell["condition"], cell["age"]))),
        outcome,
        cell["trials"],
        cell["people"],
        cell["of 100, with the reference"] if cell["more per 100"] else "",
        f"{cell['more per 100']} ({cell['range per 100']})" if cell["more per 100"] else "",
        cell["note"],
    ]


def _row(row: OverviewRow, marks: dict[str, str]) -> list[str]:
    known = CONDITIONS.get(row.condition)
    condition = in_words(known.name if known else row.condition)
    stratum = "" if row.stratum == MAIN_STRATUM else strata_label(row.stratum)
    who = [capital(condition), in_words(row.age_group), in_words(row.part.name), stratum]
    if row.pooled is None:
        return [*who, "0", "", say("display.overview_table.no_trial"), *[""] * 6]
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
