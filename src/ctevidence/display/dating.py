"""How much the dating of relapse moves an answer: a table and a sentence."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import not_estimable, number, shown, unit_label
from ctevidence.display.labels import contrast_label, measure_label, treatment_label
from ctevidence.display.release import gated, is_hidden
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.models.dating import Dating, moved_errors, moved_to

CURVE, SAME, BETWEEN = "first seen, curve", "first seen, model", "between visits, model"
#: A change below this share of a standard error is small beside what chance leaves open.
SMALL_CHANGE = 0.25


def table_dating(
    dating: Dating,
    source,
    name: str = "dating",
    caption: str = "",
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
    caption = caption or say("display.dating.caption")
    if dating.reason:
        row = [say("display.dating.question"), dating.reason]
        return Table(name, caption, pd.DataFrame([row], columns=["", "why there is no number"]))
    disclosure = disclosure_of(source)
    columns = dict(zip((CURVE, SAME, BETWEEN), _gated(dating, disclosure), strict=True))
    frame = pd.DataFrame([
        {"": _label(row)}
        | {name: _cell(rows[i], disclosure) for name, rows in columns.items()}
        | {"moved": _moved(columns[SAME][i], columns[BETWEEN][i])}
        for i, row in enumerate(dating.between)
    ])  # fmt: skip
    first = dating.between.rows[0]
    week = (
        "" if math.isnan(first.week) else say("display.dating.since_risk", week=f"{first.week:g}")
    )
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
        return say("display.dating.cannot_move", reason=dating.reason)
    curve, before, after = (rows[0] for rows in _gated(dating, disclosure_of(source)))
    question = contrast_label(after.arm, after.reference)
    hidden = [row.caution for row in (curve, before, after) if is_hidden(row)]
    if hidden or not (before.is_estimable and after.is_estimable):
        why = hidden[0] if hidden else _why(before, after)
        return say("display.dating.cannot_be_said", question=question, why=why)
    size = abs(moved_errors(before, after))
    beside = "little" if size < SMALL_CHANGE else say("display.dating.not_little")
    return say(
        "display.dating.answer",
        question=question,
        before=_words(before),
        after=_words(after),
        moved=_change(moved_to(before, after), after),
        errors=number(size, 1),
        beside=beside,
    )


def _words(row: Estimate) -> str:
    value = shown(row.estimate, row.unit)
    if row.unit == "ratio":
        return say("display.dating.value", measure=measure_label(row.measure), value=value)
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


def _moved(before: Estimate, after: Estimate) -> str:
    if not (before.is_estimable and after.is_estimable):
        hidden = is_hidden(before) or is_hidden(after)
        return say("display.not_shown") if hidden else not_estimable()
    return _change(moved_to(before, after), after)


def _change(value: float, row: Estimate) -> str:
    if row.unit == "ratio":
        return say("display.dating.factor", value=number(value, 2))
    sign = "+" if value > 0 else ""
    return f"{sign}{shown(value, row.unit)}"


def _moved_means(row: Estimate) -> str:
    if row.unit == "ratio":
        return say("display.dating.moved_factor")
    return say("display.dating.moved")


def _why(before: Estimate, after: Estimate) -> str:
    """The plain reason why a value is missing, before the general one."""
    missing = after if not after.is_estimable else before
    parts = missing.caution.split("; ")
    reasons = [part for part in parts if part.startswith(("no ", "nobody "))]
    return (reasons or parts)[-1] or not_estimable()
