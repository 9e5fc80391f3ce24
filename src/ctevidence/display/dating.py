"""How much the dating of relapse moves an answer: a table and a sentence."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import not_estimable, number, shown, unit_label
from ctevidence.display.labels import contrast_label, measure_label, treatment_label
from ctevidence.display.release import HIDDEN, gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate
from ctevidence.models.dating import Dating

CURVE, SAME, BETWEEN = "first seen, curve", "first seen, model", "between visits, model"
#: A change below this share of a standard error is small beside what chance leaves open.
SMALL_CHANGE = 0.25


def table_dating(
    dating: Dating,
    source,
    name: str = "dating",
    caption: str = "Relapse at the first visit that showed it, and between visits",
) -> Table:
    """The comparison and its arms under each dating, and what the interval changes.

    Parameters
    ----------
    dating : Dating
        From `relapse_dating`.
    source : Study or name of a disclosure profile
    name, caption : str

    Returns
    -------
    Table
        One row with the reason, where there is nothing to move.
    """
    if dating.reason:
        row = ["relapse between visits", dating.reason]
        return Table(name, caption, pd.DataFrame([row], columns=["", "why there is no number"]))
    disclosure = disclosure_of(source)
    columns = dict(zip((CURVE, SAME, BETWEEN), _gated(dating, disclosure), strict=True))
    frame = pd.DataFrame([
        {"": _label(row)}
        | {name: _cell(rows[i], disclosure) for name, rows in columns.items()}
        | {"moved": _moved(dating, i, columns)}
        for i, row in enumerate(dating.between)
    ])  # fmt: skip
    first = dating.between.rows[0]
    week = "" if math.isnan(first.week) else f", week {first.week:g} since risk began"
    parts = (f"{r.method[:1].upper()}{r.method[1:]}." for r in (dating.curve.rows[0], first))
    cautions = dict.fromkeys(part for part in first.caution.split("; ") if part)
    notes = (
        f"{measure_label(first.measure).capitalize()}{week}. {_moved_means(first)}",
        *parts,
        *(f"{c[:1].upper()}{c[1:].rstrip('.')}." for c in cautions),
    )
    if not disclosure.is_open:
        notes += (disclosure.describe,)
    return Table(name, caption, frame, notes, tuple(frame.columns[1:]))


def dating_sentence(dating: Dating, source) -> str:
    """How much the answer moves, in words.

    Parameters
    ----------
    dating : Dating
    source : Study or name of a disclosure profile
    """
    if dating.reason:
        return f"How relapse is dated cannot move the answer here: {dating.reason}."
    curve, before, after = (rows[0] for rows in _gated(dating, disclosure_of(source)))
    question = contrast_label(after.arm, after.reference)
    hidden = HIDDEN in (curve.caution, before.caution, after.caution)
    if hidden or not (before.is_estimable and after.is_estimable):
        why = HIDDEN if hidden else _why(before, after)
        return f"How much the dating of relapse moves {question} cannot be said: {why}."
    size = abs(dating.moved_errors)
    beside = "little" if size < SMALL_CHANGE else "not little"
    return (
        f"For {question}, dating relapse to the first visit that showed it gives {_words(before)}; "
        f"placing it between the visits gives {_words(after)}. The answer moves by "
        f"{_change(dating.moved(), after)}, {number(size, 1)} of its standard error: {beside} "
        "beside what chance leaves open."
    )


def _words(row: Estimate) -> str:
    value = shown(row.estimate, row.unit)
    if row.unit == "ratio":
        return f"a {measure_label(row.measure)} of {value}"
    return f"{value} {unit_label(row.unit)}"


def _gated(dating: Dating, disclosure: Disclosure) -> list[list[Estimate]]:
    return [
        [gated(row, disclosure) for row in rows]
        for rows in (dating.curve, dating.first_seen, dating.between)
    ]


def _label(row: Estimate) -> str:
    label = contrast_label(row.arm, row.reference) if row.reference else treatment_label(row.arm)
    return label[:1].upper() + label[1:]


def _cell(row: Estimate, disclosure: Disclosure) -> str:
    value, limits = shown_estimate(row, disclosure)
    return f"{value} ({limits})" if limits else value


def _moved(dating: Dating, i: int, columns: dict[str, list[Estimate]]) -> str:
    before, after = columns[SAME][i], columns[BETWEEN][i]
    if not (before.is_estimable and after.is_estimable):
        return "not shown" if HIDDEN in (before.caution, after.caution) else not_estimable()
    return _change(dating.moved(i), after)


def _change(value: float, row: Estimate) -> str:
    if row.unit == "ratio":
        return f"a factor of {number(value, 2)}"
    sign = "+" if value > 0 else ""
    return f"{sign}{shown(value, row.unit)}"


def _moved_means(row: Estimate) -> str:
    if row.unit == "ratio":
        return "Moved: the factor from the model of first-seen days to that of the intervals."
    return "Moved: the model of the intervals minus that of first-seen days."


def _why(before: Estimate, after: Estimate) -> str:
    """The plain reason why a value is missing, before the general one."""
    missing = after if not after.is_estimable else before
    parts = missing.caution.split("; ")
    reasons = [part for part in parts if part.startswith(("no ", "nobody "))]
    return (reasons or parts)[-1] or not_estimable()
