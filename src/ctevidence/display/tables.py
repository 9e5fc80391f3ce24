"""Tables of estimates, rules and verdicts as readers see them."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.adjusting import adjusting_note
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import (
    interval,
    not_estimable,
    number_needed,
    p_value,
    shown,
    unit_label,
)
from ctevidence.display.labels import (
    caption_of,
    contrast_label,
    measure_label,
    outcome_label,
    treatment_label,
)
from ctevidence.display.release import gate_of, gated, is_hidden
from ctevidence.display.rule_words import rule_words
from ctevidence.display.table import Table
from ctevidence.display.told import told
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import capital, listed, say
from ctevidence.names import in_words
from ctevidence.terms import LEVEL_MEASURES

_OPTIONAL = ("week", "p", "people", "reference", "studies", "note", "range")


def table_estimates(
    estimates: Estimates, source, name: str = "estimates", caption: str = ""
) -> Table:
    """Estimates as a table for readers; the only way in which a row should be shown.

    Parameters
    ----------
    estimates : Estimates
    source : Study, Trials or name of a disclosure profile
        Decides how counts are shown.
    name, caption : str
        The table `captions` of the file of words knows the caption of a name of the notebooks.

    Returns
    -------
    Table
        Cautions stand below it, each once, marked by a letter in the column ``note``.
    """
    caption = caption or caption_of(name)
    disclosure = disclosure_of(source)
    estimates = Estimates(gated(row, disclosure) for row in estimates)
    marks = _marks(estimates)
    # a table that holds comparisons calls all its rows so: one column says what each is of
    what = "comparison" if any(row.reference for row in estimates) else "treatment"
    frame = pd.DataFrame([_row(row, disclosure, marks, what) for row in estimates])
    frame, shared = _without_constants(frame)
    notes = [shared, *(f"{mark}: {text.rstrip('.')}." for text, mark in marks.items())]
    if adjusted := adjusting_note(estimates):
        notes.append(adjusted)
    if any(row.alternative != "two-sided" and row.p_value >= 0 for row in estimates):
        notes.append(say("tables.one_sided"))
    if not disclosure.is_open:
        notes.append(disclosure.describe)
    numeric = ("estimate", "range", "week", "p", "people", "reference", "studies")
    methods = tuple(f"{capital(m)}." for m in dict.fromkeys(r.method for r in estimates) if m)
    origins = tuple(told("", row) for row in estimates)
    return Table(name, caption, frame, tuple(filter(None, notes)), numeric, methods, origins)


def _without_constants(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Empty columns left out; what is the same in all rows said once, in a line below."""
    frame = frame.loc[:, [c for c in frame if c not in _OPTIONAL or (frame[c] != "").any()]]
    same = [c for c in ("outcome", "measure", "week") if c in frame and frame[c].nunique() == 1]
    if len(frame) < 2 or not same:
        return frame, ""
    words = ", ".join(
        say("when.plain", week=frame[c].iloc[0]) if c == "week" else frame[c].iloc[0] for c in same
    )
    return frame.drop(columns=same), say("display.tables.all_rows", words=words)


def _marks(estimates: Estimates) -> dict[str, str]:
    texts = dict.fromkeys(part for row in estimates for part in _cautions(row))
    return {text: letter(i) for i, text in enumerate(texts)}


def letter(i: int) -> str:
    """The mark of a note: a to z, then aa."""
    return chr(97 + i) if i < 26 else f"{chr(96 + i // 26)}{chr(97 + i % 26)}"


def _cautions(row: Estimate) -> list[str]:
    return [part for part in row.caution.split("; ") if part]


def _row(row: Estimate, disclosure: Disclosure, marks: dict[str, str], what: str) -> dict[str, str]:
    value, limits = shown_estimate(row, disclosure)
    label, gate = contrast_label(row.arm, row.reference), gate_of(row, disclosure)
    if row.reference and row.measure in LEVEL_MEASURES:  # a level, not a comparison
        label = say(
            "display.tables.as_predicts",
            arm=treatment_label(row.arm),
            model=treatment_label(row.reference),
        )
    return {
        what: label[0].upper() + label[1:],
        "outcome": outcome_label(row.outcome),
        "measure": _measure(row),
        "week": "" if math.isnan(row.week) else f"{row.week:g}",
        "estimate": value,
        "range": limits,
        "people": _people(row.n, row.events, gate),
        "reference": _people(row.n_reference, row.events_reference, gate),
        "studies": "" if row.studies in (None, 1) else str(row.studies),
        "p": p_value(row.p_value),
        "note": ", ".join(marks[part] for part in _cautions(row)),
    }


def _measure(row: Estimate) -> str:
    label, unit = measure_label(row.measure), unit_label(row.unit)
    needs_unit = row.unit not in ("ratio", "people", "") and unit not in label
    return f"{label}, {unit}" if needs_unit else label


def shown_estimate(row: Estimate, disclosure: Disclosure) -> tuple[str, str]:
    """Estimate and interval as text, as far as they may be shown."""
    row = gated(row, disclosure)
    if not row.is_estimable:
        return (say("display.not_shown") if is_hidden(row) else not_estimable()), ""
    if row.measure == "nnt":
        return number_needed(row.estimate, row.conf_low, row.conf_high)
    return shown(row.estimate, row.unit), interval(row.conf_low, row.conf_high, row.unit)


def _people(n: int | None, events: int | None, disclosure: Disclosure) -> str:
    if n is None:
        return ""
    return (
        disclosure.text(n)
        if events is None
        else say(
            "display.tables.of", events=disclosure.events_text(events, n), people=disclosure.text(n)
        )
    )


def table_rules(study) -> Table:
    """What the study declares: who entered, and what counts as what."""
    rules = study.rules
    declared = [(say("display.tables.who_enters"), rule_words(rules.entry, study.scale))]
    for label in ("response", "remission", "relapse", "retention"):
        rule = getattr(rules, label)
        text = (
            rule_words(rule, study.scale).split(": ", 1)[-1]
            if rule
            else say("display.tables.not_declared")
        )
        declared.append((in_words(label).capitalize(), text[0].upper() + text[1:]))
    for label, rule in (
        (say("display.tables.illness"), rules.illness),
        (say("display.tables.maintenance"), rules.maintenance),
    ):
        declared += [(label, rule_words(rule, study.scale))] if rule else []
    parts = [in_words(name) for name in sorted(study.randomised)]
    randomised = listed(parts) or say("display.tables.nothing")
    declared.append(
        (
            say("display.tables.randomised"),
            say("display.tables.of_components", components=randomised.capitalize()),
        )
    )
    declared.append((say("display.tables.scale"), study.scale.describe()))
    frame = pd.DataFrame(declared, columns=["what", "as declared in study.toml"])
    return Table("rules", say("display.tables.caption"), frame)


def table_arms(study) -> Table:
    """The arms as declared, with what was given."""
    rows = [
        {
            "arm": arm.label,
            "counts as": treatment_label(arm.treatment),
            "medication": arm.medication or say("display.not_stated"),
            "therapy": arm.therapy or say("display.not_stated"),
        }
        for arm in study.arms
    ]
    return Table("arms", say("display.tables.arms_caption"), pd.DataFrame(rows))
